"""Changes under load: nobody's request fails, and what is under way ends as it began."""
import os
import re
import signal
import subprocess
import threading
import time

import pytest

import harness
from shared import get
from test_proxy import at, head_of, says, text, websocket_echo

SITE = """
site example.org {
    certificate self-signed
    header X-Turn %d
    route /app/* { proxy %s }
    root %s
}
"""
RELOADS = 10


def load(command, server, path):
    """Starts a load of a few seconds; returns what waits for its end and gives what it said."""
    process = subprocess.Popen([harness.tool(command[0]), *command[1:], server.url(path)],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return lambda: process.communicate(timeout=60)[0]


def assert_h2load_lost_nothing(said):
    counts = re.search(r"requests: (\d+) total, (\d+) started, (\d+) done, (\d+) succeeded, "
                       r"(\d+) failed, (\d+) errored, (\d+) timeout", said)
    assert counts, said
    _, _, done, succeeded, failed, errored, timeout = map(int, counts.groups())
    assert done == succeeded > 100, said
    assert failed == errored == timeout == 0, said


def assert_wrk_lost_nothing(said):
    assert "Non-2xx" not in said and "Socket errors" not in said, said
    assert int(re.search(r"(\d+) requests in", said)[1]) > 100


LOADS = [(["h2load", "-D3", "-c8", "-m8"], assert_h2load_lost_nothing),
         (["h2load", "--h1", "-D3", "-c8"], assert_h2load_lost_nothing),
         (["wrk", "-d3", "-c8", "-t1"], assert_wrk_lost_nothing)]


@pytest.mark.parametrize("path", ["/", "/app/x"])
@pytest.mark.parametrize("command, assert_lost_nothing", LOADS,
                         ids=["http2", "http1", "wrk"])
def test_reloads_under_load_fail_no_request(server, backend, command, assert_lost_nothing, path):
    there = backend(says(text("proxied")))
    s = server(site=False, start=False)
    s.write(SITE % (0, at(there), s.www))
    s.start()
    end = load(command, s, path)
    for i in range(RELOADS):
        time.sleep(0.2)
        s.reload(SITE % (i + 1, at(there), s.www))
    assert_lost_nothing(end())
    assert s.get(path)[1]["X-Turn"] == str(RELOADS)


@pytest.mark.parametrize("command, assert_lost_nothing", LOADS,
                         ids=["http2", "http1", "wrk"])
def test_a_server_behind_us_may_reload_too(server, process, tmp_path, command,
                                           assert_lost_nothing):
    """It closes what is idle just when it is asked again."""
    port = harness.free_port()
    conf = tmp_path / "nginx.conf"
    conf.write_text(harness.NGINX.replace("master_process off;", "").replace("256", "4096").format(
        prefix=tmp_path,
        http=f"server {{ listen 127.0.0.1:{port}; location / {{ return 200 fine; }} }}"))
    behind = process([harness.tool("nginx"), "-e", "stderr", "-p", tmp_path, "-c", conf])
    behind.wait_port(port)
    s = server(SITE % (0, f"http://127.0.0.1:{port}", "/srv"), site=False)
    end = load(command, s, "/app/x")
    for _ in range(4):
        time.sleep(0.5)
        behind.process.send_signal(signal.SIGHUP)
    assert_lost_nothing(end())


NEW = "site example.org {\n    certificate self-signed\n    respond 200 new\n}\n"


def test_what_is_under_way_survives_a_reload(server, backend):
    """A long download, a stream of events, and a WebSocket, of a site that is no more."""
    websocket = pytest.importorskip("websocket")
    go = threading.Event()

    def serve(s):
        head, _ = head_of(s)
        if b"/events" in head:
            s.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
            go.wait(harness.DEADLINE)
            s.sendall(b"data: 2\n\n")
    chat = backend(websocket_echo)
    s = server(site=False, start=False)
    (s.www / "big").write_bytes(b"x" * (32 << 20))
    s.write("site example.org {\n    certificate self-signed\n"
            f"    route /ws {{ proxy {at(chat)} }}\n    route /events {{ proxy "
            f"{at(backend(serve))} }}\n    root {s.www}\n}}\n")
    s.start()
    ws = websocket.create_connection(f"wss://example.org:{s.port}/ws", socket=s.tls(), timeout=10)
    with s.tls() as download, s.tls() as events:
        for c, path in ((download, b"/big"), (events, b"/events")):
            c.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: example.org\r\n"
                      b"Connection: close\r\n\r\n")
        assert b"data: 1" in harness.receive_until(events, b"data: 1")
        head = harness.receive_until(download, b"\r\n\r\n")
        for _ in range(3):
            s.reload(NEW)
        assert s.get("/big")[2] == b"new"
        ws.send("still here")
        assert ws.recv() == "still here"
        go.set()
        assert b"data: 2" in harness.receive_until(events, b"data: 2")
        body = head.split(b"\r\n\r\n", 1)[1] + harness.receive_all(download)
        assert body == b"x" * (32 << 20)
    ws.close()


