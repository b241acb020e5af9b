"""The first run: the set-up link, the first administrator, and the way back to the console."""
import contextlib
import datetime
import http.client
import os
import pty
import re
import sqlite3
import subprocess
import threading
import time
import urllib.parse
from pathlib import Path

import pytest

import harness
import rest
from chromium import Chromium
from rest import PASSWORD, Browser

ONCE = pytest.mark.skipif(harness.SANITIZED,
                          reason="a browser is here for what it asks, once is enough")
OPEN_TO_NETWORKS = "admin {\n    listen 0.0.0.0:%d\n    allow loopback\n    portal any\n}\n"


class Stranger(Browser):
    """A browser of another network, or of this machine with `netns` None."""

    def __init__(self, server, netns=None, **options):
        super().__init__(server, **options)
        self.netns = netns

    def connection(self):
        if self.netns is None:
            return super().connection()
        raw = self.netns.connect(self.port)
        context = harness.client_context()
        connection = http.client.HTTPSConnection(self.name, self.port, context=context)
        connection.sock = context.wrap_socket(raw, server_hostname=self.name)
        return connection

    def send_form(self, path, **fields):
        """As a browser sends a form of the page at `path`."""
        return self.raw("POST", path, urllib.parse.urlencode(fields),
                        {"Content-Type": "application/x-www-form-urlencoded",
                         "Sec-Fetch-Site": "same-origin"})


@pytest.fixture
def fresh(server):
    """A server that nobody administers, whose admin port other networks reach."""
    def start(**options):
        port = harness.free_port()
        one = server(OPEN_TO_NETWORKS % port, **options)
        one.admin_port = port
        one.machine = rest.wait_ready(one)
        return one
    return start


def new_link(server):
    """The path of a new set-up link."""
    return server.machine.good("POST", "/setup-link")["page_url"]


def set_up(browser, path, name="root", password=PASSWORD):
    return browser.send_form(path, name=name, password=password, again=password)


def change_store(server, statement, *values):
    """As nothing of ours does it: behind control's back."""
    with sqlite3.connect(server.state / "control/sallyport.db", timeout=10) as db:
        assert db.execute(statement, values).rowcount == 1
    db.close()


def unknown_page(browser):
    answer = browser.raw("GET", "/setup/" + "A" * 43)
    assert answer.status == 404
    return answer


def is_unknown(browser, answer):
    """To the last byte like a path that never was."""
    return (answer.status, answer.body) == (404, unknown_page(browser).body)


# --- the link

def test_the_link_makes_the_first_administrator_once(fresh):
    server = fresh()
    browser, path = Stranger(server), new_link(server)
    for method in ("GET", "HEAD", "GET"):  # looking consumes nothing
        assert browser.raw(method, path).status == 200
    done = set_up(browser, path)
    assert done.status == 200, done
    cookie = done.headers["Set-Cookie"]
    assert re.fullmatch(r"__Host-sallyport=\S+; Path=/; Max-Age=\d+; Secure; HttpOnly; "
                        r"SameSite=Lax", cookie), cookie
    assert [u["name"] for u in browser.good("GET", "/users")["items"]] == ["root"]
    other = Stranger(server)
    for answer in (other.raw("GET", path), set_up(other, path, "second")):
        assert is_unknown(other, answer), answer
    assert Browser(server).sign_in("root").status == 200
    row = server.machine.good("GET", "/audit?action=setup")["items"][0]
    assert row["who"] == "root" and row["object"] == "user root"


