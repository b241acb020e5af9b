"""Requests that two servers could read in two ways, and back ends that answer what is no answer.

Each case is sent to Sallyport in front of Python's http.server, nginx and Node. Whatever it is,
both ends must agree on how many requests it holds and where each begins: what a back end saw is
what the access log says was passed on, and nothing that stands inside of a body is ever a request.
"""
import http.client
import http.server
import itertools
import json
import re
import threading
import time

import h2peer
import pytest

import harness
from shared import serve

SETTLE = 0.05  # seconds in which what was smuggled would arrive
BACKENDS = ("python", "nginx", "node")

EVIL = b"GET ~/evil HTTP/1.1\r\nHost: ^\r\n\r\n"  # what must never be a request of its own
HOST = b"Host: ^\r\n"
POST = b"POST ~/a HTTP/1.1\r\n" + HOST
GET = b"GET ~/a HTTP/1.1\r\n" + HOST
NEXT = b"GET ~/next HTTP/1.1\r\n" + HOST + b"\r\n"
TE = b"Transfer-Encoding: chunked\r\n"
END = b"\r\n"
HELLO = b"5\r\nhello\r\n0\r\n\r\n"


def length(n):
    return b"Content-Length: %d\r\n" % n


# What HTTP/1.1 says, with ~ for the case's own path and ^ for the host. Nothing of these may
# reach a back end, but the beginning of "/a" where what is wrong comes in its body only.
REFUSED = {
    # CL.TE and TE.CL (RFC 9112 §6.1)
    "cl_te": POST + length(6) + TE + END + b"0\r\n\r\nG",
    "cl_te_evil": POST + length(5 + len(EVIL)) + TE + END + b"0\r\n\r\n" + EVIL,
    "te_cl": POST + TE + length(4) + END + b"5c\r\n" + EVIL + b"\r\n0\r\n\r\n",
    "te_cl_zero": POST + length(0) + TE + END + b"%x\r\n" % len(EVIL) + EVIL + b"\r\n0\r\n\r\n",
    "cl_te_http_1_0": POST.replace(b"1.1", b"1.0") + length(5) + TE + END + HELLO,
    "te_http_1_0": POST.replace(b"1.1", b"1.0") + TE + END + HELLO,
    "get_cl_te": GET + length(len(EVIL)) + TE + END + b"0\r\n\r\n" + EVIL,
    # TE.TE: codings that one end may not recognize
    "te_twice": POST + TE + TE + END + HELLO,
    "te_identity_too": POST + TE + b"Transfer-Encoding: identity\r\n" + END + HELLO,
    "te_identity": POST + b"Transfer-Encoding: identity\r\n" + length(3) + END + b"abc",
    "te_list": POST + b"Transfer-Encoding: gzip, chunked\r\n" + END + HELLO,
    "te_list_twice": POST + b"Transfer-Encoding: chunked, chunked\r\n" + END + HELLO,
    "te_not_last": POST + b"Transfer-Encoding: chunked, identity\r\n" + END + HELLO,
    "te_unknown": POST + b"Transfer-Encoding: xchunked\r\n" + END + HELLO,
    "te_unknown_cl": POST + b"Transfer-Encoding: xchunked\r\n" + length(5) + END + b"hello",
    "te_cow": POST + b"Transfer-Encoding: cow\r\n" + TE + END + HELLO,
    "te_empty": POST + b"Transfer-Encoding:\r\n" + length(5) + END + b"hello",
    "te_quoted": POST + b"Transfer-Encoding: \"chunked\"\r\n" + END + HELLO,
    "te_parameter": POST + b"Transfer-Encoding: chunked;a=b\r\n" + END + HELLO,
    "te_comma": POST + b"Transfer-Encoding: chunked,\r\n" + length(5) + END + b"hello",
    "te_space_before_colon": POST + b"Transfer-Encoding : chunked\r\n" + END + HELLO,
    "te_tab_before_colon": POST + b"Transfer-Encoding\t: chunked\r\n" + END + HELLO,
    "te_vertical_tab": POST + b"Transfer-Encoding: \x0bchunked\r\n" + END + HELLO,
    "te_form_feed": POST + b"Transfer-Encoding: \x0cchunked\r\n" + END + HELLO,
    "te_nul": POST + b"Transfer-Encoding: chunked\0\r\n" + END + HELLO,
    "te_latin_1": POST + b"Transfer-Encoding: chunked\xa0\r\n" + END + HELLO,
    "te_folded": POST + b"Transfer-Encoding:\r\n chunked\r\n" + END + HELLO,
    "te_behind_a_fold": POST + b"X: y\r\n Transfer-Encoding: chunked\r\n" + length(5) + END + b"abcde",
    "te_behind_a_bare_lf": POST + b"X: y\nTransfer-Encoding: chunked\r\n" + length(5) + END + HELLO,
    "te_behind_a_bare_cr": POST + b"X: y\rTransfer-Encoding: chunked\r\n" + length(5) + END + HELLO,
    "te_space_first": POST + b" Transfer-Encoding: chunked\r\n" + length(5) + END + HELLO,
    # Lengths
    "cl_cl": POST + length(5) + length(0) + END + b"hello",
    "cl_cl_alike": POST + length(5) + length(5) + END + b"hello",
    "cl_list": POST + b"Content-Length: 5, 0\r\n" + END + b"hello",
    "cl_list_alike": POST + b"Content-Length: 5, 5\r\n" + END + b"hello",
    "cl_plus": POST + b"Content-Length: +5\r\n" + END + b"hello",
    "cl_minus": POST + b"Content-Length: -5\r\n" + END + EVIL,
    "cl_hexadecimal": POST + b"Content-Length: 0x5\r\n" + END + b"hello",
    "cl_octal_or_not": POST + b"Content-Length: 0o5\r\n" + END + b"hello",
    "cl_fraction": POST + b"Content-Length: 5.0\r\n" + END + b"hello",
    "cl_exponent": POST + b"Content-Length: 5e0\r\n" + END + b"hello",
    "cl_space_inside": POST + b"Content-Length: 1 0\r\n" + END + b"hello",
    "cl_underscore": POST + b"Content-Length: 1_0\r\n" + END + b"hello",
    "cl_nul": POST + b"Content-Length: 5\0\r\n" + END + b"hello",
    "cl_empty": POST + b"Content-Length:\r\n" + END + EVIL,
    "cl_too_large": POST + b"Content-Length: 18446744073709551621\r\n" + END + b"hello" + EVIL,
    "cl_wraps": POST + b"Content-Length: 4294967301\r\n" + END + b"hello" + EVIL,
    "cl_space_before_colon": POST + b"Content-Length : 5\r\n" + END + b"hello",
    "cl_folded": POST + b"Content-Length:\r\n 5\r\n" + END + b"hello",
    "cl_full_width": POST + b"Content-Length: \xef\xbc\x95\r\n" + END + b"hello",
    # Line ends and white space (RFC 9112 §2.2, §5)
    "lf_lines": POST.replace(b"\r\n", b"\n") + b"\n" + EVIL,
    "lf_end": GET + b"\n" + EVIL,
    "cr_lines": POST.replace(b"\r\n", b"\r") + b"\r",
    "cr_end": GET + b"\r\r" + EVIL,
    "cr_cr_lf": GET + b"X: y\r\r\n" + END,
    "nul_in_a_name": GET + b"X\0Y: z\r\n" + END,
    "nul_in_the_target": GET.replace(b"/a", b"/a\0b") + END,
    "space_in_a_name": GET + b"X Y: z\r\n" + END,
    "no_colon": GET + b"X\r\n" + END,
    "no_name": GET + b": x\r\n" + END,
    "fold": GET + b"X: y\r\n z\r\n" + END,
    # The request line, and which host it is (§3)
    "two_hosts": GET + b"Host: evil\r\n" + END,
    "host_list": b"GET ~/a HTTP/1.1\r\nHost: ^, evil\r\n" + END,
    "no_host": b"GET ~/a HTTP/1.1\r\n" + END,
    "absolute_and_another_host": b"GET http://evil.example~/a HTTP/1.1\r\n" + HOST + END,
    "host_with_a_path": b"GET ~/a HTTP/1.1\r\nHost: ^/~/evil\r\n" + END,
    "host_with_a_user": b"GET ~/a HTTP/1.1\r\nHost: x@^\r\n" + END,
    "space_in_the_target": b"GET ~/a b HTTP/1.1\r\n" + HOST + END,
    "tab_in_the_line": b"GET\t~/a HTTP/1.1\r\n" + HOST + END,
    "http_0_9": b"GET ~/a\r\n\r\n",
    "http_1_10": GET.replace(b"HTTP/1.1", b"HTTP/1.10") + END,
    "http_2_0": GET.replace(b"HTTP/1.1", b"HTTP/2.0") + END,
    "http_lower_case": GET.replace(b"HTTP/1.1", b"http/1.1") + END,
    "fragment": b"GET ~/a#/evil HTTP/1.1\r\n" + HOST + END,
    "connect": b"CONNECT ^:80 HTTP/1.1\r\n" + HOST + END,
}

