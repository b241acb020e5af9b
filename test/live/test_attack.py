"""What strangers, users, operators, tokens, other sites' pages and a fallen edge must not get."""
import concurrent.futures
import contextlib
import json
import re
import socket
import sqlite3
import ssl
import subprocess
import threading
import time

import pytest

import harness
import shared
from rest import PASSWORD, Browser, Machine, totp, wait_ready

# Behind a proxy of our own: whoever asks comes from where X-Forwarded-For says.
BEHIND = "trust_forwarded 127.0.0.1\n"
INSIDE, OUTSIDE = "10.1.2.3", "203.0.113.7"


class From(Browser):
    """A browser at any address."""

    def __init__(self, server, origin=INSIDE, **options):
        super().__init__(server, **options)
        self.origin = origin

    def headers(self, method):
        return {"X-Forwarded-For": self.origin, **super().headers(method)}


@pytest.fixture
def hall(office):
    """hall(CONFIG): a server that `allow`s 10.0.0.0/8 alone, and whom addresses are told to."""
    def start(config="", admin="", **options):
        return office(BEHIND + config, admin="allow 10.0.0.0/8\n" + admin, **options)
    return start


@pytest.fixture(scope="session", name="hired")
def those_who_are_hired(tmp_path_factory):
    """A state directory with root, ops, anna and bob, and who is signed in by those names: a copy
    of it is there sooner than they are."""
    directory = tmp_path_factory.mktemp("hired")
    at = {}
    for server in shared.serve_office(BEHIND, admin="allow 10.0.0.0/8\n"):
        for name, role in (("root", "admin"), ("ops", "operator"), ("anna", "user"),
                           ("bob", "user")):
            server.machine.user(name, role)
            at[name] = From(server)
            assert at[name].sign_in(name).status == 200
            server.machine.good("POST", f"/users/{name}/devices",
                                {"name": "laptop", "platform": "linux", "kind": "locked"})
        server.stop()
        subprocess.run(["cp", "-a", server.state, directory], check=True)
    return directory / "state", at


@pytest.fixture
def staff(hall, hired):
    """A server with root, ops, anna and bob; who is signed in by those names."""
    state, at = hired
    server = hall(state=state)
    server.at = {name: From(server) for name in at}
    for name, browser in server.at.items():
        browser.cookie, browser.csrf = at[name].cookie, at[name].csrf
        assert browser.get("/me").status == 200
    return server


# --- up

ABOVE_AN_OPERATOR = [
    ("PATCH", "/users/root", {"full_name": "me"}),
    ("PATCH", "/users/root", {"enabled": False}),
    ("PATCH", "/users/ops", {"role": "admin"}),
    ("PATCH", "/users/anna", {"role": "operator"}),
    ("POST", "/users", {"name": "eve", "role": "admin"}),
    ("POST", "/users/root/password", {"password": "eve eve eve eve 1"}),
    ("POST", "/users/root/invite", None),
    ("POST", "/users/root/reset", None),
    ("DELETE", "/users/root/totp", None),
    ("DELETE", "/users/root", None),
    ("POST", "/users/root/devices", {"name": "x", "platform": "linux", "kind": "auto"}),
    ("GET", "/users/root/devices/laptop/profile", None),
    ("POST", "/users/root/devices/laptop/link", None),
    ("POST", "/users/root/devices/laptop/revoke", None),
    ("POST", "/tokens", {"name": "up", "scope": "admin"}),
    ("POST", "/bans", {"subject": "root"}),
    ("POST", "/groups", {"name": "mine"}),
    ("PUT", "/policy", {}),
    ("POST", "/rules", {"scope": "global", "action": "allow", "destination": "0.0.0.0/0"}),
    ("PUT", "/alerts", {}),
    ("GET", "/config", None),
    ("POST", "/config/rollback", None),
    ("POST", "/setup-link", None),
]


def test_an_operator_stays_one(staff):
    ops = staff.at["ops"]
    for method, path, body in ABOVE_AN_OPERATOR:
        answer = ops.ask(method, path, body, headers={"If-Match": "*"})
        assert answer.status in (400, 403, 404), (method, path, body, answer)
    imported = ops.post("/users/import", {"csv": "name,role\neve,admin\n", "preview": False})
    assert imported.status == 400, imported
    sessions = staff.machine.good("GET", "/sessions?user=root")["items"]
    assert ops.ask("DELETE", f"/sessions/{sessions[0]['id']}").status == 403
    token = staff.at["root"].good("POST", "/tokens", {"name": "t", "scope": "admin"})["details"]
    assert ops.ask("DELETE", f"/tokens/{token['id']}").status == 404
    link = staff.machine.good("POST", "/users/root/reset")
    assert ops.ask("DELETE", f"/links/{link['id']}").status == 403
    assert staff.machine.get("/users/eve").status == 404


