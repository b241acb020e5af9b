#!/usr/bin/python3
"""
Records what real programs say first, into samples/: each is run against a socket on
loopback that keeps quiet, and what it sends before it waits for an answer is kept.
Where a program is not packaged for Debian, its first bytes are built here.

Run it in this folder to refresh them: ./record_samples.py [NAME ...]
"""
import os
import random
import socket
import struct
import subprocess
import sys
import tempfile
import time

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "samples")

def first_words(listener):
    """What the next client says before it waits for an answer."""
    connection, _ = listener.accept()
    said = b""
    with connection:
        connection.settimeout(0.5)
        try:
            while more := connection.recv(65536):
                said += more
        except (TimeoutError, ConnectionResetError):
            pass
    return said


def listen(host="127.0.0.1"):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, 0), family=family)
    listener.settimeout(10)
    return listener, listener.getsockname()[1]


class running:
    """A program that is ended when its block is left."""

    def __init__(self, command, folder=None):
        self.command, self.folder = command, folder

    def __enter__(self):
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(self.command, cwd=self.folder, stdin=subprocess.PIPE,
                                        stdout=quiet, stderr=quiet)

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def record(*command, folder=None):
    """What `command` says to PORT, which is replaced in its words."""
    listener, port = listen()
    with listener, running([word.replace("PORT", str(port)) for word in command], folder):
        return first_words(listener)


# TLS -----------------------------------------------------------------------------------


def openssl(*options):
    return record("openssl", "s_client", "-connect", "127.0.0.1:PORT", *options)


def curl(*options):
    return record("curl", "-sk", "--connect-to", "::127.0.0.1:PORT", *options)


def python_tls():
    return record("/usr/bin/python3", "-c",
                  "import socket, ssl\n"
                  "s = socket.create_connection(('127.0.0.1', PORT))\n"
                  "c = ssl.create_default_context()\n"
                  "c.wrap_socket(s, server_hostname='python.example.org')")


def gnutls():
    """Debian's git speaks TLS through GnuTLS."""
    return record("git", "ls-remote", "https://localhost:PORT/x")


def noise(n):
    return random.Random(n).randbytes(n)


def vec(size, data):
    return len(data).to_bytes(size, "big") + data


def extension(kind, data):
    return struct.pack(">H", kind) + vec(2, data)


def handshake(body):
    return b"\x01" + vec(3, body)


def records(message, *sizes):
    """`message` in records of these sizes, the last taking the rest."""
    out, at = b"", 0
    for size in (*sizes, len(message)):
        part = message[at:at + size]
        at += size
        if part:
            out += b"\x16\x03\x01" + vec(2, part)
    return out


def chromium_hello(name=b"www.example.org"):
    """As Chromium 131 and later send it: GREASE, ECH GREASE, and a key share of X25519MLKEM768."""
    grease = b"\x0a\x0a"
    suites = grease + bytes.fromhex("130113021303c02bc02fc02cc030cca9cca8c013c014009c009d002f0035")
    shares = grease + vec(2, b"\0") + b"\x11\xec" + vec(2, noise(1216)) + \
        b"\x00\x1d" + vec(2, noise(32))
    ech = b"\x00\x00\x01\x00\x01" + b"\x5a" + vec(2, noise(32)) + \
        vec(2, noise(208))
    extensions = b"".join([
        extension(0x2a2a, b""),
        extension(0x0023, b""),
        extension(0x44cd, vec(2, vec(1, b"h2"))),
        extension(0xfe0d, ech),
        extension(0x0010, vec(2, vec(1, b"h2") + vec(1, b"http/1.1"))),
        extension(0x002d, vec(1, b"\x01")),
        extension(0x0033, vec(2, shares)),
        extension(0x0012, b""),
        extension(0x0017, b""),
        extension(0x000a, vec(2, grease + bytes.fromhex("11ec001d00170018"))),
        extension(0x001b, vec(1, b"\x00\x02")),
        extension(0x000d, vec(2, bytes.fromhex("0403080404010503080505010806" "0601"))),
        extension(0x0000, vec(2, b"\0" + vec(2, name))),
        extension(0xff01, b"\0"),
        extension(0x000b, vec(1, b"\0")),
        extension(0x002b, vec(1, grease + b"\x03\x04\x03\x03")),
        extension(0x0005, b"\x01\0\0\0\0"),
        extension(0x7a7a, b"\0"),
    ])
    return handshake(b"\x03\x03" + noise(32) + vec(1, noise(32)) +
                     vec(2, suites) + vec(1, b"\0") + vec(2, extensions))


# OpenVPN -------------------------------------------------------------------------------


def openvpn(wrap=None, *options, metadata=None):
    """An OpenVPN client's first packet over TCP, wrapped with a fresh key."""
    with tempfile.TemporaryDirectory() as folder:
        def run(*command):
            subprocess.run(command, cwd=folder, check=True, capture_output=True)

        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=ca",
            "-keyout", "ca.key", "-out", "ca.pem")
        with open(os.path.join(folder, "who"), "w") as who:
            who.write("someone\nsecret\n")
        wrapping = []
        if wrap == "tls-crypt-v2":
            run("openvpn", "--genkey", "tls-crypt-v2-server", "server.key")
            run("openvpn", "--tls-crypt-v2", "server.key", "--genkey", "tls-crypt-v2-client",
                "client.key", *([metadata] if metadata else []))
            wrapping = ["--tls-crypt-v2", "client.key"]
        elif wrap is not None:
            run("openvpn", "--genkey", "secret", "shared.key")
            wrapping = ["--" + wrap, "shared.key"]
        return record("openvpn", "--client", "--dev", "null", "--proto", "tcp-client", "--remote",
                      "127.0.0.1", "PORT", "--nobind", "--ca", "ca.pem", "--auth-user-pass",
                      "who", *wrapping, *options, folder=folder)