# What is wrong comes after "/a" was passed on: it may have been seen, but not in whole.
BROKEN = {
    "chunk_0x": b"0x5\r\nhello\r\n0\r\n\r\n",
    "chunk_plus": b"+5\r\nhello\r\n0\r\n\r\n",
    "chunk_minus": b"-5\r\nhello\r\n0\r\n\r\n",
    "chunk_space_first": b" 5\r\nhello\r\n0\r\n\r\n",
    "chunk_space_after": b"5 \r\nhello\r\n0\r\n\r\n",
    "chunk_underscore": b"0_5\r\nhello\r\n0\r\n\r\n",
    "chunk_too_large": b"10000000000000005\r\nhello\r\n0\r\n\r\n" + EVIL,
    "chunk_too_long": b"00000000000000005\r\nhello\r\n0\r\n\r\n",
    "chunk_no_size": b"\r\nhello\r\n0\r\n\r\n",
    "chunk_lf": b"5\nhello\r\n0\r\n\r\n",
    "chunk_cr": b"5\rhello\r\n0\r\n\r\n",
    "chunk_data_lf": b"5\r\nhello\n0\r\n\r\n",
    "chunk_data_no_end": b"5\r\nhello0\r\n\r\n" + EVIL,
    "chunk_data_other_end": b"5\r\nhelloXX0\r\n\r\n",
    "chunk_extension_lf": b"5;a\nhello\r\n0\r\n\r\n" + EVIL,
    "chunk_extension_cr": b"5;a\rb\r\nhello\r\n0\r\n\r\n",
    "chunk_extension_nul": b"5;\0\r\nhello\r\n0\r\n\r\n",
    "chunk_last_lf": b"5\r\nhello\r\n0\n\n" + EVIL,
    "trailer_lf": b"0\r\nX: y\n\r\n" + EVIL,
    "trailer_fold": b"0\r\nX: y\r\n z\r\n\r\n",
    "trailer_no_colon": b"0\r\nGET ~/evil HTTP/1.1\r\nHost: ^\r\n\r\n",
    "trailer_space": b"0\r\nX : y\r\n\r\n",
}

