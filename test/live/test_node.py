"""An application of Node's behind the proxy: all that its http module can do."""
import json
import re
import subprocess
import time

import pytest

import harness
from h2peer import DATA, END_STREAM, Peer, frame, reset
from shared import curl

# No package is needed: a WebSocket is a handshake and frames, and this echoes short ones.
APP = r"""
const http = require("http"), crypto = require("crypto");
const answers = {
    "/hints": (q, r) => {
        r.writeEarlyHints({ link: "</style.css>; rel=preload; as=style" });
        setTimeout(() => r.end("hinted"), 300);
    },
    "/trailers": (q, r) => {
        r.writeHead(200, { Trailer: "X-Sum" });
        r.write("body");
        r.addTrailers({ "X-Sum": "42" });
        r.end();
    },
    "/sent": (q, r) => { q.resume(); q.on("end", () => r.end(JSON.stringify(q.trailers))); },
    "/events": (q, r) => {
        r.writeHead(200, { "Content-Type": "text/event-stream" });
        let n = 0;
        const timer = setInterval(() => {
            r.write(`data: ${Date.now()}\n\n`);
            if (++n === 10) { clearInterval(timer); r.end(); }
        }, 50);
    },
};
const server = http.createServer((q, r) => answers[q.url](q, r));
server.on("checkContinue", (q, r) => {
    if (q.url === "/refused") {
        r.writeHead(403, { Connection: "close" });
        r.end("not this");
        return;
    }
    r.writeContinue();
    let size = 0;
    q.on("data", (data) => size += data.length);
    q.on("end", () => r.end(`got ${size}`));
});
server.on("upgrade", (q, socket) => {
    const accept = crypto.createHash("sha1")
        .update(q.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
        .digest("base64");
    socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n" +
        `Connection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    socket.on("data", (data) => {
        const length = data[1] & 127, mask = data.subarray(2, 6), text = data.subarray(6, 6 + length);
        for (let i = 0; i < length; i++) text[i] ^= mask[i % 4];
        if ((data[0] & 15) === 8) socket.end(Buffer.from([0x88, 0]));
        else socket.write(Buffer.concat([Buffer.from([data[0], length]), text]));
    });
    socket.on("error", () => {});
});
server.listen(+process.argv[2], "127.0.0.1");
"""

VERSIONS = ["--http1.1", "--http2"]


@pytest.fixture
def node(server, process, tmp_path):
    """A server in front of it."""
    port = harness.free_port()
    (tmp_path / "app.js").write_text(APP)
    process([harness.tool("node"), tmp_path / "app.js", str(port)]).wait_port(port)
    return server("site example.org {\n    certificate self-signed\n    limit_body 10m\n"
                  f"    proxy http://127.0.0.1:{port}\n}}\n", site=False)


@pytest.mark.parametrize("version", VERSIONS)
def test_early_hints_come_before_the_answer(node, version):
    said = curl(node, version, "-i", "-w", "\n%{time_starttransfer}", path="/hints").stdout
    first, second = re.findall(r"^HTTP/\S+ (\d+)", said, re.M)
    assert (first, second) == ("103", "200")
    assert "</style.css>; rel=preload; as=style" in said.split("200", 1)[0]
    assert "hinted" in said


def test_nghttp_sees_hints_and_trailers(node):
    said = subprocess.run([harness.tool("nghttp"), "-nv", "--no-verify-peer", "-H", "te: trailers",
                           node.url("/hints"), node.url("/trailers")], stdout=subprocess.PIPE,
                          check=True, text=True).stdout
    plain = re.sub(r"\x1b\[[0-9;]*m", "", said)
    assert ":status: 103" in plain
    assert "x-sum: 42" in plain.lower()


