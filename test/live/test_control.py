"""The control role: who can reach it, what becomes of the others when it is gone, and its faults."""
import http.client
import json
import os
import pwd
import re
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from pathlib import Path

import pytest

import harness
from rest import PASSWORD, Browser, Machine, wait_ready


def control_pid(server):
    return harness.wait_until(lambda: server.children("control"), what="control")[0]


def as_user(name, path):
    """How a connect to a Unix socket ends for that user of the system: 0 or an errno."""
    code = ("import socket, sys\ns = socket.socket(socket.AF_UNIX)\n"
            "print(s.connect_ex(sys.argv[1]))")
    user = pwd.getpwnam(name)
    done = subprocess.run(["/usr/bin/python3", "-c", code, str(path)], stdout=subprocess.PIPE,
                          user=user.pw_uid, group=user.pw_gid, extra_groups=[], check=True,
                          cwd="/")
    return int(done.stdout)


@pytest.fixture
def open_tmp(tmp_path):
    """Directories above are entered by other users too, so that only the sockets' modes count."""
    for directory in (tmp_path, *tmp_path.parents):
        if directory.owner() == pwd.getpwuid(os.geteuid()).pw_name and directory != Path("/"):
            directory.chmod(directory.stat().st_mode | 0o011)


# --- who can reach it

@pytest.mark.root
def test_only_administrators_of_the_machine_can_call_its_socket(office, open_tmp):
    server = office()
    for user in ("_sallyport-edge", "_sallyport-resolver", "_sallyport-control", "nobody"):
        assert as_user(user, server.state / "admin.sock") == 13, user  # EACCES
    assert as_user("root", server.state / "admin.sock") == 0
    assert as_user("_sallyport-edge", server.state / "sockets/edge.sock") == 0
    assert as_user("nobody", server.state / "sockets/edge.sock") == 13


@pytest.mark.root
def test_nobody_else_reads_what_control_keeps(office, open_tmp):
    server = office()
    directory = server.state / "control"
    assert directory.stat().st_mode & 0o077 == 0
    for file in directory.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file
        assert file.owner() == "_sallyport-control", file


@pytest.mark.root
@pytest.mark.plain_build
def test_it_runs_confined(office):
    status = Path(f"/proc/{control_pid(office())}/status").read_text()
    assert f"Uid:\t{pwd.getpwnam('_sallyport-control').pw_uid}\t" in status
    assert "CapEff:\t0000000000000000" in status
    assert "CapBnd:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status
    assert "Seccomp:\t2" in status
    assert "Groups:\t \n" in status or "Groups:\t\n" in status


@pytest.mark.root
@pytest.mark.plain_build
def test_its_threads_are_confined_and_leave_signals_to_the_first(office):
    pid = control_pid(office())
    tasks = [int(task.name) for task in Path(f"/proc/{pid}/task").iterdir()]
    assert len(tasks) > 2
    for task in tasks:
        status = Path(f"/proc/{pid}/task/{task}/status").read_text()
        blocked = int(re.search(r"SigBlk:\s+(\w+)", status)[1], 16)
        assert "Seccomp:\t2" in status
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            assert bool(blocked >> (number - 1) & 1) == (task != pid), (task, number)


def test_what_hashes_passwords_gives_way_to_all_else(office):
    pid = control_pid(office())
    nice = {int(task.name): os.getpriority(os.PRIO_PROCESS, int(task.name))
            for task in Path(f"/proc/{pid}/task").iterdir()}
    behind = [task for task in nice if nice[task] > nice[pid]]
    assert len(behind) == 2, nice
    assert pid not in behind


@pytest.mark.root
def test_no_descriptor_of_its_would_outlive_another_program(office):
    server = office()
    server.machine.user("alice")
    assert Browser(server).sign_in("alice").status == 200
    for info in Path(f"/proc/{control_pid(server)}/fdinfo").iterdir():
        flags = int(re.search(r"flags:\s+(\d+)", info.read_text())[1], 8)
        assert flags & os.O_CLOEXEC or int(info.name) <= 2, info