# What is right, however odd: the requests that back ends see, as (target, body).
PASSED = {
    "pipelined": (GET + END + NEXT, [("/a", b""), ("/next", b"")]),
    "body_like_a_request": (POST + length(len(EVIL)) + END + EVIL + NEXT,
                            [("/a", EVIL), ("/next", b"")]),
    "chunk_like_a_request": (POST + TE + END + b"%x\r\n" % len(EVIL) + EVIL + b"\r\n0\r\n\r\n" + NEXT,
                             [("/a", EVIL), ("/next", b"")]),
    "get_with_a_body": (GET + length(len(EVIL)) + END + EVIL + NEXT,
                        [("/a", EVIL), ("/next", b"")]),
    "chunked_upper_case": (POST + b"TRANSFER-ENCODING: Chunked\r\n" + END + HELLO + NEXT,
                           [("/a", b"hello"), ("/next", b"")]),
    "chunked_tabs": (POST + b"Transfer-Encoding:\tchunked\t\r\n" + END + HELLO + NEXT,
                     [("/a", b"hello"), ("/next", b"")]),
    "chunk_zeros": (POST + TE + END + b"0005\r\nhello\r\n00\r\n\r\n" + NEXT,
                    [("/a", b"hello"), ("/next", b"")]),
    "chunk_extension": (POST + TE + END + b"5;a=b;c=\"d\"\r\nhello\r\n0;e\r\n\r\n" + NEXT,
                        [("/a", b"hello"), ("/next", b"")]),
    "trailers_of_framing": (POST + TE + END + b"5\r\nhello\r\n0\r\nContent-Length: 9\r\n"
                            b"Transfer-Encoding: x\r\nHost: evil\r\n\r\n" + NEXT,
                            [("/a", b"hello"), ("/next", b"")]),
    "length_zeros": (POST + b"Content-Length: 0005\r\n" + END + b"hello" + NEXT,
                     [("/a", b"hello"), ("/next", b"")]),
    "length_spaces": (POST + b"Content-Length: \t 5 \t\r\n" + END + b"hello" + NEXT,
                      [("/a", b"hello"), ("/next", b"")]),
    "underscore_te": (POST + b"Transfer_Encoding: chunked\r\n" + length(5) + END + b"hello" + NEXT,
                      [("/a", b"hello"), ("/next", b"")]),
    "underscore_cl": (POST + b"Content_Length: 1\r\n" + length(5) + END + b"hello" + NEXT,
                      [("/a", b"hello"), ("/next", b"")]),
    "connection_names_cl": (POST + b"Connection: Content-Length\r\n" + length(len(EVIL)) + END
                            + EVIL + NEXT, [("/a", EVIL), ("/next", b"")]),
    "connection_names_te": (POST + b"Connection: Transfer-Encoding\r\n" + TE + END + HELLO + NEXT,
                            [("/a", b"hello"), ("/next", b"")]),
    "connection_names_host": (GET + b"Connection: Host\r\n" + END + NEXT,
                              [("/a", b""), ("/next", b"")]),
    "http_1_0_kept": (GET.replace(b"1.1", b"1.0") + b"Connection: keep-alive\r\n" + END + NEXT,
                      [("/a", b""), ("/next", b"")]),
    "upgrade_h2c": (GET + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                    b"HTTP2-Settings: AAMAAABkAAQAoAAA\r\n" + END + NEXT,
                    [("/a", b""), ("/next", b"")]),
    "absolute_form": (b"GET https://^~/a HTTP/1.1\r\n" + HOST + END + NEXT,
                      [("/a", b""), ("/next", b"")]),
    "empty_line_first": (b"\r\n" + GET + END + NEXT, [("/a", b""), ("/next", b"")]),
    "head_with_a_length": (b"HEAD ~/a HTTP/1.1\r\n" + HOST + END + NEXT,
                           [("/a", b""), ("/next", b"")]),
}


