"""What no log may ever hold: whatever somebody could come in with. At the level debug."""
import base64
import json
import os
import signal
import subprocess
import time

import harness
from rest import PASSWORD, Browser, Machine, totp, wait_ready
from test_routes import hashed

OTHER = "an entirely other one"


class Tour:
    """Asks for all that has to do with secrets, and keeps these."""

    def __init__(self, server):
        self.server, self.machine = server, server.machine
        self.secrets = {PASSWORD, OTHER, "Wrong-Passw0rd"}

    def keep(self, *secrets):
        for secret in secrets:
            assert len(secret) > 8, secret
            self.secrets.add(secret)
        return secrets[0]

    def browser(self, name, password=PASSWORD, **more):
        browser = Browser(self.server)
        answer = browser.sign_in(name, password, **more)
        assert answer.status == 200, answer
        self.keep(browser.cookie, browser.csrf)
        return browser

    def link(self, method, path, body=None, who=None):
        """One that was made: its token."""
        url = (who or self.machine).good(method, path, body)["url"]
        return self.keep(url.rsplit("/", 1)[1])

    def set_up(self):
        token = self.link("POST", "/setup-link")
        stranger = Browser(self.server)
        stranger.raw("GET", f"/setup/{token}")
        stranger.raw("GET", f"/setup/{token[:-1]}x")
        answer = stranger.post(f"/setup/{token}", {"name": "root", "password": PASSWORD})
        assert answer.status in (200, 201), answer
        self.keep(stranger.cookie)

    def people(self):
        for name, role in (("alice", "admin"), ("una", "user")):
            self.machine.user(name, role)
        for _ in range(2):
            assert Browser(self.server).sign_in("una", "Wrong-Passw0rd").status == 401
        assert Browser(self.server).sign_in("Wrong-Passw0rd", "Wrong-Passw0rd").status == 401
        time.sleep(1.1)
        una = self.browser("una")
        assert una.post("/me/password", {"old": PASSWORD, "password": OTHER}).status == 204
        self.browser("una", OTHER)

    def codes(self):
        una = self.browser("una", OTHER)
        begun = una.good("POST", "/me/totp")
        secret = self.keep(begun["secret"])
        shown = una.good("POST", "/me/totp/confirm", {"code": totp(secret)})
        self.keep(*shown["codes"])
        self.browser("una", OTHER, code=shown["codes"][0])

    def links(self):
        for kind in ("invite", "reset"):
            token = self.link("POST", f"/users/una/{kind}")
            stranger = Browser(self.server)
            assert stranger.raw("GET", f"/link/{token}").status == 200
            stranger.get(f"/links/{token}")
            assert stranger.post(f"/links/{token}/password",
                                 {"password": "x"}).status == 400
            assert stranger.post(f"/links/{token}/password", {"password": OTHER}).status == 200
            if stranger.cookie:
                self.keep(stranger.cookie)

    def devices(self):
        self.machine.good("POST", "/users/una/devices", {"name": "laptop"})
        profile = self.machine.raw("GET", "/api/v1/users/una/devices/laptop/profile").body.decode()
        for name in ("key", "tls-crypt-v2"):
            lines = profile.split(f"<{name}>")[1].split(f"</{name}>")[0].strip().splitlines()
            self.keep(*lines[1:-2])
        token = self.link("POST", "/users/una/devices/laptop/link")
        stranger = Browser(self.server)
        stranger.raw("GET", f"/link/{token}")
        for _ in range(3):
            stranger.raw("GET", f"/api/v1/import/{token}")

    def tokens(self):
        token = self.keep(self.machine.good("POST", "/tokens",
                                            {"name": "ci", "scope": "read"})["token"])
        browser = Browser(self.server)
        browser.token = token
        assert browser.get("/users").status == 200
        browser.get(f"/users?token={token}")  # where none is taken
        browser.token = token[:-1] + "x"
        assert browser.get("/users").status == 401

    def settings(self):
        self.keep("smtp-S3CRET-word", "hook-S3CRET-word")
        port = harness.free_port()
        body = {"smtp_url": f"smtp://127.0.0.1:{port}", "smtp_user": "u", "mail_from": "a@b.org",
                "smtp_password": "smtp-S3CRET-word", "mail_to": ["c@d.org"],
                "webhook_url": f"http://127.0.0.1:{port}/hook", "webhook_internal": True,
                "webhook_secret": "hook-S3CRET-word"}
        answer = self.machine.put("/alerts", body)
        assert answer.status == 200, answer
        shown = self.machine.get("/alerts").body.decode()
        assert "S3CRET" not in shown
        self.machine.good("POST", "/alerts/test")

    def configuration(self, hash_):
        self.keep(hash_)
        shown = self.machine.good("GET", "/config")
        assert hash_ not in json.dumps(shown)
        for text in (shown["text"] + "\nworkers x\n", shown["text"] + '\n"',
                     shown["text"].replace("user alice", "user alice more")):
            verdict = self.machine.good("POST", "/config/check", {"text": text})
            assert not verdict["valid"] and hash_ not in json.dumps(verdict)
        applied = self.machine.post("/config/apply", {
            "text": shown["text"] + "\n# the same\n", "base": shown["sha256"],
            "confirm_seconds": 0})
        assert applied.status == 200, applied
        assert hash_ in self.server.conf.read_text(), "the old secret is back in its place"
        broken = self.server.conf.read_text() + '\nstore "postgresql://u:' + OTHER + "@db/x\n"
        whole = self.server.conf.read_text()
        self.server.conf.write_text(broken)
        os.kill(self.server.pid, signal.SIGHUP)
        self.server.wait_log("closing quote")
        self.server.conf.write_text(whole)


