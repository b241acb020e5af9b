"""Routes by condition, fields, limits and passwords, as clients meet them."""
import base64
import concurrent.futures
import os
import pty
import re
import subprocess
import time

import pytest

import harness
from shared import answer, curl, get, request, serve

PASSWORD = "Sesam öffne dich"


def hashed(password=PASSWORD, *options):
    """The line that hash-password prints."""
    return subprocess.run([str(harness.BINARY), "hash-password", *options],
                          input=password + "\n", stdout=subprocess.PIPE, check=True,
                          text=True).stdout.strip()


def basic(user, password=PASSWORD):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


SITE = """
site routes.example {
    certificate self-signed
    plain_http on
    header X-Site yes
    route /get { method GET; respond 200 got }
    route /get { method POST; respond 200 posted }
    route /local { from 127.0.0.0/8; respond 200 here }
    route /local { respond 403 there }
    route /moved/* { strip_prefix /moved; redirect 301 https://new.example{uri} }
    route /deep/* { strip_prefix /deep; root %(www)s }
    route /always/* { rewrite /index.html; root %(www)s }
    route /slow { limit_rate 1/s burst 3; respond 200 ok }
    route /few/* { strip_prefix /few; limit_connections 2; root %(www)s }
    route /small { limit_body 10; respond 200 ok }
    route /private/* {
        strip_prefix /private
        basic_auth "the staff" { %(yescrypt)s; %(bcrypt)s; %(sha512)s }
        root %(www)s
    }
}
"""


@pytest.fixture(scope="module")
def site():
    for server in serve():
        lines = {kind: hashed(PASSWORD, "--method", kind).replace("NAME", kind)
                 for kind in ("yescrypt", "bcrypt", "sha512")}
        (server.www / "large").write_bytes(b"x" * (32 << 20))
        server.reload(SITE % {"www": server.www, **lines})
        yield server


def ask(site, path, headers=None, method="GET"):
    return get(site, path, headers, "routes.example", method)


# --- routes

@pytest.mark.parametrize("method, path, status, body", [
    ("GET", "/get", 200, b"got"), ("HEAD", "/get", 200, b""), ("POST", "/get", 200, b"posted"),
    ("DELETE", "/get", 404, None), ("GET", "/local", 200, b"here"),
    ("GET", "/deep/index.html", 200, b"hello\n"), ("GET", "/deep/", 200, b"hello\n"),
    ("GET", "/deep", 404, None), ("GET", "/always/whatever/it/is", 200, b"hello\n"),
    ("GET", "/deep/..%2findex.html", 400, None), ("GET", "/nothing", 404, None)])
def test_the_first_route_whose_conditions_hold_answers(site, method, path, status, body):
    said = ask(site, path, method=method)
    assert said[0] == status
    assert body is None or said[2] == body


def test_every_answer_carries_its_sites_fields(site):
    for path in ("/get", "/nothing", "/moved/", "/private/", "/deep/..%2f"):
        fields = ask(site, path)[1]
        assert fields["x-site"] == "yes", path
        assert fields["x-content-type-options"] == "nosniff"
        assert fields["strict-transport-security"] == "max-age=31536000"


def test_in_clear_nothing_is_said_of_tls(site):
    with site.connect(plain=True) as s:
        s.sendall(request("/get", "Connection: close", host="routes.example"))
        status, fields, body = answer(s)
    assert (status, body) == (200, b"got")
    assert fields["x-site"] == "yes"
    assert "strict-transport-security" not in fields


@pytest.mark.parametrize("path, location", [
    ("/moved/a%20b?c=%26", "https://new.example/a%20b?c=%26"),
    ("/moved//evil.example", "https://new.example/evil.example"),
    ("/moved/%0d%0aSet-Cookie:x", "https://new.example/%0D%0ASet-Cookie:x")])
def test_redirects_keep_the_path_and_stay_where_they_lead(site, path, location):
    status, fields, _ = ask(site, path)
    assert status == 301
    assert fields["location"] == location
    assert "set-cookie" not in fields


# --- limits

def test_who_asks_too_often_waits(site):
    said = [ask(site, "/slow") for _ in range(5)]
    assert [status for status, _, _ in said[:3]] == [200, 200, 200]
    assert 429 in [status for status, _, _ in said]
    refused = next(fields for status, fields, _ in said if status == 429)
    assert int(refused["retry-after"]) >= 1
    time.sleep(int(refused["retry-after"]) + 0.1)
    assert ask(site, "/slow")[0] == 200


def test_over_all_workers_no_more_pass_than_the_limit_says(site):
    time.sleep(4)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        began = time.monotonic()
        passed = sum(pool.map(lambda _: ask(site, "/slow")[0] == 200, range(40)))
        took = time.monotonic() - began
    assert 3 <= passed <= 3 + took + 1


def test_so_many_at_once_and_more_once_these_are_over(site):
    held = []
    try:
        for _ in range(2):
            s = site.tls("routes.example")
            held.append(s)
            s.sendall(request("/few/large", host="routes.example"))
            s.recv(1)
        status, fields, _ = ask(site, "/few/index.html")
        assert status == 429
        assert fields["retry-after"] == "1"
        assert ask(site, "/get")[0] == 200
    finally:
        for s in held:
            s.close()
    harness.wait_until(lambda: ask(site, "/few/index.html")[0] == 200)


def test_a_body_past_the_limit_is_refused(site):
    for length, status in ((10, "200"), (11, "413")):
        assert curl(site, "--http1.1", "-o", "/dev/null", "-w", "%{http_code}", "-d", "x" * length,
                    path="/small", name="routes.example").stdout == status


# --- passwords