# --- back ends that say what they saw

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            size = int(self.headers.get("Content-Length") or 0)
            data = self.rfile.read(size)
            if len(data) < size:
                raise ValueError("cut")
            return data
        data = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return data

    def handle_any(self):
        try:
            body = self.body()
        except ValueError:
            self.close_connection = True
            return
        self.server.seen.append((self.path, body))
        answer = self.path.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)

    do_GET = do_POST = do_HEAD = do_PUT = do_OPTIONS = handle_any


class Python:
    def __init__(self, directory, port):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.server.seen = []
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def seen(self):
        return list(self.server.seen)

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


NODE = """
const fs = require('fs');
require('http').createServer((request, response) => {
    const pieces = [];
    request.on('data', piece => pieces.push(piece));
    request.on('end', () => {
        fs.appendFileSync(process.argv[3], JSON.stringify(
            [request.url, Buffer.concat(pieces).toString('latin1')]) + '\\n');
        response.end(request.url);
    });
}).listen(+process.argv[2], '127.0.0.1');
"""


class Node:
    def __init__(self, directory, port):
        self.file = directory / "seen"
        script = directory / "app.js"
        script.write_text(NODE)
        self.process = harness.Process([harness.tool("node"), script, port, self.file],
                                       directory / "node.log")
        self.process.wait_port(port)

    def seen(self):
        lines = self.file.read_text().splitlines() if self.file.exists() else []
        return [(target, body.encode("latin1")) for target, body in map(json.loads, lines)]

    def stop(self):
        self.process.stop(seconds=3)


NGINX = """
log_format seen escape=json '["$request_uri", $status]';
server {
    listen 127.0.0.1:%d;
    access_log %s seen;
    keepalive_requests 100000;
    location / { return 200 $request_uri; }
}
"""


class Nginx:
    """It does not say what a body was, but where the next request began is all the same seen."""

    def __init__(self, directory, port):
        self.file = directory / "seen"
        self.process = harness.nginx(directory / "nginx", NGINX % (port, self.file), port)

    def seen(self):
        lines = self.file.read_text().splitlines() if self.file.exists() else []
        return [(target, None) for target, status in map(json.loads, lines)]

    def stop(self):
        self.process.stop(seconds=3)


SITE = """
site {name}.example {{
    certificate self-signed
    proxy http://127.0.0.1:{port}
}}
"""
MAKERS = {"python": Python, "nginx": Nginx, "node": Node}


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    """A server of one worker, so that each request may meet the connection of the last one."""
    backends, config = {}, ""
    try:
        for name, make in MAKERS.items():
            port = harness.free_port()
            backends[name] = make(tmp_path_factory.mktemp(name), port)
            config += SITE.format(name=name, port=port)
        for one in serve(config, site=False, workers=1):
            one.backends = backends
            yield one
    finally:
        for backend in backends.values():
            backend.stop()


_marks = itertools.count()