def test_what_is_read_only_is_in_no_body(staff):
    root = staff.at["root"]
    for member, value in (("id", 1), ("version", 1), ("has_password", True), ("password", "x"),
                          ("has_totp", False), ("created", "2020-01-01T00:00:00Z"),
                          ("__proto__", {}), ("role\0", "admin")):
        answer = root.patch("/users/anna", {member: value})
        assert answer.status == 400, (member, answer)
    assert staff.at["anna"].patch("/me", {"role": "admin"}).status == 400
    assert staff.at["anna"].patch("/me", {"full_name": "A", "enabled": True}).status == 400


def test_a_link_from_before_a_promotion_is_void(staff):
    """An operator could otherwise keep one of a user who becomes an administrator."""
    for kind in ("invite", "reset"):
        name = "new" + kind
        staff.machine.user(name)
        link = staff.at["ops"].good("POST", f"/users/{name}/{kind}")
        token = link["page_url"].rsplit("/", 1)[1]
        staff.machine.patch(f"/users/{name}", {"role": "admin"})
        answer = From(staff).post(f"/links/{token}/password", {"password": "eve eve eve eve 1"})
        assert answer.status == 404, answer


def test_a_token_makes_no_tokens(staff):
    """What is revoked, or has expired, must not live on in what it made."""
    made = staff.at["root"].good("POST", "/tokens", {"name": "t", "scope": "admin"})
    program = From(staff)
    program.token = made["token"]
    assert program.get("/users").status == 200
    assert program.post("/tokens", {"name": "u", "scope": "read"}).status == 403


def test_a_reading_token_only_reads(staff):
    made = staff.at["root"].good("POST", "/tokens", {"name": "r", "scope": "read"})
    reader = From(staff)
    reader.token = made["token"]
    assert reader.get("/users").status == 200
    for path in ("/me", "/me/devices", "/session", "/config", "/users/anna/devices/laptop/profile",
                 "/me/devices/laptop/profile"):
        assert reader.get(path).status == 403, path
    for method, path in (("DELETE", "/session"), ("POST", "/session/prove"), ("POST", "/me/totp"),
                         ("POST", "/me/devices/laptop/link"), ("DELETE", "/me/sessions"),
                         ("POST", "/users/anna/invite"), ("POST", "/config/check")):
        assert reader.ask(method, path).status == 403, path


def test_an_operator_shuts_out_no_administrator(staff):
    ops = staff.at["ops"]
    staff.at["root"].origin = "10.9.9.9"
    assert staff.at["root"].sign_in("root").status == 200
    for subject in ("10.9.9.9", "10.9.9.0/24", "10.9.0.0/16", "192.0.0.0/8"):
        assert ops.post("/bans", {"subject": subject}).status == 403, subject
    assert ops.post("/bans", {"subject": "198.51.100.0/24"}).status == 201
    assert staff.at["root"].get("/users").status == 200


# --- others' things

def test_others_things_do_not_exist(staff):
    anna, bob = staff.at["anna"], staff.at["bob"]
    device = bob.good("GET", "/me/devices")["items"][0]["id"]
    session = bob.good("GET", "/me/sessions")["items"][0]["id"]
    for word in (f"%23{device}", f"%2523{device}", f"..%2fbob%2fdevices%2flaptop", "laptop%00x"):
        for method, rest in (("GET", ""), ("GET", "/profile"), ("POST", "/link"),
                             ("POST", "/revoke"), ("POST", "/renew")):
            answer = anna.ask(method, f"/me/devices/{word}{rest}")
            assert answer.status in (400, 404), (word, rest, answer)
    assert anna.ask("DELETE", f"/me/sessions/{session}").status == 404
    assert anna.get("/users/bob").status == 403
    assert bob.get("/me").status == 200


def test_a_word_used_by_somebody_else_repeats_nothing(staff):
    key = {"Idempotency-Key": "the-same"}
    path = "/me/devices/laptop/link"
    first = staff.at["bob"].post(path, headers=key).json
    other = staff.at["anna"].post(path, headers=key).json
    assert first["url"] != other["url"]
    assert staff.at["bob"].post(path, headers=key).json["url"] == first["url"]


