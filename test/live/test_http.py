"""HTTP as curl speaks it, as it should not be spoken, and as slowly as possible."""
import hashlib
import os
import re
import socket
import subprocess
import threading
import time

import pytest

import harness
from shared import answer, curl, get, request, say, serve, status_of

HEADER_TIMEOUT = 2
BODY_TIMEOUT = 1
WRITE_TIMEOUT = 2
IDLE_TIMEOUT = 3

LIMITS = f"""
limits {{
    header_timeout {HEADER_TIMEOUT}s
    body_timeout {BODY_TIMEOUT}s
    write_timeout {WRITE_TIMEOUT}s
    idle_timeout {IDLE_TIMEOUT}s
    handshake_timeout 2s
    header_bytes 8k
    header_fields 50
    body_bytes 4k
}}
share {{ classify_timeout 2s }}
"""
OTHER = "site other.example { certificate self-signed; root %s/other }\n"
BIG = 100 << 20


@pytest.fixture(scope="module")
def site():
    """A server with files of all sorts and little patience."""
    for server in serve(LIMITS):
        www = server.www
        (www / "other").mkdir()
        (www / "other/index.html").write_text("the other\n")
        (www / "sub dir").mkdir()
        (www / "sub dir/index.html").write_text("below\n")
        (www / "empty").mkdir()
        (www / "ten.txt").write_bytes(b"0123456789")
        (www / "large.txt").write_bytes(b"0123456789" * 20000)
        (www / "nothing.html").write_bytes(b"")
        for name in ("a.css", "a.js", "a.png", "a.svg", "a.json", "a.unheard-of", "a.PDF"):
            (www / name).write_bytes(b"x")
        (www / ".secret").write_text("secret\n")
        (www / ".git").mkdir()
        (www / ".git/config").write_text("secret\n")
        (www / ".well-known").mkdir()
        (www / ".well-known/security.txt").write_text("hello\n")
        (www / ".well-known/.hidden").write_text("secret\n")
        (www / "inside").symlink_to("ten.txt")
        (www / "outside").symlink_to("/etc/passwd")
        (www / "above").symlink_to("../sallyport.conf")
        (www / "around").symlink_to("around")
        (www / "root").symlink_to("/")
        (www / "self").symlink_to("/proc/self")
        os.mkfifo(www / "fifo")
        piece = os.urandom(1 << 20)
        with open(www / "big.bin", "wb") as f:
            for _ in range(BIG >> 20):
                f.write(piece)
        server.sha256 = hashlib.sha256(piece * (BIG >> 20)).hexdigest()
        server.reload(LIMITS + OTHER % www)
        yield server


def assert_others_are_served(site):
    assert get(site, "/ten.txt")[2] == b"0123456789"


# --- what browsers and curl do

def test_curl_verifies_the_certificate_and_gets_the_index(site):
    assert curl(site).stdout == "hello\n"


def test_head_has_the_fields_of_get_and_no_body(site):
    with site.tls() as s:
        s.sendall(request("/ten.txt", method="HEAD"))
        status, head, body = answer(s, "HEAD")
        s.sendall(request("/ten.txt"))
        _, get, whole = answer(s)
    assert (status, body, whole) == (200, b"", b"0123456789")
    assert head["content-length"] == "10"
    assert head.keys() == get.keys()


def test_a_connection_is_kept_for_more_requests(site):
    with site.tls() as s:
        for _ in range(50):
            s.sendall(request("/ten.txt"))
            assert answer(s)[2] == b"0123456789"


def test_pipelined_requests_are_answered_in_order(site):
    targets = ["/ten.txt", "/missing", "/", "/sub%20dir/", "/large.txt", "/ten.txt"]
    with site.tls() as s:
        last = request("/ten.txt", "Connection: close")
        s.sendall(b"".join(map(request, targets)) + last)
        raw = harness.receive_all(s)
    statuses = re.findall(rb"HTTP/1\.1 (\d+) ", raw)
    assert statuses == [b"200", b"404", b"200", b"200", b"200", b"200", b"200"]
    assert raw.endswith(b"\r\n\r\n0123456789")


def test_a_thousand_pipelined_requests_are_all_answered(site):
    data = request("/ten.txt") * 999 + request("/ten.txt", "Connection: close")
    with site.tls() as s:  # all of it fits the sockets' buffers; ssl's are for one thread at a time
        s.sendall(data)
        raw = harness.receive_all(s)
    assert raw.count(b"HTTP/1.1 200 OK") == 1000


