"""What `sallyport status` says: by what connections speak, and how each back end is."""
import json
import os
import re
import signal
import socket

import harness
from shared import answer, get, request

RAW = b"\x00raw\n"  # no protocol that is known: goes to `other`


def status(server):
    return json.loads(server.cli("status", "--json", check=True).stdout)


def rows(server):
    """The table of back ends: {server: (name, state, under way, served, failures)}."""
    text = server.cli("status", check=True).stdout
    table = text[text.index("\nback end"):].strip().splitlines()[1:]
    split = [re.split(r" {2,}", line) for line in table]
    return {server: (name, state, *map(int, counts)) for name, server, state, *counts in split}


def test_open_connections_are_counted_by_what_they_speak(server, backend):
    s = server(f"share {{ other {backend().at} }}\n")
    with s.tls() as web, s.connect(RAW) as raw:
        web.sendall(request("/"))
        answer(web)
        assert harness.receive_exactly(raw, len(RAW)) == RAW
        now = status(s)["connections"]
        assert (now["http1"], now["http2"], now["relayed"]) == (1, 0, 1)
        assert now["open"] >= 2
    harness.wait_until(lambda: status(s)["connections"]["open"] == 0, what="their end")
    now = status(s)["connections"]
    assert (now["http1"], now["http2"], now["relayed"]) == (0, 0, 0)


def test_a_back_end_is_shown_with_what_it_does(server, backend):
    there = backend()
    nobody = harness.free_port()
    s = server(f"""share {{
        other {there.at}
        ssh 127.0.0.1:{nobody}
    }}\n""")
    assert rows(s) == {there.at: ("other", "up", 0, 0, 0),
                       f"127.0.0.1:{nobody}": ("ssh", "up", 0, 0, 0)}
    with s.connect(RAW) as c:
        assert harness.receive_exactly(c, len(RAW)) == RAW
        assert rows(s)[there.at] == ("other", "up", 1, 1, 0)
    with s.connect(b"SSH-2.0-x\r\n") as c:
        try:
            harness.receive_all(c)
        except ConnectionResetError:
            pass
    harness.wait_until(lambda: rows(s)[there.at] == ("other", "up", 0, 1, 0), what="its end")
    name, state, active, served, failures = rows(s)[f"127.0.0.1:{nobody}"]
    assert (name, state, active, served) == ("ssh", "down", 0, 0)
    assert failures >= 1


def test_json_and_text_say_the_same(server, backend):
    there = backend()
    s = server(f"share {{ other {there.at} }}\n")
    for _ in range(3):
        assert get(s)[0] == 200
    said = status(s)
    assert said["configuration"] == str(s.conf)
    assert said["edge_pid"] == s.edge_pid
    assert said["awaits_confirmation"] is False
    assert said["requests"]["total"] == s.counter("HTTP requests") == 3
    assert said["tls"]["handshakes"] == s.counter("TLS handshakes")
    assert said["servers"] == [{"name": "other", "server": there.at, "state": "up", "active": 0,
                                "served": 0, "failures": 0}]


def test_without_back_ends_there_is_no_table(server):
    s = server("")
    assert "back end " not in s.cli("status", check=True).stdout
    assert status(s)["servers"] == []


def test_after_a_reload_the_new_back_ends_are_shown(server, backend):
    there, other = backend(), backend()
    s = server(f"share {{ other {there.at} }}\n")
    assert list(rows(s)) == [there.at]
    s.write(f"share {{ other {other.at} {there.at} }}\n")
    s.cli("reload", check=True)
    assert list(rows(s)) == [other.at, there.at]


def test_many_back_ends_are_all_shown(server):
    many = [f"127.0.0.1:{port}" for port in range(20000, 20600)]
    rules = "\n".join(f"    sni n{i}.example.net {at}" for i, at in enumerate(many))
    s = server(f"share {{\n{rules}\n}}\n")
    assert list(rows(s)) == many
    assert [one["server"] for one in status(s)["servers"]] == many


def test_what_was_asked_wrongly_is_said(server):
    s = server("")
    done = s.cli("status", "--yaml")
    assert done.returncode == 2
    assert "not understood" in done.stderr


def test_an_edge_that_does_not_answer_keeps_nobody_waiting(server):
    s = server("")
    assert get(s)[0] == 200
    assert status(s)["fresh"] is True
    os.kill(s.edge_pid, signal.SIGSTOP)
    try:
        said = status(s)
        assert said["fresh"] is False
        assert said["requests"]["total"] == 1
        assert "edge does not answer" in s.cli("status", check=True).stdout
    finally:
        os.kill(s.edge_pid, signal.SIGCONT)
    harness.wait_until(lambda: status(s)["fresh"], what="edge")


def test_wardens_socket_takes_these_words_alone(server):
    s = server("")
    with socket.socket(socket.AF_UNIX) as c:
        c.connect(str(s.state / "warden.sock"))
        c.sendall(b"status json\n")
        assert harness.receive_all(c).startswith(b"ok\n{")
    with socket.socket(socket.AF_UNIX) as c:
        c.connect(str(s.state / "warden.sock"))
        c.sendall(b"status xml\n")
        assert harness.receive_all(c).startswith(b"error\n")
