"""TLS as openssl, testssl.sh and the broken speak it, and certificates as they come and go."""
import json
import os
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time

import pytest

import harness
from shared import answer, request, serve

RENEWAL_SECONDS = 15


def make_pair(directory, name, key="ec", days=30, subject="example.org", also=()):
    """A self-signed pair by openssl: (chain, key)."""
    how = {"ec": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
           "rsa": ["-newkey", "rsa:2048"], "weak": ["-newkey", "rsa:1024"]}[key]
    chain, secret = directory / f"{name}.crt", directory / f"{name}.key"
    names = ",".join("DNS:" + each for each in (subject, *also))
    subprocess.run(["openssl", "req", "-x509", *how, "-nodes", "-days", str(days), "-subj",
                    f"/CN={subject}", "-addext", f"subjectAltName={names}", "-keyout",
                    str(secret), "-out", str(chain)], check=True, stderr=subprocess.DEVNULL)
    return chain, secret


CA = """[ca]
default_ca = x
[x]
database = {0}/index.txt
new_certs_dir = {0}
rand_serial = yes
default_md = sha256
policy = y
[y]
commonName = supplied
"""


def expired_pair(directory):
    """Only `openssl ca` makes certificates of the past."""
    conf, wanted = directory / "ca.conf", directory / "expired.csr"
    chain, key = directory / "expired.crt", directory / "expired.key"
    conf.write_text(CA.format(directory))
    (directory / "index.txt").write_text("")
    for command in (
            ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-subj", "/CN=example.org", "-keyout", key, "-out", wanted],
            ["ca", "-batch", "-selfsign", "-config", conf, "-notext", "-in", wanted, "-keyfile",
             key, "-startdate", "20200101000000Z", "-enddate", "20200201000000Z", "-out", chain]):
        subprocess.run(["openssl", *map(str, command)], check=True, stderr=subprocess.DEVNULL)
    return chain, key


def sites(directory):
    """Sites for tests of names, each with a page that is its name."""
    text = ""
    for name in ("second.example", "*.wild.example", "exact.wild.example"):
        root = directory / name.replace("*", "star")
        root.mkdir()
        (root / "index.html").write_text(name)
        text += f"site {name} {{ certificate self-signed; root {root} }}\n"
    return text


@pytest.fixture(scope="module")
def site():
    for server in serve():
        pairs = [make_pair(server.directory, "both-" + kind, kind, subject="both.example")
                 for kind in ("ec", "rsa")]
        lines = "; ".join(f"certificate {chain} {key}" for chain, key in pairs)
        server.reload(sites(server.directory)
                      + f"site both.example {{ {lines}; root {server.www} }}\n")
        yield server


def s_client(server, *words, name="example.org", text=b"", seconds=10):
    """What openssl s_client says of a connection on which `text` was sent."""
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}",
                           *(["-servername", name] if name else ["-noservername"]),
                           *map(str, words)],
                          input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=seconds, check=False)
    return done.stdout.decode(errors="replace")


# --- what is spoken

@pytest.mark.parametrize("words, version", [
    (["-tls1_2"], "TLSv1.2"), (["-tls1_3"], "TLSv1.3"), ([], "TLSv1.3"),
    (["-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"], "TLSv1.2"),
    (["-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"], "TLSv1.3"),
    (["-groups", "P-256"], "TLSv1.3"), (["-groups", "P-384"], "TLSv1.3"),
])
def test_what_is_good_is_accepted(site, words, version):
    said = s_client(site, *words)
    assert re.search(rf"New, {version}, Cipher is (TLS_|ECDHE-)", said), said


@pytest.mark.parametrize("words", [
    ["-tls1", "-cipher", "ALL:@SECLEVEL=0"], ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
    *(["-tls1_2", "-cipher", cipher + ":@SECLEVEL=0"] for cipher in (
        "AES128-GCM-SHA256", "AES256-SHA", "ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES256-SHA384",
        "DHE-RSA-AES128-GCM-SHA256", "aNULL", "eNULL", "CAMELLIA128", "ECDHE-ECDSA-AES128-CCM8",
    )),
    ["-groups", "P-521"], ["-tls1_3", "-groups", "X448"],
])
def test_what_is_weak_is_refused_with_an_alert(site, words):
    said = s_client(site, *words)
    assert "Cipher is (NONE)" in said, said
    assert re.search(r"alert (protocol version|handshake failure)", said), said


def test_alpn_is_http_or_nothing(site):
    assert "ALPN protocol: h2" in s_client(site, "-alpn", "http/1.1,h2"), "the best is ours to say"
    assert "ALPN protocol: http/1.1" in s_client(site, "-alpn", "imap,http/1.1")
    assert "No ALPN negotiated" in s_client(site)
    assert "no application protocol" in s_client(site, "-alpn", "h3,imap")


