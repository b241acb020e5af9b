"""What each process may still do, what happens when one dies, and how all of it ends."""
import contextlib
import ctypes
import os
import re
import shutil
import signal
import socket
import stat
import struct
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

import harness
import tracer
from shared import answer, get, request

UNPRIVILEGED = 65534
NOBODY = "nobody"


def status_of_threads(pid):
    """What /proc says of each thread of a process."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        lines = (task / "status").read_text().splitlines()
        yield {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def descriptors(pid):
    """Where each descriptor of a process leads, by its number."""
    found = {}
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found[int(link.name)] = os.readlink(link)
        except FileNotFoundError:
            pass
    return found


def leads_to_a_file(pid, fd):
    """Not so for one that was closed meanwhile."""
    with contextlib.suppress(FileNotFoundError):
        return not stat.S_ISDIR(os.stat(f"/proc/{pid}/fd/{fd}").st_mode)
    return False


def listening(server):
    """The inodes of the server's listening sockets."""
    ports = {f"{port:04X}" for port in (server.port, server.plain_port)}
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sorted(row[9] for row in rows if row[3] == "0A" and row[1].split(":")[1] in ports)


def wait_for_another_edge(server, before):
    harness.wait_until(lambda: server.children("edge") and server.edge_pid != before, 20,
                       "another edge")


# --- what edge is

@pytest.mark.root
def test_edge_is_another_user_without_groups_or_capabilities(server):
    s = server()
    uid = int(subprocess.check_output(["id", "-u", "_sallyport-edge"]))
    for thread in status_of_threads(s.edge_pid):
        assert set(map(int, thread["Uid"].split())) == {uid}
        assert set(map(int, thread["Gid"].split())) & {0} == set()
        assert thread["Groups"] == ""
        for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(thread[kind], 16) == 0, kind
        assert thread["NoNewPrivs"] == "1"


@pytest.mark.plain_build
def test_every_thread_of_edge_is_under_seccomp(server):
    threads = list(status_of_threads(server(workers=3).edge_pid))
    assert len(threads) >= 4
    assert {thread["Seccomp"] for thread in threads} == {"2"}


@pytest.mark.root
def test_the_root_directory_of_edge_is_empty_and_gone(server):
    s = server()
    assert os.listdir(f"/proc/{s.edge_pid}/root") == []
    for task in Path(f"/proc/{s.edge_pid}/task").iterdir():
        assert os.listdir(task / "cwd") == []
        assert os.readlink(task / "root").endswith("(deleted)")


@pytest.mark.root
def test_edge_cannot_be_read_by_its_own_user(server):
    """What is not dumpable belongs to root in /proc, and leaves no core."""
    s = server()
    info = os.stat(f"/proc/{s.edge_pid}/mem")
    assert (info.st_uid, info.st_gid) == (0, 0)


def test_edge_gets_no_secret_from_the_environment(server):
    s = server(env={"SECRET_OF_OURS": "x", "NOTIFY_SOCKET": "/nowhere", "OPENSSL_CONF": "/x"})
    names = {entry.partition(b"=")[0].decode() for entry in
             Path(f"/proc/{s.edge_pid}/environ").read_bytes().split(b"\0") if entry}
    assert names <= {"PATH", "LANG", "TZ", "JOURNAL_STREAM", "ASAN_OPTIONS", "UBSAN_OPTIONS",
                     "LSAN_OPTIONS"}


def test_edge_holds_no_key_and_no_file_of_warden(server):
    with open("/etc/hostname", "rb") as stray:
        os.set_inheritable(stray.fileno(), True)
        s = server()
        s.reload(f"site b.example {{ certificate self-signed; root {s.www} }}\n")
        for fd, to in descriptors(s.edge_pid).items():
            assert not to.endswith((".key", ".crt", ".conf", "warden.sock")), (fd, to)
            if to.startswith("/") and leads_to_a_file(s.edge_pid, fd):
                assert to in (str(s.log_file), str(s.access_file), "/dev/null"), (fd, to)
        assert Path(f"/proc/{s.edge_pid}/cmdline").read_bytes().split(b"\0")[1:] == [b"edge", b""]