class Case:
    """A path of its own, and what each side says of it."""

    def __init__(self, front, name):
        self.front, self.name = front, name
        self.backend = front.backends[name]
        self.host = f"{name}.example"
        self.mark = f"/m{next(_marks)}"

    def bytes(self, template):
        """Lengths that a template states must be those of what it becomes: see fit()."""
        return template.replace(b"~", self.mark.encode()).replace(b"^", self.host.encode())

    def mine(self, target):
        return target.split("?")[0].startswith(self.mark + "/")

    def seen(self):
        return [(target.removeprefix(self.mark), body) for target, body in self.backend.seen()
                if self.mine(target)]

    def passed(self):
        """What Sallyport says it passed on."""
        return [entry["target"].removeprefix(f"https://{self.host}").removeprefix(self.mark)
                for entry in self.front.access
                if self.mark + "/" in entry["target"] and "upstream" in entry]

    def send(self, data):
        """All that comes back, until nothing more does."""
        with self.front.tls(self.host) as s:
            s.sendall(data)
            s.settimeout(SETTLE * 4)
            got = b""
            try:
                while some := s.recv(1 << 16):
                    got += some
            except OSError:
                pass
        return got

    def canary(self):
        """A request of somebody else's, over the connections that are kept."""
        status, _, body = self.front.get(f"{self.mark}/canary", name=self.host)
        assert (status, body) == (200, f"{self.mark}/canary".encode())
        harness.wait_until(lambda: ("/canary") in [t for t, _ in self.seen()], what="the canary")

    def assert_unharmed(self):
        """Whatever was sent, nobody else is answered for it, and nothing of it comes later."""
        self.canary()
        assert "/evil" not in [target for target, _ in self.seen()]


def fit(template, case):
    """The template's bytes, its Content-Length and first chunk size for what they frame now."""
    marked = case.bytes(EVIL)
    return case.bytes(template
                      .replace(b"Content-Length: %d\r\n" % len(EVIL),
                               b"Content-Length: %d\r\n" % len(marked))
                      .replace(b"\r\n\r\n%x\r\n" % len(EVIL), b"\r\n\r\n%x\r\n" % len(marked))
                      .replace(b"Content-Length: %d\r\n" % (5 + len(EVIL)),
                               b"Content-Length: %d\r\n" % (5 + len(marked))))


@pytest.mark.parametrize("backend_name", BACKENDS)
@pytest.mark.parametrize("what", REFUSED)
def test_what_can_be_read_in_two_ways_is_refused(front, backend_name, what):
    case = Case(front, backend_name)
    answer = case.send(fit(REFUSED[what], case))
    assert answer.startswith(b"HTTP/1.1 4") or answer.startswith(b"HTTP/1.1 5"), answer
    assert answer.count(b"HTTP/1.1 ") == 1, answer
    case.assert_unharmed()
    assert [target for target, _ in case.seen()] == ["/canary"]


@pytest.mark.parametrize("backend_name", BACKENDS)
@pytest.mark.parametrize("what", BROKEN)
def test_a_body_that_breaks_off_is_not_a_body(front, backend_name, what):
    case = Case(front, backend_name)
    case.send(case.bytes(POST + TE + END + BROKEN[what]))
    case.assert_unharmed()
    targets = [target for target, _ in case.seen()]
    # nginx answers before it has read the body; the others see no whole request.
    assert targets == ["/canary"] or (backend_name == "nginx" and targets == ["/a", "/canary"])


def assert_both_agree(case, expected):
    """Both ends saw the same requests, in the same order, with these bodies."""
    harness.wait_until(lambda: len(case.seen()) == len(expected)
                       and len(case.passed()) == len(expected), 3, str(case.seen()))
    assert [target for target, _ in case.seen()] == [target for target, _ in expected]
    assert case.passed() == [target for target, _ in expected]
    for (_, got), (_, body) in zip(case.seen(), expected):
        assert got is None or got == case.bytes(body)


@pytest.mark.parametrize("backend_name", BACKENDS)
@pytest.mark.parametrize("what", PASSED)
def test_both_ends_see_the_same_requests(front, backend_name, what):
    case = Case(front, backend_name)
    template, expected = PASSED[what]
    answers = case.send(fit(template, case))
    assert answers.count(b"HTTP/1.1 200") == len(expected), answers
    assert_both_agree(case, expected)
    case.assert_unharmed()


# --- from HTTP/2, where nothing frames as HTTP/1.1 does (RFC 9113 §8)

def ask(*fields, method="POST", path="~/a", scheme="https", authority="^"):
    return [(":method", method), (":scheme", scheme), (":path", path),
            (":authority", authority), *fields]