# --- a page of somebody else's in the browser

def test_pages_of_other_sites_change_nothing(staff):
    root = staff.at["root"]
    csrf, root.csrf = root.csrf, None
    for fields in ({}, {"X-CSRF-Token": "x" * 43}, {"X-CSRF-Token": csrf[:-1] + "!"},
                   {"X-CSRF-Token": csrf, "Sec-Fetch-Site": "cross-site"},
                   {"X-CSRF-Token": csrf, "Sec-Fetch-Site": "same-site"},
                   {"X-CSRF-Token": csrf, "Sec-Fetch-Site": "none"},
                   {"X-CSRF-Token": csrf, "Sec-Fetch-Site": "Same-Origin, cross-site"},
                   {"X-HTTP-Method-Override": "DELETE"}):
        answer = root.post("/users", {"name": "eve"}, headers=fields)
        assert answer.status == 403, (fields, answer)
    for media in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        answer = root.raw("POST", "/api/v1/users", b'{"name":"eve"}',
                          {"Content-Type": media, "X-CSRF-Token": csrf})
        assert answer.status == 415, (media, answer)
    assert root.raw("GET", "/api/v1/users?_method=DELETE").status == 400
    assert root.raw("GET", f"/api/v1/users?access_token={csrf}").status == 400
    stranger = From(staff)
    assert stranger.post("/session", {"name": "anna", "password": PASSWORD},
                         headers={"Sec-Fetch-Site": "cross-site"}).status == 403
    assert staff.machine.get("/users/eve").status == 404


def test_forms_of_other_sites_are_not_taken(staff):
    link = staff.machine.good("POST", "/users/anna/reset")["page_url"]
    form = b"password=eve+eve+eve+eve+1"
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    for fields in ({}, {"Origin": "https://evil.example"}, {"Origin": "null"},
                   {"Origin": "https://example.org.evil.example"},
                   {"Sec-Fetch-Site": "cross-site", "Origin": "https://example.org"},
                   {"Sec-Fetch-Site": "same-site"}, {"Referer": "https://example.org/"}):
        answer = From(staff).raw("POST", link, form, {**kind, **fields})
        assert answer.status == 403, (fields, answer)
    assert From(staff).raw("POST", link, form, {**kind, "Sec-Fetch-Site": "same-origin"}).status \
        == 200


def test_two_cookies_of_the_name_are_none(staff):
    """One of them was planted; which, nobody knows."""
    mine, planted = staff.at["root"].cookie, staff.at["anna"].cookie
    name = "__Host-sallyport"
    for text in (f"{name}={planted}; {name}={mine}", f"{name}={mine}; {name}={planted}",
                 f"{name}={mine};{name}=", f'{name}={mine}; a=b; {name}="{planted}"'):
        answer = From(staff).raw("GET", "/api/v1/session", None, {"Cookie": text})
        assert answer.status == 401, (text, answer)
    assert From(staff).raw("GET", "/api/v1/session", None,
                           {"Cookie": f"a=b; {name}={mine}; {name}x={planted}"}).status == 200


def test_signing_in_makes_another_session(staff):
    browser = From(staff)
    browser.cookie = "A" * 43
    assert browser.sign_in("anna").status == 200
    first = browser.cookie
    assert first != "A" * 43
    assert browser.sign_in("anna").status == 200 and browser.cookie != first


# --- where from

TRICKS = ["/api/v1/users", "/api/v1/../v1/users", "/x/../api/v1/users", "//api/v1/users",
          "/api//v1/users", "/%61pi/v1/users", "/api/v1/%75sers", "/api/v1/users/",
          "/api/v1/users/.", "/api/v1/users;x=y", "/api;/v1/users", "/api%2fv1/users",
          "/api/v1%2fusers", "/API/v1/users", "/api/v1/users.", "/api/v1/users%00",
          "/api/v1/me/../users", "/api/v1/me/%2e%2e/users", "/api/v1/session/..%2fusers",
          "/portal/../admin", "/portal/%2e%2e/admin", "/portal/..;/admin", "/admin", "/admin/",
          "/admin/x", "/%61dmin", "/link/../admin", "/api/v1/openapi.json", "/metrics",
          "/api/v1/import/../users", "/api/v1/setup/../users", "/api/v1/users?x",
          "/api/v1/users#x", "/api/v1/session\\..\\users", "https://example.org/admin"]