# --- what edge could do, were it someone else's: told to as by a debugger

@pytest.mark.root
@pytest.mark.plain_build
def test_edge_cannot_climb_out_of_the_directories_it_holds(server):
    s = server()
    get(s)
    edge = s.edge_pid
    directories = [fd for fd in descriptors(edge)
                   if stat.S_ISDIR(os.stat(f"/proc/{edge}/fd/{fd}").st_mode)]
    assert len(directories) >= 2, "of the site and of challenges"
    # struct open_how: no flags, no mode, and above all no RESOLVE_BENEATH.
    how, room = bytes(24), bytes(256)
    make = struct.pack("3Q", os.O_WRONLY | os.O_CREAT, 0, 0)
    with tracer.hold(edge) as held:
        for fd in directories:
            assert held.call("openat2", fd, b"..", how, 24) == 0, "above it there is nothing"
            # ENOENT, or EPERM for a call that is refused, or EACCES: its own root is closed to it.
            for path in (b"../../../../etc/passwd", b"../../etc/passwd"):
                assert held.call("openat2", fd, path, how, 24) in (-2, -1), path
            for path in (b"/etc/passwd", b"/proc/self/exe"):
                assert held.call("openat2", fd, path, how, 24) in (-2, -1, -13), path
            path = b"../../../../etc/passwd"
            assert held.call("newfstatat", fd, path, room, 0) in (-2, -1)
            assert held.call("openat", fd, path, 0) in (-2, -1)
            assert held.call("openat2", fd, b"new", make, 24) in (-30, -13), "nothing is written"
        assert 0 in [held.call("openat2", fd, b"index.html", how, 24) for fd in directories], \
            "the same call opens what is inside"
    assert get(s)[0] == 200 and s.edge_pid == edge, "none of it was worth its life"


@pytest.mark.root
@pytest.mark.plain_build
@pytest.mark.parametrize("call", [
    ("execve", 0, 0, 0), ("ptrace", 0, 0, 0, 0), ("kill", 1, 0), ("io_uring_setup", 1, 0),
    ("clone", int(signal.SIGCHLD), 0, 0, 0, 0),
    ("socket", int(socket.AF_PACKET), int(socket.SOCK_RAW), 0),
], ids=lambda call: call[0])
def test_a_system_call_that_edge_has_no_need_of_is_its_last(server, call):
    s = server()
    edge = s.edge_pid
    with tracer.hold(edge) as held:
        held.prepare(*call)
    wait_for_another_edge(s, edge)
    s.wait_log("edge ended: .*(signal 31|SIGSYS|Bad system call)")
    harness.wait_until(lambda: get(s)[0] == 200, what="service")


@pytest.mark.root
@pytest.mark.plain_build
def test_control_writes_to_its_own_directory_alone(office):
    if not has_landlock():
        pytest.skip("this kernel has no Landlock")
    s = office()
    control, = s.children("control")
    anybody = f"/tmp/{s.state.parent.name}-{os.getpid()}"  # where every user may make files
    there, write, make = -100, os.O_WRONLY, os.O_WRONLY | os.O_CREAT
    with tracer.hold(control) as held:
        assert [held.call("openat", there, path.encode(), how, 0o600)
                for path, how in ((anybody, make), ("../new", make), ("/dev/null", write),
                                  ("new", make), ("/etc/hostname", os.O_RDONLY))] == \
            [-13, -13, -13, 0, 0]
    assert (s.state / "control/new").exists()
    s.machine.user("alice")  # and it works on


def has_landlock():
    """landlock_create_ruleset() tells its version."""
    return ctypes.CDLL(None).syscall(444, None, 0, 1) > 0


# --- when edge dies