def test_whoever_calls_is_named_in_the_audit_log(office):
    server = office()
    server.machine.user("alice")
    row = server.machine.good("GET", "/audit?action=user.add")["items"][0]
    me = pwd.getpwuid(os.geteuid()).pw_name
    assert row["who"] == f"command line ({me})"


# --- it comes and goes

def test_what_was_acknowledged_outlives_a_kill(office):
    """kill -9 while users are added one after the other: none that was confirmed is lost."""
    server = office()
    confirmed = []
    over = threading.Event()

    def add():
        machine, n = Machine(server), 0
        while not over.is_set():
            n += 1
            try:
                answer = machine.post("/users", {"name": f"user{n}"})
            except OSError:
                continue
            except Exception:  # a connection that broke in the middle of an answer
                continue
            if answer.status == 201:
                confirmed.append(f"user{n}")

    thread = threading.Thread(target=add)
    thread.start()
    for _ in range(5):
        time.sleep(0.4)
        pid = control_pid(server)
        os.kill(pid, signal.SIGKILL)
        harness.wait_until(lambda old=pid: server.children("control") not in ([], [old]), 20,
                           "another control")
    over.set()
    thread.join()
    machine = wait_ready(server)
    names, after = set(), ""
    while after is not None:
        page = machine.good("GET", f"/users?limit=1000{after and '&after=' + after}")
        names |= {item["name"] for item in page["items"]}
        after = page["next"]
    assert len(confirmed) > 20
    assert set(confirmed) <= names
    assert machine.good("GET", "/audit/verify")["whole"] is True


def test_a_table_is_imported_whole_or_not_at_all(office):
    """kill -9 while it is: then all of its users are there, or none. The time of the kill is
    halved towards the moment at which the one becomes the other."""
    server = office()
    begun = time.monotonic()
    quietly(Machine(server), table("whole"))
    early, late = 0.0, time.monotonic() - begun
    came = set()
    for n in range(8):
        pid = control_pid(server)  # it takes its time to find out
        thread = threading.Thread(target=quietly, args=(Machine(server), table(f"round{n}")))
        thread.start()
        time.sleep((early + late) / 2)
        os.kill(pid, signal.SIGKILL)
        harness.wait_until(lambda old=pid: server.children("control") not in ([], [old]), 20,
                           "another control")
        thread.join()
        machine = wait_ready(server)
        there = [machine.get(f"/users/round{n}.{i}").status for i in (0, 1999)]
        page = machine.good("GET", f"/users?limit=1000&search=round{n}.")
        assert there in ([200, 200], [404, 404])
        assert len(page["items"]) == (1000 if there[0] == 200 else 0)
        came.add(there[0])
        if there[0] == 200:
            late = (early + late) / 2
        else:
            early = (early + late) / 2
    assert 404 in came
    assert machine.good("GET", "/audit/verify")["whole"] is True


def table(prefix):
    return {"preview": False, "csv": "name\n" + "\n".join(f"{prefix}.{i}" for i in range(2000))}


def quietly(machine, body):
    """Asks, whatever becomes of it."""
    try:
        machine.post("/users/import", body)
    except (OSError, http.client.HTTPException):
        pass


def test_sites_are_served_without_it(office):
    server = office()
    os.kill(control_pid(server), signal.SIGSTOP)
    assert server.get()[0] == 200
    os.kill(control_pid(server), signal.SIGKILL)
    assert server.get()[0] == 200
    wait_ready(server)


def test_a_reload_begins_and_ends_it(server):
    one = server()
    assert not one.children("control")
    port = harness.free_port()
    one.reload(f"admin {{ listen 127.0.0.1:{port} }}\n")
    one.admin_port = port
    machine = wait_ready(one)
    machine.user("alice")
    assert Browser(one).sign_in("alice").status == 200
    one.reload("")
    harness.wait_until(lambda: not one.children("control"), what="control's end")
    assert not harness.can_connect("127.0.0.1", port)
    assert one.get()[0] == 200
    one.reload(f"admin {{ listen 127.0.0.1:{port} }}\n")
    assert wait_ready(one).get("/users/alice").status == 200


def test_it_ends_with_the_server(office):
    server = office()
    pid = control_pid(server)
    assert server.stop() == 0
    assert not Path(f"/proc/{pid}").exists()


