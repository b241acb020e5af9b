"""The access server on either database, and what becomes of it while its database is away."""
import concurrent.futures
import contextlib
import os
import pwd
import signal
import sqlite3
import subprocess
import time
from urllib.parse import quote

import pytest

import harness
import rest
from postgres import PROGRAMS
from rest import PASSWORD, Browser

pytestmark = pytest.mark.skipif(PROGRAMS is None, reason="PostgreSQL is not installed")

PROBLEM = "application/problem+json"


@pytest.fixture(name="based", params=["sqlite", "postgres", "postgres by TLS"])
def on_any_database(request, office, postgres):
    """A server on each of them; the last one by its name, with its certificate and a password."""
    if request.param == "sqlite":
        return office()
    if "TLS" in request.param and harness.SANITIZED:
        pytest.skip("TLS is libpq's here, which is the same in both builds")
    return office(f"store {postgres(network='TLS' in request.param).url}\n")


def is_down(answer):
    """Whether it is refused as it should be while the database is away."""
    return answer.status == 503 and answer.headers["Content-Type"] == PROBLEM and \
        "database" in answer.json["detail"] and \
        int(answer.headers["Retry-After"]) == answer.json["retry_after"] > 0


def settled(server, seconds=20):
    """Once all works again, by itself."""
    harness.wait_until(lambda: server.machine.get("/users").status == 200, seconds, "the database")


# --- the same on both

def test_people_their_devices_and_the_log_are_kept(based):
    machine = based.machine
    machine.good("POST", "/groups", {"name": "staff"})
    made = machine.user("una", group="staff")
    una = Browser(based)
    assert una.sign_in("una").status == 200
    una.good("POST", "/me/devices", {"name": "laptop"})
    profile = una.get("/me/devices/laptop/profile")
    assert profile.status == 200 and b"<tls-crypt-v2>" in profile.body
    again = machine.patch("/users/una", {"full_name": "Üna \N{SMILING FACE WITH SUNGLASSES}"})
    assert again.status == 200 and again.json["full_name"].startswith("Üna")
    assert machine.post("/users", {"name": "UNA"}).status == 409
    stale = machine.ask("PATCH", "/users/una", {"comment": "x"}, headers={"If-Match": '"0"'})
    assert stale.status == 412
    found = machine.good("GET", "/users?search=%C3%9Cna&sort=created&descending=true")["items"]
    assert [one["id"] for one in found] == [made["id"]]
    assert una.get("/me/devices/laptop/profile").body == profile.body
    assert machine.good("DELETE", "/users/una") is None
    assert una.get("/me").status == 401
    assert machine.good("GET", "/audit/verify")["whole"] is True
    actions = {row["action"] for row in machine.good("GET", "/audit?limit=100")["items"]}
    assert {"group.add", "user.add", "device.add", "user.change", "user.remove"} <= actions


def test_another_store_is_that_of_the_next_start(office):
    """Control's threads open it when they have something to do: none of them goes elsewhere."""
    one = office()
    elsewhere = f"store postgresql://nobody@127.0.0.1:{harness.free_port()}/nothing\n"
    said = one.reload(f"{elsewhere}admin {{ listen 127.0.0.1:{one.admin_port} }}\n").stdout
    assert "but for `store`" in said

    def add(n):
        machine = rest.Machine(one)
        return (machine.post("/users", {"name": f"una{n}"}).status,
                machine.post(f"/users/una{n}/password", {"password": PASSWORD}).status)

    with concurrent.futures.ThreadPoolExecutor(8) as adding:
        assert set(adding.map(add, range(12))) == {(201, 204)}


def test_sessions_and_bans_outlive_a_restart(based):
    based.machine.user("una")
    based.machine.user("ivan")
    una = Browser(based)
    assert una.sign_in("una").status == 200
    based.machine.good("POST", "/bans", {"subject": "ivan"})
    based.stop()
    based.start()
    machine = rest.wait_ready(based)
    assert una.get("/me").json["name"] == "una"
    assert una.patch("/me", {"full_name": "Una"}).status == 200
    assert Browser(based).sign_in("ivan").status == 429
    machine.good("DELETE", f"/bans/{machine.good('GET', '/bans')['items'][0]['id']}")
    assert Browser(based).sign_in("ivan").status == 200
    assert machine.good("GET", "/audit/verify")["whole"] is True


def test_control_goes_on_with_it_after_a_kill(based):
    based.machine.user("una")
    una = Browser(based)
    assert una.sign_in("una").status == 200
    os.kill(based.children("control")[0], signal.SIGKILL)
    rest.wait_ready(based)
    assert una.get("/me").status == 200
    assert based.machine.good("GET", "/audit/verify")["whole"] is True


# --- PostgreSQL is away

@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT, signal.SIGKILL],
                         ids=["stopped", "crashed", "killed"])
