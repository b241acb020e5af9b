"""Who signs in to the VPN with stock clients: passwords, codes and tokens, and who is not let in."""
import base64
import contextlib
import json
import os
import re
import signal
import socket
import sqlite3
import time

import harness
import pytest
from rest import PASSWORD, Browser, totp
from vpn import UP

pytestmark = pytest.mark.root

ELSEWHERE = "this profile is in use elsewhere: add a device"


def credentials(client, password, name="demo"):
    """As options of openvpn's: refused once, it ends."""
    file = client.directory / f"{client.name}.auth"
    file.write_text(f"{name}\n{password}\n")
    file.chmod(0o600)
    return "--auth-user-pass", file, "--auth-retry", "none"


def b64(text):
    return base64.b64encode(text.encode()).decode()


def static(password, code):
    """As a client makes one word of the two."""
    return f"SCRV1:{b64(password)}:{b64(code)}"


def audit(one, action):
    return one.machine.good("GET", f"/audit?action={action}")["items"]


def refusals(one):
    return one.machine.good("GET", "/refusals")["items"]


def tunnels(one):
    return one.machine.good("GET", "/tunnels")["items"]


def browser_of(one):
    return Browser(one.server, port=one.server.port, address=one.gate.address,
                   name="vpn.example.org")


def with_totp(one, name="demo"):
    """Sets codes up for the user; their secret. The code of now is used up by that."""
    browser = browser_of(one)
    assert browser.sign_in(name).status == 200
    secret = browser.good("POST", "/me/totp")["secret"]
    browser.good("POST", "/me/totp/confirm", {"code": totp(secret)})
    return secret


def code_of(secret):
    """The next one: each is good once."""
    return totp(secret, time.time() + 30)


class Interface:
    """What a graphical client does: it runs openvpn by its management interface."""

    def __init__(self, client, *words):
        self.path = client.directory / f"{client.name}.sock"
        self.path.unlink(missing_ok=True)
        self.openvpn = client.connect("--management", self.path, "unix",
                                      "--management-query-passwords", *words, up=False)
        self.heard = ""
        self.socket = socket.socket(socket.AF_UNIX)
        harness.wait_until(lambda: self.socket.connect_ex(str(self.path)) == 0, 10)

    def wait(self, pattern, seconds=20):
        """Until that was heard; what follows it is left for the next call."""
        self.socket.settimeout(seconds)
        while not (found := re.search(pattern, self.heard)):
            more = self.socket.recv(65536).decode()
            assert more, f"no {pattern!r} in:\n{self.heard}\n{self.openvpn.log}"
            self.heard += more
        self.heard = self.heard[found.end():]
        return found

    def say(self, line):
        self.socket.sendall(line.encode() + b"\n")

    def sign_in(self, name, password):
        self.wait(">PASSWORD:Need 'Auth' username/password")
        self.say(f'username "Auth" {name}')
        self.say(f'password "Auth" "{password}"')


PORTAL = ("site vpn.example.org {\n    certificate self-signed\n    access_server\n}\n")


@pytest.fixture(name="one")
def a_vpn_with_a_portal(vpn):
    return vpn(config=PORTAL)


# --- passwords

def test_a_wrong_password_is_told_in_words(one):
    client = one.client(kind="locked")
    client.connect(*credentials(client, "wrong"), up=False).wait_log(
        "AUTH_FAILED,name, password or one-time code is wrong", 20)
    client.end()
    assert refusals(one)[0]["reason"] == "The password was wrong"
    client.connect(*credentials(client, PASSWORD))
    assert client.ping("10.86.0.1") == 3


def test_nobody_comes_in_by_anothers_name(one):
    one.machine.user("anna")
    client = one.client(kind="locked")
    client.connect(*credentials(client, PASSWORD, "anna"), up=False).wait_log(
        "AUTH_FAILED,this profile is another user's: download your own", 20)


