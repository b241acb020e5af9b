"""What is written down: whole lines, nobody else's words, and not without end."""
import json
import os
import re
import signal
import socket
import threading

import pytest

import harness
from shared import answer, get, request, say, serve

COMBINED = re.compile(rb'(\S+) - - \[(\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000)\] '
                      rb'"((?:[^"\\]|\\.)*)" (\d{3}) (\d+) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"')


def lines(server, count=1):
    """The lines of the access log as bytes, once there are `count`."""
    def found():
        whole = server.access_file.read_bytes().split(b"\n")[:-1]
        return whole if len(whole) >= count else None
    return harness.wait_until(found, what=f"{count} lines")


def in_format(server, form, config=""):
    """A server whose access log has another form than the harness gives it."""
    s = server(config, start=False)
    s.write(s.text(config).replace("access json", f"access {form}"), whole=True)
    s.start()
    return s


# --- requests

def test_a_json_line_has_all_that_a_request_was(server):
    s = server()
    get(s, "/?q=1", {"User-Agent": "tester/1.0", "Referer": "https://a.example/"})
    entry = s.wait_access()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", entry.pop("time"))
    assert isinstance(entry.pop("port"), int)
    assert entry.pop("ms") in range(10000)
    assert entry == {"client": "127.0.0.1", "method": "GET", "host": "example.org",
                     "target": "/?q=1", "version": "1.1", "status": 200, "bytes": 6,
                     "tls": "TLSv1.3", "referer": "https://a.example/", "agent": "tester/1.0"}


def test_a_combined_line_is_as_log_analysers_know_it(server):
    s = in_format(server, "combined")
    get(s, "/?q=1", {"User-Agent": "tester/1.0", "Referer": "https://a.example/"})
    get(s, "/missing", method="HEAD")
    first, second = lines(s, 2)
    assert COMBINED.fullmatch(first).groups()[2:] == \
        (b"GET /?q=1 HTTP/1.1", b"200", b"6", b"https://a.example/", b"tester/1.0")
    assert COMBINED.fullmatch(second).groups()[2:] == \
        (b"HEAD /missing HTTP/1.1", b"404", b"0", b"-", b"-")


def test_with_access_off_nothing_is_written(server):
    s = in_format(server, "off")
    get(s)
    get(s)
    assert not s.access_file.exists() or s.access_file.read_bytes() == b""


def test_without_a_file_lines_go_to_the_terminal(server):
    s = server(start=False)
    s.write(re.sub(r"file .*access\.log", "", s.text("")), whole=True)
    s.start()
    get(s, "/found-on-the-terminal")
    found = s.wait_log(r'\{"time".*"target":"/found-on-the-terminal".*\}')
    assert json.loads(found[0])["status"] == 404