def test_a_button_that_is_pressed_twice_does_what_it_says(fresh):
    server = fresh()
    path, answers = new_link(server), []
    first, second = (threading.Thread(target=lambda: answers.append(set_up(Stranger(server), path, "mara")))
                     for _ in range(2))
    first.start()
    second.start()
    first.join()
    second.join()
    answers.append(set_up(Stranger(server), path, "mara"))  # the browser shows the last
    for answer in answers:
        assert answer.status == 200 and "__Host-sallyport=" in answer.headers["Set-Cookie"], answer
    assert len(server.machine.good("GET", "/users")["items"]) == 1
    stranger = Stranger(server)
    for fields in ({"name": "mara", "password": "not what was chosen"}, {"name": "x", "password": PASSWORD}):
        assert is_unknown(stranger, stranger.send_form(path, again=fields["password"], **fields))
    server.machine.user("una", password=None)
    path = server.machine.good("POST", "/users/una/invite")["page_url"]
    fields = {"password": PASSWORD, "again": PASSWORD}
    for _ in range(2):
        answer = stranger.send_form(urllib.parse.urlsplit(path).path, **fields)
        assert answer.status == 200 and "Your password is set" in answer.body.decode(), answer
    assert is_unknown(stranger, stranger.raw("GET", urllib.parse.urlsplit(path).path))
    change_store(server, "UPDATE links SET used = used - ? WHERE id = (SELECT max(id) FROM links)", 61_000)
    assert is_unknown(stranger, stranger.send_form(urllib.parse.urlsplit(path).path, **fields))


def test_a_form_with_faults_consumes_nothing(fresh):
    server = fresh()
    browser, path = Stranger(server), new_link(server)
    for fields, said in [({"name": "mara", "password": "short", "again": "short"}, "10 characters"),
                         ({"name": "mara", "password": PASSWORD, "again": "x"}, "not the same"),
                         ({"name": "-mara", "password": PASSWORD, "again": PASSWORD}, "the name")]:
        answer = browser.send_form(path, **fields)
        assert answer.status == 400
        assert said in answer.body.decode() and fields["name"] in answer.body.decode()
        assert PASSWORD not in answer.body.decode()
        assert "Set-Cookie" not in answer.headers
    assert server.machine.good("GET", "/users")["items"] == []
    assert set_up(browser, path, "mara").status == 200


def test_another_sites_page_cannot_send_the_form(fresh):
    server = fresh()
    path = new_link(server)
    body = urllib.parse.urlencode({"name": "root", "password": PASSWORD})
    for fields in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}):
        answer = Stranger(server).raw("POST", path, body, fields)
        assert answer.status == 403, fields
    assert server.machine.good("GET", "/users")["items"] == []