def test_edge_is_started_again_on_the_same_sockets_and_nobody_who_comes_is_lost(server):
    s = server()
    edge, sockets = s.edge_pid, listening(s)
    assert len(sockets) == 4, "two ports, two workers"
    os.kill(s.pid, signal.SIGSTOP)  # so that the gap is as long as we like
    try:
        os.kill(edge, signal.SIGKILL)
        waiting = [s.connect() for _ in range(20)]
        assert listening(s) == sockets
    finally:
        os.kill(s.pid, signal.SIGCONT)
    began, back = time.monotonic(), None
    for one in waiting:
        with s.tls(on=one) as c:
            c.sendall(request("/"))
            assert answer(c)[2] == b"hello\n"
        back = back or time.monotonic()
    assert back - began < (3 if harness.SANITIZED else 1)
    assert s.edge_pid != edge
    assert listening(s) == sockets
    s.wait_log("edge ended: .*starting another on the same listening sockets")


def test_edge_that_dies_again_and_again_is_started_again(server):
    s = server()
    for _ in range(4):
        edge = s.edge_pid
        os.kill(edge, signal.SIGKILL)
        wait_for_another_edge(s, edge)
    harness.wait_until(lambda: get(s)[0] == 200, what="service")
    s.reload(f"site b.example {{ certificate self-signed; root {s.www} }}\n")
    with s.tls("b.example") as c:
        assert harness.certificate_names(c) == ["b.example"]


def test_without_warden_there_is_no_edge(server):
    s = server()
    edge = s.edge_pid
    os.kill(s.pid, signal.SIGKILL)
    harness.wait_until(lambda: not Path(f"/proc/{edge}/status").exists()
                       or "zombie" in Path(f"/proc/{edge}/status").read_text(), what="its end")
    s.wait_free()
    s.process.process.wait()
    s.start()
    assert get(s)[0] == 200, "and what it left behind does not stop the next"


# --- what piles up

def test_neither_connections_nor_reloads_leave_descriptors_behind(server, backend):
    rule = f"share {{ other {backend().at} }}\n"
    s = server(rule)
    other = f"site b.example {{ certificate self-signed; root {s.www} }}\n"

    def use(connections, reloads):
        for i in range(connections):
            assert get(s)[0] == 200
            if i % 10 == 0:
                with s.connect(b"\0raw\n") as c:
                    harness.receive_exactly(c, 5)
                s.connect(b"\x16").close()
                s.connect(b"x" * 10, plain=True).close()
        for i in range(reloads):
            s.reload(rule + other * (i % 2))

    def open_now():
        return {role: len(descriptors(pid))
                for role, pid in (("warden", s.pid), ("edge", s.edge_pid))}
    use(20, 4)
    time.sleep(0.5)
    before = open_now()
    use(200, 20)
    # Pipes of relays may be kept for others; what leaks grows with each use.
    harness.wait_until(lambda: all(n <= before[role] + 4 for role, n in open_now().items()),
                       what=f"no more than {before}")


# --- without root

@pytest.fixture
def unprivileged():
    """Makes servers that run as nobody: unprivileged(CONFIG) is not started yet."""
    made, directory = [], tempfile.mkdtemp(prefix="sallyport-live-")
    os.chmod(directory, 0o755)

    def make(config="", own_network=False):
        base = Path(directory) / f"server{len(made)}"
        s = harness.Server(base, config, start=False)
        program = base / "sallyport"
        shutil.copy(harness.BINARY, program)
        if harness.IS_ROOT:
            run = base / "run"
            network = "unshare -n sh -c 'ip link set lo up; exec \"$@\"' -" if own_network else ""
            run.write_text(f'#!/bin/sh\nexec {network} setpriv --reuid={NOBODY} '
                           f'--regid={UNPRIVILEGED} --clear-groups --inh-caps=-all '
                           f'-- {program} "$@"\n')
            run.chmod(0o755)
            s.binary = run
            subprocess.run(["chown", "-R", f"{NOBODY}:{UNPRIVILEGED}", str(base)], check=True)
        made.append(s)
        return s
    yield make
    for s in made:
        s.stop(signal.SIGINT)
    wrong = [s.verdict() for s in made if s.verdict()]
    shutil.rmtree(directory)
    assert not wrong, wrong