def raw(server, request, port=None, alpn=None):
    with socket.create_connection(("127.0.0.1", port or server.port), timeout=20) as on:
        with server.tls(on=on, alpn=alpn) as tls:
            tls.sendall(request)
            return tls_rest(tls)


def tls_rest(tls):
    data = b""
    try:
        while more := tls.recv(65536):
            data += more
    except (ssl.SSLError, ConnectionError):
        pass
    return re.sub(rb"(?i)\r\n(date|etag|last-modified): [^\r]*", b"", data)


def plainly(method, target, fields="", body=b""):
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return (f"{method} {target} HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n"
            f"{length}{fields}\r\n").encode() + body


ACCESS = "site example.org {\n    certificate self-signed\n    access_server\n    root %s\n}\n"


@pytest.fixture(name="portal")
def a_site_with_the_console(hall, tmp_path):
    """A server whose console is on a site with files."""
    www = tmp_path / "files"
    www.mkdir()
    (www / "index.html").write_text("hello\n")
    server = hall(ACCESS % www, admin="portal 10.0.0.0/8", site=False)
    server.machine.user("root", "admin")
    return server


def test_no_path_leads_around_the_list(portal):
    origin = f"X-Forwarded-For: {OUTSIDE}\r\n"
    # Where a path may be read in two ways it is a 400, here as anywhere.
    for method in ("GET", "HEAD", "POST", "DELETE", "PATCH", "OPTIONS", "PUT"):
        for target in TRICKS:
            answer = raw(portal, plainly(method, target, origin))
            status = answer.split(b" ", 2)[1]
            assert status in (b"400", b"404", b"405") or \
                (method == "OPTIONS" and status in (b"200", b"204")), (method, target, answer)
            for word in (b"problem+json", b"no-store", b"sallyport", b"Sign in"):
                assert word not in answer.lower(), (method, target, answer)
    assert portal.machine.get("/refusals").status == 200


def test_a_refused_console_is_an_unknown_page_whatever_is_sent(portal):
    origin = f"X-Forwarded-For: {OUTSIDE}\r\n"
    session = "Cookie: __Host-sallyport=" + "A" * 43 + "\r\n"
    token = "Authorization: Bearer sp_" + "A" * 43 + "\r\n"
    kind = "Content-Type: application/json\r\n"
    for fields in ("", session, token, kind, "Expect: 100-continue\r\n" + kind):
        for body in (b"", b"{}", b"{" * 5000, b"x" * 100_000, b"x" * 3_000_000):
            for method in ("GET", "POST", "PUT"):
                if method == "GET" and body:
                    continue
                for path in ("/api/v1/users", "/admin", "/api/v1/config/apply", "/api/v1/rules"):
                    there = raw(portal, plainly(method, path, origin + fields, body))
                    other = raw(portal, plainly(method, "/nothing/here", origin + fields, body))
                    assert there == other, (method, path, fields, len(body), there, other)


@pytest.mark.parametrize("said", ["::ffff:203.0.113.7", "fe80::1%eth0",
                                  "unknown", "_hidden", "10.1.2.3.", "0x7f.1", "2130706433",
                                  "[fe80::1%25eth0]:80", "127.1", "127.0.0.1%lo"])
def test_who_cannot_be_told_is_not_let_in(office, said):
    """A proxy of ours may say who asks in words that are no address."""
    server = office(BEHIND)  # `allow loopback vpn`
    stranger = From(server, said + ", " + said)
    answer = stranger.get("/users")
    assert answer.status == 404, answer


# --- names and links

def test_names_do_not_leave_their_fields(staff):
    anna = staff.at["anna"]
    for name in ('a"b', "a\r\nX-Evil: 1", "a/b", "../../x", "a\\b", "é", "a;b", "%0d%0aX: y",
                 "<script>", "'; DROP TABLE users --", "x" * 65):
        answer = anna.post("/me/devices", {"name": name, "platform": "linux", "kind": "locked"})
        assert answer.status in (201, 400), (name, answer)
        if answer.status != 201:
            continue
        profile = anna.raw("GET", answer.headers["Location"] + "/profile")
        assert profile.status == 200, profile
        assert "X-Evil" not in profile.headers
        assert re.fullmatch(r'attachment; filename="[A-Za-z0-9._~!#$&+^`|-]+"',
                            profile.headers["Content-Disposition"])
        assert b"\nX-Evil" not in profile.body