def test_a_pipeline_nobody_reads_the_answers_of_is_not_read_on(site):
    before = site.memory()
    with site.tls() as s:
        s.settimeout(0.5)
        with pytest.raises((TimeoutError, ConnectionError, OSError)):
            s.sendall(request("/large.txt") * 200000)
        assert site.memory() - before < 32 << 20
        assert_others_are_served(site)


def test_a_request_cut_into_single_bytes_is_the_same_request(site):
    with site.tls() as s:
        for byte in request("/ten.txt"):
            s.sendall(bytes([byte]))
        assert answer(s)[2] == b"0123456789"


def test_http_1_0_is_closed_unless_it_asks_to_be_kept(site):
    assert say(site, request("/ten.txt", version="1.0")).endswith(b"0123456789")
    assert status_of(say(site, b"GET /ten.txt HTTP/1.0\r\n\r\n")) == 200
    with site.tls() as s:
        for _ in range(2):
            s.sendall(request("/ten.txt", "Connection: keep-alive", version="1.0"))
            assert answer(s)[1]["connection"].lower() == "keep-alive"


def test_connection_close_closes(site):
    raw = say(site, request("/ten.txt", "Connection: close"))
    assert b"\r\nconnection: close\r\n" in raw.lower()


@pytest.mark.parametrize("asked, got", [
    ("0-0", "0"), ("3-5", "345"), ("7-", "789"), ("-3", "789"), ("5-100", "56789"), ("-100", "0123456789"),
])
def test_a_range_is_answered_with_its_bytes(site, asked, got):
    done = curl(site, "-r", asked, "-w", "%{http_code}", path="/ten.txt")
    assert done.stdout == got + "206"


def test_ranges_of_a_large_file_are_its_bytes_too(site):
    whole = b"0123456789" * 20000
    for first, last in ((0, 0), (65535, 65536), (123456, 199999), (199999, 199999)):
        status, headers, body = get(site, "/large.txt", headers={"Range": f"bytes={first}-{last}"})
        assert (status, body) == (206, whole[first:last + 1])
        assert headers["content-range"] == f"bytes {first}-{last}/200000"


@pytest.mark.parametrize("path", ["/ten.txt", "/large.txt"])
def test_several_ranges_come_as_one_multipart_answer(site, path):
    status, headers, body = get(site, path, headers={"Range": "bytes=0-1,4-5,-1"})
    mark = re.fullmatch(r"multipart/byteranges; boundary=(\S+)", headers["content-type"])[1]
    assert status == 206
    assert int(headers["content-length"]) == len(body)
    parts = body.split(b"--" + mark.encode())
    assert [part.split(b"\r\n\r\n")[1].removesuffix(b"\r\n") for part in parts[1:-1]] == \
        [b"01", b"45", b"9"]
    assert parts[-1].strip() == b"--"


@pytest.mark.parametrize("value, status", [
    ("bytes=10-", 416), ("bytes=100-200", 416), ("bytes=-0", 416),
    ("bytes=5-3", 200), ("bytes=a-b", 200), ("lines=1-2", 200), ("bytes=", 200),
    pytest.param("bytes=" + ",".join(["0-"] * 500), 200, id="500 ranges"),
])
def test_a_range_that_cannot_be_is_416_and_one_that_is_none_is_ignored(site, value, status):
    got, headers, _ = get(site, "/ten.txt", headers={"Range": value})
    assert got == status
    if got == 416:
        assert headers["content-range"] == "bytes */10"