H2_EVIL = EVIL.decode()
H2_REFUSED = {
    "crlf_in_a_value": (ask(("x", "y\r\nTransfer-Encoding: chunked")), b""),
    "crlf_request_in_a_value": (ask(("x", "y\r\n\r\n" + H2_EVIL)), b""),
    "lf_in_a_value": (ask(("x", "y\nHost: evil")), b""),
    "cr_in_a_value": (ask(("x", "y\rHost: evil")), b""),
    "nul_in_a_value": (ask(("x", "y\0")), b""),
    "crlf_in_a_name": (ask(("x: y\r\nhost", "evil")), b""),
    "colon_in_a_name": (ask(("transfer-encoding: chunked", "")), b""),
    "space_in_a_name": (ask(("transfer-encoding ", "chunked")), b""),
    "upper_case": (ask(("Transfer-Encoding", "chunked")), b""),
    "te_chunked": (ask(("transfer-encoding", "chunked")), b"0\r\n\r\n" + EVIL),
    "connection": (ask(("connection", "content-length")), b""),
    "keep_alive": (ask(("keep-alive", "1")), b""),
    "proxy_connection": (ask(("proxy-connection", "close")), b""),
    "upgrade": (ask(("upgrade", "websocket")), b""),
    "te_gzip": (ask(("te", "gzip")), b""),
    "length_too_small": (ask(("content-length", "0")), EVIL),
    "length_too_large": (ask(("content-length", "500")), b"hello"),
    "lengths_differ": (ask(("content-length", "5"), ("content-length", "0")), b"hello"),
    "length_signed": (ask(("content-length", "+5")), b"hello"),
    "length_list": (ask(("content-length", "5, 5")), b"hello"),
    "crlf_in_the_path": (ask(path="~/a HTTP/1.1\r\nHost: ^\r\n\r\nGET ~/evil"), b""),
    "space_in_the_path": (ask(path="~/a HTTP/1.1"), b""),
    "path_without_slash": (ask(path="evil"), b""),
    "path_empty": (ask(path=""), b""),
    "path_absolute": (ask(path="http://evil.example/"), b""),
    "crlf_in_the_method": (ask(method="GET ~/evil HTTP/1.1\r\nHost: ^\r\n\r\nPOST"), b""),
    "space_in_the_method": (ask(method="GET /evil"), b""),
    "crlf_in_the_authority": (ask(authority="^\r\nx: y"), b""),
    "user_in_the_authority": (ask(authority="x@^"), b""),
    "path_in_the_authority": (ask(authority="^/evil"), b""),
    "another_host": (ask(("host", "evil.example")), b""),
    "two_paths": (ask((":path", "~/evil")), b""),
    "pseudo_field_last": ([(":method", "GET"), (":scheme", "https"), ("x", "y"),
                           (":path", "~/a"), (":authority", "^")], b""),
    "unknown_pseudo_field": (ask((":evil", "x")), b""),
    "crlf_in_the_scheme": (ask(scheme="https\r\nx: y"), b""),
}


def filled(fields, case):
    return [(case.bytes(n.encode()), case.bytes(v.encode())) for n, v in fields]


def say_h2(peer, case, fields, body):
    block = peer.encoder.encode(filled(fields, case), huffman=False)
    end = 0 if body else h2peer.END_STREAM
    peer.say(h2peer.frame(h2peer.HEADERS, h2peer.END_HEADERS | end, 1, block))
    if body:
        peer.say(h2peer.frame(h2peer.DATA, h2peer.END_STREAM, 1, case.bytes(body)))


@pytest.mark.parametrize("backend_name", BACKENDS)
@pytest.mark.parametrize("what", H2_REFUSED)
def test_what_http2_may_not_say_is_not_passed_on(front, backend_name, what):
    case = Case(front, backend_name)
    fields, body = H2_REFUSED[what]
    with h2peer.Peer(front, s=front.tls(case.host, alpn=["h2"])) as peer:
        say_h2(peer, case, fields, body)
        answer = peer.get(1, seconds=2)
        refused = answer.reset is not None or 400 <= answer.status < 500 or peer.ended
        assert refused or what.startswith("length_too_"), answer.status
    case.assert_unharmed()
    seen = [one for one in case.seen() if one[0] != "/canary"]
    # A length that proves wrong does so after "/a" was passed on, with no more than that length:
    # nginx has answered by then, and with a length of 0 the request was whole.
    assert seen == [] or (what.startswith("length_too_") and seen in ([("/a", None)],
                                                                      [("/a", b"")]))


@pytest.mark.parametrize("backend_name", BACKENDS)
def test_bodies_of_http2_are_framed_anew(front, backend_name):
    case = Case(front, backend_name)
    with h2peer.Peer(front, s=front.tls(case.host, alpn=["h2"])) as peer:
        say_h2(peer, case, ask(), EVIL)
        assert peer.get(1).status == 200
        assert peer.get(1).body == case.bytes(b"~/a")
    assert_both_agree(case, [("/a", EVIL)])
    case.assert_unharmed()