def test_a_browser_is_asked(site):
    status, fields, _ = ask(site, "/private/")
    assert status == 401
    assert fields["www-authenticate"] == 'Basic realm="the staff", charset="UTF-8"'


@pytest.mark.parametrize("kind", ["yescrypt", "bcrypt", "sha512"])
def test_hashes_of_each_method_open(site, kind):
    assert ask(site, "/private/", basic(kind))[::2] == (200, b"hello\n")


def test_curl_gets_in(site):
    assert curl(site, "-u", f"yescrypt:{PASSWORD}", path="/private/",
                name="routes.example").stdout == "hello\n"


def test_what_was_right_is_remembered_on_a_connection(site):
    """By what it costs: each comparison would be a tenth of a second of a processor's time."""
    with site.tls("routes.example") as s:
        fields = [f"{name}: {value}" for name, value in basic("sha512").items()]
        before = harness.cpu(site.edge_pid)
        for _ in range(20):
            s.sendall(request("/private/", *fields, host="routes.example"))
            assert answer(s)[0] == 200
        assert harness.cpu(site.edge_pid) - before < 0.5


def test_others_are_served_while_a_password_is_compared(site):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        wrong = [pool.submit(ask, site, "/private/", basic("bcrypt", f"wrong {i}"))
                 for i in range(3)]
        began = time.monotonic()
        for _ in range(5):
            assert ask(site, "/get")[0] == 200
        assert time.monotonic() - began < 2
        assert [w.result()[0] for w in wrong] == [401] * 3
    assert "wrong password for" in site.log
    assert "wrong 1" not in site.log


def test_wrong_passwords_lock_their_address_out_but_not_who_is_in(server):
    line = hashed("right", "--method", "sha512").replace("NAME", "alice")
    one = server(f"""
site locked.example {{
    certificate self-signed
    basic_auth staff {{ {line} }}
    respond 200 in
}}
""", workers=1)

    def get_in(password):
        return get(one, "/", basic("alice", password), "locked.example")
    assert get_in("right")[0] == 200
    said = [get_in(f"wrong {i}")[0] for i in range(12)]
    assert said[:10] == [401] * 10
    assert 429 in said[10:]
    assert get_in("right")[0] == 200
    status, fields, _ = get_in("never said before")
    assert status == 429
    assert int(fields["retry-after"]) >= 1


def count_body(s):
    """Reads one request and answers with its target and the length of its body."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += s.recv(65536)
    head, body = data.split(b"\r\n\r\n", 1)
    length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
    got = len(body)
    while got < length:
        got += len(s.recv(65536))
    said = b"%s %d" % (head.split(b" ")[1], got)
    s.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
              % (len(said), said))


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
@pytest.mark.parametrize("expect", ["Expect: 100-continue", "Expect:"])
def test_a_body_waits_for_the_password_and_then_arrives_whole(server, backend, tmp_path, version,
                                                              expect):
    there = backend(count_body)
    line = hashed().replace("NAME", "alice")
    one = server(f"""
site example.net {{
    certificate self-signed
    limit_body 10m
    route /app/* {{
        basic_auth staff {{ {line} }}
        strip_prefix /app
        proxy http://{there.at}
    }}
}}
""")
    large = tmp_path / "large"
    large.write_bytes(os.urandom(3 << 20))

    def send(user, body):
        return curl(one, version, "-H", expect, "-u", f"{user}:{PASSWORD}", "-w", " %{http_code}",
                    "--data-binary", body, path="/app/x/./a%2Fb?q", name="example.net").stdout
    assert send("alice", f"@{large}") == f"/x/a%2Fb?q {3 << 20} 200"
    # curl 7.88 takes an early answer by HTTP/2 for none where its body has not ended.
    if version == "--http1.1":
        assert send("eve", "x").endswith(" 401")
    assert len(there.peers) == 1


# --- hash-password

@pytest.mark.parametrize("method, begins", [
    ("yescrypt", "$y$"), ("bcrypt", "$2b$11$"), ("sha512", "$6$rounds=")])
def test_hashes_are_what_crypt_makes(method, begins):
    line = hashed(PASSWORD, "--method", method)
    assert line.startswith(f"user NAME {begins}")
    assert line != hashed(PASSWORD, "--method", method)


def test_the_line_has_the_name_given():
    assert hashed(PASSWORD, "alice", "--method", "sha512").startswith("user alice $6$")
    done = subprocess.run([str(harness.BINARY), "hash-password", "a b"], input="secret\n",
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "a name is letters" in done.stderr


@pytest.mark.parametrize("text, why", [
    ("", "no password"), ("\n", "empty"), ("x" * 600 + "\n", "511"), ("a\tb\n", "control")])
def test_what_is_no_password_is_refused(text, why):
    done = subprocess.run([str(harness.BINARY), "hash-password"], input=text, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert why in done.stderr
    assert done.stdout == ""


def typed(*answers):
    """What is seen on a terminal where `answers` are typed, and the exit status."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(str(harness.BINARY), ["sallyport", "hash-password"])
    seen = b""
    for prompt, text in zip((b"Password: ", b"again: "), answers):
        while prompt not in seen:
            seen += os.read(terminal, 1000)
        os.write(terminal, text.encode() + b"\n")
    try:
        while piece := os.read(terminal, 1000):
            seen += piece
    except OSError:  # its end, on Linux
        pass
    os.close(terminal)
    return seen.decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_on_a_terminal_it_is_asked_twice_and_not_shown():
    seen, status = typed("tell nobody", "tell nobody")
    assert status == 0
    assert re.search(r"user NAME \$y\$\S+", seen)
    assert "tell" not in seen
    seen, status = typed("one", "other")
    assert status == 1
    assert "two different" in seen
    assert "user NAME" not in seen