def test_without_warden_there_is_none(office):
    server = office()
    server.machine.user("alice")
    pid = control_pid(server)
    os.kill(server.pid, signal.SIGKILL)
    harness.wait_until(lambda: not Path(f"/proc/{pid}").exists(), what="control's end")
    server.start()
    assert wait_ready(server).get("/users/alice").status == 200


@pytest.mark.parametrize("holder", ["a locked database", "a mail server that is silent"])
def test_nothing_holds_up_its_end(office, backend, holder):
    server = office()
    machine = server.machine
    if holder == "a locked database":
        database = sqlite3.connect(server.state / "control/sallyport.db", isolation_level=None)
        database.execute("BEGIN IMMEDIATE")
        for _ in range(8):
            threading.Thread(target=quietly, args=(machine, {}), daemon=True).start()
    else:
        asked = threading.Event()
        silent = backend(lambda s: (asked.set(), s.recv(1)))
        machine.good("PUT", "/alerts", {"smtp_url": f"smtp://{silent.at}",
                                        "mail_from": "a@example.org", "mail_to": ["b@example.org"]},
                     headers={"If-Match": machine.get("/alerts").headers["ETag"]})
        machine.good("POST", "/alerts/test")
        assert asked.wait(20)
    time.sleep(0.3)
    pid = control_pid(server)
    os.kill(server.pid, signal.SIGTERM)
    began = time.monotonic()
    harness.wait_until(lambda: not Path(f"/proc/{pid}").exists(), 10, "control's end")
    assert time.monotonic() - began < (3 if harness.SANITIZED else 1)
    assert server.stop() == 0
    if holder == "a locked database":
        database.close()


# --- bad input

def raw_answer(server, data):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(20)
        s.connect(str(server.state / "admin.sock"))
        s.sendall(data)
        return harness.receive_until(s, b"\r\n\r\n")


def test_what_is_no_request_is_refused(office):
    server = office()
    assert raw_answer(server, b"\x16\x03\x01\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert raw_answer(server, b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 100000 +
                      b"\r\n\r\n").startswith(b"HTTP/1.1 431")
    assert server.machine.get("/users").status == 200


