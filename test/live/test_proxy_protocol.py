"""PROXY headers from a load balancer in front of us: believed from those we trust alone."""
import socket
import struct
import time

import pytest

import harness

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
CLIENT = ("203.0.113.7", 51234)


def v1(client=CLIENT, server=("192.0.2.1", 443)):
    family = "TCP6" if ":" in client[0] else "TCP4"
    return f"PROXY {family} {client[0]} {server[0]} {client[1]} {server[1]}\r\n".encode()


def v2(client=CLIENT, server=("192.0.2.1", 443), command=0x21, more=b""):
    six = ":" in client[0]
    family = socket.AF_INET6 if six else socket.AF_INET
    body = (socket.inet_pton(family, client[0]) + socket.inet_pton(family, server[0])
            + struct.pack("!HH", client[1], server[1]) + more)
    return SIGNATURE + struct.pack("!BBH", command, 0x21 if six else 0x11, len(body)) + body


HEADERS = {
    "v1": (v1(), CLIENT),
    "v1-tcp6": (v1(("2001:db8::7", 1), ("2001:db8::1", 443)), ("2001:db8::7", 1)),
    "v2": (v2(), CLIENT),
    "v2-tcp6": (v2(("2001:db8::7", 65535), ("2001:db8::1", 443)), ("2001:db8::7", 65535)),
    "v2-with-more": (v2(more=b"\x02\0\x0bexample.org\x04\0\x03abc"), CLIENT),
}


@pytest.fixture
def trusting(server):
    def start(config="", **options):
        return server("trust_proxy loopback\n" + config, **options)
    return start


def ended(s):
    """Whether the peer closed without a word, by FIN or RST."""
    try:
        return s.recv(100) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("kind", HEADERS)
def test_a_site_logs_the_client_that_a_trusted_header_names(trusting, kind):
    header, (address, port) = HEADERS[kind]
    s = trusting()
    status, _, body = s.get("/", ca=s.certificate, on=s.connect(header))
    assert (status, body) == (200, b"hello\n")
    entry = s.wait_access()
    assert (entry["client"], entry["port"]) == (address, port)


@pytest.mark.parametrize("header", [v1(), v2()], ids=["v1", "v2"])
def test_the_plain_port_takes_the_header_too(trusting, header):
    s = trusting()
    status, headers, _ = harness.http_get(s.connect(header, plain=True), "/x?y")
    assert status in (301, 308)
    assert headers["Location"] == f"https://example.org:{s.port}/x?y"
    assert s.wait_access()["client"] == CLIENT[0]


def test_the_plain_port_serves_a_trusted_source_without_a_header_as_well(trusting):
    s = trusting()
    status, _, _ = harness.http_get(s.connect(plain=True))
    assert status in (301, 308)
    assert s.wait_access()["client"] == "127.0.0.1"


def test_a_relay_passes_the_proxied_client_on(trusting, backend):
    got = []
    there = backend(lambda s: got.append(harness.receive_until(s, b"test\r\n")))
    s = trusting(f"share {{ ssh {there.at} {{ proxy_protocol v1 }} }}")
    with s.connect(v2() + b"SSH-2.0-test\r\n") as c:
        assert ended(c)
    assert got == [v1() + b"SSH-2.0-test\r\n"]
    assert s.wait_relay("ssh")["client"] == CLIENT[0]


def test_a_trusted_source_may_do_without_a_header(trusting):
    s = trusting()
    assert s.get("/")[0] == 200
    assert s.wait_access()["client"] == "127.0.0.1"