@pytest.mark.parametrize("backend_name", BACKENDS)
def test_trailers_of_http2_frame_nothing(front, backend_name):
    case = Case(front, backend_name)
    with h2peer.Peer(front, s=front.tls(case.host, alpn=["h2"])) as peer:
        block = peer.encoder.encode(filled(ask(), case))
        trailers = peer.encoder.encode([("content-length", "0"), ("x-end", "1"), ("host", "evil")])
        peer.say(h2peer.frame(h2peer.HEADERS, h2peer.END_HEADERS, 1, block),
                 h2peer.frame(h2peer.DATA, 0, 1, b"hello"),
                 h2peer.frame(h2peer.HEADERS, h2peer.END_HEADERS | h2peer.END_STREAM, 1, trailers))
        peer.get(1, seconds=2)
    case.assert_unharmed()
    assert [seen for seen in case.seen() if seen[0] == "/a"] in ([], [("/a", b"hello")],
                                                                 [("/a", None)])


# --- back ends that answer what is no answer

OK = b"HTTP/1.1 200 OK\r\n"
SECOND = OK + b"Content-Length: 4\r\n\r\nevil"

# What a back end says instead: the client is told 502, once, and nothing of it.
NO_ANSWERS = {
    "nonsense": b"\0\1\2\3nonsense\r\n\r\n",
    "ssh": b"SSH-2.0-OpenSSH_9.2\r\n",
    "http_0_9": b"<html>hello</html>",
    "http_2_0": b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "h2_frames": h2peer.frame(h2peer.SETTINGS),
    "a_request": b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "no_status": b"HTTP/1.1 OK\r\n\r\n",
    "status_of_two_digits": b"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
    "status_of_four_digits": b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
    "bare_lf": b"HTTP/1.1 200 OK\nContent-Length: 4\n\nevil",
    "nul": OK + b"X: \0\r\nContent-Length: 0\r\n\r\n",
    "bare_cr": OK + b"X: a\rb: c\r\nContent-Length: 0\r\n\r\n",
    "fold": OK + b"X: a\r\n b\r\nContent-Length: 0\r\n\r\n",
    "space_before_the_colon": OK + b"Content-Length : 4\r\n\r\nevil",
    "cl_te": OK + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SECOND,
    "te_cl": OK + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    "two_lengths": OK + b"Content-Length: 4\r\nContent-Length: 0\r\n\r\nevil",
    "length_negative": OK + b"Content-Length: -4\r\n\r\nevil",
    "length_too_large": OK + b"Content-Length: 18446744073709551620\r\n\r\nevil",
    "te_gzip": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "te_twice": OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "head_too_large": OK + b"X: " + b"x" * 200000 + b"\r\n\r\n",
    "head_of_many_fields": OK + b"X: y\r\n" * 5000 + b"\r\n",
    "interim_for_ever": b"HTTP/1.1 102 Processing\r\n\r\n" * 5000,
    "switch_unasked": b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n"
                      b"Upgrade: websocket\r\n\r\n" + SECOND,
    "cut_in_the_head": OK + b"Content-Le",
    "nothing": b"",
}

# What a body breaks off in: the client must see that the answer is not whole.
CUT_ANSWERS = {
    "length": OK + b"Content-Length: 100\r\n\r\nhalf",
    "chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n64\r\nhalf",
    "between_chunks": OK + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    "chunk_bad_size": OK + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nxyz\r\n",
    "chunk_bad_end": OK + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalfXX0\r\n\r\n",
    "chunk_too_large": OK + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"
                            b"fffffffffffffffff\r\n",
    "trailer_bad": OK + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\nevil\r\n\r\n",
    "trailer_cut": OK + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\nX: y",
}

PATIENCE = "answer_timeout 1s\nretries 0"
ONE = """
site example.org {
    certificate self-signed
    proxy http://%s {
        %s
    }
}
"""


def first_then_well(first, closes=True):
    """Says `first` to the first connection; to all others a good answer that says so."""
    turns = itertools.count()

    def run(s):
        hostile = next(turns) == 0
        while harness.receive_until(s, b"\r\n\r\n").endswith(b"\r\n\r\n"):
            s.sendall(first if hostile else OK + b"Content-Length: 4\r\n\r\nwell")
            if hostile and closes:
                return
            if hostile:
                time.sleep(0.3)
    return run


def hostile(server, backend, first, closes=True):
    there = backend(first_then_well(first, closes))
    return server(ONE % (there.at, PATIENCE), site=False, workers=1), there


def assert_next_is_well(s, there):
    """On a connection of its own: the hostile one is never used again."""
    assert s.get("/next")[::2] == (200, b"well")
    assert len(there.peers) == 2


def raw_get(s, path="/"):
    with s.tls() as c:
        c.sendall(f"GET {path} HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n".encode())
        return harness.receive_all(c)