@pytest.mark.parametrize("kind", ["auto", "locked"])
def test_whoever_may_not_is_told_why(one, kind):
    client = one.client(kind=kind)
    sign_in = credentials(client, PASSWORD) if kind == "locked" else ()
    one.server.cli("user", "disable", "demo", check=True)
    client.connect(*sign_in, up=False).wait_log(
        "AUTH_FAILED,this account is disabled or has expired: ask your administrator", 20)
    client.end()
    one.server.cli("user", "enable", "demo", check=True)
    one.server.cli("ban", "add", client.address, "--reason", "noise", check=True)
    client.connect(*sign_in, up=False).wait_log("AUTH_FAILED,.*(too many attempts|shut out)", 20)
    client.end()
    one.server.cli("ban", "lift", client.address, check=True)
    one.server.cli("device", "revoke", "demo", "laptop", "--yes", check=True)
    client.connect(*sign_in, up=False).wait_log(
        "AUTH_FAILED,this device is revoked: download a profile for a new one", 20)
    reasons = [r["reason"] for r in refusals(one)]
    assert "The user is disabled or has expired" in reasons and "The device is revoked" in reasons


def failures(one, *set_to):
    """How often tries as this user failed lately; or as if they had, the last of them now."""
    path = one.server.state / "control/sallyport.db"
    with contextlib.closing(sqlite3.connect(path, timeout=10)) as db, db:
        if set_to:
            db.execute("UPDATE failures SET failed = ?, last_at = ? WHERE name = 'demo'",
                       (*set_to, int(time.time() * 1000)))
        ((count,),) = db.execute("SELECT failed FROM failures WHERE name = 'demo'").fetchall()
        return count


def test_web_and_vpn_count_failures_together(one):
    client = one.client(kind="locked")
    browser = browser_of(one)
    client.connect(*credentials(client, "wrong"), up=False).wait_log("AUTH_FAILED", 20)
    client.end()
    assert failures(one) == 1
    assert browser.sign_in("demo", "wrong").status == 401
    assert failures(one) == 2
    failures(one, 9)  # the next try has to wait for a minute
    assert browser.sign_in("demo").status == 429
    client.connect(*credentials(client, PASSWORD), up=False).wait_log(
        "AUTH_FAILED,.*too many attempts", 20)
    client.end()
    one.server.cli("ban", "add", "demo", "--reason", "lost", check=True)
    client.connect(*credentials(client, PASSWORD), up=False).wait_log(
        "AUTH_FAILED,you have been shut out: ask an administrator", 20)


@pytest.mark.long
def test_slow_sign_ins_stall_nobody(one):
    """Eight who hash a password, and one who needs none: he does not wait for them."""
    slow = [one.client(user=f"user{i}", kind="locked") for i in range(8)]
    quick = one.client()
    for i, client in enumerate(slow):
        client.connect(*credentials(client, PASSWORD, f"user{i}"), up=False)
    slow[0].openvpn.wait_log("Peer Connection Initiated", 20)
    quick.connect()
    for client in slow:
        client.openvpn.wait_log(UP, 60)
    assert quick.ping("10.86.0.1") == 3


# --- codes

def test_a_code_that_the_profile_asks_for(one):
    one.machine.user("demo")
    secret = with_totp(one)
    client = one.client(kind="locked")
    assert "static-challenge" in client.profile.read_text()
    interface = Interface(client)
    interface.sign_in("demo", static(PASSWORD, "000000"))
    client.openvpn.wait_log("AUTH_FAILED,name, password or one-time code is wrong", 20)
    interface.sign_in("demo", static(PASSWORD, code_of(secret)))
    client.openvpn.wait_log(UP, 20)
    assert client.ping("10.86.0.1") == 3


def test_a_code_is_asked_for_on_the_same_connection(one):
    """The profile is older than the codes; the client says that it can be asked (CR_TEXT)."""
    client = one.client(kind="locked")
    secret = with_totp(one)
    interface = Interface(client, "--setenv", "IV_SSO", "crtext")
    interface.sign_in("demo", PASSWORD)
    interface.wait(">INFOMSG:CR_TEXT:R,E:One-time code")
    time.sleep(12)
    assert "Completed" not in client.openvpn.log
    interface.say(f"cr-response {b64(code_of(secret))}")
    client.openvpn.wait_log(UP, 20)
    assert client.ping("10.86.0.1") == 3
    assert "AUTH_FAILED" not in client.openvpn.log


def test_a_wrong_code_on_the_same_connection_is_refused(one):
    client = one.client(kind="locked")
    with_totp(one)
    interface = Interface(client, "--setenv", "IV_SSO", "crtext")
    interface.sign_in("demo", PASSWORD)
    interface.wait(">INFOMSG:CR_TEXT:R,E:One-time code")
    interface.say(f"cr-response {b64('000000')}")
    client.openvpn.wait_log("AUTH_FAILED,name, password or one-time code is wrong", 20)
    harness.wait_until(lambda: refusals(one)[0]["reason"] == "The one-time code was wrong")