def test_the_host_field_leads_no_link_elsewhere(portal):
    """The site that has the access server is named in links, whatever was asked for."""
    made = portal.machine.good("POST", "/users/root/reset", headers={"Host": "evil.example"})
    assert made["url"].startswith(f"https://example.org:{portal.port}/link/"), made
    browser = From(portal, name="evil.example")
    assert browser.sign_in("root").status == 200
    made = browser.good("POST", "/users/root/reset")
    assert "evil" not in made["url"], made


# --- races

def together(count, work):
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        barrier = threading.Barrier(count)

        def run(n):
            barrier.wait()
            return work(n)
        return list(pool.map(run, range(count)))


def test_of_two_with_the_set_up_link_one_is_the_administrator(hall):
    server = hall()
    token = server.machine.good("POST", "/setup-link")["page_url"].rsplit("/", 1)[1]
    answers = together(4, lambda n: From(server, OUTSIDE).post(
        f"/setup/{token}", {"name": f"root{n}", "password": PASSWORD}))
    assert sorted(a.status for a in answers)[0] in (200, 201), answers
    assert sum(a.status < 300 for a in answers) == 1, answers
    assert len(server.machine.good("GET", "/users?role=admin")["items"]) == 1
    assert From(server, OUTSIDE).post(f"/setup/{token}", {"name": "x", "password": PASSWORD}
                                      ).status == 404


def with_totp(server, name):
    browser = From(server)
    assert browser.sign_in(name).status == 200
    secret = browser.good("POST", "/me/totp")["secret"]
    codes = browser.good("POST", "/me/totp/confirm", {"code": totp(secret)})["codes"]
    return secret, codes


def test_a_code_is_good_once_however_many_come_with_it(staff):
    secret, codes = with_totp(staff, "anna")
    code = totp(secret, time.time() + 30)
    answers = together(4, lambda n: From(staff, f"10.2.{n}.1").sign_in("anna", code=code))
    assert [a.status for a in answers].count(200) == 1, answers
    answers = together(4, lambda n: From(staff, f"10.3.{n}.1").sign_in("anna", code=codes[0]))
    assert [a.status for a in answers].count(200) <= 1, answers


# --- the log

def test_the_log_does_not_bear_what_was_done_to_it(staff):
    """Whoever writes to the database, but has not the key."""
    path = staff.state / "control/sallyport.db"
    forgeries = ["UPDATE audit SET who = 'anna' WHERE id = 3",
                 "UPDATE audit SET time = time + 1 WHERE id = 3",
                 "UPDATE audit SET object = NULL WHERE id = 3",
                 "UPDATE audit SET object = action, action = object WHERE id = 5",
                 "DELETE FROM audit WHERE id = 3",
                 "DELETE FROM audit WHERE id > 3",
                 "DELETE FROM audit",
                 "UPDATE audit SET id = id + 1000 WHERE id > 3",
                 "INSERT INTO audit SELECT max(id) + 1, time, who, address, action, kind, object, "
                 "value_before, value_after, mac FROM audit"]
    assert staff.machine.good("GET", "/audit/verify")["whole"] is True
    staff.stop()
    kept = path.read_bytes()
    for sql in forgeries:
        path.write_bytes(kept)
        for rest in path.parent.glob("sallyport.db-*"):
            rest.unlink()
        with sqlite3.connect(path) as db:
            for (name,) in db.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                db.execute(f"DROP TRIGGER {name}")
            db.execute(sql)
        db.close()
        staff.start()
        machine = wait_ready(staff)
        assert machine.good("GET", "/audit/verify")["whole"] is False, sql
        staff.stop()


def test_no_secret_is_in_any_log_or_row(staff):
    root = staff.at["root"]
    secrets = [PASSWORD, root.cookie, root.csrf]
    secrets += [root.good("POST", "/tokens", {"name": "t", "scope": "read"})["token"]]
    for made in (root.good("POST", "/users/anna/reset"),
                 root.good("POST", "/users/bob/devices/laptop/link")):
        token = made["page_url"].rsplit("/", 1)[1]
        secrets.append(token)
        for path in (f"/link/{token}", f"//link/{token}", f"/x/../link/{token}",
                     f"/%6cink/{token}", f"/api/v1/import/{token}", f"/link/{token}?a=b"):
            From(staff).raw("GET", path, None, {"Referer": f"https://example.org/link/{token}"})
        From(staff).post(f"/links/{token}/password", {"password": PASSWORD})
    From(staff).sign_in(PASSWORD, "wrong")
    From(staff).sign_in("root", "my mistaken password")
    secrets.append("my mistaken password")
    said = staff.log + staff.access_file.read_text()
    for page in ("/audit?limit=1000", "/refusals", "/notices", "/links", "/sessions", "/tokens"):
        said += json.dumps(staff.machine.good("GET", page))
    for secret in secrets:
        assert secret not in said, secret