@pytest.mark.parametrize("version", VERSIONS)
def test_trailers_reach_it(node, version):
    """curl's own trailers need a library call: nghttp sends them by HTTP/2, a socket by 1.1."""
    if version == "--http2":
        said = subprocess.run([harness.tool("nghttp"), "--no-verify-peer", "--no-content-length",
                               "--trailer", "x-sum: 7", "-d", "/etc/hostname",
                               node.url("/sent")], stdout=subprocess.PIPE,
                              check=True).stdout
    else:
        with node.tls() as s:
            s.sendall(b"POST /sent HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n"
                      b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Sum: 7\r\n\r\n")
            said = harness.receive_all(s).split(b"\r\n\r\n", 1)[1]
            said = said.split(b"\r\n")[1] if said[:1] != b"{" else said
    assert json.loads(said) == {"x-sum": "7"}


@pytest.mark.parametrize("version", VERSIONS)
def test_it_says_whether_it_wants_a_body(node, tmp_path, version):
    body = tmp_path / "body"
    body.write_bytes(b"x" * (2 << 20))
    words = [version, "-H", "Expect: 100-continue", "--expect100-timeout", "30",
             "--data-binary", f"@{body}"]
    begun = time.monotonic()
    assert curl(node, *words, path="/wanted").stdout == f"got {2 << 20}"
    said = curl(node, *words, "-w", " %{http_code} %{size_upload}", path="/refused").stdout
    assert said.startswith("not this 403")
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize("version", VERSIONS)
def test_its_events_come_as_they_happen(node, version):
    command = [harness.tool("curl"), "-sSNk", version, "--resolve",
               f"example.org:{node.port}:127.0.0.1", f"https://example.org:{node.port}/events"]
    late = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0) as c:
        for line in c.stdout:
            if line.startswith(b"data: "):
                late.append(time.time() * 1000 - float(line[6:]))
    assert len(late) == 10 and sorted(late)[5] < 50, late


def test_a_websocket_echoes_and_is_counted(node):
    websocket = pytest.importorskip("websocket")
    many = [websocket.create_connection(f"wss://example.org:{node.port}/ws", socket=node.tls(),
                                        timeout=10) for _ in range(20)]
    for i, one in enumerate(many):
        one.send(f"hello {i}")
    assert [one.recv() for one in many] == [f"hello {i}" for i in range(20)]
    assert '"switched":20' in node.cli("status", "--json", check=True).stdout.replace(" ", "") \
        or "20 " in node.cli("status", check=True).stdout
    for one in many:
        one.close()


def framed(kind, text=b""):
    """A WebSocket's frame, masked by zeroes."""
    return bytes([0x80 | kind, 0x80 | len(text), 0, 0, 0, 0]) + text


def test_websockets_of_http2_share_a_connection(node):
    """RFC 8441: one is reset, another ends as both sides say, and the third goes on."""
    streams = (1, 3, 5)
    with Peer(node) as p:
        for i in streams:
            p.say(p.headers(i, [(":method", "CONNECT"), (":protocol", "websocket"),
                                (":scheme", "https"), (":authority", "example.org"),
                                (":path", "/ws"), ("sec-websocket-version", "13")], end=False))
            assert p.read_until(lambda: p.answer(i).fields) and p.answer(i).status == 200
            p.say(frame(DATA, 0, i, framed(1, b"hello %d" % i)))
            assert p.read_until(lambda: p.answer(i).body == b"\x81\x07hello %d" % i)
        p.say(reset(1), frame(DATA, 0, 3, framed(8)))
        assert p.read_until(lambda: p.answer(3).ended) and p.answer(3).body.endswith(b"\x88\0")
        p.say(frame(DATA, END_STREAM, 3))
        p.ask(7, path="/trailers")
        assert p.get(7).trailers == {"x-sum": "42"}
        p.say(frame(DATA, 0, 5, framed(1, b"still")))
        assert p.read_until(lambda: p.answer(5).body.endswith(b"still"))
        assert not any(p.answer(i).reset for i in streams)
        harness.wait_until(lambda: '"switched":1' in
                           node.cli("status", "--json", check=True).stdout.replace(" ", ""))