def test_there_is_no_renegotiation_and_no_compression(site):
    assert "Compression: NONE" in s_client(site, "-tls1_2", "-comp")
    said = s_client(site, "-tls1_2", "-legacy_renegotiation", text=b"R\n")
    assert "RENEGOTIATING" in said and "error" in said.lower(), said


# --- whose certificate

@pytest.mark.parametrize("asked, served", [
    ("example.org", "example.org"), ("EXAMPLE.org", "example.org"),
    ("second.example", "second.example"), ("a.wild.example", "*.wild.example"),
    ("exact.wild.example", "exact.wild.example"), ("a.b.wild.example", "example.org"),
    ("wild.example", "example.org"), ("unknown.example", "example.org"), (None, "example.org"),
])
def test_the_name_asked_for_chooses_the_certificate(site, asked, served):
    if asked:
        with site.tls(asked) as s:
            assert harness.certificate_names(s) == [served]
    said = s_client(site, name=asked)
    assert f"subject=CN = {served}" in said or f"subject=CN={served}" in said, said


def test_the_name_asked_for_chooses_the_site(site):
    assert site.get("/", name="exact.wild.example")[2] == b"exact.wild.example"
    assert site.get("/", name="x.wild.example")[2] == b"*.wild.example"
    assert site.get("/", name="second.example")[2] == b"second.example"


@pytest.mark.parametrize("words, kind", [
    ([], "ECDSA"), (["-tls1_2"], "ECDSA"),
    (["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"], "RSA-PSS"),
    (["-tls1_3", "-sigalgs", "rsa_pss_rsae_sha256"], "RSA-PSS"),
    (["-tls1_3", "-sigalgs", "ECDSA+SHA256"], "ECDSA"),
])
def test_the_key_type_is_one_that_the_client_can_use(site, words, kind):
    said = s_client(site, *words, name="both.example")
    assert re.search(rf"Peer signature type: {kind}$", said, re.M), said


# --- resumption

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class Client:
    """Comes back with its last session."""

    def __init__(self, server, version):
        self.server, self.session = server, None
        self.context = harness.client_context(maximum_version=VERSIONS[version],
                                              minimum_version=VERSIONS[version])

    def visit(self, name="example.org"):
        """Whether the session was resumed; a ticket comes with the answer."""
        with self.context.wrap_socket(self.server.connect(), server_hostname=name,
                                      session=self.session) as s:
            s.sendall(request("/", host=name))
            assert answer(s)[0] == 200
            self.session = s.session
            return s.session_reused


@pytest.mark.parametrize("version", VERSIONS)
def test_a_session_is_resumed_by_every_worker_and_across_reloads(site, version):
    client = Client(site, version)
    assert not client.visit()
    assert all(client.visit() for _ in range(6))
    site.reload()
    assert all(client.visit() for _ in range(6))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_session_of_one_site_is_not_resumed_on_another(site, version):
    client = Client(site, version)
    client.visit()
    assert not client.visit("second.example")
    assert client.visit("second.example")
    assert not client.visit()


def test_a_session_from_before_a_crash_is_a_full_handshake(server):
    s = server()
    client = Client(s, "1.3")
    client.visit()
    edge = s.edge_pid
    os.kill(edge, signal.SIGKILL)
    harness.wait_until(lambda: s.children("edge") and s.edge_pid != edge, what="another edge")
    assert not client.visit()
    assert client.visit()


# --- what others find