# --- much of it

@pytest.mark.long
def test_one_network_does_not_fill_the_queue_of_passwords(staff):
    over = threading.Event()

    def flood(n):
        while not over.is_set():
            with contextlib.suppress(OSError):
                From(staff, f"10.66.6.{n}", timeout=60).sign_in("bob")

    threads = [threading.Thread(target=flood, args=(n,)) for n in range(40)]
    for thread in threads:
        thread.start()
    try:
        time.sleep(2)
        statuses = [From(staff, "10.77.7.7").sign_in("anna").status for _ in range(3)]
        assert statuses == [200] * 3
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_slow_bodies_do_not_shut_the_administrator_out(staff):
    """Many who send a request and never its end."""
    held = []
    for n in range(1200):
        try:
            on = staff.tls(on=socket.create_connection(("127.0.0.1", staff.admin_port), 10))
            on.sendall(b"POST /api/v1/session HTTP/1.1\r\nHost: example.org\r\nX-Forwarded-For: "
                       b"198.51.100.9\r\nContent-Type: application/json\r\nContent-Length: 60000"
                       b"\r\n\r\n{")
            held.append(on)
        except OSError:
            break
    assert staff.machine.get("/users").status == 200
    assert From(staff).sign_in("anna").status == 200
    for on in held:
        on.close()


def test_what_is_sent_before_a_name_is_known_is_little(staff):
    for path in ("/session", "/setup/x", "/me/password"):
        answer = From(staff).raw("POST", "/api/v1" + path, b'{"name":"' + b"x" * 100_000 + b'"}',
                                 {"Content-Type": "application/json"})
        assert answer.status == 413, (path, answer)


# --- sideways

def test_webhooks_lead_outside_alone(staff):
    root = staff.at["root"]
    for url in ("https://127.0.0.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/",
                "https://[::ffff:7f00:1]/", "https://2130706433/", "https://0x7f.1/",
                "https://0177.0.0.1/", "https://localhost/", "https://[64:ff9b::7f00:1]/",
                "https://[2002:7f00:1::]/", "https://169.254.169.254/latest/meta-data",
                "https://[fd00:ec2::254]/", "https://0/", "https://127.1/",
                "https://[fe80::1%25lo]/", "https://example.org@127.0.0.1/",
                "https://127.0.0.1#@example.org/", "https://127.0.0.1\\@example.org/",
                "file:///etc/passwd", "gopher://127.0.0.1/", "http://127.0.0.1/"):
        answer = root.put("/alerts", {"webhook_url": url, "webhook_internal": False,
                                      "rules": {}, "mail_to": []})
        if answer.status == 400:
            continue
        assert answer.status == 200, (url, answer)
        root.good("POST", "/alerts/test")

        def tried():
            items = staff.machine.good("GET", "/notices?limit=10")["items"]
            return [i for i in items if i["channel"] == "webhook" and i["attempts"] > 0]
        last = harness.wait_until(tried, 40, "a try of " + url)[0]
        assert "address of this machine" in last["last_error"] or "resolve" in \
            last["last_error"].lower(), (url, last)
        with_none = root.put("/alerts", {"rules": {}, "mail_to": []})
        assert with_none.status == 200


def test_a_configuration_reads_no_file(staff):
    """Neither by what is said of it nor by its marks."""
    root = staff.at["root"]
    secret = staff.directory / "secret.txt"
    secret.write_text("TOP SECRET LINE\n")
    shown = root.good("GET", "/config")
    for more in (f"certificate {secret} {secret}", f"root {staff.state}/control",
                 f"proxy unix:{staff.state}/admin.sock", f"root {secret.parent}",
                 f"proxy https://127.0.0.1:1 {{ verify ca {secret} }}",
                 f"certificate /srv/../etc/passwd /etc/passwd"):
        text = shown["text"] + f"site b.example {{\n certificate self-signed\n {more}\n}}\n"
        for path, body in (("/config/check", {"text": text}),
                           ("/config/apply", {"text": text, "base": shown["sha256"]})):
            answer = root.post(path, body)
            assert b"TOP SECRET" not in answer.body and b"root:x" not in answer.body
            assert answer.status == 400 or answer.json["valid"] is False, (more, answer)