def test_of_two_at_once_one_becomes_it(fresh):
    server = fresh()
    path, answers = new_link(server), []
    threads = [threading.Thread(target=lambda n=n: answers.append(
        set_up(Stranger(server), path, f"root{n}").status)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers)[0] == 200 and answers.count(200) == 1, answers
    assert set(answers) <= {200, 404, 409}, answers
    assert len(server.machine.good("GET", "/users")["items"]) == 1


def test_the_newest_link_counts_and_none_after_15_minutes(fresh):
    server = fresh()
    browser, old, path = Stranger(server), new_link(server), new_link(server)
    assert is_unknown(browser, browser.raw("GET", old))
    assert browser.raw("GET", path).status == 200
    now = int(time.time() * 1000)
    change_store(server, "UPDATE links SET expires = ? WHERE used = 0", now + 3000)
    harness.wait_until(lambda: browser.raw("GET", path).status == 404, 20, "the link's end")
    assert is_unknown(browser, set_up(browser, path))
    assert server.machine.good("GET", "/users")["items"] == []
    made = server.machine.good("POST", "/setup-link")
    left = datetime.datetime.fromisoformat(made["expires"]).timestamp() - time.time()
    assert 14 * 60 < left <= 15 * 60, made


def test_while_somebody_administers_there_is_no_link(fresh):
    server = fresh()
    path = new_link(server)
    server.machine.user("root2", role="admin")
    browser = Stranger(server)
    assert server.machine.post("/setup-link").status == 409
    done = server.cli("setup-link")
    assert done.returncode != 0 and "administrator" in done.stderr
    for answer in (browser.raw("GET", path), set_up(browser, path)):
        assert is_unknown(browser, answer), answer
    assert browser.post(f"/setup/{path.split('/')[-1]}",
                        {"name": "x", "password": PASSWORD}).status in (404, 409)
    server.stop()
    server.start()
    rest.wait_ready(server)
    assert "nobody administers" not in server.log[server.said_before:]


# --- from elsewhere

@pytest.mark.root
def test_its_holder_may_use_the_console_for_an_hour_from_anywhere(fresh, netns):
    server, there = fresh(), netns()
    path = new_link(server)
    browser, other = Stranger(server, there), Stranger(server, there)
    assert is_unknown(other, other.raw("GET", "/admin"))
    done = set_up(browser, path)
    assert done.status == 200
    page = done.body.decode()
    assert there.address in page and "allow" in page
    assert f"ssh -N -L {server.admin_port}:localhost:{server.admin_port} root@example.org" in page
    assert browser.raw("GET", "/admin").status == 200
    assert browser.get("/users").status == 200
    assert browser.get("/session").status == 200
    # Nobody else from there, and not he himself by another session.
    assert is_unknown(other, other.raw("GET", "/admin"))
    assert other.get("/users").status == 404
    assert other.sign_in("root").status == 200
    assert other.get("/users").status == 404
    # The hour is over: what people do for themselves is still his.
    change_store(server, "UPDATE sessions SET free_until = ? WHERE free_until > 0",
                 int(time.time() * 1000) - 1)
    assert browser.get("/users").status == 404
    assert is_unknown(other, browser.raw("GET", "/admin"))
    assert browser.get("/session").status == 200
    refusals = server.machine.good("GET", "/refusals")["items"]
    assert any(there.address == r["address"] and "allow" in r["remedy"] for r in refusals)


@pytest.mark.root
def test_a_second_link_leads_nowhere_from_elsewhere(fresh, netns):
    server, there = fresh(), netns()
    path = new_link(server)
    server.machine.user("root2", role="admin")
    browser = Stranger(server, there)
    for answer in (browser.raw("GET", path), set_up(browser, path)):
        assert is_unknown(browser, answer), answer


# --- what is told of it

def test_its_token_is_in_no_log(fresh):
    server = fresh()
    path = new_link(server)
    token, browser = path.split("/")[-1], Stranger(server)
    browser.raw("GET", path + "?from=mail")
    browser.raw("GET", path.replace("/setup", "/%73etup"))
    browser.raw("GET", "/admin", headers={"Referer": f"https://example.org{path}"})
    assert set_up(browser, path).status == 200
    browser.raw("GET", path)
    server.wait_access(lambda entry: entry["status"] == 404)
    told = [server.machine.raw("GET", "/api/v1" + what).body.decode()
            for what in ("/audit", "/refusals", "/links", "/status", "/sessions")]
    server.stop()
    files = [file for file in server.directory.rglob("*") if file.is_file()]
    assert len(files) > 5
    for where, text in [*zip("audit refusals links status sessions".split(), told),
                        *((file, file.read_bytes().decode(errors="replace")) for file in files)]:
        assert token not in text, where
        assert PASSWORD not in text, where


@contextlib.contextmanager
def on_a_terminal(server):
    """It serves, on a terminal of its own; what it says there up to the set-up link."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([str(server.binary), "serve", "-c", str(server.conf)],
                               stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
                               start_new_session=True)
    os.close(theirs)
    said = b""
    try:
        while b"setup-link" not in said:
            said += os.read(ours, 65536)
        yield said.decode(errors="replace")
    finally:
        process.terminate()
        with contextlib.suppress(OSError):  # EIO: nobody has the other end any more
            while os.read(ours, 65536):
                pass
        process.wait(20)
        os.close(ours)


def test_a_terminal_is_shown_the_link_and_the_certificate(server):
    port = harness.free_port()
    one = server(f"admin {{\n    listen 127.0.0.1:{port}\n}}\n", start=False)
    one.admin_port = port
    with on_a_terminal(one) as said:
        url = re.search(r"https://example\.org:(\d+)(/setup/[\w-]{43})", said)
        assert url and int(url[1]) == port, said
        digest = subprocess.run(["openssl", "x509", "-in", one.certificate, "-noout",
                                 "-fingerprint", "-sha256"], stdout=subprocess.PIPE, text=True,
                                check=True).stdout.split("=")[1].strip()
        shown = re.search(r"SHA-256 is (\S+)", said)[1]
        assert shown.replace(":", "").lower() == digest.replace(":", "").lower()
        assert set_up(Stranger(one), url[2]).status == 200


def test_for_a_log_no_link_is_made(fresh):
    """It would be of no use to anybody, and take the place of one that somebody has made."""
    server = fresh()
    server.wait_log(f"run `sallyport -c {re.escape(str(server.conf))} setup-link`")
    assert "/setup/" not in server.log
    assert server.machine.good("GET", "/links")["items"] == []


def test_the_command_line_makes_the_same_link(fresh):
    server = fresh()
    said = server.cli("setup-link", check=True).stdout
    url = re.search(r"https://example\.org:(\d+)(/setup/[\w-]{43})\n", said)
    assert url and int(url[1]) == server.admin_port, said
    digest = subprocess.run(["openssl", "x509", "-in", server.certificate, "-noout",
                             "-fingerprint", "-sha256"], stdout=subprocess.PIPE, text=True,
                            check=True).stdout.split("=")[1].strip()
    assert digest.replace(":", "").lower() in said.replace(":", "").lower()
    assert set_up(Stranger(server), url[2]).status == 200


# --- by a real browser

@pytest.fixture
def chromium(tmp_path):
    started = []

    def start(**options):
        started.append(Chromium(tmp_path, **options))
        return started[-1]
    yield start
    for one in started:
        one.close()


@ONCE
@pytest.mark.alone  # what Chromium loads fails while network interfaces come and go
def test_a_person_sets_it_up(fresh, chromium):
    server, browser = fresh(), chromium()
    origin = f"https://example.org:{server.admin_port}"
    browser.go(origin + new_link(server))
    assert "Set up this server" in browser.text()
    assert not browser.is_wider_than_its_window(360)
    browser.fill("Name", "Mara")
    browser.fill("Password", "too short")
    browser.fill("The same password again", "too short")
    browser.press()
    assert "fewer than 10 characters" in browser.text()
    values = browser.run("[...document.querySelectorAll('input')].map(one => one.value)")
    assert values == ["Mara", "", ""]
    browser.fill("Password", PASSWORD)
    browser.fill("The same password again", PASSWORD)
    browser.press()
    assert "You are the administrator" in browser.text()
    # The style is there, no script could be, and nothing was refused by our own policy.
    assert browser.run("getComputedStyle(document.querySelector('main')).maxWidth") == "576px"
    assert browser.complaints() == []
    browser.go(origin + "/admin")
    harness.wait_until(lambda: "mara" in browser.text(), 20, "the console")
    browser.go(origin + "/api/v1/users/mara")
    assert '"role":"admin"' in browser.text()


@ONCE
@pytest.mark.alone
def test_a_person_follows_links(fresh, chromium):
    server, browser = fresh(), chromium()
    machine, origin = server.machine, f"https://example.org:{server.admin_port}"
    machine.user("alice", password=None)
    machine.good("POST", "/users/alice/devices", {"name": "laptop"})
    browser.go(origin + machine.good("POST", "/users/alice/invite")["page_url"])
    assert browser.run("document.querySelector('input').value") == "alice"
    browser.fill("Password", PASSWORD)
    browser.fill("The same password again", PASSWORD)
    browser.press()
    assert "Your password is set" in browser.text()
    assert Browser(server).sign_in("alice").status == 200
    browser.go(origin + machine.good("POST", "/users/alice/devices/laptop/link")["page_url"])
    assert "one device of alice, called laptop" in browser.text()
    browser.run("document.querySelector('button').click()")
    file = Path(browser.downloads / "alice-laptop.ovpn")
    harness.wait_until(file.exists, 20, "the download")
    assert "<tls-crypt-v2>" in file.read_text()
    assert browser.complaints() == []
