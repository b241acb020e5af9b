"""What a client meets whose bytes have to be told apart first."""
import contextlib
import os
import random
import resource
import socket
import subprocess
import threading
import time

import pytest

import harness

REQUEST = b"GET / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n"
BAD_REQUEST = b"HTTP/1.1 400 "


def said_in_clear(s, data, timeout=3):
    """All that answers `data`, up to FIN; an RST is an error."""
    with s.connect(data, timeout=timeout) as c:
        return harness.receive_all(c)


# --- what belongs to us

def test_a_site_is_served_over_tls(server):
    s = server()
    status, _, body = s.get("/", ca=s.certificate)
    assert (status, body) == (200, b"hello\n")
    entry = s.wait_access()
    assert (entry["client"], entry["status"], entry["host"]) == ("127.0.0.1", 200, "example.org")


def test_plain_http_on_the_tls_port_is_answered_400_at_once(server):
    s = server()
    began = time.monotonic()
    done = subprocess.run(["curl", "-s", "-o-", "-w", "%{http_code}", "--max-time", "5",
                           f"http://127.0.0.1:{s.port}/"], stdout=subprocess.PIPE, check=False)
    assert done.returncode == 0 and done.stdout.endswith(b"400")
    assert time.monotonic() - began < 1
    status, headers, _ = harness.http_get(s.connect())
    assert (status, headers.get("Connection")) == (400, "close")


# --- ClientHellos that no stock client sends

def handshake(c, incoming_first=b"", **hello):
    """Finishes, over the raw socket `c`, a handshake whose hello is sent by `hello["send"]`."""
    send = hello.pop("send")
    incoming, outgoing = harness.ssl.MemoryBIO(), harness.ssl.MemoryBIO()
    tls = harness.client_context(alpn=hello.get("alpn")).wrap_bio(
        incoming, outgoing, server_hostname=hello.get("name", "example.org"))
    incoming.write(incoming_first)
    first = True
    while True:
        try:
            tls.do_handshake()
            done = True
        except harness.ssl.SSLWantReadError:
            done = False
        data = outgoing.read()
        if data:
            (send if first else lambda c, d: c.sendall(d))(c, data)
            first = False
        if done:
            return tls, incoming, outgoing
        received = c.recv(1 << 16)
        assert received, "closed within the handshake"
        incoming.write(received)


def request_over(c, tls, incoming, outgoing):
    tls.write(REQUEST)
    c.sendall(outgoing.read())
    answer = b""
    while b"hello\n" not in answer:
        try:
            answer += tls.read()
        except harness.ssl.SSLWantReadError:
            received = c.recv(1 << 16)
            assert received, answer
            incoming.write(received)
    return answer


def byte_by_byte(pause):
    def send(c, data):
        for i in range(len(data)):
            c.sendall(data[i:i + 1])
            time.sleep(pause)
    return send


def in_pieces(size, pause):
    def send(c, data):
        for i in range(0, len(data), size):
            c.sendall(data[i:i + size])
            time.sleep(pause)
    return send


def in_records(size, pause=0.0):
    """The hello as one handshake message in many TLS records (RFC 8446 section 5.1)."""
    def send(c, data):
        assert data[0] == 22
        message = data[5:]
        for i in range(0, len(message), size):
            part = message[i:i + size]
            c.sendall(data[:3] + len(part).to_bytes(2, "big") + part)
            time.sleep(pause)
    return send


