"""Relayed connections, as administrators see and end them."""
import contextlib
import os
import signal
import socket
import threading
import time

import pytest

import harness
from rest import Browser

RAW = b"\x00raw\n"  # no protocol that is known: goes to `other`
MANY = 2500  # more than edge tells at once


def relays(server, query=""):
    return server.machine.good("GET", "/connections" + query)["items"]


@pytest.fixture(name="silent")
def a_silent_backend():
    """Accepts and says nothing, for thousands, without a thread for each."""
    kept = []
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)

    def accept():
        while True:
            try:
                kept.append(listener.accept()[0])
            except OSError:
                return

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield f"127.0.0.1:{listener.getsockname()[1]}"
    listener.shutdown(socket.SHUT_RDWR)
    thread.join()
    listener.close()
    for s in kept:
        s.close()


def test_what_is_relayed_is_told_with_its_bytes_until_it_ends(office, backend):
    there, shell = backend(), backend()
    server = office(f"share {{\n other {there.at}\n ssh {shell.at}\n }}\n")
    assert relays(server) == []
    with server.connect(RAW) as one:
        assert harness.receive_exactly(one, len(RAW)) == RAW
        time.sleep(0.01)
        other = server.connect(b"SSH-2.0-test\r\n")
        assert harness.receive_exactly(other, 14) == b"SSH-2.0-test\r\n"
        first, second = relays(server)
        since = first.pop("since")
        assert since.startswith("20") and since.endswith("Z")
        assert first == {"id": first["id"], "rule": "other", "to": there.at,
                         "from": "127.0.0.1:%d" % one.getsockname()[1],
                         "at": f"127.0.0.1:{server.port}", "bytes_in": 5, "bytes_out": 5}
        assert second["id"] > first["id"] and second["rule"] == "ssh"
        assert relays(server, "?search=SSH") == [second]
        assert relays(server, f"?search={there.at}")[0]["id"] == first["id"]
        page = server.machine.good("GET", "/connections?limit=1")
        assert page["items"][0]["id"] == first["id"]
        assert relays(server, f"?limit=1&after={page['next']}") == [second]
        other.close()
    harness.wait_until(lambda: relays(server) == [], what="their end")


def test_an_operator_ends_a_relay_and_nobody_below_him(office, backend):
    server = office(f"share {{ other {backend().at} }}\n")
    for name, role in (("otto", "operator"), ("una", "user")):
        server.machine.user(name, role=role)
    otto, una = Browser(server), Browser(server)
    otto.sign_in("otto")
    una.sign_in("una")
    with server.connect(RAW) as one, server.connect(RAW) as other:
        for s in (one, other):
            assert harness.receive_exactly(s, len(RAW)) == RAW
        (ends, stays) = relays(server)
        if ends["from"].endswith(f":{other.getsockname()[1]}"):
            one, other = other, one
        assert una.get("/connections").status == 403
        assert una.delete(f"/connections/{ends['id']}").status == 403
        assert otto.delete(f"/connections/{ends['id']}").status == 204
        assert harness.receive_all(one) == b""
        assert otto.delete(f"/connections/{ends['id']}").status == 404
        other.sendall(RAW)
        assert harness.receive_exactly(other, len(RAW)) == RAW
        assert [r["id"] for r in relays(server)] == [stays["id"]]
        entry = server.wait_relay("other")
        assert (entry["end"], entry["in"]) == ("ended by an administrator", 5)
        (row,) = server.machine.good("GET", "/audit?action=connection.end")["items"]
        assert row["who"] == "otto" and ends["from"] in row["object"]


def test_one_that_has_reached_no_server_is_ended_too(office):
    full = socket.create_server(("127.0.0.1", 0), backlog=0)
    at = "127.0.0.1:%d" % full.getsockname()[1]
    waiting = [socket.socket() for _ in range(4)]
    for s in waiting:  # the backlog is full from here on: who connects waits
        s.setblocking(False)
        s.connect_ex(full.getsockname())
    server = office(f"share {{ other {at} {{ connect_timeout 60s }} }}\n")
    with server.connect(RAW) as c:
        (one,) = harness.wait_until(lambda: relays(server))
        assert one["to"] is None and one["bytes_in"] == 0
        server.machine.good("DELETE", f"/connections/{one['id']}")
        with contextlib.suppress(ConnectionResetError):  # what was sent was not read
            assert harness.receive_all(c) == b""
        assert server.wait_relay("other")["end"] == "ended by an administrator"
    for s in (*waiting, full):
        s.close()


def test_the_command_line_lists_and_kills(office, backend):
    server = office(f"share {{ other {backend().at} }}\n")
    with server.connect(RAW) as c:
        assert harness.receive_exactly(c, len(RAW)) == RAW
        told = server.cli("connection", "list", check=True).stdout
        (one,) = relays(server)
        assert "RULE" in told and str(one["id"]) in told and one["to"] in told
        server.cli("connection", "kill", str(one["id"]), "--yes", check=True)
        assert harness.receive_all(c) == b""
    assert server.cli("connection", "kill", str(one["id"]), "--yes").returncode != 0


def test_thousands_come_in_parts_each_once(office, silent):
    server = office(f"share {{ other {silent} }}\n", workers=2)
    clients = []
    try:
        for _ in range(MANY):
            clients.append(server.connect(RAW))
        names = {"127.0.0.1:%d" % c.getsockname()[1] for c in clients}
        harness.wait_until(lambda: server.counter("connections relayed") == MANY, 30, "all relays")
        seen, after = [], ""
        while after is not None:
            page = server.machine.good("GET", f"/connections?limit=700{after}")
            seen += page["items"]
            after = page["next"] and "&after=" + page["next"]
        assert len(seen) == MANY and {r["from"] for r in seen} == names
        assert [r["id"] for r in seen] == sorted({r["id"] for r in seen})
        assert max(r["id"] for r in seen) < 1 << 53  # as browsers have numbers
        last = seen[-1]["from"]
        assert [r["from"] for r in relays(server, f"?search={last}")] == [last]
    finally:
        for c in clients:
            c.close()


def test_another_edge_and_another_control_are_asked_as_the_first_were(office, backend):
    server = office(f"share {{ other {backend().at} }}\n")
    for role in ("edge", "control"):
        before = harness.wait_until(lambda: server.children(role), what=role)[0]
        os.kill(before, signal.SIGKILL)
        harness.wait_until(lambda: server.children(role) not in ([], [before]), what="another")
        with harness.wait_until(lambda: try_relay(server), 30, "a relay"):
            harness.wait_until(lambda: is_told(server), 30, "the list")


def try_relay(server):
    try:
        s = server.connect(RAW)
        if harness.receive_exactly(s, len(RAW)) == RAW:
            return s
    except OSError:
        pass
    return None


def is_told(server):
    try:
        answer = server.machine.get("/connections")
    except OSError:
        return False
    return answer.status == 200 and len(answer.json["items"]) == 1
