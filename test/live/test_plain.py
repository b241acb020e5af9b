"""The plain port: redirects, ACME challenges, and sites that are served on it too."""
import json
import os
import subprocess

import pytest

import harness
from shared import answer, curl, request, say, serve, status_of

OPEN = "site open.example { certificate self-signed; plain_http on; root %s/open }\n"


@pytest.fixture(scope="module")
def site():
    for server in serve():
        (server.www / "open").mkdir()
        (server.www / "open/index.html").write_text("open\n")
        server.reload(OPEN % server.www)
        yield server


def redirect(server, target="/", host="example.org", method="GET", version="1.1"):
    """(status, Location) of a request on the plain port."""
    with server.connect(plain=True) as s:
        s.sendall(request(target, method=method, host=host, version=version))
        status, headers, _ = answer(s, method)
        return status, headers.get("location")


# --- redirects

@pytest.mark.parametrize("method, status", [
    ("GET", 301), ("HEAD", 301), ("POST", 308), ("PUT", 308), ("DELETE", 308), ("OPTIONS", 308),
])
def test_a_redirect_keeps_the_method(site, method, status):
    there = f"https://example.org:{site.port}/x?y=z"
    assert redirect(site, "/x?y=z", method=method) == (status, there)


@pytest.mark.parametrize("host, name", [
    ("example.org", "example.org"), ("example.org:80", "example.org"),
    ("EXAMPLE.org:8080", "example.org"), ("unknown.example", "unknown.example"),
    ("192.0.2.1", "192.0.2.1"), ("192.0.2.1:80", "192.0.2.1"),
    ("[2001:db8::1]", "[2001:db8::1]"), ("[::1]:80", "[::1]"),
])
def test_a_redirect_goes_to_the_name_asked_for_and_to_our_port(site, host, name):
    assert redirect(site, "/a/b", host) == (301, f"https://{name}:{site.port}/a/b")


@pytest.mark.root
def test_the_port_is_left_out_where_it_is_443(server):
    address = f"127.{os.getpid() % 200 + 20}.44.3"
    s = server(addresses=[address], start=False)
    s.port, s.plain_port = 443, 80
    if harness.can_connect(address, 443) or harness.can_connect(address, 80):
        pytest.skip("somebody has these ports on all addresses")
    s.write("")
    s.start()
    for host in ("example.org", "example.org:80", "[::1]:80"):
        name = host.removesuffix(":80")
        assert redirect(s, "/x", host) == (301, f"https://{name}/x")


def test_curl_follows_the_redirect_to_the_page(site):
    done = curl(site, "-L", "-w", "%{num_redirects} %{http_code}", "--resolve",
                f"example.org:{site.port}:127.0.0.1", plain=True)
    assert done.stdout == "hello\n1 200"


@pytest.mark.parametrize("target", [
    "//evil.example/", "///evil.example", "/\\evil.example", "/.evil.example", "/@evil.example",
    "/%0d%0aSet-Cookie:x", "/%2f%2fevil.example",
])
def test_no_target_leads_elsewhere(site, target):
    status, there = redirect(site, target)
    assert status in (301, 400)
    assert there is None or there == f"https://example.org:{site.port}{target}"


@pytest.mark.parametrize("host", [
    "example.org@evil.example", "example.org/evil", "example.org\\.evil.example",
    "example.org evil.example", "evil.example#", "evil.example?", "example.org:80:80",
    "example.org:http", "[::1", "::1", "[evil.example]", "", "%65vil.example", "ex\tample.org",
    ".example.org", "example.org,evil.example", "example.org;", "<b>", "\"", "a" * 300,
])
def test_a_host_that_is_no_host_is_refused_and_not_repeated(site, host):
    raw = say(site, request("/", "Connection: close", host=host), plain=True)
    assert status_of(raw) == 400
    assert b"evil" not in raw and b"location" not in raw.lower()


def test_a_target_with_a_host_of_its_own_must_be_for_the_same(site):
    there = f"https://example.org:{site.port}/x"
    assert redirect(site, "http://example.org/x") == (301, there)
    assert redirect(site, "http://evil.example/x") == (400, None)
    assert status_of(say(site, b"GET / HTTP/1.0\r\n\r\n", plain=True)) == 400


def test_a_connection_is_kept_after_a_redirect(site):
    with site.connect(plain=True) as s:
        for _ in range(3):
            s.sendall(request("/"))
            assert answer(s)[0] == 301


def test_tls_and_noise_on_the_plain_port_are_closed(site):
    for data in (harness.client_hello(), b"SSH-2.0-x\r\n", bytes(range(256))):
        raw = say(site, data, plain=True)
        assert status_of(raw) in (0, 400)
    assert redirect(site)[0] == 301