def test_a_code_is_asked_for_by_coming_again(one):
    """A client that cannot be asked while it connects is told to come again (CRV1)."""
    client = one.client(kind="locked")
    secret = with_totp(one)
    interface = Interface(client, "--auth-retry", "interact")
    interface.sign_in("demo", PASSWORD)
    found = interface.wait(r"\['CRV1:R,E:([^:]+):([^:]+):One-time code'\]")
    assert base64.b64decode(found[2]).decode() == "demo"
    interface.sign_in("demo", f"CRV1::{found[1]}::{code_of(secret)}")
    client.openvpn.wait_log(UP, 20)
    assert client.ping("10.86.0.1") == 3


def test_a_challenge_is_for_one_device_alone(one):
    client, other = one.client(kind="locked"), one.client(device="phone", kind="locked")
    secret = with_totp(one)
    client.connect(*credentials(client, PASSWORD), up=False)
    state = client.openvpn.wait_log(r"AUTH_FAILED,CRV1:R,E:([^:]+):", 20)[1]
    answer = f"CRV1::{state}::{code_of(secret)}"
    other.connect(*credentials(other, answer), up=False).wait_log(
        "AUTH_FAILED,the code came too late: sign in again", 20)
    other.end()
    client.end()
    client.connect(*credentials(client, answer))


# --- tokens

@pytest.mark.long
def test_a_new_key_asks_nobody_again(one):
    one.machine.user("demo")
    secret = with_totp(one)
    client = one.client(kind="locked")
    interface = Interface(client, "--reneg-sec", "4", "--hand-window", "3")
    interface.sign_in("demo", static(PASSWORD, code_of(secret)))
    client.openvpn.wait_log(UP, 20)
    pinged = client.ping("10.86.0.1", count=250, seconds=60)
    keys = client.openvpn.log.count("TLS: soft reset")
    assert pinged == 250 and keys >= 2, client.openvpn.log
    assert "auth-token" in client.openvpn.log
    assert "AUTH_FAILED" not in client.openvpn.log
    assert len(audit(one, "vpn.connect")) == 1


def test_a_short_reconnect_asks_nobody_again(one):
    one.machine.user("demo")
    secret = with_totp(one)
    client = one.client(kind="locked")
    interface = Interface(client)
    interface.sign_in("demo", static(PASSWORD, code_of(secret)))
    client.openvpn.wait_log(UP, 20)
    client.openvpn.process.send_signal(signal.SIGUSR1)
    harness.wait_until(lambda: client.openvpn.log.count(UP) == 2, 30)
    assert client.ping("10.86.0.1") == 3


def test_a_token_is_no_more_good_after_a_new_password(one):
    client = one.client(kind="locked")
    client.connect(*credentials(client, PASSWORD))
    one.machine.good("POST", "/users/demo/password", {"password": PASSWORD + " and more"})
    client.openvpn.process.send_signal(signal.SIGUSR1)
    client.openvpn.wait_log("AUTH_FAILED,SESSION:your session is over: sign in again", 20)


# --- once in

@pytest.mark.parametrize("command, told", [
    (("device", "revoke", "demo", "laptop", "--yes"), "this device is revoked"),
    (("user", "disable", "demo"), "this account is disabled or has expired"),
    (("ban", "add", "demo"), "you have been shut out"),
])
def test_who_may_no_more_is_told_why_at_once(vpn, command, told):
    one = vpn()
    client = one.client()
    client.connect()
    since = time.monotonic()
    one.server.cli(*command, check=True)
    client.openvpn.wait_log(told, 10)
    assert time.monotonic() - since < 5
    harness.wait_until(lambda: not client.openvpn.running and not tunnels(one))
    harness.wait_until(lambda: audit(one, "vpn.disconnect"))
    assert told in str(audit(one, "vpn.disconnect")[-1]["after"])