def test_conditional_requests_are_answered_as_the_validators_say(site):
    _, first, _ = get(site, "/ten.txt")
    etag, modified = first["etag"], first["last-modified"]
    old = "Sun, 06 Nov 1994 08:49:37 GMT"
    cases = [
        ({"If-None-Match": etag}, 304),
        ({"If-None-Match": f'"x", W/{etag}'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"x"'}, 200),
        ({"If-Modified-Since": modified}, 304),
        ({"If-Modified-Since": old}, 200),
        ({"If-Modified-Since": "nonsense"}, 200),
        ({"If-None-Match": '"x"', "If-Modified-Since": modified}, 200),
        ({"If-Match": etag}, 200),
        ({"If-Match": '"x"'}, 412),
        ({"If-Unmodified-Since": old}, 412),
        ({"If-Unmodified-Since": modified}, 200),
        ({"Range": "bytes=0-1", "If-Range": etag}, 206),
        ({"Range": "bytes=0-1", "If-Range": '"x"'}, 200),
        ({"Range": "bytes=0-1", "If-None-Match": etag}, 304),
    ]
    for headers, expected in cases:
        status, got, body = get(site, "/ten.txt", headers=headers)
        assert status == expected, headers
        if status == 304:
            assert (body, got["etag"]) == (b"", etag)


def test_a_file_that_changes_has_another_etag_within_two_seconds(site):
    path = site.www / "changes.txt"
    path.write_text("one")
    _, first, _ = get(site, "/changes.txt")
    path.write_text("two")

    def is_new():
        _, headers, body = get(site, "/changes.txt", headers={"If-None-Match": first["etag"]})
        return body == b"two" and headers["etag"] != first["etag"]
    harness.wait_until(is_new, 3, "the new content")
    path.unlink()
    harness.wait_until(lambda: get(site, "/changes.txt")[0] == 404, 3, "its end")


@pytest.mark.parametrize("name, kind", [
    ("", "text/html"), ("ten.txt", "text/plain"), ("a.css", "text/css"),
    ("a.js", "text/javascript"), ("a.png", "image/png"), ("a.svg", "image/svg+xml"),
    ("a.json", "application/json"), ("a.PDF", "application/pdf"),
    ("a.unheard-of", "application/octet-stream"),
])
def test_the_content_type_follows_the_name(site, name, kind):
    assert get(site, "/" + name)[1]["content-type"].split(";")[0] == kind


def test_an_empty_file_is_served_as_such(site):
    status, headers, body = get(site, "/nothing.html")
    assert (status, headers["content-length"], body) == (200, "0", b"")


def test_a_directory_without_its_slash_is_redirected_below_the_same_host(site):
    status, headers, _ = get(site, "/sub%20dir?x=y")
    assert (status, headers["location"]) == (301, "/sub%20dir/?x=y")
    assert get(site, "/sub%20dir/")[2] == b"below\n"
    assert get(site, "/empty/")[0] == 404
    assert get(site, "//sub%20dir")[1]["location"] == "/sub%20dir/"


@pytest.mark.parametrize("target, status", [
    ("/../etc/passwd", 400), ("/..", 400), ("/%2e%2e/etc/passwd", 400),
    ("/sub%20dir/../../etc/passwd", 400), ("/.%2e/.%2E/etc/passwd", 400),
    ("/sub%20dir/..%2f..%2fetc/passwd", 400), ("/%2fetc/passwd", 400), ("/a%00.html", 400),
    ("/..%5c..%5cetc/passwd", 404), ("/%c0%ae%c0%ae/etc/passwd", 404),
    ("//etc/passwd", 404), ("/./etc/passwd", 404), ("/....//etc/passwd", 404),
    ("/outside", 404), ("/above", 404), ("/around", 404), ("/root/etc/passwd", 404),
    ("/self/environ", 404), ("/root/../etc/passwd", 404), ("/fifo", 404),
    ("/.secret", 404), ("/.git/config", 404), ("/.git", 404), ("/%2egit/config", 404),
    ("/.well-known/.hidden", 404), ("/sub%20dir/../.secret", 404),
    ("/ten.txt/", 404), ("/ten.txt/x", 404),
    pytest.param("/" + "a" * 300, 404, id="300 letters"),
    pytest.param("/" + "a/" * 3000, 404, id="3000 segments"),
])
def test_what_leads_out_or_is_hidden_is_not_served(site, target, status):
    raw = say(site, request(target, "Connection: close"))
    assert status_of(raw) == status
    assert b"secret" not in raw and b"root:" not in raw


def test_what_stays_inside_is_served_by_whatever_way(site):
    for target in ("/inside", "/sub%20dir/../ten.txt", "/./ten.txt", "//ten.txt", "/%74en.txt",
                   "/x/../ten.txt?q", "/.well-known/../ten.txt"):
        assert get(site, target)[2] == b"0123456789", target
    assert get(site, "/.well-known/security.txt")[2] == b"hello\n"


@pytest.mark.parametrize("method, status", [
    ("POST", 405), ("PUT", 405), ("DELETE", 405), ("PATCH", 405), ("OPTIONS", 405),
    ("TRACE", 501), ("CONNECT", 501), ("BREW", 501), ("get", 501),
])
def test_methods_that_files_do_not_have_are_refused(site, method, status):
    raw = say(site, request("/ten.txt", "Connection: close", method=method))
    assert status_of(raw) == status
    if status == 405:
        assert b"\r\nallow: GET, HEAD\r\n" in raw.replace(b"Allow", b"allow")


def test_expect_100_continue_is_answered_at_once_whatever_is_answered(site):
    with site.tls(timeout=2) as s:
        s.sendall(request("/ten.txt", "Expect: 100-continue", "Content-Length: 4", method="POST"))
        assert answer(s)[0] in (100, 405)


def test_the_host_of_another_site_than_the_tls_was_for_is_misdirected(site):
    assert get(site, "/", name="other.example")[2] == b"the other\n"
    with site.tls("example.org") as s:
        s.sendall(request("/", host="other.example"))
        assert answer(s)[0] == 421
        s.sendall(request("/", host="example.org"))
        assert answer(s)[0] == 200
    with site.tls("other.example") as s:
        s.sendall(request("/", host="example.org"))
        assert answer(s)[0] == 421


def test_unknown_names_get_the_first_site(site):
    for sni, host in (("unknown.example", "unknown.example"), ("example.org", "EXAMPLE.ORG:443"),
                      ("example.org", "example.org.")):
        with site.tls(sni) as s:
            s.sendall(request("/ten.txt", host=host))
            assert answer(s)[2] == b"0123456789", (sni, host)


def test_a_hundred_megabytes_arrive_whole(site):
    done = curl(site, "-o", site.directory / "got.bin", "-w", "%{http_code}", path="/big.bin")
    assert done.stdout == "200"
    with open(site.directory / "got.bin", "rb") as f:
        assert hashlib.sha256(f.read()).hexdigest() == site.sha256


def test_curl_in_parallel_gets_every_answer(site):
    port, count = site.port, 300
    done = subprocess.run(
        [harness.tool("curl"), "-sS", "--noproxy", "*", "--parallel", "--parallel-max", "50",
         "--parallel-immediate", "--cacert", str(site.certificate), "--resolve",
         f"example.org:{port}:127.0.0.1", "-w", "%{http_code}\\n", "--max-time", "60",
         *[word for i in range(count)
           for word in ("-o", "/dev/null", f"https://example.org:{port}/large.txt?{i}")]],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["200"] * count


# --- what is no HTTP, or HTTP meant to be read in two ways

H = b"Host: example.org\r\n"
GET = b"GET /ten.txt HTTP/1.1\r\n"
POST = b"POST /ten.txt HTTP/1.1\r\n" + H
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: example.org\r\n\r\n"

HOSTILE = {
    "length and chunked": (POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "chunked and length": (POST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", 400),
    "two lengths": (POST + b"Content-Length: 0\r\nContent-Length: 5\r\n\r\n", 400),
    "two equal lengths": (POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400),
    "a list of lengths": (POST + b"Content-Length: 5, 5\r\n\r\nhello", 400),
    "a negative length": (POST + b"Content-Length: -1\r\n\r\n", 400),
    "a signed length": (POST + b"Content-Length: +5\r\n\r\nhello", 400),
    "a hexadecimal length": (POST + b"Content-Length: 0x5\r\n\r\nhello", 400),
    "an empty length": (POST + b"Content-Length:\r\n\r\n", 400),
    "a length of 2^64": (POST + b"Content-Length: 18446744073709551616\r\n\r\n", 400),
    "an unknown coding": (POST + b"Transfer-Encoding: gzip\r\n\r\n", 501),
    "a coding before chunked": (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
    "chunked twice": (POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "chunked, identity": (POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 501),
    "a coding that only looks like chunked": (POST + b"Transfer-Encoding: xchunked\r\n\r\n", 501),
    "a vertical tab before chunked": (POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n", 400),
    "white space before the colon": (POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
    "chunked in HTTP/1.0": (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "a folded coding": (POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 400),
    "a folded field": (GET + H + b"X: a\r\n b\r\n\r\n", 400),
    "a bare LF after the request line": (b"GET /ten.txt HTTP/1.1\n" + H + b"\r\n", 400),
    "a bare LF after a field": (GET + b"Host: example.org\nX: y\r\n\r\n", 400),
    "only bare LFs": (b"GET /ten.txt HTTP/1.1\nHost: example.org\n\n", 400),
    "a bare CR in a value": (GET + H + b"X: a\rb\r\n\r\n", 400),
    "a bare CR in the request line": (b"GET /\rten HTTP/1.1\r\n" + H + b"\r\n", 400),
    "a NUL in a value": (GET + H + b"X: a\0b\r\n\r\n", 400),
    "a NUL in a name": (GET + H + b"X\0: a\r\n\r\n", 400),
    "a NUL in the target": (b"GET /\0 HTTP/1.1\r\n" + H + b"\r\n", 400),
    "a field without a name": (GET + H + b": a\r\n\r\n", 400),
    "a field without a colon": (GET + H + b"abc\r\n\r\n", 400),
    "a field's name in two words": (GET + H + b"a b: c\r\n\r\n", 400),
    "white space before the first field": (GET + b" " + H + b"\r\n", 400),
    "no Host": (GET + b"\r\n", 400),
    "two Hosts": (GET + H + b"Host: other.example\r\n\r\n", 400),
    "two equal Hosts": (GET + H + H + b"\r\n", 400),
    "an empty Host": (GET + b"Host:\r\n\r\n", 400),
    "a Host with a path": (GET + b"Host: example.org/x\r\n\r\n", 400),
    "a Host with a user": (GET + b"Host: user@example.org\r\n\r\n", 400),
    "a Host with white space": (GET + b"Host: example.org evil\r\n\r\n", 400),
    "a Host of 300 bytes": (GET + b"Host: " + b"a" * 300 + b"\r\n\r\n", 400),
    "a Host with port 65536": (GET + b"Host: example.org:65536\r\n\r\n", 400),
    "a target for another host": (b"GET http://other.example/ HTTP/1.1\r\n" + H + b"\r\n", 400),
    "two spaces in the request line": (b"GET  /ten.txt HTTP/1.1\r\n" + H + b"\r\n", 400),
    "tabs in the request line": (b"GET\t/ten.txt\tHTTP/1.1\r\n" + H + b"\r\n", 400),
    "no version": (b"GET /ten.txt\r\n\r\n", 400),
    "HTTP/0.9 by name": (b"GET /ten.txt HTTP/0.9\r\n\r\n", 505),
    "HTTP/2.0": (b"GET /ten.txt HTTP/2.0\r\n" + H + b"\r\n", 505),
    "the HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "HTTP/1.10": (b"GET /ten.txt HTTP/1.10\r\n" + H + b"\r\n", 400),
    "a method that is no token": (b"G@T /ten.txt HTTP/1.1\r\n" + H + b"\r\n", 400),
    "a method of 40 letters": (b"G" * 40 + b" / HTTP/1.1\r\n" + H + b"\r\n", 501),
    "CONNECT": (b"CONNECT example.org:443 HTTP/1.1\r\n" + H + b"\r\n", 501),
    "a fragment in the target": (b"GET /ten.txt#x HTTP/1.1\r\n" + H + b"\r\n", 400),
    "a quote in the target": (b"GET /\"x HTTP/1.1\r\n" + H + b"\r\n", 400),
    "UTF-8 in the target": (b"GET /\xc3\xbc HTTP/1.1\r\n" + H + b"\r\n", 400),
    "half an encoded byte": (b"GET /%4 HTTP/1.1\r\n" + H + b"\r\n", 400),
    "a target of 10000 bytes": (b"GET /" + b"a" * 10000 + b" HTTP/1.1\r\n" + H + b"\r\n", 414),
    "a field of 10000 bytes": (GET + H + b"X: " + b"a" * 10000 + b"\r\n\r\n", 431),
    "a field without an end": (GET + H + b"X: " + b"a" * 20000, 431),
    "60 fields": (GET + H + b"X: y\r\n" * 60 + b"\r\n", 431),
    "an unknown expectation": (GET + H + b"Expect: miracles\r\n\r\n", 417),
    "two empty lines first": (b"\r\n\r\n" + GET + H + b"\r\n", 400),
    "an SSH greeting": (b"SSH-2.0-OpenSSH_9.2\r\n", 400),
    "noise": (bytes(range(128, 256)) * 4, 400),
}


@pytest.fixture(scope="module")
def bystander(site):
    """A connection that goes on while others are hostile."""
    held = []

    def check():
        for fresh in (False, True):
            if fresh or not held:
                held[:] = [site.tls()]
            try:
                held[0].sendall(request("/ten.txt"))
                assert answer(held[0])[2] == b"0123456789"
                return
            except (OSError, ConnectionError):
                assert not fresh
    return check


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_request_is_refused_and_is_the_last_of_its_connection(site, bystander, what):
    data, expected = HOSTILE[what]
    raw = say(site, data + SMUGGLED)
    assert status_of(raw) == expected, raw[:200]
    assert raw.count(b"HTTP/1.1 ") == 1, "what follows was taken for a request"
    bystander()


BROKEN_BODIES = {
    "a chunk size that is no number": b"x\r\n",
    "a chunk size with a sign": b"-1\r\n",
    "a chunk size with 0x": b"0x5\r\nhello\r\n0\r\n\r\n",
    "a chunk size with white space": b" 5\r\nhello\r\n0\r\n\r\n",
    "a chunk size that ends in LF": b"5\nhello\r\n0\r\n\r\n",
    "a chunk size of 17 digits": b"0" * 17 + b"\r\n\r\n",
    "chunk data longer than its size": b"5\r\nhello!\r\n0\r\n\r\n",
    "a chunk of 2^64 - 1 bytes": b"ffffffffffffffff\r\n",
    "a chunk over the limit": b"1001\r\n" + b"a" * 4097 + b"\r\n0\r\n\r\n",
    "a trailer with a bare LF": b"0\r\nX: y\n\r\n",
    "a trailer that is folded": b"0\r\nX: y\r\n z\r\n\r\n",
    "trailers without an end": b"0\r\n" + b"X: y\r\n" * 2000,
    "an extension without an end": b"5;" + b"x" * 9000 + b"\r\n",
}


@pytest.mark.parametrize("what", BROKEN_BODIES)
def test_after_a_broken_body_no_further_request_is_read(site, bystander, what):
    raw = say(site, CHUNKED + BROKEN_BODIES[what] + SMUGGLED)
    assert status_of(raw) in (400, 405, 413), what
    assert b"404" not in raw, "what follows was taken for a request"
    bystander()


def test_a_body_that_nobody_wants_does_not_become_a_request(site):
    inner = request("/smuggled")
    with site.tls() as s:
        s.sendall(POST + b"Content-Length: %d\r\n\r\n" % len(inner) + inner
                  + request("/ten.txt", "Connection: close"))
        raw = harness.receive_all(s)
    assert re.findall(rb"HTTP/1\.1 (\d+) ", raw) == [b"405", b"200"]


def test_a_request_after_an_empty_line_is_served(site):
    assert status_of(say(site, b"\r\n" + request("/", "Connection: close"))) == 200


def test_a_client_that_ends_in_the_middle_of_a_request_is_just_closed(site):
    for cut in (1, 10, 30):
        with site.tls() as s:
            s.sendall(request("/ten.txt")[:cut])
            if cut == 10:
                harness.reset_on_close(s)
    assert_others_are_served(site)


# --- the slow

def collect(sockets, seconds):
    """What each socket got until it was closed; None for those still open after `seconds`."""
    results = [None] * len(sockets)

    def run(i, s):
        s.settimeout(seconds)
        try:
            results[i] = harness.receive_all(s)
        except TimeoutError:
            pass
        except OSError:
            results[i] = b""
    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(sockets)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_heads_sent_byte_by_byte_end_with_408_while_others_are_served(site):
    sockets = [site.tls() for _ in range(60)]
    plain = [site.connect(plain=True) for _ in range(20)]
    stop = threading.Event()

    def drip():
        for byte in request("/ten.txt", "X: " + "a" * 100):
            for s in sockets + plain:
                try:
                    s.sendall(bytes([byte]))
                except OSError:
                    pass
            if stop.wait(0.3):
                return
    dripping = threading.Thread(target=drip)
    dripping.start()
    began = time.monotonic()
    for _ in range(5):
        assert_others_are_served(site)
    assert time.monotonic() - began < HEADER_TIMEOUT
    got = collect(sockets + plain, HEADER_TIMEOUT + 3)
    stop.set()
    dripping.join()
    statuses = {status_of(raw) if raw is not None else "still open" for raw in got}
    # A reset may overtake the answer, as the client goes on sending.
    assert statuses <= {408, 0} and 408 in statuses, statuses
    assert time.monotonic() - began < 2 * HEADER_TIMEOUT + 2


def test_every_wait_has_an_end(site):
    """All the waits at once, as each takes seconds."""
    begun = {
        "an idle connection": (site.tls(), b"", 0),
        "a request line without its end": (site.tls(), b"GET /", 408),
        "a connection with half a hello": (site.connect(), harness.client_hello()[:80], 0),
        "a handshake that stops": (site.connect(), harness.client_hello(), 0),
        "a body that does not come": (site.tls(), POST + b"Content-Length: 9\r\n\r\n12", 405),
        "a chunk that does not come": (site.tls(), CHUNKED + b"5\r\nhe", 405),
        "a plain head": (site.connect(plain=True), b"GET / HTTP/1.1\r\n", 408),
    }
    began = time.monotonic()
    for s, data, _ in begun.values():
        if data:
            s.sendall(data)
    results = collect([s for s, *_ in begun.values()], 6)
    for (what, (_, _, status)), raw in zip(begun.items(), results):
        assert raw is not None, f"{what} is still open"
        assert status_of(raw) == status, (what, raw)
    assert time.monotonic() - began < 6


def small_client(server, room):
    """TLS on a socket that takes in little while nobody reads."""
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    s.settimeout(harness.DEADLINE)
    s.connect(("127.0.0.1", server.port))
    return server.tls(on=s)


def test_a_client_that_reads_nothing_is_closed_and_costs_little(site):
    before = site.memory()
    sockets = []
    for _ in range(30):
        sockets.append(small_client(site, 4096))
        sockets[-1].sendall(request("/big.bin"))
    time.sleep(WRITE_TIMEOUT / 2)
    grown = site.memory() - before
    # The sanitizers keep 32 MiB of what was freed for a while.
    most = (30 + 32) << 20 if harness.SANITIZED else 30 * 400 << 10
    assert grown < most, f"{grown} bytes more"
    time.sleep(WRITE_TIMEOUT / 2 + 1.5)
    for raw in collect(sockets, 3):
        assert raw is not None and len(raw) < BIG, "it was not closed"


def test_a_slow_reader_gets_all_of_it(site):
    with small_client(site, 16384) as s:
        s.sendall(request("/large.txt", "Connection: close"))
        got = bytearray()
        while some := s.recv(4096):
            got += some
            time.sleep(0.03)
    assert got.endswith(b"0123456789" * 20000)


def evicted(s):
    return int(re.search(r"(\d+) waiting connections closed for room",
                         s.cli("status", check=True).stdout)[1])


def test_a_flood_of_connections_makes_room_for_who_says_something(server):
    s = server("limits { connections 16 }\n", workers=1)
    silent = [s.connect() for _ in range(100)]
    half = [s.connect(b"\x16\x03\x01") for _ in range(100)]
    for _ in range(10):
        assert s.get("/", ca=s.certificate)[0] == 200
    assert evicted(s) > 100
    for one in silent + half:
        one.close()


def test_those_who_read_nothing_make_room_when_nobody_else_can(server):
    s = server("limits { connections 16 }\n", workers=1)
    (s.www / "big.bin").write_bytes(b"x" * (8 << 20))
    greedy = []
    for _ in range(16):
        greedy.append(small_client(s, 4096))
        greedy[-1].sendall(request("/big.bin"))
    time.sleep(0.3)
    for _ in range(3):
        assert s.get("/", ca=s.certificate)[0] == 200
    for one in greedy:
        one.close()


def test_each_head_of_a_long_pipeline_has_its_own_time(server):
    s = server("limits { header_timeout 2s }\n")
    with s.tls() as c:
        for _ in range(8):  # always half a head ahead, for longer than one head may take
            c.sendall(request("/")[:-6])
            time.sleep(0.5)
            c.sendall(request("/")[-6:] + request("/")[:10])
            assert c.recv(100000).startswith(b"HTTP/1.1 200")
            c.sendall(request("/")[10:])
            assert c.recv(100000).startswith(b"HTTP/1.1 200")


def test_a_flood_does_not_close_those_being_served(server):
    s = server("limits { connections 16 }\n", workers=1)
    (s.www / "big.bin").write_bytes(b"x" * (8 << 20))
    with s.tls() as download:
        download.sendall(request("/big.bin", "Connection: close"))
        got = len(download.recv(1000))
        flood = [s.connect() for _ in range(100)]
        for one in flood:
            one.close()
        while some := download.recv(1 << 16):
            got += len(some)
    assert got > 8 << 20