def test_while_it_is_gone_nobody_gets_in_and_sites_are_served(office, postgres, how):
    database = postgres()
    server = office(f"store {database.url}\n")
    server.machine.user("una")
    una = Browser(server)
    assert una.sign_in("una").status == 200
    database.stop(how)
    for _ in range(3):
        assert is_down(una.get("/me"))
        assert is_down(server.machine.get("/users"))
        assert is_down(server.machine.post("/users", {"name": "lost"}))
        assert is_down(Browser(server).sign_in("una"))
        assert is_down(Browser(server).sign_in("una", "not his"))
        assert server.get()[0] == 200
        time.sleep(0.3)
    database.start()
    settled(server)
    assert una.get("/me").json["name"] == "una"
    assert Browser(server).sign_in("una").status == 200
    assert Browser(server).sign_in("una", "not his").status == 401
    assert server.machine.get("/users/lost").status == 404
    assert server.machine.post("/users", {"name": "lost"}).status == 201
    assert server.machine.good("GET", "/audit/verify")["whole"] is True
    assert len(server.children("control")) == 1


def test_a_server_that_begins_without_it_waits_for_it(office, postgres):
    database = postgres()
    server = office(f"store {database.url}\n")
    server.machine.user("una")
    server.stop()
    database.stop()
    server.start()
    assert server.get()[0] == 200
    harness.wait_until(lambda: is_down(server.machine.get("/users")), what="an answer")
    assert is_down(Browser(server).sign_in("una"))
    database.start()
    settled(server, 30)
    assert Browser(server).sign_in("una").status == 200


def test_one_that_does_not_answer_holds_nobody_up_for_long(office, postgres):
    database = postgres()
    server = office(f"store {database.url}\n")
    server.machine.user("una")
    stopped = [int(pid) for pid in database.sql(
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'sallyport'").split()]
    for pid in [database.process.pid, *stopped]:
        os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert is_down(server.machine.get("/users"))
        assert time.monotonic() - began < 15
        assert server.get()[0] == 200
    finally:
        for pid in [database.process.pid, *stopped]:
            os.kill(pid, signal.SIGCONT)
    settled(server)


def test_a_wrong_password_of_the_database_is_told_to_the_log_alone(office, postgres):
    database = postgres(network=True)
    one = office(f"store {database.url}\n")
    port = one.admin_port
    one.stop()
    url = database.url.replace(quote(database.password), "not-the-password")
    one.write(f"store {url}\nadmin {{ listen 127.0.0.1:{port} }}\n")
    one.start()
    one.wait_log("password authentication failed")
    answer = one.machine.get("/users")
    assert is_down(answer)
    assert b"authentication" not in answer.body and b"localhost" not in answer.body
    assert "not-the-password" not in one.log
    assert database.password not in one.log


# --- SQLite is locked, or has no room

def test_who_only_reads_does_not_wait_for_who_writes(office):
    """Another program keeps the file to itself for ten seconds."""
    server = office()
    server.machine.user("una")
    una = Browser(server)
    assert una.sign_in("una").status == 200
    path = server.state / "control/sallyport.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=10)) as other:
        other.execute("BEGIN EXCLUSIVE")
        end = time.monotonic() + 10
        began = time.monotonic()
        assert una.get("/me").status == 200
        assert server.machine.get("/users").status == 200
        assert time.monotonic() - began < 2
        assert is_down(server.machine.post("/users", {"name": "lost"}))
        assert is_down(Browser(server).sign_in("una"))
        assert server.get()[0] == 200
        time.sleep(max(0, end - time.monotonic()))
        other.execute("ROLLBACK")
    assert server.machine.post("/users", {"name": "lost"}).status == 201
    assert Browser(server).sign_in("una").status == 200
    assert server.machine.good("GET", "/audit/verify")["whole"] is True


@pytest.fixture(name="small_disk")
def a_small_disk():
    """Mounts a disk of 1 MiB, and takes it away after the test: small_disk(DIRECTORY)."""
    mounted = []

    def mount(directory):
        owner = pwd.getpwuid(directory.stat().st_uid)
        subprocess.run(["mount", "-t", "tmpfs", "-o",
                        f"size=1m,mode=0700,uid={owner.pw_uid},gid={owner.pw_gid}", "none",
                        directory], check=True)
        mounted.append(directory)

    yield mount
    for directory in mounted:
        subprocess.run(["umount", "--lazy", directory], check=True)


@pytest.mark.root
def test_a_full_disk_loses_nothing_that_was_acknowledged(office, small_disk):
    server = office()
    server.stop()
    directory = server.state / "control"
    small_disk(directory)
    server.start()
    rest.wait_ready(server)
    server.machine.user("una")
    una = Browser(server)
    assert una.sign_in("una").status == 200
    added, answer = [], None
    for n in range(5000):
        answer = server.machine.post("/users", {"name": f"user{n}", "comment": "x" * 200})
        if answer.status != 201:
            break
        added.append(f"user{n}")
    assert is_down(answer)
    ballast = directory / "ballast"
    with contextlib.suppress(OSError), open(ballast, "wb", buffering=0) as f:
        while True:
            f.write(bytes(512))
    assert is_down(Browser(server).sign_in("una"))
    assert una.get("/me").status == 200
    assert server.get()[0] == 200
    ballast.unlink()
    subprocess.run(["mount", "-o", "remount,size=16m", directory], check=True)
    assert server.machine.post("/users", {"name": "at-last"}).status == 201
    assert Browser(server).sign_in("una", PASSWORD).status == 200
    names = {one["name"] for one in server.machine.good("GET", "/users?limit=1000")["items"]}
    assert names == {"una", "at-last", *added}
    assert server.machine.good("GET", "/audit/verify")["whole"] is True