@pytest.mark.long
def test_what_was_taken_too_late_is_given_back(server):
    """It was said that nothing has changed: so it is, also once edge goes on."""
    s = server("site example.org { certificate self-signed; respond 201 }\n", site=False)
    edge = s.edge_pid
    s.write("site example.org { certificate self-signed; respond 202 }\n")
    os.kill(edge, signal.SIGSTOP)
    try:
        refused = s.reload(check=False)
    finally:
        os.kill(edge, signal.SIGCONT)
    assert refused.returncode == 1 and "did not take it in time" in refused.stderr
    s.wait_log("told to go back")
    harness.wait_until(lambda: get(s)[0] == 201, what="what runs")
    assert s.reload().returncode == 0
    assert get(s)[0] == 202


def test_a_server_that_stops_listens_no_more(server, backend):
    """A reload, or a renewed certificate, would open listeners that nobody accepts from."""
    go, asked = threading.Event(), threading.Event()

    def serve(s):
        head_of(s)
        asked.set()
        go.wait(harness.DEADLINE)
        s.sendall(text("to the end"))
    s = server(SITE % (0, at(backend(serve)), "/srv") + "drain_timeout 20s\n", site=False)
    client = subprocess.Popen([harness.tool("curl"), "-sSk", "--resolve",
                               f"example.org:{s.port}:127.0.0.1",
                               f"https://example.org:{s.port}/app/x"], stdout=subprocess.PIPE)
    assert asked.wait(harness.DEADLINE)
    os.kill(s.pid, signal.SIGTERM)
    harness.wait_until(lambda: not harness.can_connect("127.0.0.1", s.port), what="the drain")
    refused = s.reload(check=False)
    assert refused.returncode == 1 and "being stopped" in refused.stderr
    assert not harness.can_connect("127.0.0.1", s.port)
    go.set()
    assert client.communicate(timeout=20)[0] == b"to the end"
    assert s.stop() == 0


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_a_stop_lets_requests_end(server, backend, version):
    go, asked = threading.Event(), threading.Event()

    def serve(s):
        head_of(s)
        asked.set()
        go.wait(harness.DEADLINE)
        s.sendall(text("to the end"))
    s = server(SITE % (0, at(backend(serve)), "/srv") + "drain_timeout 10s\n", site=False)
    client = subprocess.Popen([harness.tool("curl"), "-sSk", version, "--resolve",
                               f"example.org:{s.port}:127.0.0.1",
                               f"https://example.org:{s.port}/app/x"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert asked.wait(harness.DEADLINE)
    stopper = threading.Thread(target=s.stop)
    stopper.start()
    harness.wait_until(lambda: not harness.can_connect("127.0.0.1", s.port), what="the drain")
    go.set()
    assert client.communicate(timeout=20)[0] == b"to the end"
    stopper.join(20)
    assert s.status == 0