# --- sites that are served in clear

def test_a_plain_http_site_is_served_on_both_ports(site):
    with site.connect(plain=True) as s:
        s.sendall(request("/", host="open.example"))
        assert answer(s)[2] == b"open\n"
    assert site.get("/", name="open.example")[2] == b"open\n"
    assert redirect(site)[0] == 301, "and only that site"


# --- ACME

def challenge(server, token, **options):
    with server.connect(plain=True) as s:
        s.sendall(request("/.well-known/acme-challenge/" + token, **options))
        return answer(s)


@pytest.mark.parametrize("place", ["", ".well-known/acme-challenge/"])
@pytest.mark.parametrize("host", ["example.org", "open.example", "unknown.example"])
def test_challenge_files_are_served_for_any_name(site, place, host):
    directory = site.state / "acme-challenge" / place
    directory.mkdir(parents=True, exist_ok=True)
    token = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr_oA"
    (directory / token).write_text(token + ".thumbprint")
    status, headers, body = challenge(site, token, host=host)
    assert (status, body) == (200, token.encode() + b".thumbprint")
    assert headers["content-type"] == "text/plain"
    (directory / token).unlink()
    assert challenge(site, token, host=host)[0] == 404


def test_challenge_files_are_the_only_ones_served_from_the_state_directory(site):
    secret = site.state / "acme-challenge/link"
    secret.symlink_to("../self-signed/example.org.key")
    for token in ("link", "../self-signed/example.org.key", "..%2fself-signed/example.org.key",
                  "%2e%2e/self-signed/example.org.key", ".", "", "a/b"):
        raw = say(site, request("/.well-known/acme-challenge/" + token, "Connection: close"),
                  plain=True)
        assert status_of(raw) in (301, 400, 404), token
        assert b"PRIVATE" not in raw


@pytest.fixture
def pebble(process, certificate, server, tmp_path):
    """An ACME server that finds example.org at our plain port: (our server, its directory)."""
    def start(config=""):
        s = server(config)
        chain, key = certificate("localhost", "127.0.0.1")
        port, management, dns = (harness.free_port() for _ in range(3))
        conf = tmp_path / "pebble.json"
        conf.write_text(json.dumps({"pebble": {
            "listenAddress": f"127.0.0.1:{port}", "httpPort": s.plain_port, "tlsPort": s.port,
            "managementListenAddress": f"127.0.0.1:{management}",
            "certificate": str(chain), "privateKey": str(key)}}))
        process([harness.tool("pebble-challtestsrv"), "-dns01", f"127.0.0.1:{dns}",
                 "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-http01", "", "-https01", "",
                 "-tlsalpn01", "", "-management", f"127.0.0.1:{harness.free_port()}"])
        environment = {**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0",
                       "PEBBLE_AUTHZREUSE": "0"}
        process([harness.tool("pebble"), "-config", conf, "-dnsserver", f"127.0.0.1:{dns}"],
                env=environment).wait_port(port)
        return s, f"https://127.0.0.1:{port}/dir"
    return start


def certbot(directory, *words):
    done = subprocess.run(
        [harness.tool("certbot"), *map(str, words), "--non-interactive", "--no-verify-ssl",
         "--config-dir", str(directory / "etc"), "--work-dir", str(directory / "lib"),
         "--logs-dir", str(directory / "log")],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=60, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(harness.SANITIZED, reason="slow, and the same in both builds")
def test_certbot_gets_a_certificate_that_is_served_and_renewed_without_a_command(pebble, tmp_path):
    s, directory = pebble()
    live = tmp_path / "etc/live/example.org"
    certbot(tmp_path, "certonly", "--webroot", "-w", s.state / "acme-challenge", "-d",
            "example.org", "--server", directory, "--agree-tos",
            "--register-unsafely-without-email")
    s.write(s.conf.read_text().replace("certificate self-signed",
                                       f"certificate {live}/fullchain.pem {live}/privkey.pem"),
            whole=True)
    s.reload()

    def served():
        with s.tls() as c:
            return c.getpeercert(binary_form=True)

    def on_disk():
        text = (live / "cert.pem").read_text()
        return harness.ssl.PEM_cert_to_DER_cert(text)
    first = served()
    assert first == on_disk()
    with s.tls() as held:
        certbot(tmp_path, "renew", "--force-renewal", "--no-random-sleep-on-renew")
        assert on_disk() != first
        harness.wait_until(lambda: served() == on_disk(), 15, "the renewed certificate")
        held.sendall(request("/"))
        assert answer(held)[2] == b"hello\n", "the connection from before goes on"