# The rest ------------------------------------------------------------------------------


class haproxy_relaying:
    """HAProxy, with `option` for its one server: whoever listens on port `back`."""

    def __init__(self, option, host, front, back):
        self.folder = tempfile.TemporaryDirectory()
        shown = f"[{host}]" if ":" in host else host
        path = os.path.join(self.folder.name, "haproxy.cfg")
        with open(path, "w") as config:
            config.write("defaults\n timeout connect 5s\n timeout client 5s\n timeout server 5s\n"
                         f"listen l\n mode http\n option httpchk\n bind {shown}:{front}\n"
                         f" server s {shown}:{back} {option}\n")
        self.process = running(["haproxy", "-db", "-f", path])

    def __enter__(self):
        self.process.__enter__()

    def __exit__(self, *_):
        self.process.__exit__()
        self.folder.cleanup()


def haproxy(option, host="127.0.0.1"):
    """HAProxy's header, and the request that it relays."""
    shown = f"[{host}]" if ":" in host else host
    free, front = listen(host)
    free.close()
    listener, back = listen(host)
    with listener, haproxy_relaying(option, host, front, back):
        time.sleep(1)
        with running(["curl", "-sg", "-m", "2", f"http://{shown}:{front}/"]):
            return first_words(listener)


def haproxy_check():
    """Its health check, which comes from no client: LOCAL."""
    free, front = listen()
    free.close()
    listener, back = listen()
    with listener, haproxy_relaying("send-proxy-v2 check", "127.0.0.1", front, back):
        return first_words(listener)


WEB = "http://www.example.org/"
METADATA_MAX = "A" * 976 + "AA=="  # base64 of 733 bytes, the most that a wrapped key may hold

SAMPLES = {
    "tls-openssl": lambda: openssl("-servername", "WWW.Example.ORG"),
    "tls-openssl-12": lambda: openssl("-tls1_2", "-servername", "www.example.org"),
    "tls-openssl-nameless": lambda: openssl("-noservername"),
    "tls-openssl-alpn": lambda: openssl("-alpn", "imap,h2,http/1.1", "-servername", "a.example."),
    "tls-curl-h2": lambda: curl("https://www.example.org/"),
    "tls-curl-http1": lambda: curl("--http1.1", "https://www.example.org/"),
    "tls-gnutls": gnutls,
    "tls-python": python_tls,
    "tls-chromium": lambda: records(chromium_hello()),
    "tls-chromium-in-records": lambda: records(chromium_hello(), 1, 2, 3, 100, 1000),
    "openvpn-plain": openvpn,
    "openvpn-tls-auth-sha1": lambda: openvpn("tls-auth", "--auth", "SHA1"),
    "openvpn-tls-auth-sha256": lambda: openvpn("tls-auth", "--auth", "SHA256"),
    "openvpn-tls-auth-sha512": lambda: openvpn("tls-auth", "--auth", "SHA512"),
    "openvpn-tls-crypt": lambda: openvpn("tls-crypt"),
    "openvpn-tls-crypt-v2": lambda: openvpn("tls-crypt-v2"),
    "openvpn-tls-crypt-v2-longest": lambda: openvpn("tls-crypt-v2", metadata=METADATA_MAX),
    "ssh-openssh": lambda: record("ssh", "-p", "PORT", "someone@127.0.0.1"),
    "ssh-putty": lambda: b"SSH-2.0-PuTTY_Release_0.78\r\n",
    "http-curl": lambda: curl(WEB),
    "http-curl-connect": lambda: record("curl", "-sp", "-x", "http://127.0.0.1:PORT", WEB),
    "http-options": lambda: b"OPTIONS * HTTP/1.1\r\nHost: www.example.org\r\n\r\n",
    "http-m-search": lambda: b"M-SEARCH * HTTP/1.1\r\nMAN: \"ssdp:discover\"\r\n\r\n",
    "http2-nghttp": lambda: record("nghttp", "http://127.0.0.1:PORT/"),
    "http2-curl": lambda: curl("--http2-prior-knowledge", WEB),
    "proxy-v1-haproxy": lambda: haproxy("send-proxy"),
    "proxy-v1-haproxy-ipv6": lambda: haproxy("send-proxy", "::1"),
    "proxy-v2-haproxy": lambda: haproxy("send-proxy-v2"),
    "proxy-v2-haproxy-ipv6": lambda: haproxy("send-proxy-v2", "::1"),
    "proxy-v2-haproxy-tlvs": lambda: haproxy("send-proxy-v2 proxy-v2-options crc32c"),
    "proxy-v2-haproxy-check": haproxy_check,
}


def main(names):
    os.makedirs(FOLDER, exist_ok=True)
    for name in names or SAMPLES:
        said = SAMPLES[name]()
        with open(os.path.join(FOLDER, name), "wb") as sample:
            sample.write(said)
        print(f"{len(said):5} {name} {said[:24]!r}")


main(sys.argv[1:])
