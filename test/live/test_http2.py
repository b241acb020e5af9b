"""HTTP/2: as clients speak it, as RFC 9113 forbids it, and as those speak it who mean no good."""
import json
import signal
import struct
import subprocess
import threading
import time

import pytest

import h2peer
import harness
from h2peer import (ACK, CANCEL, COMPRESSION_ERROR, CONTINUATION, DATA, END_HEADERS, END_STREAM,
                    ENHANCE_YOUR_CALM, FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, GET, GOAWAY, HEADERS,
                    NO_ERROR, PADDED, PING, PREFACE, PRIORITIZED, PRIORITY, PRIORITY_UPDATE,
                    PROTOCOL_ERROR, PUSH_PROMISE, RST_STREAM, SETTINGS, STREAM_CLOSED,
                    WINDOW_UPDATE, Peer, frame, reset, setting, window)
from shared import curl, serve

LIMITS = """
limits {
    header_timeout 2s
    body_timeout 1s
    write_timeout 2s
    idle_timeout 3s
    header_bytes 8k
    header_fields 50
    body_bytes 100k
}
"""
BIG = 3 << 20


@pytest.fixture(scope="module")
def site():
    for server in serve(LIMITS, plain="http2 127.0.0.1"):
        (server.www / "big").write_bytes(bytes(range(256)) * (BIG // 256))
        (server.www / "k").write_bytes(b"k" * 1024)
        yield server


def get_with(*changes, drop=()):
    """GET's fields, with others in place of some."""
    names = {name for name, _ in changes} | set(drop)
    kept = [field for field in GET if field[0] not in names]
    pseudo = [field for field in changes if field[0].startswith(":")]
    return kept + pseudo + [field for field in changes if not field[0].startswith(":")]


# --- what clients do

def test_curl_gets_pages_and_files(site):
    done = curl(site, "--http2", "-w", "%{http_version} %{http_code}", path="/")
    assert done.stdout == "hello\n2 200"
    done = curl(site, "--http2", "-o", site.directory / "copy", path="/big")
    assert (site.directory / "copy").read_bytes() == (site.www / "big").read_bytes()
    done = curl(site, "--http2", "-I", path="/k")
    assert "HTTP/2 200" in done.stdout and "content-length: 1024" in done.stdout


def test_the_log_says_which_version(site):
    curl(site, "--http2", path="/k?logged")
    entry = harness.wait_until(
        lambda: [e for e in site.access if e["target"] == "/k?logged"])[0]
    assert entry["version"] == "2.0" and entry["bytes"] == 1024


def test_who_offers_only_http1_gets_it(site):
    assert curl(site, "--http1.1", "-w", "%{http_version}").stdout == "hello\n1.1"


def test_nghttp_gets_many_at_once(site):
    urls = [site.url(f"/k?{i}") for i in range(50)] + [site.url("/big")]
    done = subprocess.run([harness.tool("nghttp"), "-ans", "-H", ":authority: example.org", *urls],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=True)
    assert done.stdout.count(b" 200 ") == len(urls)


def test_h2load_finds_no_error(site):
    done = subprocess.run([harness.tool("h2load"), "-n2000", "-c10", "-m20", site.url("/k")],
                          stdout=subprocess.PIPE, timeout=60, check=True)
    assert b"2000 succeeded, 0 failed" in done.stdout


# --- RFC 9113, section by section: what comes of it on a connection that is fine until then

def begin(p):
    p.ask(1)
    assert p.get(1).status == 200


CONNECTION_ERRORS = {
    "4.1 frame larger than allowed": (
        lambda p: frame(DATA, 0, 1, b"", length=16385) + b"x" * 16385, FRAME_SIZE_ERROR),
    "4.2 SETTINGS of no whole entries": (
        lambda p: frame(SETTINGS, 0, 0, b"12345"), FRAME_SIZE_ERROR),
    "4.2 headers too large for a frame": (
        lambda p: frame(HEADERS, END_HEADERS, 3, b"", length=20000) + b"\0" * 20000,
        FRAME_SIZE_ERROR),
    "4.3 field block that is no HPACK": (
        lambda p: frame(HEADERS, END_HEADERS | END_STREAM, 3, b"\xff\xff\xff\xff\xff\xff"),
        COMPRESSION_ERROR),
    "4.3 index beyond the table": (
        lambda p: frame(HEADERS, END_HEADERS | END_STREAM, 3, b"\xfe"), COMPRESSION_ERROR),
    "4.3 table size update above the setting": (
        lambda p: frame(HEADERS, END_HEADERS | END_STREAM, 3, b"\x3f\xe1\xff\x03\x82"),
        COMPRESSION_ERROR),
    "5.1 DATA on an idle stream": (lambda p: frame(DATA, END_STREAM, 5, b"x"), PROTOCOL_ERROR),
    "5.1 RST_STREAM on an idle stream": (lambda p: reset(5), PROTOCOL_ERROR),
    "5.1 WINDOW_UPDATE on an idle stream": (lambda p: window(5, 1), PROTOCOL_ERROR),
    "5.1.1 stream of an even number": (
        lambda p: p.headers(4, GET), PROTOCOL_ERROR),
    "5.1.2 more streams than agreed": (
        lambda p: b"".join(p.headers(n, get_with((":method", "POST")), end=False)
                           for n in range(3, 3 + 2 * 140, 2)), PROTOCOL_ERROR),
    "6.1 DATA on stream 0": (lambda p: frame(DATA, 0, 0, b"x"), PROTOCOL_ERROR),
    "6.1 more padding than frame": (
        lambda p: p.headers(3, get_with((":method", "POST")), end=False) +
        frame(DATA, PADDED, 3, b"\x09x"), PROTOCOL_ERROR),
    "6.2 HEADERS on stream 0": (lambda p: p.headers(0, GET), PROTOCOL_ERROR),
    "6.2 HEADERS with too much padding": (
        lambda p: frame(HEADERS, END_HEADERS | PADDED, 3, b"\xf0\x82"), PROTOCOL_ERROR),
    "6.4 RST_STREAM on stream 0": (lambda p: reset(0), PROTOCOL_ERROR),
    "6.4 RST_STREAM of a wrong size": (
        lambda p: p.headers(3, get_with((":method", "POST")), end=False) +
        frame(RST_STREAM, 0, 3, b"123"), FRAME_SIZE_ERROR),
    "6.5 SETTINGS on a stream": (lambda p: frame(SETTINGS, 0, 1, b""), PROTOCOL_ERROR),
    "6.5 acknowledgement with a payload": (
        lambda p: frame(SETTINGS, ACK, 0, setting(3, 1)), FRAME_SIZE_ERROR),
    "6.5.2 ENABLE_PUSH of 2": (
        lambda p: frame(SETTINGS, 0, 0, setting(2, 2)), PROTOCOL_ERROR),
    "6.5.2 INITIAL_WINDOW_SIZE of 2^31": (
        lambda p: frame(SETTINGS, 0, 0, setting(4, 1 << 31)), FLOW_CONTROL_ERROR),
    "6.5.2 MAX_FRAME_SIZE below 2^14": (
        lambda p: frame(SETTINGS, 0, 0, setting(5, 16383)), PROTOCOL_ERROR),
    "6.5.2 MAX_FRAME_SIZE above 2^24": (
        lambda p: frame(SETTINGS, 0, 0, setting(5, 1 << 24)), PROTOCOL_ERROR),
    "6.6 PUSH_PROMISE by a client": (
        lambda p: frame(PUSH_PROMISE, END_HEADERS, 1, struct.pack(">I", 2) + p.block(GET)),
        PROTOCOL_ERROR),
    "6.7 PING on a stream": (lambda p: frame(PING, 0, 1, b"12345678"), PROTOCOL_ERROR),
    "6.7 PING of a wrong size": (lambda p: frame(PING, 0, 0, b"1234"), FRAME_SIZE_ERROR),
    "6.8 GOAWAY on a stream": (
        lambda p: frame(GOAWAY, 0, 1, struct.pack(">II", 0, 0)), PROTOCOL_ERROR),
    "6.9 WINDOW_UPDATE of 0 for the connection": (lambda p: window(0, 0), PROTOCOL_ERROR),
    "6.9 WINDOW_UPDATE of 0 for a stream": (
        lambda p: p.headers(3, get_with((":path", "/big"))) + window(3, 0), PROTOCOL_ERROR),
    "6.9 WINDOW_UPDATE of a wrong size": (
        lambda p: frame(WINDOW_UPDATE, 0, 0, b"123"), FRAME_SIZE_ERROR),
    "6.9.1 window of the connection above 2^31": (
        lambda p: window(0, 0x7fffffff) + window(0, 0x7fffffff), FLOW_CONTROL_ERROR),
    "6.10 CONTINUATION without HEADERS": (
        lambda p: frame(CONTINUATION, END_HEADERS, 1, b"\x82"), PROTOCOL_ERROR),
    "6.10 another frame within a field block": (
        lambda p: p.headers(3, GET, flags=0) + frame(PING, 0, 0, b"12345678"), PROTOCOL_ERROR),
    "6.10 CONTINUATION for another stream": (
        lambda p: p.headers(3, GET, flags=0) + frame(CONTINUATION, END_HEADERS, 5, b""),
        PROTOCOL_ERROR),
    "6.10 HEADERS within a field block": (
        lambda p: p.headers(3, GET, flags=0) + p.headers(5, GET), PROTOCOL_ERROR),
    "RFC 9218 7.1 PRIORITY_UPDATE on a stream": (
        lambda p: frame(PRIORITY_UPDATE, 0, 1, struct.pack(">I", 3) + b"u=1"), PROTOCOL_ERROR),
}


@pytest.mark.parametrize("case", CONNECTION_ERRORS)
def test_ends_the_connection(site, case):
    make, code = CONNECTION_ERRORS[case]
    with Peer(site) as p:
        begin(p)
        p.say(make(p))
        assert p.read_to_end() == code
    assert site.running


def post(p, *extra, body=(b"body",), trailers=None):
    """A POST on stream 3 in full."""
    said = p.headers(3, get_with((":method", "POST"), *extra), end=False)
    for i, piece in enumerate(body):
        last = i == len(body) - 1 and trailers is None
        said += frame(DATA, END_STREAM if last else 0, 3, piece)
    return said + (p.headers(3, trailers) if trailers is not None else b"")


STREAM_ERRORS = {
    "5.3.1 stream that depends on itself": (
        lambda p: frame(PRIORITY, 0, 3, struct.pack(">IB", 3, 1)) + p.headers(3, GET), None),
    "6.9.1 window of a stream above 2^31": (
        lambda p: p.headers(3, get_with((":path", "/big"))) + window(3, 0x7fffffff),
        FLOW_CONTROL_ERROR),
    "8.1 trailers without END_STREAM": (
        lambda p: p.headers(3, get_with((":method", "POST")), end=False) +
        p.headers(3, [("x", "y")], end=False), PROTOCOL_ERROR),
    "8.1 pseudo-field among trailers": (
        lambda p: post(p, trailers=[(":path", "/x")]), PROTOCOL_ERROR),
    "8.2 name in upper case": (lambda p: p.headers(3, get_with(("X-Upper", "1"))), PROTOCOL_ERROR),
    "8.2.1 name with a space": (lambda p: p.headers(3, get_with(("x y", "1"))), PROTOCOL_ERROR),
    "8.2.1 name with a colon": (lambda p: p.headers(3, get_with(("x:y", "1"))), PROTOCOL_ERROR),
    "8.2.1 empty name": (lambda p: p.headers(3, get_with(("", "1"))), PROTOCOL_ERROR),
    "8.2.1 value with CR LF": (
        lambda p: p.headers(3, get_with(("x", "a\r\nhost: evil"))), PROTOCOL_ERROR),
    "8.2.1 value with NUL": (lambda p: p.headers(3, get_with(("x", "a\0b"))), PROTOCOL_ERROR),
    "8.2.1 value that begins with a space": (
        lambda p: p.headers(3, get_with(("x", " a"))), PROTOCOL_ERROR),
    "8.2.2 connection": (
        lambda p: p.headers(3, get_with(("connection", "close"))), PROTOCOL_ERROR),
    "8.2.2 transfer-encoding": (
        lambda p: p.headers(3, get_with(("transfer-encoding", "chunked"))), PROTOCOL_ERROR),
    "8.2.2 upgrade": (lambda p: p.headers(3, get_with(("upgrade", "h2c"))), PROTOCOL_ERROR),
    "8.2.2 keep-alive": (lambda p: p.headers(3, get_with(("keep-alive", "1"))), PROTOCOL_ERROR),
    "8.2.2 proxy-connection": (
        lambda p: p.headers(3, get_with(("proxy-connection", "close"))), PROTOCOL_ERROR),
    "8.2.2 te other than trailers": (
        lambda p: p.headers(3, get_with(("te", "gzip"))), PROTOCOL_ERROR),
    "8.3 unknown pseudo-field": (lambda p: p.headers(3, get_with((":x", "1"))), PROTOCOL_ERROR),
    "8.3 pseudo-field of answers": (
        lambda p: p.headers(3, get_with((":status", "200"))), PROTOCOL_ERROR),
    "8.3 pseudo-field behind fields": (
        lambda p: p.headers(3, [("x", "y"), *GET]), PROTOCOL_ERROR),
    "8.3 pseudo-field twice": (
        lambda p: p.headers(3, [*GET, (":path", "/other")]), PROTOCOL_ERROR),
    "8.3.1 no :method": (lambda p: p.headers(3, get_with(drop=(":method",))), PROTOCOL_ERROR),
    "8.3.1 no :scheme": (lambda p: p.headers(3, get_with(drop=(":scheme",))), PROTOCOL_ERROR),
    "8.3.1 no :path": (lambda p: p.headers(3, get_with(drop=(":path",))), PROTOCOL_ERROR),
    "8.3.1 empty :path": (lambda p: p.headers(3, get_with((":path", ""))), PROTOCOL_ERROR),
    "8.3.1 neither :authority nor host": (
        lambda p: p.headers(3, get_with(drop=(":authority",))), PROTOCOL_ERROR),
    "8.3.1 :path without a slash": (
        lambda p: p.headers(3, get_with((":path", "index.html"))), PROTOCOL_ERROR),
    "8.3.1 two hosts": (
        lambda p: p.headers(3, get_with(("host", "example.org"), ("host", "example.org"))),
        PROTOCOL_ERROR),
    "8.5 CONNECT with a path": (
        lambda p: p.headers(3, get_with((":method", "CONNECT"))), PROTOCOL_ERROR),
    "8.1.1 content-length that is no number": (
        lambda p: post(p, ("content-length", "4x")), PROTOCOL_ERROR),
    "8.1.1 content-length twice": (
        lambda p: post(p, ("content-length", "4"), ("content-length", "4")), PROTOCOL_ERROR),
    "8.1.1 END_STREAM where a body was promised": (
        lambda p: p.headers(3, get_with((":method", "POST"), ("content-length", "4"))),
        PROTOCOL_ERROR),
    "RFC 8441 4 :protocol without CONNECT": (
        lambda p: p.headers(3, get_with((":protocol", "websocket"))), PROTOCOL_ERROR),
}


@pytest.mark.parametrize("case", STREAM_ERRORS)
def test_ends_the_stream_and_no_more(site, case):
    make, code = STREAM_ERRORS[case]
    with Peer(site) as p:
        begin(p)
        p.say(make(p))
        answer = p.get(3)
        if code is None:
            assert answer.status == 200
        else:
            assert answer.reset == code
        p.ask(301)
        assert p.get(301).status == 200


STATUSES = {
    "8.3.1 :path of another form": ([(":path", "http://example.org/")], (PROTOCOL_ERROR, 0)),
    "8.3.1 :authority and another host": ([("host", "other.example")], 400),
    "8.3.1 the same in other letters": ([("host", "EXAMPLE.org")], 200),
    "8.3.1 user in :authority": ([(":authority", "me@example.org")], 400),
    "8.3.1 scheme that is not ours": ([(":scheme", "ftp")], 400),
    "8.3.1 path that climbs": ([(":path", "/../x")], 400),
    "8.3.1 host in place of :authority": ([("host", "example.org")], 200),
    "8.3.1 asterisk for OPTIONS": ([(":method", "OPTIONS"), (":path", "*")], 204),
    "RFC 9110 7.4 a name of nobody": ([(":authority", "nobody.example")], 421),
    "RFC 9110 9.1 method of nobody": ([(":method", "BREW")], 501),
    "RFC 9110 9.3.8 TRACE": ([(":method", "TRACE")], 501),
    "RFC 9110 10.1.1 expectation of nobody": ([("expect", "more")], 417),
    "8.2.2 te: trailers": ([("te", "trailers")], 200),
    "8.2.1 value with bytes above 0x7F": ([("x", "\u00e9")], 200),
    "10.5.1 more fields than allowed": ([(f"x-{i}", "y") for i in range(60)], 431),
    "10.5.1 larger fields than allowed": ([("x", "y" * 9000)], 431),
    "RFC 9110 13.1.2 validator that fits": ([("if-none-match", "*")], 304),
    "RFC 9110 14.2 range": ([(":path", "/k"), ("range", "bytes=0-9")], 206),
}


@pytest.mark.parametrize("case", STATUSES)
def test_answers_with_a_status(site, case):
    fields, status = STATUSES[case]
    dropped = (":authority",) if case == "8.3.1 host in place of :authority" else ()
    with Peer(site) as p:
        begin(p)
        block = p.block(get_with(*fields, drop=dropped))
        said = frame(HEADERS, END_STREAM | (END_HEADERS if len(block) < 16000 else 0), 3,
                     block[:16000])
        p.say(said)
        answer = p.get(3)
        if isinstance(status, tuple):
            assert answer.reset == status[0] or answer.status == 400
        else:
            assert answer.status == status
        assert p.lives()


def test_content_length_is_held_against_data(site):
    """RFC 9113 §8.1.1. The answer may have been given before it was found out."""
    for body in (b"four and more",), (b"abc",), (b"ab", b"c"):
        with Peer(site) as p:
            begin(p)
            p.say(post(p, ("content-length", "4"), body=body))
            answer = p.get(3)
            assert answer.reset in (PROTOCOL_ERROR, NO_ERROR) or answer.status == 405
            assert p.lives()


def test_an_answer_before_the_body_ends_stops_the_peer(site):
    """RFC 9113 §8.1: but not before it has had the time to see its answer."""
    with Peer(site) as p:
        p.say(p.headers(1, get_with((":method", "POST")), end=False))
        answer = p.answer(1)
        assert p.read_until(lambda: answer.ended) and p.lives() and answer.reset is None
        assert p.read_until(lambda: answer.reset is not None)
        assert (answer.status, answer.ended, answer.reset) == (405, True, NO_ERROR)
        p.say(frame(DATA, END_STREAM, 1, b"late"))
        assert p.lives()


@pytest.mark.parametrize("size, status", [(10 << 10, "405"), (1 << 20, "413")])
def test_curl_hears_that_its_body_is_not_wanted(site, size, status):
    (site.directory / "body").write_bytes(bytes(size))
    for _ in range(10):
        done = curl(site, "--http2", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Expect:",
                    "--data-binary", f"@{site.directory}/body", path="/k")
        assert done.stdout == status


def test_curl_does_not_wait_for_more_than_its_answer(server):
    """It has the answer before it has sent its body, and both sides end well."""
    one = server("site example.org {\n    certificate self-signed\n    respond 204\n}\n",
                 site=False)
    for _ in range(10):
        done = curl(one, "--http2", "-m", "5", "-w", "%{http_code}", "-d", "x" * 10000, path="/")
        assert (done.stdout, done.returncode) == ("204", 0)


def test_data_after_the_end_is_no_request(site):
    """RFC 9113 §5.1: half-closed (remote), or closed so long that it is not known."""
    with Peer(site) as p:
        p.say(p.headers(1, get_with((":path", "/big"))), frame(DATA, 0, 1, b"x"))
        assert p.read_to_end() == STREAM_CLOSED


def test_padding_and_priorities_are_taken(site):
    with Peer(site) as p:
        p.say(frame(HEADERS, END_HEADERS | END_STREAM | PADDED | PRIORITIZED, 1,
                    b"\x05" + struct.pack(">IB", 0, 15) + p.block(GET) + b"\0" * 5))
        assert p.get(1).status == 200


def test_a_field_block_in_many_frames_is_one(site):
    with Peer(site) as p:
        block = p.block(GET)
        pieces = [block[i:i + len(block) // 4 + 1] for i in range(0, len(block), len(block) // 4 + 1)]
        p.say(frame(HEADERS, END_STREAM, 1, pieces[0]),
              *(frame(CONTINUATION, END_HEADERS if piece is pieces[-1] else 0, 1, piece)
                for piece in pieces[1:]))
        assert p.get(1).status == 200


def test_every_split_of_the_bytes_is_the_same(site):
    with Peer(site, greet=False) as p:
        said = PREFACE + frame(SETTINGS) + p.headers(1, get_with((":path", "/k")))
        for byte in said:
            p.say(bytes([byte]))
        answer = p.get(1)
        assert (answer.status, len(answer.body)) == (200, 1024)


def test_unknown_frames_settings_and_flags_are_ignored(site):
    """RFC 9113 §5.5."""
    with Peer(site, settings=setting(0xabcd, 7)) as p:
        p.say(frame(0xbe, 0xff, 0, b"what"), frame(0xbe, 0xff, 77, b"what"),
              frame(PING, 0xfe, 0, b"12345678"))
        begin(p)


def test_head_has_no_body(site):
    with Peer(site) as p:
        p.ask(1, path="/k", method="HEAD")
        answer = p.get(1)
        assert (answer.status, answer.body) == (200, b"")
        assert answer.fields["content-length"] == "1024"


def test_the_window_is_kept_to(site):
    """RFC 9113 §6.9: not a byte more than was granted, and all of it."""
    with Peer(site, settings=setting(4, 10)) as p:
        p.ask(1, path="/k")
        answer = p.answer(1)
        assert p.read_until(lambda: len(answer.body) == 10)
        assert p.lives() and len(answer.body) == 10
        p.say(window(1, 5))
        assert p.read_until(lambda: len(answer.body) == 15) and p.lives()
        p.say(frame(SETTINGS, 0, 0, setting(4, 5000)))
        assert len(p.get(1).body) == 1024


def test_a_window_may_become_negative(site):
    """RFC 9113 §6.9.2."""
    with Peer(site, settings=setting(4, 500)) as p:
        p.ask(1, path="/k")
        answer = p.answer(1)
        assert p.read_until(lambda: len(answer.body) == 500)
        p.say(frame(SETTINGS, 0, 0, setting(4, 100)), window(1, 300))
        assert p.lives() and len(answer.body) == 500
        p.say(window(1, 1000))
        assert len(p.get(1).body) == 1024


def test_a_smaller_frame_size_than_ours_is_not_to_be_had(site):
    with Peer(site, settings=setting(5, 1 << 20) + setting(4, 1 << 24)) as p:
        p.say(window(0, 1 << 24))
        p.ask(1, path="/big")
        answer = p.get(1)
        assert len(answer.body) == BIG and max(answer.frames) <= 16384


def test_the_preface_must_be_one(site):
    """RFC 9113 §3.4."""
    with Peer(site, greet=False) as p:
        p.say(b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n")
        assert p.read_to_end() in (None, PROTOCOL_ERROR)
    with Peer(site, greet=False) as p:
        p.say(PREFACE + p.headers(1, GET))
        assert p.read_to_end() == PROTOCOL_ERROR


# --- priorities (RFC 9218)

def order_of(p, streams):
    """In which order streams ended."""
    done = []
    while len(done) < len(streams) and not p.ended:
        p.read_frame()
        done += [s for s in streams if p.answer(s).over and s not in done]
    return done


def blocked(site):
    """A peer whose connection has no window left, so that all that follows has to wait."""
    p = Peer(site, settings=setting(4, 1 << 24))
    p.ask(1, path="/big")
    assert p.read_until(lambda: len(p.answer(1).body) == 65535)
    return p


def test_urgent_streams_go_first(site):
    with blocked(site) as p:
        for stream, urgency in (3, 7), (5, 3), (7, 0), (9, 5):
            p.ask(stream, ("priority", f"u={urgency}"), path="/k")
        assert p.lives()
        p.say(reset(1), window(0, 1 << 24))
        assert order_of(p, [3, 5, 7, 9]) == [7, 5, 9, 3]


def test_priority_update_moves_a_stream(site):
    with blocked(site) as p:
        for stream in 3, 5, 7:
            p.ask(stream, path="/k")
        p.say(frame(PRIORITY_UPDATE, 0, 0, struct.pack(">I", 7) + b"u=1"),
              frame(PRIORITY_UPDATE, 0, 0, struct.pack(">I", 3) + b"u=6"))
        assert p.lives()
        p.say(reset(1), window(0, 1 << 24))
        assert order_of(p, [3, 5, 7]) == [7, 5, 3]


def test_incremental_streams_share(site):
    with blocked(site) as p:
        for stream in 3, 5:
            p.ask(stream, ("priority", "u=3, i"), path="/big")
        assert p.lives()
        seen = len(p.heard)
        p.say(reset(1), window(0, 1 << 24))
        p.read_until(lambda: p.answer(3).over and p.answer(5).over)
        order = [s for kind, _, s, _ in p.heard[seen:] if kind == DATA]
        turns = sum(a != b for a, b in zip(order, order[1:]))
        assert turns > 50


# --- floods: each ends the connection, calmly, and nobody else's

def flood_resets(p):
    for n in range(3, 2003, 2):
        yield p.headers(n, get_with((":path", "/big"))) + reset(n)


def flood_provoked_resets(p):
    for n in range(3, 2003, 2):
        yield p.headers(n, get_with((":path", "/big"))) + window(n, 0x7fffffff)


def flood_malformed(p):
    for n in range(3, 2003, 2):
        yield p.headers(n, get_with(("connection", "close")))


def flood_continuations(p):
    yield p.headers(3, GET, flags=0)
    for _ in range(5000):
        yield frame(CONTINUATION, 0, 3, b"\x82")


def flood_empty_data(p):
    yield p.headers(3, get_with((":method", "POST"), (":path", "/big")), end=False)
    for _ in range(20000):
        yield frame(DATA, 0, 3, b"")


FLOODS = {
    "rapid reset": flood_resets,
    "resets we are made to send": flood_provoked_resets,
    "malformed requests": flood_malformed,
    "CONTINUATION": flood_continuations,
    "empty DATA": flood_empty_data,
    "PING": lambda p: (frame(PING, 0, 0, b"12345678") for _ in range(20000)),
    "SETTINGS": lambda p: (frame(SETTINGS, 0, 0, setting(3, 100)) for _ in range(20000)),
    "PRIORITY": lambda p: (frame(PRIORITY, 0, 1, struct.pack(">IB", 0, 1)) for _ in range(20000)),
    "PRIORITY_UPDATE": lambda p: (frame(PRIORITY_UPDATE, 0, 0, struct.pack(">I", 3) + b"u=1")
                                  for _ in range(20000)),
    "WINDOW_UPDATE": lambda p: (window(0, 1) for _ in range(20000)),
    "frames nobody knows": lambda p: (frame(0xbe, 0, 0, b"x") for _ in range(20000)),
    "HEADERS of closed streams": lambda p: (p.headers(1, GET) for _ in range(20000)),
}


# Where too many streams at once would end it before the flood does.
STEPPED = ("resets we are made to send", "malformed requests")

# What nghttp2 does not even look at costs nothing, and ends as silence does.
ENDS = {
    "frames nobody knows": (NO_ERROR,),
}


@pytest.mark.parametrize("case", FLOODS)
def test_a_flood_ends_the_connection(site, case):
    with Peer(site) as p:
        begin(p)
        try:
            said = []
            for piece in FLOODS[case](p):
                said.append(piece)
                if len(said) == 50:
                    p.say(*said)
                    said = []
                    if case in STEPPED:
                        assert p.lives() or p.ended
            p.say(*said)
        except OSError:
            pass
        assert p.read_to_end() in ENDS.get(case, (ENHANCE_YOUR_CALM, None))
    with Peer(site) as p:
        begin(p)


def test_a_bomb_of_indexed_fields_ends_the_connection(site):
    """RFC 9113 §10.5.1: a small block that decodes into megabytes."""
    with Peer(site) as p:
        value = b"v" * 3900
        literal = b"\x40\x01x" + b"\x7f" + bytes([0x80 | (3900 - 127) & 0x7f, (3900 - 127) >> 7])
        p.say(frame(HEADERS, END_HEADERS | END_STREAM, 1,
                    p.block(GET) + literal + value + b"\xbe" * 10000))
        assert p.read_to_end() == ENHANCE_YOUR_CALM


def test_pings_now_and_then_are_no_flood(site):
    with Peer(site) as p:
        for _ in range(20):
            assert p.lives()
        begin(p)


# --- time

def test_an_idle_connection_ends_with_goaway(site):
    with Peer(site) as p:
        begin(p)
        start = time.monotonic()
        assert p.read_to_end(8) == NO_ERROR
        assert 2 < time.monotonic() - start < 6


def test_a_connection_that_rested_goes_on(server):
    with Peer(server()) as p:
        for stream in (1, 3, 5):
            p.ask(stream)
            assert p.get(stream).status == 200
            time.sleep(2.5)


def test_pings_do_not_keep_it(site):
    with Peer(site) as p:
        begin(p)
        start = time.monotonic()
        while not p.ended and time.monotonic() - start < 8:
            p.say(frame(PING, 0, 0, b"12345678"))
            p.read_until(lambda: False, 0.3)
        assert p.ended and time.monotonic() - start < 6


def test_a_window_that_stays_shut_ends_the_stream(site):
    with Peer(site, settings=setting(4, 0)) as p:
        p.ask(1, path="/k")
        start = time.monotonic()
        assert p.get(1, 8).reset == CANCEL
        assert time.monotonic() - start < 6


def test_a_window_that_dribbles_ends_the_stream(site):
    with Peer(site, settings=setting(4, 0)) as p:
        p.ask(1, path="/k")
        answer, start = p.answer(1), time.monotonic()
        while not answer.over and not p.ended and time.monotonic() - start < 8:
            p.say(window(1, 1))
            p.read_until(lambda: answer.over, 0.2)
        assert answer.reset == CANCEL and time.monotonic() - start < 6


def test_fields_that_never_end_end_the_connection(site):
    with Peer(site) as p:
        begin(p)
        p.say(p.headers(3, GET, flags=0))
        assert p.read_to_end(6) == NO_ERROR


# --- drain and reload

def test_a_drain_lets_streams_end(server):
    one = server("drain_timeout 10s\n")
    (one.www / "big").write_bytes(b"b" * BIG)
    with Peer(one) as p:
        p.ask(1, path="/big")
        assert p.read_until(lambda: len(p.answer(1).body) == 65535)
        stopper = threading.Thread(target=one.stop)
        stopper.start()
        assert p.read_until(lambda: p.goaway is not None)
        assert p.goaway == (0x7fffffff, NO_ERROR)
        assert p.read_until(lambda: p.heard[-1][0] == PING)
        p.ask(3)  # as if it had been on its way
        p.say(frame(PING, ACK, 0, p.heard[-1][3]))
        assert p.read_until(lambda: p.answer(3).status == 200)
        assert p.read_until(lambda: p.goaway == (3, NO_ERROR))
        p.say(window(0, 1 << 24), window(1, 1 << 24))
        assert len(p.get(1).body) == BIG
        assert p.read_to_end() == NO_ERROR
        stopper.join()


def test_a_reload_under_load_fails_no_request(server):
    one = server()
    load = subprocess.Popen([harness.tool("h2load"), "-D3", "-c20", "-m10", one.url("/")],
                            stdout=subprocess.PIPE)
    for i in range(10):
        time.sleep(0.2)
        one.write(f"limits {{ header_fields {60 + i} }}\n")
        one.process.process.send_signal(signal.SIGHUP)
    said = load.communicate(timeout=60)[0].decode()
    assert " 0 failed, 0 errored, 0 timeout" in said, said


# --- in clear (RFC 9113 §3.3)

def test_prior_knowledge_in_clear(site):
    done = curl(site, "--http2-prior-knowledge", "-w", "%{http_version} %{http_code}", "-o",
                "/dev/null", plain=True)
    assert done.stdout == "2 301"


def test_in_clear_http1_is_spoken_as_before(site):
    done = curl(site, "-w", "%{http_version} %{http_code}", "-o", "/dev/null", plain=True)
    assert done.stdout == "1.1 301"
    done = curl(site, "--http2", "-w", "%{http_version} %{http_code}", "-o", "/dev/null",
                plain=True)
    assert done.stdout == "1.1 301"  # Upgrade: h2c is not heeded
    with site.connect(plain=True) as s:
        for byte in b"PRI * HTTP/1.1\r\nHost: x\r\n\r\n":
            s.sendall(bytes([byte]))
        assert s.recv(100).startswith(b"HTTP/1.1 ")


def test_in_clear_byte_by_byte(site):
    with site.connect(plain=True) as s, Peer(site, greet=False, s=s) as p:
        for byte in PREFACE + frame(SETTINGS) + p.headers(1, GET):
            p.say(bytes([byte]))
        assert p.get(1).status == 301


def test_in_clear_others_may_not(server):
    one = server()
    with one.connect(plain=True) as s:
        s.sendall(PREFACE + frame(SETTINGS))
        assert harness.receive_all(s).startswith(b"HTTP/1.1 ")
