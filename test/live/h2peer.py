"""An HTTP/2 client that says frames one by one, right ones and wrong ones."""
import socket
import struct
import time

import hpack

import harness

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, \
    CONTINUATION = range(10)
PRIORITY_UPDATE = 0x10
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITIZED = 1, 1, 4, 8, 0x20

NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED, \
    FRAME_SIZE_ERROR, REFUSED_STREAM, CANCEL, COMPRESSION_ERROR, CONNECT_ERROR, \
    ENHANCE_YOUR_CALM = range(12)

GET = [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "example.org")]


def frame(kind, flags=0, stream=0, payload=b"", length=None):
    size = len(payload) if length is None else length
    return struct.pack(">I", size)[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def setting(number, value):
    return struct.pack(">HI", number, value)


def window(stream, increment):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", increment))


def reset(stream, code=CANCEL):
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


class Answer:
    """What came on one stream."""

    def __init__(self):
        self.interim, self.fields, self.trailers = [], None, None
        self.body, self.reset, self.ended = b"", None, False
        self.frames = []  # sizes of DATA

    @property
    def status(self):
        return int(self.fields[":status"]) if self.fields else 0

    @property
    def over(self):
        return self.ended or self.reset is not None


class Peer:
    """A connection; `heard` has every frame that came: (type, flags, stream, payload)."""

    def __init__(self, server, greet=True, settings=b"", s=None):
        self.s = s or server.tls(alpn=["h2"])
        if s is None:
            assert self.s.selected_alpn_protocol() == "h2"
        self.encoder, self.decoder = hpack.Encoder(), hpack.Decoder()
        self.buffer, self.heard, self.answers = b"", [], {}
        self.goaway, self.ended = None, False
        if greet:
            self.say(PREFACE + frame(SETTINGS, 0, 0, settings))

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.s.close()

    def say(self, *data):
        self.s.sendall(b"".join(data))

    def block(self, fields):
        return self.encoder.encode(fields)

    def headers(self, stream, fields, end=True, flags=END_HEADERS):
        return frame(HEADERS, flags | (END_STREAM if end else 0), stream, self.block(fields))

    def ask(self, stream, *extra, path="/", method="GET", end=True, **pseudo):
        fields = [(":method", method), (":scheme", "https"), (":path", path),
                  (":authority", "example.org"), *extra]
        self.say(self.headers(stream, [*fields], end))

    def answer(self, stream):
        return self.answers.setdefault(stream, Answer())

    def read_frame(self, seconds=harness.DEADLINE):
        """The next frame; None at the end of the connection, or when none comes."""
        self.s.settimeout(max(seconds, 0.001))
        while len(self.buffer) < 9 or len(self.buffer) < 9 + self.next_size():
            try:
                more = self.s.recv(1 << 16)
            except (TimeoutError, socket.timeout):
                return None
            except OSError:
                more = b""
            if not more:
                self.ended = True
                return None
            self.buffer += more
        size = self.next_size()
        head, payload = self.buffer[:9], self.buffer[9:9 + size]
        self.buffer = self.buffer[9 + size:]
        got = head[3], head[4], struct.unpack(">I", head[5:])[0], payload
        self.heard.append(got)
        self.heed(*got)
        return got

    def next_size(self):
        return int.from_bytes(self.buffer[:3], "big")

    def heed(self, kind, flags, stream, payload):
        answer = self.answer(stream)
        if kind == HEADERS:
            fields = dict(self.decoder.decode(payload))
            if fields.get(":status", "2").startswith("1"):
                answer.interim.append(fields)
            elif answer.fields is None:
                answer.fields = fields
            else:
                answer.trailers = fields
        elif kind == DATA:
            answer.body += payload
            answer.frames.append(len(payload))
        elif kind == RST_STREAM:
            answer.reset = struct.unpack(">I", payload)[0]
        elif kind == SETTINGS and not flags & ACK:
            self.say(frame(SETTINGS, ACK))
        elif kind == GOAWAY:
            self.goaway = struct.unpack(">II", payload[:8])
        if kind in (HEADERS, DATA) and flags & END_STREAM:
            answer.ended = True

    def read_until(self, done, seconds=harness.DEADLINE):
        end = time.monotonic() + seconds
        while not done() and not self.ended and time.monotonic() < end:
            self.read_frame(end - time.monotonic())
        return done()

    def get(self, stream, seconds=harness.DEADLINE):
        """The answer on that stream, once it is over."""
        answer = self.answer(stream)
        self.read_until(lambda: answer.over, seconds)
        return answer

    def read_to_end(self, seconds=harness.DEADLINE):
        """Until the server closes; returns GOAWAY's error, None without one."""
        self.read_until(lambda: False, seconds)
        assert self.ended, "the connection stays open"
        return self.goaway[1] if self.goaway else None

    def lives(self):
        """Whether a PING comes back."""
        self.say(frame(PING, 0, 0, b"sallypor"))
        return self.read_until(
            lambda: any(k == PING and f & ACK and p == b"sallypor" for k, f, _, p in self.heard))