@pytest.mark.parametrize("form", ["json", "combined"])
def test_what_a_peer_says_cannot_break_a_line_or_forge_one(server, form):
    s = in_format(server, form)
    evil = ['"', "\\", '\\"', '" 200 1 "-" "x', "\x80\xff", "\xc3\xbc", "\t", "\xe2\x80\xae",
            '"},{"status":200', "a" * 3000, "\xed\xa0\x80", "%n%s", "\x9b31m"]
    for value in evil:
        with s.tls() as c:
            c.sendall(b"GET /x HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\nUser-Agent: "
                      + value.encode("latin-1") + b"\r\nReferer: " + value.encode("latin-1")
                      + b"\r\n\r\n")
            assert answer(c)[0] == 404
    for target in (b"/\x1b[31m", b"/\r\n", b"/\0", b"/\xff", b'/"', b"/%22%0a", b"/%1b"):
        say(s, b"GET " + target + b" HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n")
    for host in (b'"', b"a\nb", b"\xff"):
        say(s, b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")
    say(s, b"\x1b]0;title\x07 / HTTP/1.1\r\n\r\n")
    all_lines = lines(s, len(evil) + 7 + 3 + 1)
    assert len(all_lines) == len(evil) + 7 + 3 + 1, "one line each"
    for line in all_lines:
        assert not re.search(rb"[\x00-\x1f\x7f-\xff]", line), line
        assert len(line) < 8192
        if form == "combined":
            assert COMBINED.fullmatch(line), line
        else:
            json.loads(line)
    if form == "json":
        agents = [json.loads(line)["agent"] for line in all_lines]
        assert agents[0] == '"' and agents[1] == "\\" and agents[3] == evil[3]


def test_a_request_that_was_refused_has_its_line_too(server):
    s = server()
    say(s, b"GET /seen HTTP/1.1\r\nHost: example.org\r\nContent-Length: x\r\n\r\n")
    entry = s.wait_access()
    assert (entry["status"], entry["method"], entry["target"]) == (400, "GET", "/seen")


def test_lines_of_many_at_once_are_whole(server):
    s = server(workers=3)

    def run(number):
        with s.tls() as c:
            for i in range(50):
                c.sendall(request(f"/{number}/{i}"))
                answer(c)
    threads = [threading.Thread(target=run, args=(n,)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines(s, 500)
    targets = [entry["target"] for entry in s.access]
    assert sorted(targets) == sorted(f"/{n}/{i}" for n in range(10) for i in range(50))


# --- relays

def test_a_relay_has_a_line_with_its_rule_and_what_went_through(server, backend):
    there = backend()
    s = server(f"share {{ other {there.at} }}\n")
    with s.connect(b"\0abc") as c:
        assert harness.receive_exactly(c, 4) == b"\0abc"
        port = c.getsockname()[1]
        c.shutdown(socket.SHUT_WR)
        harness.receive_all(c)
    entry = s.wait_relay("other")
    assert 0 <= entry.pop("seconds") < 10
    entry.pop("time")
    assert entry == {"client": "127.0.0.1", "port": port, "rule": "other", "backend": there.at,
                     "in": 4, "out": 4, "end": "finished"}


def test_a_relay_without_a_back_end_has_its_line(server):
    nowhere = f"127.0.0.1:{harness.free_port()}"
    s = server(f"share {{ ssh {nowhere} }}\n")
    with s.connect(b"SSH-2.0-x\r\n") as c:
        try:
            harness.receive_all(c)
        except ConnectionResetError:
            pass
    entry = s.wait_relay("ssh")
    assert (entry["backend"], entry["in"], entry["out"]) == ("-", 0, 0)
    assert entry["end"] != "finished"


def test_a_relay_in_the_combined_form_says_the_same(server, backend):
    there = backend()
    s = in_format(server, "combined", f"share {{ other {there.at} }}\n")
    with s.connect(b"\0abc") as c:
        harness.receive_exactly(c, 4)
    assert re.fullmatch(rb'\[.+\] 127\.0\.0\.1 port \d+ relayed by "other" to ' + there.at.encode()
                        + rb' in 4 out 4 seconds \d+\.\d{3} end "\w[\w ]*"', lines(s)[0])


# --- rotation

@pytest.mark.parametrize("how", ["SIGUSR1", "reopen-log"])
def test_after_a_rename_lines_go_to_a_new_file_and_none_is_lost(server, how):
    s = server()
    stop, done = threading.Event(), []

    def visit():
        while not stop.is_set():
            get(s, f"/{len(done)}")
            done.append(1)
    visitor = threading.Thread(target=visit)
    visitor.start()
    rotated = [s.directory / f"access.log.{i}" for i in range(5)]
    for old in rotated:
        lines(s)
        s.access_file.rename(old)
        if how == "SIGUSR1":
            os.kill(s.pid, signal.SIGUSR1)
        else:
            assert s.cli("reopen-log").returncode == 0
        harness.wait_until(s.access_file.exists, what="a new file")
    stop.set()
    visitor.join()
    harness.wait_until(lambda: sum(f.read_bytes().count(b"\n") for f in [*rotated, s.access_file])
                       == len(done), what=f"{len(done)} lines")
    assert s.access_file.stat().st_mode & 0o007 == 0, "others may not read who came"


def test_a_log_that_nobody_reads_stops_nobody(server):
    s = server(start=False)
    os.mkfifo(s.access_file)
    reader = os.open(s.access_file, os.O_RDONLY | os.O_NONBLOCK)
    try:
        s.start()
        with s.tls() as c:
            for _ in range(600):
                c.sendall(request("/" + "x" * 400))
                assert answer(c)[0] == 404
        s.wait_log("lines are lost")
    finally:
        os.close(reader)


# --- the server's own log

def test_failed_handshakes_by_the_thousand_are_a_few_lines(server):
    s = server(workers=2)
    for _ in range(1000):
        with s.connect(b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00") as c:
            c.shutdown(socket.SHUT_WR)
            try:
                while c.recv(1000):
                    pass
            except ConnectionResetError:
                pass
    said = [line for line in s.log.splitlines() if "TLS with" in line]
    assert 1 <= len(said) <= 2 * 20 * 4, len(said)  # 20 in ten seconds, of each worker


def test_no_secret_is_in_the_log(server):
    s = server()
    get(s)
    s.reload(f"site b.example {{ certificate self-signed; root {s.www} }}\n")
    key = (s.state / "self-signed/example.org.key").read_text().splitlines()[1]
    assert key not in s.log and "PRIVATE" not in s.log


# --- what answers say of the server

@pytest.fixture(scope="module")
def nameless():
    yield from serve()


def every_kind_of_answer(s):
    """Raw answers, of TLS, of the plain port, and to what is no TLS on the TLS port."""
    for data in (request("/", "Connection: close"), request("/missing", "Connection: close"),
                 request("/", "Connection: close", method="POST"), request("/%00"),
                 request("/", host="a b"), b"nonsense\r\n\r\n", b"GET / HTTP/3.0\r\n\r\n",
                 request("/", "Connection: close", method="BREW"),
                 request("/", "Range: bytes=9-", "Connection: close"),
                 request("/", "Expect: x"), request("/", *["X: y"] * 200)):
        yield say(s, data)
        yield say(s, data.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), plain=True)
    for data in (request("/"), b"nonsense\r\n\r\n"):
        with s.connect(data) as c:
            yield harness.receive_all(c)


def test_no_answer_says_what_the_server_is(nameless):
    for raw in every_kind_of_answer(nameless):
        assert raw.startswith(b"HTTP/1.1 ")
        assert b"\r\nserver:" not in raw.lower()
        assert not re.search(rb"sallyport|openssl|0\.1\.0|x-powered", raw, re.I), raw


def test_the_configured_name_is_all_that_answers_say(server):
    s = server('server_name "Apache"\n')
    for raw in every_kind_of_answer(s):
        assert raw.lower().count(b"\r\nserver: apache\r\n") == 1, raw
        assert b"sallyport" not in raw.lower()