def test_a_body_too_large_is_a_problem(office):
    machine = office().machine
    answer = machine.raw("POST", "/api/v1/users", b"{" + b" " * (3 << 20) + b"}",
                         {"Content-Type": "application/json"})
    assert answer.status == 413
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_slow_reader_holds_nobody_up(office):
    server = office()
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(str(server.state / "admin.sock"))
        s.sendall(b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
        for _ in range(20):
            assert server.machine.get("/users").status == 200


def test_too_many_passwords_at_once_are_told_to_come_again(office):
    server = office()
    server.machine.user("alice")
    answers = []

    def sign_in():
        answers.append(Browser(server).sign_in("alice", PASSWORD))

    threads = [threading.Thread(target=sign_in) for _ in range(80)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    read = server.machine.get("/users")
    waited = time.monotonic() - began
    for thread in threads:
        thread.join()
    assert read.status == 200
    assert waited < 5
    busy = [a for a in answers if a.status == 503]
    assert {a.status for a in answers} == {200, 503}, {a.status for a in answers}
    assert all(int(a.headers["Retry-After"]) > 0 for a in busy)


# --- events

class Stream:
    """Server-sent events, as they come; `lines` has all that came."""

    def __init__(self, server, headers=b""):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(str(server.state / "admin.sock"))
        self.socket.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n")
        self.text = b""

    def wait(self, text):
        while text not in self.text:
            some = self.socket.recv(65536)
            assert some, self.text
            self.text += some


def test_changes_are_told_as_they_happen(office):
    server = office()
    stream = Stream(server)
    stream.wait(b"text/event-stream")
    made = server.machine.user("alice")
    stream.wait(b"event: user\n")
    assert json.dumps({"id": made["id"]}).replace(" ", "").encode() in \
        stream.text.replace(b" ", b"")


def test_many_may_listen_and_none_holds_the_others_up(office):
    server = office()
    streams = [Stream(server) for _ in range(50)]
    for stream in streams:
        stream.wait(b"text/event-stream")
    for n in range(30):
        server.machine.good("POST", "/users", {"name": f"user{n}"})
    for stream in streams[:10]:
        stream.wait(b"event: user\n")
    assert server.machine.get("/users").status == 200


def test_a_stream_ends_when_its_session_does(office):
    server = office()
    server.machine.user("root2", role="admin")
    browser = Browser(server)
    assert browser.sign_in("root2").status == 200
    connection = browser.connection()
    connection.request("GET", "/api/v1/events", headers=browser.headers("GET"))
    response = connection.getresponse()
    assert response.status == 200
    sessions = server.machine.good("GET", "/sessions")["items"]
    assert [session["user"] for session in sessions] == ["root2"]
    server.machine.good("DELETE", f"/sessions/{sessions[0]['id']}")
    ended = []

    def read_all():
        response.read()
        ended.append(True)

    thread = threading.Thread(target=read_all, daemon=True)
    thread.start()
    harness.wait_until(lambda: ended, 20, "the stream's end")


# --- its start

def test_who_asks_while_it_starts_waits_and_is_not_refused(server):
    """As by `systemctl start sallyport && sallyport user list`."""
    one = server(f"admin {{\n    listen 127.0.0.1:{harness.free_port()}\n}}\n")
    for _ in range(3):
        assert Machine(one).get("/users").status == 200
        one.stop()
        one.start()


# --- its key

def test_a_lost_key_is_not_replaced_by_another(office):
    server = office()
    server.machine.user("alice")
    server.stop()
    key = server.state / "control/secret.key"
    kept = key.read_text()
    key.unlink()
    server.start()
    server.wait_log("restore it from a backup")
    assert not key.exists()
    answer = server.machine.get("/users")
    assert answer.status == 503 and answer.headers["Content-Type"] == "application/problem+json"
    assert server.get()[0] == 200
    key.write_text(kept)
    key.chmod(0o600)
    if harness.IS_ROOT:
        os.chown(key, pwd.getpwnam("_sallyport-control").pw_uid, -1)
    assert wait_ready(server).get("/users/alice").status == 200


def test_another_servers_key_is_refused(office):
    server = office()
    server.stop()
    key = server.state / "control/secret.key"
    key.write_text("00" * 32 + "\n")
    server.start()
    server.wait_log("is not the key of this store")
    assert server.machine.get("/users").status == 503


@pytest.mark.alone
@pytest.mark.skipif(harness.SANITIZED, reason="of time, which is not the sanitizers' to say")
def test_reads_go_on_at_their_pace_while_thirty_sign_in(office):
    """What hashes a password has threads of its own, and a read does not wait for them: half of all
    reads take less than 5 ms. (The slowest tell of what else the machine does.)"""
    server = office()
    server.machine.user("alice")
    connection, took, said = server.machine.connection(), [], []

    def sign_in():
        said.append(Browser(server, timeout=60).sign_in("alice").status)

    threads = [threading.Thread(target=sign_in) for _ in range(30)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        began = time.monotonic()
        connection.request("GET", "/api/v1/users/alice")
        assert connection.getresponse().read()
        took.append(time.monotonic() - began)
    connection.close()
    assert said == [200] * 30 and len(took) > 100
    assert sorted(took)[len(took) // 2] < 0.005


# --- what people are told of this server

def test_who_signed_in_is_told_whether_the_certificate_is_publicly_trusted(office, certificate):
    believed, other = certificate("vpn.example.org"), certificate("other.example.org")
    sites = "".join(f"site {chain.stem} {{ certificate {chain} {key}; respond 200 \"x\" }}\n"
                    for chain, key in (believed, other))
    server = office(sites, env={"SSL_CERT_FILE": str(believed[0]),
                                "SSL_CERT_DIR": "/nonexistent"})
    server.machine.user("una")
    for name, trusted in (("vpn.example.org", True), ("other.example.org", False),
                          ("example.org", False), ("unknown.example.org", False)):
        browser = Browser(server, name=name)
        told = browser.sign_in("una").json["server"]
        assert told == {"certificate_trusted": trusted, "vpn": False}, name
        assert browser.good("GET", "/session")["server"] == told