def test_one_profile_is_for_one_machine(vpn):
    one = vpn()
    first = one.client()
    profile = first.profile.read_text()
    second, third = one.client(profile=profile), one.client(profile=profile)
    first.connect()
    second.connect()
    first.openvpn.wait_log(ELSEWHERE, 10)
    assert second.ping("10.86.0.1") == 3
    third.connect(up=False).wait_log(f"AUTH_FAILED,{ELSEWHERE}", 20)
    assert second.ping("10.86.0.1") == 3
    harness.wait_until(lambda: any(ELSEWHERE in r["reason"] for r in refusals(one)))
    noted = [r for r in refusals(one) if ELSEWHERE in r["reason"]][0]
    assert noted["user"] == "demo" and noted["device"] == "laptop"
    assert noted["address"] == third.address
    # Control let him in before the engine did not: he must not seem to be there for ever.
    harness.wait_until(lambda: any(ELSEWHERE in str(row["after"]) and
                                   row["address"] == third.address
                                   for row in audit(one, "vpn.disconnect")))


def test_nobody_connects_more_often_than_he_may(vpn):
    one = vpn()
    one.machine.user("demo", policy={"connections_max": 1})
    first, second = one.client(), one.client(device="phone")
    first.connect()
    second.connect(up=False).wait_log("AUTH_FAILED,you are connected as often as you may be", 20)
    second.end()
    first.end()
    harness.wait_until(lambda: not tunnels(one))
    second.connect()
    assert second.ping("10.86.0.1") == 3


@pytest.mark.long
def test_a_session_ends_when_its_time_is_up(vpn):
    """By then it was granted anew several times, by new keys and by changes; and another key is due
    at that very moment, which may be what is refused."""
    one = vpn()
    one.machine.user("demo", policy={"session_minutes": 1})
    client = one.client(kind="locked")
    client.connect(*credentials(client, PASSWORD), "--reneg-sec", "20", "--hand-window", "10")
    since = time.monotonic()
    for i in range(4):
        time.sleep(8)
        one.machine.patch("/users/demo", {"email": f"demo{i}@example.org"})
    client.openvpn.wait_log("your session's time is up: sign in again|"
                            "AUTH_FAILED,SESSION:your session is over: sign in again", 60)
    assert 45 < time.monotonic() - since < 66
    client.openvpn.wait_log("AUTH_FAILED,SESSION:", 30)


def test_browsers_and_tunnels_are_listed_together(one):
    one.machine.user("demo")
    client = one.client()
    client.connect()
    browser = browser_of(one)
    assert browser.sign_in("demo").status == 200
    said = one.server.cli("session", "list", "--user", "demo", check=True).stdout
    assert re.search(r"Connected to the VPN:\nID +USER +DEVICE", said), said
    assert client.inside in said and client.address in said and "AES-256-GCM" in said
    both = json.loads(one.server.cli("session", "list", "--json", check=True).stdout)
    assert len(both["items"]) == 1 and both["tunnels"][0]["device_name"] == "laptop"
    assert "laptop" not in one.server.cli("session", "list", "--user", "nobody").stdout
    number = str(both["tunnels"][0]["id"])
    assert "has ended" in one.server.cli("session", "kill", number, "--yes", check=True).stdout
    client.openvpn.wait_log("an administrator has ended this connection", 10)
    assert browser.get("/me").status == 200
    assert audit(one, "vpn.end")


# --- trouble

def test_without_control_a_client_comes_again_by_itself(vpn):
    one = vpn()
    inside, client = one.client(), one.client(device="phone")
    inside.connect("--reneg-sec", "10", "--hand-window", "5")
    (control,) = one.server.children("control")
    os.kill(control, signal.SIGSTOP)
    client.connect(up=False).wait_log("Peer Connection Initiated", 20)
    assert "Completed" not in client.openvpn.log
    os.kill(control, signal.SIGKILL)
    client.openvpn.wait_log(UP, 60)
    assert "AUTH_FAILED" not in client.openvpn.log
    assert inside.ping("10.86.0.1", count=100, seconds=60) == 100
    assert inside.openvpn.log.count(UP) == 1


def test_a_server_can_end_while_somebody_signs_in(vpn):
    one = vpn()
    inside, client = one.client(), one.client(device="phone")
    inside.connect()
    (control,) = one.server.children("control")
    os.kill(control, signal.SIGSTOP)
    client.connect(up=False).wait_log("Peer Connection Initiated", 20)
    one.server.stop()
    assert not harness.SANITIZER_REPORT.search(one.server.log), one.server.log