def large_alpn(size):
    """ALPN protocols that make a hello of about `size` bytes."""
    return ["http/1.1"] + [f"{i:0240d}" for i in range((size - 500) // 241)]


SHAPES = {
    "byte by byte": (byte_by_byte(0.002), None),
    "in threes": (in_pieces(3, 0.003), None),
    "a record header, then the rest": (in_pieces(5, 0.01), None),
    "in records of 1": (in_records(1), None),
    "in records of 100, with pauses": (in_records(100, 0.01), None),
    "of 16000 bytes at once": (lambda c, d: c.sendall(d), large_alpn(16000)),
    "of 16000 bytes in segments": (in_pieces(1400, 0.005), large_alpn(16000)),
    "of 15000 bytes in records of 1000": (in_records(1000, 0.002), large_alpn(15000)),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_hello_is_understood_whatever_way_it_comes(server, backend, certificate, shape):
    send, alpn = SHAPES[shape]
    there = backend(harness.tls_backend(
        *certificate("imap.example.net"),
        serve=lambda s: (s.recv(1000), s.sendall(b"imap says hello\n"))))
    s = server(f"share {{\n sni imap.example.net {there.at}\n openvpn 127.0.0.1:9\n"
               " ssh 127.0.0.1:9\n }")
    for name in ("example.org", "imap.example.net"):
        with s.connect() as c:
            assert b"hello\n" in request_over(c, *handshake(c, send=send, alpn=alpn, name=name))
    assert len(there.peers) == 1


def test_a_hello_longer_than_any_is_not_waited_for(server):
    s = server(f"share {{ tls 127.0.0.1:{harness.free_port()} }}")
    endless = b"\x16\x03\x01\x40\x00\x01\x00\xff\xff" + bytes(16375)
    with s.connect(timeout=5) as c:
        with contextlib.suppress(OSError):
            for _ in range(8):
                c.sendall(endless)
        with contextlib.suppress(ConnectionResetError):
            harness.receive_all(c)
    assert s.get("/")[0] == 200


# --- noise

NOISE = {
    "zeros": bytes(100),
    "ones": b"\xff" * 100,
    "a line": b"HELO example.org\r\n",
    "lower case": b"get / http/1.1\r\n\r\n",
    "telnet": b"\xff\xfb\x1f\xff\xfb\x20",
    "socks 5": b"\x05\x01\x00",
    "rdp": bytes.fromhex("0300002722e00000000000") + b"Cookie: mstshash=user\r\n\x01\0\x08\0\0\0\0\0",
    "postgres": bytes.fromhex("0000000804d2162f"),
    "mqtt": b"\x10\x10\x00\x04MQTT\x04\x02\x00<\x00\x04test",
    "a PROXY header from nobody": b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
}


@pytest.mark.parametrize("noise", NOISE)
def test_noise_is_answered_or_closed_without_a_reset(server, noise):
    answer = said_in_clear(server(), NOISE[noise])
    assert answer == b"" or answer.startswith(BAD_REQUEST)


def test_two_thousand_bytes_of_noise_never_bring_a_reset_before_the_end(server, backend):
    """Bytes left unread would make the kernel send RST, and the answer could be lost."""
    chance = random.Random(443)
    s = server(f"share {{\n ssh {backend().at}\n classify_timeout 500ms\n }}")
    for _ in range(60):
        noise = chance.randbytes(2000)
        with s.connect(timeout=5) as c:
            for i in range(0, len(noise), 700):
                try:
                    c.sendall(noise[i:i + 700])
                except (BrokenPipeError, ConnectionResetError):
                    pytest.fail(f"reset while {noise[:8].hex()} was sent")
                time.sleep(0.005)
            answer = harness.receive_all(c)
        assert answer[:1] in (b"", b"\x15") or answer.startswith(BAD_REQUEST), noise[:8].hex()


def test_a_broken_hello_gets_an_alert_as_from_any_tls_server(server):
    s = server()
    hello = bytearray(harness.client_hello())
    hello[43] = 0xff  # the length of the session id
    answer = said_in_clear(s, bytes(hello))
    assert (answer[0], answer[5]) == (21, 2), "a fatal alert"


@pytest.mark.parametrize("said", [REQUEST, b"\x80\x2e\x01\x03\x01", b"SSH-2.0-x\r\n", bytes(20)],
                         ids=["http", "sslv2", "ssh", "zeros"])
def test_a_half_closed_client_gets_its_answer(server, said):
    s = server()
    with s.connect(said, timeout=3) as c:
        c.shutdown(socket.SHUT_WR)
        answer = harness.receive_all(c)
    assert answer == b"" or answer.startswith(BAD_REQUEST)


# --- time

def test_the_silent_are_closed_at_the_first_byte_timeout(server):
    s = server("share { first_byte_timeout 1s }")
    began = time.monotonic()
    assert said_in_clear(s, b"") == b""
    assert 0.9 < time.monotonic() - began < 2


@pytest.mark.parametrize("said", [b"\x16\x03\x01\x02", b"SSH", b"\x00", b"GET"],
                         ids=["tls", "ssh", "openvpn", "http"])
def test_a_trickle_is_over_at_the_classify_timeout(server, backend, said):
    """The clock runs from the first byte: more bytes do not set it back."""
    there = backend()
    s = server("share {\n classify_timeout 1s\n"
               f" ssh {there.at}\n openvpn {there.at}\n http {there.at}\n }}")
    began = time.monotonic()
    with s.connect(timeout=5) as c:
        for i in range(len(said)):
            c.sendall(said[i:i + 1])
            time.sleep(0.2)
        answer = harness.receive_all(c)
    assert 0.9 < time.monotonic() - began < 2
    assert answer[:1] in (b"", b"\x15") or answer.startswith(BAD_REQUEST)
    assert not there.peers


@pytest.mark.parametrize("classify", ["500ms", "3s"])
def test_a_hello_that_never_ends_has_the_handshake_timeout_from_its_first_byte(server, classify):
    s = server(f"share {{ classify_timeout {classify} }}\nlimits {{ handshake_timeout 2s }}")
    hello = harness.client_hello()
    began = time.monotonic()
    with s.connect(timeout=5) as c:
        for i in range(7):
            c.sendall(hello[10 * i:10 * i + 10])
            time.sleep(0.2)
        answer = harness.receive_all(c)
    most = 2 if classify == "500ms" else 3
    assert most - 0.2 < time.monotonic() - began < most + 0.7
    assert answer[:1] in (b"", b"\x15")


def test_silence_leads_to_a_back_end_of_its_own(server, backend):
    there = backend(lambda s: s.sendall(b"220 speak, friend\r\n"))
    s = server(f"share {{ silent 500ms {there.at} }}")
    began = time.monotonic()
    assert said_in_clear(s, b"") == b"220 speak, friend\r\n"
    assert 0.4 < time.monotonic() - began < 1.5
    assert s.get("/")[0] == 200
    assert s.wait_relay("silent")["out"] == 19


# --- crowds

@pytest.fixture
def descriptors():
    """Enough of them for a crowd."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def crowd(s, count, said=b""):
    return [s.connect(said) for _ in range(count)]


def test_two_thousand_silent_clients_do_not_stop_others(server, descriptors):
    s = server()
    before = s.memory()
    silent = crowd(s, 2000)
    began = time.monotonic()
    for _ in range(20):
        assert s.get("/")[0] == 200
    assert time.monotonic() - began < 3
    assert s.memory() - before < 2000 * 16384
    assert s.get("/", on=silent[0])[0] == 200, "they were not forgotten"
    for c in silent:
        c.close()


@pytest.mark.parametrize("said", [b"", b"\x16\x03\x01\x02\x00\x01"], ids=["silent", "undecided"])
def test_when_there_is_no_room_the_oldest_undecided_make_place(server, descriptors, said):
    s = server("limits { connections 256 }", workers=2)
    others = crowd(s, 2000, said)
    for _ in range(20):
        assert s.get("/")[0] == 200
    others[0].settimeout(5)
    with contextlib.suppress(ConnectionResetError):
        assert others[0].recv(1) == b"", "the first to come is the first to go"
    others[-1].settimeout(0.1)
    with pytest.raises(TimeoutError):
        others[-1].recv(1)
    for c in others:
        c.close()


def test_relays_are_not_closed_to_make_place(server, backend, descriptors):
    s = server(f"limits {{ connections 64 }}\nshare {{ other {backend().at} }}", workers=1)
    relay = s.connect(b"\x00raw")
    assert harness.receive_exactly(relay, 4) == b"\x00raw"
    silent = crowd(s, 300)
    assert s.get("/")[0] == 200
    relay.sendall(b"still")
    assert harness.receive_exactly(relay, 5) == b"still"
    for c in (relay, *silent):
        c.close()


def test_everything_at_once(server, backend, certificate):
    """Each kind of client, many times over, in any order: each gets what is its own."""
    there = backend(harness.tls_backend(*certificate("imap.example.net")))
    ssh = backend(lambda s: s.sendall(b"SSH-2.0-back\r\n" + s.recv(100)))
    s = server(f"share {{\n sni imap.example.net {there.at}\n ssh {ssh.at}\n }}")
    wrong = []

    def site():
        assert s.get("/")[2] == b"hello\n"

    def passed():
        with s.tls("imap.example.net") as c:
            data = os.urandom(20000)
            c.sendall(data)
            assert harness.receive_exactly(c, len(data)) == data

    def shell():
        assert said_in_clear(s, b"SSH-2.0-x\r\n") == b"SSH-2.0-back\r\nSSH-2.0-x\r\n"

    def clear():
        assert said_in_clear(s, REQUEST).startswith(BAD_REQUEST)

    def leaves():
        s.connect(b"\x16\x03").close()

    def run(kinds):
        for kind in kinds:
            try:
                kind()
            except Exception as error:  # pylint: disable=broad-except
                wrong.append((kind.__name__, repr(error)))
    chance = random.Random(1)
    threads = []
    for _ in range(8):
        kinds = [site, passed, shell, clear, leaves] * 8
        chance.shuffle(kinds)
        threads.append(threading.Thread(target=run, args=(kinds,)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    assert not wrong


# --- what it costs

def processor_seconds(pid):
    fields = open(f"/proc/{pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def open_descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def test_nobody_who_waits_makes_the_server_spin(server, backend):
    """Bytes that are only peeked at stay readable: a loop told of it again and again would spin."""
    quiet = backend(lambda s: (s.recv(100), time.sleep(30)))
    mute = backend(lambda s: (s.recv(100), s.shutdown(socket.SHUT_WR), time.sleep(30)))
    s = server(f"share {{\n ssh {quiet.at}\n other {mute.at}\n classify_timeout 60s\n }}",
               workers=1)
    waiting = []

    def add(said, half_close=False, urgent=False):
        c = s.connect(said)
        waiting.append(c)
        if urgent:
            time.sleep(0.05)
            c.send(b"!", socket.MSG_OOB)
        if half_close:
            c.shutdown(socket.SHUT_WR)
    for said in (b"", b"\x16\x03\x01\x02\x00\x01", b"SS", b"SSH-2.0-x\r\n", b"\x00raw"):
        add(said)
        add(said, urgent=True)
    for said in (b"SSH-2.0-x\r\n", b"\x00raw"):
        add(said, half_close=True)
    with contextlib.closing(s.tls()) as idle:
        idle.send(b"GET / HTTP/1.1\r\nHost: exam")
        time.sleep(0.5)
        before = processor_seconds(s.edge_pid)
        time.sleep(1.5)
        spent = processor_seconds(s.edge_pid) - before
    assert spent < 0.15
    for c in waiting:
        c.close()


@pytest.mark.root  # edge's descriptors are shown to nobody else
def test_no_descriptor_and_no_place_is_lost(server, backend, certificate):
    passed = backend(harness.tls_backend(*certificate("imap.example.net")))
    there = backend()
    dead = harness.free_port()
    s = server(f"share {{\n sni imap.example.net {passed.at}\n ssh {there.at}\n"
               f" other 127.0.0.1:{dead}\n silent 300ms {there.at}\n classify_timeout 500ms\n }}",
               workers=1)

    def everybody():
        assert s.get("/")[0] == 200
        with contextlib.suppress(OSError):
            with s.tls("imap.example.net") as c:
                harness.reset_on_close(c)
        said_in_clear(s, REQUEST)
        for said in (b"SSH-2.0-x\r\n", b"\x00", b"\x16\x03", b""):
            with s.connect(said) as c, contextlib.suppress(OSError):
                c.shutdown(socket.SHUT_WR)
                harness.receive_all(c)
            c = s.connect(said)
            harness.reset_on_close(c)
            c.close()
        with s.connect() as c:  # silent, until it is led to the back end
            time.sleep(0.4)
            c.sendall(b"x")
            assert c.recv(1) == b"x"
        with s.connect(b"\x00raw") as c, contextlib.suppress(ConnectionResetError):
            harness.receive_all(c)

    def settled():
        return s.counter("open connections") == 0
    everybody()
    harness.wait_until(settled, what="an end of all connections")
    before = open_descriptors(s.edge_pid)
    for _ in range(10):
        everybody()
    harness.wait_until(settled, what="an end of all connections")
    # The pipes of a relay in bulk and the cache of files may come and go.
    assert open_descriptors(s.edge_pid) <= before + 2
    assert s.counter("connections relayed") >= 22
    assert s.counter("without a back end") >= 11
    assert s.counter("HTTP requests") == 11