@pytest.mark.skipif(harness.SANITIZED, reason="slow, and the same in both builds")
def test_testssl_finds_nothing_vulnerable(site, tmp_path):
    """The whole of testssl.sh takes minutes: protocols and the vulnerabilities that have names."""
    report = tmp_path / "report.json"
    subprocess.run([harness.tool("testssl"), "--quiet", "--color", "0", "--warnings", "off",
                    "--ip", "127.0.0.1", "--nodns", "none", "-p", "-H", "-I", "-T", "-R", "-C",
                    "-Z", "-O", "-W", "-A", "-L", "-F", "-J", "-D", "-4",
                    "--jsonfile", str(report),
                    f"example.org:{site.port}"], timeout=300, check=False,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    found = {row["id"]: row for row in json.loads(report.read_text())}
    offered = {name for name, row in found.items() if name in ("SSLv2", "SSLv3", "TLS1", "TLS1_1", "TLS1_2", "TLS1_3")
               and not row["finding"].startswith("not offered")}
    assert offered == {"TLS1_2", "TLS1_3"}
    bad = [row for row in found.values() if row["severity"] in ("MEDIUM", "HIGH", "CRITICAL")
           or "VULNERABLE (NOT ok)" in row["finding"]]
    assert not bad, bad
    assert len(found) > 15, "testssl.sh came to its end"


def test_sslscan_finds_the_ciphers_that_we_mean(site):
    text = subprocess.run([harness.tool("sslscan"), "--no-colour", "--no-heartbleed",
                           "--sni-name=example.org", f"127.0.0.1:{site.port}"],
                          stdout=subprocess.PIPE, timeout=60, check=False).stdout.decode()
    accepted = re.findall(r"^(?:Preferred|Accepted)\s+(\S+)\s+\d+ bits\s+(\S+)", text, re.M)
    assert {version for version, _ in accepted} == {"TLSv1.2", "TLSv1.3"}, text
    for version, cipher in accepted:
        assert cipher.startswith("TLS_") if version == "TLSv1.3" else \
            re.fullmatch(r"ECDHE-ECDSA-(AES(128|256)-GCM-SHA(256|384)|CHACHA20-POLY1305)", cipher)


# --- what is no proper TLS

def hostile_hellos():
    hello = harness.client_hello()
    body = hello[5:]

    def record(payload, kind=0x16, length=None):
        return bytes([kind, 3, 1]) + (length or len(payload)).to_bytes(2, "big") + payload
    yield "an empty record", record(b"")
    yield "a hundred empty records", record(b"") * 100
    yield "a hello of length 0", record(b"\1\0\0\0")
    yield "a hello of 16 MB", record(b"\1\xff\xff\xff" + body[4:])
    yield "a record longer than TLS allows", record(body, length=0xffff) + b"x" * 70000
    yield "an SSLv2 hello", bytes.fromhex("802e010002001500000010010080") + b"x" * 40
    yield "SSLv3", hello[:1] + b"\3\0" + hello[3:]
    yield "an alert first", record(b"\2\x28", 0x15)
    yield "a heartbeat", record(b"\1\x40\0", 0x18)
    yield "a ServerHello", record(b"\2" + body[1:])
    yield "application data", record(b"GET / HTTP/1.1\r\n\r\n", 0x17)
    yield "a hello and no more", hello
    yield "a hello twice", hello + hello
    yield "a hello, then noise", hello + os.urandom(500)
    yield "a session id too long", record(body[:38] + b"\xff" + body[39:])
    yield "a hello in single-byte records", b"".join(record(bytes([b])) for b in body)
    dice = random.Random(1)
    for i in range(30):
        garbled = bytearray(hello)
        for _ in range(1 + i % 5):
            garbled[dice.randrange(5, len(garbled))] = dice.randrange(256)
        yield f"a garbled hello, number {i}", bytes(garbled)
    for cut in range(1, len(hello), 37):
        yield f"a hello that ends after {cut} bytes", hello[:cut]


def test_no_hello_disturbs_the_others(site):
    """Each gets an answer or the end of its connection, never silence."""
    with site.tls() as held:
        for what, data in hostile_hellos():
            with site.connect(data) as s:
                s.shutdown(socket.SHUT_WR)
                try:
                    while s.recv(65536):
                        pass
                except ConnectionError:
                    pass
                except TimeoutError:
                    pytest.fail(f"{what} is left open")
            held.sendall(request("/"))
            assert answer(held)[0] == 200, what
    assert site.get("/", ca=site.certificate)[0] == 200


def test_a_refused_hello_is_answered_with_an_alert_and_not_with_a_reset(site):
    for words in (["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], ["-alpn", "imap"]):
        assert "alert" in s_client(site, *words)


def test_handshakes_by_many_at_once_all_succeed(site):
    failures = []

    def run():
        for _ in range(10):
            try:
                assert site.get("/")[0] == 200
            except (OSError, AssertionError) as error:
                failures.append(error)
    threads = [threading.Thread(target=run) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[:3]


# --- certificates that change

def serial(server, name="example.org"):
    with server.tls(name) as s:
        text = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-serial"],
                              input=s.getpeercert(binary_form=True), stdout=subprocess.PIPE,
                              check=True).stdout.decode()
    return text.strip()


def serial_of(chain):
    return subprocess.run(["openssl", "x509", "-in", str(chain), "-noout", "-serial"],
                          stdout=subprocess.PIPE, check=True).stdout.decode().strip()


def own_site(chain, key, root):
    return f"site example.org {{ certificate {chain} {key}; root {root} }}\n"


def test_a_renewed_certificate_is_used_without_a_command_and_without_a_loss(server, tmp_path):
    """Three ways of renewing, side by side, as each takes seconds to be noticed."""
    new, servers = make_pair(tmp_path, "new"), []
    for way in ("chain first", "key first", "link"):
        directory = tmp_path / way.replace(" ", "-")
        directory.mkdir()
        make_pair(directory, "old")
        chain, key = directory / "chain.pem", directory / "key.pem"
        for old, path in (("old.crt", chain), ("old.key", key)):
            if way == "link":
                path.symlink_to(old)
            else:
                shutil.copy(directory / old, path)
        s = server("", site=False, start=False)
        s.write(own_site(chain, key, s.www))
        s.start()
        servers.append((way, s, chain, key, s.tls(), serial(s)))
    late = []
    for way, s, chain, key, _, old in servers:
        if way == "link":
            for target, link in ((new[0], chain), (new[1], key)):
                link.unlink()
                link.symlink_to(target)
            continue
        halves = [(new[0], chain), (new[1], key)]
        if way == "key first":
            halves.reverse()
        shutil.copy(*halves[0])
        late.append((s, old, halves[1]))
    time.sleep(6)  # longer than between two looks
    for s, old, half in late:
        assert serial(s) == old, "half a pair is not used"
        assert "does not belong to the certificate" in s.log
        shutil.copy(*half)
    for way, s, *_ in servers:
        harness.wait_until(lambda s=s: serial(s) == serial_of(new[0]), RENEWAL_SECONDS, way)
    for _, _, _, _, held, _ in servers:
        held.sendall(request("/"))
        assert answer(held)[2] == b"hello\n"


def test_a_self_signed_certificate_about_to_expire_is_made_anew(server):
    s = server()
    first = serial(s)
    chain, key = make_pair(s.directory, "expiring", days=1)
    with s.tls() as held:
        shutil.copy(chain, s.certificate)
        shutil.copy(key, s.certificate.with_suffix(".key"))
        harness.wait_until(lambda: serial(s) not in (first, serial_of(chain)), RENEWAL_SECONDS,
                           "a certificate that is neither")
        held.sendall(request("/"))
        assert answer(held)[0] == 200
    end = subprocess.run(["openssl", "x509", "-in", str(s.certificate), "-noout", "-checkend",
                          str(80 * 86400)], stdout=subprocess.DEVNULL, check=False)
    assert end.returncode == 0, "it is good for longer than 80 days"
    assert (s.certificate.with_suffix(".key").stat().st_mode & 0o777) == 0o600


def test_a_pair_that_cannot_be_used_is_refused_and_nothing_changes(server, tmp_path):
    s = server()
    good, other = make_pair(tmp_path, "good"), make_pair(tmp_path, "other")
    weak = make_pair(tmp_path, "weak", "weak")
    empty, noise = tmp_path / "empty", tmp_path / "noise"
    empty.write_text("")
    noise.write_bytes(os.urandom(1000))
    before = serial(s)
    for chain, key, said in (
            (good[0], other[1], "does not belong to the certificate"),
            (tmp_path / "missing", good[1], "No such file"),
            (good[0], tmp_path / "missing", "No such file"),
            (empty, good[1], "is empty"), (noise, good[1], "no certificate"),
            (good[0], empty, "key file is empty|no private key"), (good[1], good[1], "no certificate"),
            (weak[0], weak[1], "too small")):
        s.write(s.text("").replace("certificate self-signed", f"certificate {chain} {key}"), whole=True)
        for verb in ("check", "reload"):
            done = s.cli(verb)
            assert done.returncode == 1, (verb, said)
            assert re.search(said, done.stderr), done.stderr
            assert re.search(rf"{s.conf}.* site example.org \(line \d+\)", done.stderr)
        assert serial(s) == before
    s.reload("")


def test_half_of_a_renewed_pair_is_told_of_once(server, tmp_path):
    """It may stay so for days, and is looked at every five seconds."""
    s = server(own_site(*make_pair(tmp_path, "own"), tmp_path), site=False)
    shutil.copy(make_pair(tmp_path, "next")[0], tmp_path / "own.crt")
    s.wait_log("cannot be used yet")
    time.sleep(11)
    assert s.log.count("cannot be used yet") == 1


def test_an_expired_certificate_is_served_but_said(server, tmp_path):
    """Refusing it would take the other sites down too; browsers say it themselves."""
    s = server()
    chain, key = expired_pair(tmp_path)
    s.write(s.text("").replace("certificate self-signed", f"certificate {chain} {key}"), whole=True)
    s.reload()
    assert serial(s) == serial_of(chain)
    s.wait_log(rf"{chain} has expired")
