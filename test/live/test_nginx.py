"""A real nginx behind us: it must see what it would see without us."""
import re
import ssl

import pytest

import harness

README = harness.TOP / "README.md"

SERVER = """
log_format seen '$remote_addr $proxy_protocol_addr $proxy_protocol_port $ssl_server_name $status';
server {{
    listen 127.0.0.1:{port} ssl {listen};
    set_real_ip_from 127.0.0.1;
    real_ip_header proxy_protocol;
    ssl_certificate {chain};
    ssl_certificate_key {key};
    access_log {log} seen;
    location / {{ return 200 "nginx for $remote_addr\\n"; }}
}}
"""


@pytest.fixture
def behind(nginx, certificate, tmp_path):
    """behind(LISTEN_WORDS): nginx for app.example on a port of its own: (port, its access log)."""
    def start(listen="proxy_protocol"):
        chain, key = certificate("app.example", "*.app.example")
        port, log = harness.free_port(), tmp_path / "seen.log"
        nginx(SERVER.format(port=port, listen=listen, chain=chain, key=key, log=log), port)
        return port, log
    return start


def last_line(log):
    return harness.wait_until(lambda: log.exists() and log.read_text().splitlines(),
                              what="a line in nginx's log")[-1]


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("family", [4, 6])
def test_nginx_behind_us_logs_the_clients_own_address(server, netns, behind, version, family):
    there = netns()
    port, log = behind()
    ours, theirs = (there.gateway, there.address) if family == 4 \
        else (there.gateway6, there.address6)
    s = server(f"share {{ sni app.example 127.0.0.1:{port} {{ proxy_protocol {version} }} }}",
               addresses=("127.0.0.1", ours))
    raw = there.connect(s.port, ours)
    client_port = raw.getsockname()[1]
    status, _, body = s.get("/", "app.example", on=raw)
    assert (status, body) == (200, f"nginx for {theirs}\n".encode())
    assert last_line(log) == f"{theirs} {theirs} {client_port} app.example 200"
    entry = s.wait_relay("sni app.example")
    assert (entry["client"], entry["port"]) == (theirs, client_port)


def test_without_a_header_nginx_sees_us(server, behind):
    port, log = behind("")
    s = server(f"share {{ sni app.example 127.0.0.1:{port} }}")
    assert s.get("/", "app.example")[2] == b"nginx for 127.0.0.1\n"
    assert last_line(log) == "127.0.0.1 - - app.example 200"


def test_nginx_and_our_site_share_the_port(server, behind):
    port, _ = behind()
    s = server(f"share {{ tls 127.0.0.1:{port} {{ proxy_protocol v2 }} }}")
    for _ in range(5):
        assert s.get("/", "app.example")[2].startswith(b"nginx")
        assert s.get("/", ca=s.certificate)[2] == b"hello\n"


def test_the_certificate_is_nginxs_own_and_is_verified_as_such(server, behind, certificate):
    port, _ = behind()
    s = server(f"share {{ tls 127.0.0.1:{port} {{ proxy_protocol v2 }} }}")
    chain, _ = certificate("stranger.example")
    with pytest.raises(ssl.SSLCertVerificationError):
        s.get("/", "app.example", ca=chain)


def test_http2_and_resumption_work_through_us_as_without_us(server, behind):
    port, _ = behind("proxy_protocol http2")
    s = server(f"share {{ sni *.app.example 127.0.0.1:{port} {{ proxy_protocol v1 }} }}")
    context = harness.client_context(alpn=["h2"], maximum_version=ssl.TLSVersion.TLSv1_2)
    with context.wrap_socket(s.connect(), server_hostname="a.app.example") as c:
        assert c.selected_alpn_protocol() == "h2"
        session = c.session
    with context.wrap_socket(s.connect(), server_hostname="a.app.example",
                             session=session) as c:
        assert c.session_reused


def readme_recipe(title):
    """The code blocks of a recipe in README.md."""
    section = re.search(rf"^### {re.escape(title)}\n(.*?)^##", README.read_text(), re.M | re.S)
    assert section, f"README.md has no recipe {title!r}"
    return re.findall(r"^```\w*\n(.*?)^```", section[1], re.M | re.S)


def test_the_readmes_recipe_works_as_it_is_written(server, netns, nginx, certificate, tmp_path):
    there = netns()
    theirs, ours = readme_recipe("Yesterday's nginx, moved behind")
    at = re.search(r"listen (127\.0\.0\.1:(\d+)) ssl", theirs)
    assert at and f"tls {at[1]} " in ours, "both halves name the same port"
    port = harness.free_port()
    chain, key = certificate("old.example")
    log = tmp_path / "old.log"
    rest = (f"ssl_certificate {chain};\nssl_certificate_key {key};\naccess_log {log};\n"
            "location / { return 200 yesterday; }\n")
    assert theirs.count("    ...\n") == 1
    nginx(theirs.replace(at[1], f"127.0.0.1:{port}").replace("...", rest), port)
    s = server(ours.replace(at[1], f"127.0.0.1:{port}"), addresses=("127.0.0.1", there.gateway))
    status, _, body = s.get("/", "old.example", on=there.connect(s.port))
    assert (status, body) == (200, b"yesterday")
    assert last_line(log).startswith(there.address + " - ")