@pytest.mark.parametrize("closes", [True, False])
@pytest.mark.parametrize("what", NO_ANSWERS)
def test_what_is_no_answer_is_a_502(server, backend, what, closes):
    s, there = hostile(server, backend, NO_ANSWERS[what], closes)
    answer = raw_get(s)
    waits = not closes and what in ("cut_in_the_head", "nothing")
    statuses = [int(word) for word in re.findall(rb"HTTP/1.1 (\d+)", answer)]
    # Interim answers are passed on, a bounded number of them.
    assert set(statuses[:-1]) <= {102} and len(statuses) < 40
    assert statuses[-1] == (504 if waits else 502), answer[:200]
    assert b"evil" not in answer
    assert_next_is_well(s, there)


@pytest.mark.parametrize("what", CUT_ANSWERS)
def test_an_answer_that_breaks_off_is_seen_to(server, backend, what):
    s, there = hostile(server, backend, CUT_ANSWERS[what])
    with s.tls() as c:
        c.sendall(b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n")
        response = http.client.HTTPResponse(c)
        with pytest.raises((http.client.IncompleteRead, http.client.BadStatusLine, OSError)):
            response.begin()
            assert response.status in (200, 502)
            if response.status == 502:
                raise http.client.IncompleteRead(b"")
            response.read()
    assert_next_is_well(s, there)


SMUGGLED = {
    "behind_a_length": OK + b"Content-Length: 4\r\n\r\nwell" + SECOND,
    "behind_chunks": OK + b"Transfer-Encoding: chunked\r\n\r\n4\r\nwell\r\n0\r\n\r\n" + SECOND,
    "a_line_behind": OK + b"Content-Length: 4\r\n\r\nwell\r\n",
}


@pytest.mark.parametrize("what", SMUGGLED)
def test_a_second_answer_is_nobodys(server, backend, what):
    s, there = hostile(server, backend, SMUGGLED[what], closes=False)
    assert s.get("/")[::2] == (200, b"well")
    assert_next_is_well(s, there)


def test_a_second_answer_that_comes_later_is_nobodys(server, backend):
    turns = itertools.count()

    def run(c):
        first = next(turns) == 0
        while harness.receive_until(c, b"\r\n\r\n"):
            c.sendall(OK + b"Content-Length: 4\r\n\r\nwell")
            if first:
                time.sleep(0.2)
                c.sendall(SECOND)
                time.sleep(1)
    there = backend(run)
    s = server(ONE % (there.at, PATIENCE), site=False, workers=1)
    assert s.get("/")[::2] == (200, b"well")
    time.sleep(0.5)
    assert_next_is_well(s, there)


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_a_body_that_may_not_be_is_nobodys(server, backend, status):
    s, there = hostile(server, backend, b"HTTP/1.1 " + status + b"\r\nContent-Length: "
                       + str(len(SECOND)).encode() + b"\r\n\r\n" + SECOND, closes=False)
    assert raw_get(s).count(b"HTTP/1.1 ") == 1
    assert_next_is_well(s, there)


def test_a_body_of_head_is_nobodys(server, backend):
    s, there = hostile(server, backend, OK + b"Content-Length: 4\r\n\r\nevil" + SECOND,
                       closes=False)
    with s.tls() as c:
        c.sendall(b"HEAD / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n")
        assert b"evil" not in harness.receive_all(c)
    assert_next_is_well(s, there)


def test_an_answer_that_comes_too_late_is_a_504(server, backend):
    def run(c):
        if harness.receive_until(c, b"\r\n\r\n").startswith(b"GET /next"):
            c.sendall(OK + b"Content-Length: 4\r\n\r\nwell")
            return
        time.sleep(2)
        c.sendall(OK + b"Content-Length: 4\r\n\r\nlate")
    there = backend(run)
    s = server(ONE % (there.at, PATIENCE), site=False, workers=1)
    began = time.monotonic()
    assert s.get("/")[0] == 504
    assert time.monotonic() - began < 1.9
    assert_next_is_well(s, there)


def test_a_head_that_never_ends_is_a_502_in_little_memory(server, backend):
    def run(c):
        if harness.receive_until(c, b"\r\n\r\n").startswith(b"GET /next"):
            c.sendall(OK + b"Content-Length: 4\r\n\r\nwell")
            return
        c.sendall(OK)
        while True:
            c.sendall(b"X: " + b"x" * 60000)
    there = backend(run)
    s = server(ONE % (there.at, PATIENCE), site=False, workers=1)
    before = s.memory()
    assert s.get("/")[0] == 502
    assert s.memory() - before < 8 << 20
    assert_next_is_well(s, there)