def test_it_serves_without_root_and_says_what_is_off(unprivileged):
    s = unprivileged()
    s.start()
    assert get(s)[0] == 200
    assert "without root: no user and no root directory of its own for edge" in s.log
    for thread in status_of_threads(s.edge_pid):
        assert thread["NoNewPrivs"] == "1"
        assert int(thread["CapEff"], 16) == 0
        assert thread["Seccomp"] == ("0" if harness.SANITIZED else "2")
    s.reload(f"site b.example {{ certificate self-signed; root {s.www} }}\n")
    with s.tls("b.example") as c:
        assert harness.certificate_names(c) == ["b.example"]
    with s.connect(plain=True) as c:
        c.sendall(request("/../../etc/passwd"))
        assert answer(c)[0] in (301, 400)
    (s.www / "out").symlink_to("/etc/passwd")
    assert get(s, "/out")[0] == 404, "RESOLVE_BENEATH holds without a mount of its own"
    edge = s.edge_pid
    os.kill(edge, signal.SIGKILL)
    wait_for_another_edge(s, edge)
    harness.wait_until(lambda: get(s)[0] == 200, what="service")


@pytest.mark.root
def test_a_port_below_1024_without_root_is_refused_with_what_to_do(unprivileged):
    """In a network of its own, as in a container's all ports may be anybody's."""
    s = unprivileged(own_network=True)
    s.port = 81
    s.write("")
    s.start(wait=False)
    assert s.process.process.wait(20) == 1
    assert re.search(r"\b81\b", s.log) and re.search(r"CAP_NET_BIND_SERVICE|root", s.log), s.log


def test_a_state_directory_that_cannot_be_written_is_said(unprivileged):
    s = unprivileged()
    s.state = Path("/proc/nowhere")
    s.write("")
    s.start(wait=False)
    assert s.process.process.wait(20) == 1
    assert "/proc/nowhere" in s.log


# --- the end

def slow_download(server):
    """A download that goes on: (socket, a thread that reads all when told to)."""
    s = server.tls()
    s.sendall(request("/big.bin", "Connection: close"))
    assert s.recv(1000).startswith(b"HTTP/1.1 200 ")
    return s


def with_big_file(server, config=""):
    s = server(config)
    (s.www / "big.bin").write_bytes(b"x" * (30 << 20))
    return s


def test_term_lets_downloads_end_and_takes_nobody_new(server):
    s = with_big_file(server, "drain_timeout 20s\n")
    download, idle, silent = slow_download(s), s.tls(), s.connect()
    idle.sendall(request("/"))
    assert answer(idle)[0] == 200
    s.process.process.send_signal(signal.SIGTERM)
    harness.wait_until(lambda: not harness.can_connect("127.0.0.1", s.port), 5, "refusal")
    assert harness.receive_all(idle) == b"", "an idle connection is closed at once"
    assert harness.receive_all(silent) == b""
    assert s.running
    assert len(harness.receive_all(download)) > 29 << 20
    assert s.process.process.wait(10) == 0


def ends_short(download):
    try:
        return len(harness.receive_all(download)) < 30 << 20
    except OSError:
        return True


@pytest.mark.parametrize("how", ["INT", "TERM twice", "drain_timeout over"])
def test_an_end_at_once_cuts_downloads(server, how):
    s = with_big_file(server, f"drain_timeout {'1s' if how == 'drain_timeout over' else '60s'}\n")
    download = slow_download(s)
    began = time.monotonic()
    process = s.process.process
    process.send_signal(signal.SIGINT if how == "INT" else signal.SIGTERM)
    if how == "TERM twice":
        s.wait_log("stopping")
        process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert time.monotonic() - began < (6 if harness.SANITIZED else 4)
    assert ends_short(download)


def test_after_the_end_nothing_is_left(server):
    s = server()
    edge = s.edge_pid
    assert s.stop(signal.SIGTERM) == 0
    assert not Path(f"/proc/{edge}").exists()
    assert not (s.state / "warden.sock").exists()
    assert listening(s) == []
    s.start()
    assert get(s)[0] == 200