@pytest.mark.parametrize("header", [v1(), v2()], ids=["v1", "v2"])
def test_a_header_from_anybody_else_is_refused_and_named_nowhere(server, netns, header):
    there = netns()
    s = server("trust_proxy 127.0.0.1\n", addresses=("127.0.0.1", there.gateway))
    c = there.connect(s.port)
    c.sendall(header + harness.client_hello())
    answer = harness.receive_all(c)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")
    plain = there.connect(s.plain_port)
    plain.sendall(header + b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n")
    assert harness.receive_all(plain).startswith(b"HTTP/1.1 400 ")
    assert s.get("/", on=there.connect(s.port))[0] == 200
    s.wait_access(lambda e: e["client"] == there.address and e["status"] == 200)
    assert CLIENT[0] not in s.log + s.access_file.read_text()


MALFORMED = {
    "no such family": b"PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n",
    "address cut short": b"PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n",
    "v6 address in TCP4": b"PROXY TCP4 ::1 ::1 1 2\r\n",
    "port too high": b"PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n",
    "two spaces": b"PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n",
    "no CR": b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n",
    "endless": b"PROXY TCP4 " + b"1" * 200,
    "version 1 in v2": SIGNATURE + b"\x11\x11\0\x0c" + bytes(12),
    "no such command": SIGNATURE + b"\x2f\x11\0\x0c" + bytes(12),
    "too short for TCP4": SIGNATURE + b"\x21\x11\0\x04" + bytes(4),
    "too long": SIGNATURE + b"\x21\x11\xff\xff" + bytes(1000),
    "a TLV beyond the end": v2(more=b"\x02\0\xffabc"),
}


@pytest.mark.parametrize("plain", [False, True], ids=["tls", "plain"])
def test_a_malformed_header_closes_the_connection(trusting, plain):
    s = trusting()
    for what, header in MALFORMED.items():
        with s.connect(header + harness.client_hello(), plain=plain, timeout=2) as c:
            assert ended(c), what
    assert s.get("/")[0] == 200


@pytest.mark.parametrize("header", [v1(), v2()], ids=["v1", "v2"])
def test_a_header_may_come_in_pieces(trusting, header):
    s = trusting()
    for cut in (1, 5, 6, 12, 13, 15, 16, len(header) - 1):
        c = s.connect(header[:cut])
        time.sleep(0.03)
        c.sendall(header[cut:])
        time.sleep(0.03)
        assert s.get("/", on=c)[0] == 200
    c = s.connect()
    for i in range(len(header)):
        c.sendall(header[i:i + 1])
        time.sleep(0.002)
    assert s.get("/", on=c)[0] == 200
    harness.wait_until(lambda: len(s.access) == 9)
    assert {entry["client"] for entry in s.access} == {CLIENT[0]}


@pytest.mark.parametrize("header", [v2(command=0x20), SIGNATURE + b"\x20\0\0\0",
                                    SIGNATURE + b"\x21\0\0\0", b"PROXY UNKNOWN\r\n",
                                    b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n"],
                         ids=["local", "local-empty", "unspec", "unknown", "unknown-more"])
def test_a_header_that_names_nobody_leaves_the_peers_own_address(trusting, header):
    s = trusting()
    c = s.connect(header)
    port = c.getsockname()[1]
    assert s.get("/", on=c)[0] == 200
    entry = s.wait_access()
    assert (entry["client"], entry["port"]) == ("127.0.0.1", port)


def test_a_second_header_is_not_believed(trusting):
    s = trusting()
    with s.connect(v1() + v1(("198.51.100.9", 9)) + harness.client_hello(), timeout=3) as c:
        answer = harness.receive_all(c)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")
    assert "198.51.100.9" not in s.log


def test_a_header_and_then_silence_is_closed_in_time(trusting):
    s = trusting("share {\n first_byte_timeout 1s\n classify_timeout 1s\n}")
    for said in (v1(), v2(), v1()[:9], v2()[:14]):
        began = time.monotonic()
        with s.connect(said, timeout=4) as c:
            assert ended(c), said
        assert 0.8 < time.monotonic() - began < 2.5, said


def test_a_balancers_half_closed_check_harms_nobody(trusting):
    s = trusting()
    for said in (b"", v1(), SIGNATURE + b"\x20\0\0\0"):
        with s.connect(said) as c:
            c.shutdown(socket.SHUT_WR)
            assert ended(c)
    assert s.get("/")[0] == 200