def logs(server):
    """All that was ever logged, and what tells of it through the API."""
    yield "its terminal", server.log
    yield "access log", server.access_file.read_text()
    for path in ("/audit", "/refusals", "/notices"):
        answer = server.machine.get(path + "?limit=1000")
        if answer.status == 200:
            yield path, answer.body.decode()
    yield "/audit/export", server.machine.raw("GET", "/api/v1/audit/export").body.decode()
    yield "/metrics", server.machine.raw("GET", "/metrics").body.decode()


def spellings(secret):
    """As it is, and as others might write it down."""
    raw = secret.encode()
    yield secret
    yield base64.b64encode(raw).decode().rstrip("=")[:-1]
    yield raw.hex()


def test_no_log_has_anything_to_come_in_with(office):
    hash_ = hashed(PASSWORD).split()[-1]
    server = office("site closed.example {\n    certificate self-signed\n    basic_auth r {\n"
                    f"        user alice {hash_}\n    }}\n    respond 204\n}}\n")
    tour = Tour(server)
    tour.set_up()
    tour.people()
    tour.codes()
    tour.links()
    tour.devices()
    tour.tokens()
    tour.settings()
    tour.configuration(hash_)
    for path in ("/users", "/sessions", "/tokens", "/links", "/audit?limit=500", "/status"):
        assert server.machine.get(path).status == 200
    assert len(tour.secrets) > 20
    server.machine.good("GET", "/audit/verify")
    for name, text in logs(server):
        for secret in tour.secrets:
            for spelled in spellings(secret):
                assert spelled not in text, (name, secret, text[max(0, text.find(spelled) - 200):]
                                             [:400])


# --- whose lines go where, and when

def test_what_control_says_stands_beside_wardens_lines_by_its_level(office):
    """A reload by signal reaches it: the level is the configuration's, of all roles."""
    server = office()
    server.machine.user("bob")
    server.wait_log("sallyport control: audit head")
    control, = server.children("control")
    text = server.conf.read_text()
    assert "level debug" in text
    said = len(server.log)
    server.conf.write_text(text.replace("level debug", "level error"))
    os.kill(server.pid, signal.SIGHUP)
    harness.wait_until(lambda: 'level error' in server.machine.good("GET", "/config/running")["text"],
                       what="the reload")
    server.machine.user("alice")
    os.kill(server.pid, signal.SIGUSR1)  # and logs are opened anew
    assert server.machine.good("GET", "/audit/verify")["whole"]
    assert "sallyport control: audit head" not in server.log[said:]
    assert server.children("control") == [control], "it is the same as before"
    for ignored in (signal.SIGHUP, signal.SIGUSR1):
        os.kill(control, ignored)
    assert wait_ready(server).get("/users").status == 200
    assert server.children("control") == [control]
