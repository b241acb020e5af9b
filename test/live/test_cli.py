"""The command line: every row of its table against a real server, its errors, and its help."""
import json
import os
import pty
import pwd
import re
import shlex
import signal
import struct
import subprocess
import termios
import fcntl
import time

import pytest

import harness
from rest import PASSWORD, Browser

DONE, FAILED, USAGE, UNREACHED, UNKNOWN = range(5)


@pytest.fixture
def cli(office, tmp_path):
    """A server with a few people, and its command line: cli("user", "list") is its output as text;
    cli(..., status=1) what it says on standard error."""
    server = office()
    secret = tmp_path / "password"
    secret.write_text(PASSWORD + "\n")

    def run(*words, status=DONE):
        done = server.cli(*map(str, words))
        assert done.returncode == status, (words, done.returncode, done.stdout, done.stderr)
        return done.stdout if status == DONE else done.stderr

    def read(*words, status=DONE):
        done = server.cli(*map(str, words), "--json")
        assert done.returncode == status, (words, done.stderr)
        return json.loads(done.stdout)
    run.json = read
    run.server = server
    run.password = secret
    return run


@pytest.fixture
def demo(cli):
    """The same, with the user demo and his device laptop."""
    cli("user", "add", "demo", "--role", "user", "--password-file", cli.password)
    cli("device", "add", "demo", "laptop")
    return cli


# --- as the manual has it

def test_these_work_as_written(cli, tmp_path):
    server = cli.server

    def sallyport(*words):
        done = subprocess.run([str(server.binary), "-c", str(server.conf), *words],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False)
        assert done.returncode == 0, (words, done.stderr)
        return done.stdout.decode()

    sallyport("user", "add", "demo", "--role", "user", "--password-file", str(cli.password))
    assert Browser(server).sign_in("demo").status == 200
    sallyport("device", "add", "demo", "laptop")
    profile = sallyport("profile", "get", "demo", "laptop")
    assert profile.endswith("\n") and "<key>" in profile and "</tls-crypt-v2>" in profile
    assert profile == server.machine.get("/users/demo/devices/laptop/profile").body.decode()
    sallyport("device", "revoke", "demo", "laptop", "--yes")
    assert server.machine.get("/users/demo/devices/laptop").status == 404
    assert [u["name"] for u in json.loads(sallyport("user", "list", "--json"))["items"]] == ["demo"]
    token = sallyport("token", "create", "ci", "--scope", "read").strip()
    assert re.fullmatch(r"sp_[\w-]{40,}", token)
    client = Browser(server)
    client.token = token
    assert client.get("/users").status == 200
    assert token not in sallyport("token", "list") + sallyport("audit", "list")
    assert "7 rows" in sallyport("audit", "verify") or "rows" in sallyport("audit", "verify")
    link = sallyport("setup-link")
    assert re.search(r"https://\S+/setup/[\w-]{43}$", link, re.M)
    assert "15 minutes" in link
    assert certificate_sha256(server) in link.replace(":", "").lower()


def certificate_sha256(server):
    text = subprocess.run(["openssl", "x509", "-in", server.certificate, "-noout", "-fingerprint",
                           "-sha256"], stdout=subprocess.PIPE, check=True).stdout.decode()
    return text.split("=")[1].strip().replace(":", "").lower()


# --- people

def test_users(cli):
    assert "User demo was added." in cli("user", "add", "demo", "--full-name", "De Mo", "--email",
                                         "demo@example.org", "--expires", "2099-01-01",
                                         "--devices-max", "3", "--dns", "10.0.0.1,10.0.0.2")
    shown = cli.json("user", "show", "demo")
    assert (shown["full_name"], shown["policy"]["devices_max"]) == ("De Mo", 3)
    assert shown["policy"]["dns"] == ["10.0.0.1", "10.0.0.2"]
    assert shown["expires"].startswith(("2098-12-31", "2099-01-01"))
    assert re.search(r"^full name +De Mo$", cli("user", "show", "demo"), re.M)
    assert "changed" in cli("user", "change", "demo", "--role", "operator", "--email", "none",
                            "--expires", "never", "--devices-max", "none")
    shown = cli.json("user", "show", "demo")
    assert (shown["role"], shown["email"], shown["expires"]) == ("operator", None, None)
    assert (shown["policy"]["devices_max"], shown["full_name"]) == (None, "De Mo")
    assert re.search(r"^NAME +ROLE", cli("user", "list"))
    assert "demo  operator" in cli("user", "list", "--role", "operator", "--sort", "created")
    for noun, sort in (("tunnel", "inside"), ("connection", "bytes"), ("refusal", "address")):
        cli(noun, "list", "--sort", sort, "--descending")
    assert "demo" not in cli("user", "list", "--role", "admin")
    assert "password of demo was set" in cli("user", "password", "demo", "--password-file",
                                             cli.password)
    browser = Browser(cli.server)
    assert browser.sign_in("demo").status == 200
    assert len(cli.json("session", "list", "--user", "demo")["items"]) == 1
    session = cli.json("session", "list")["items"][0]["id"]
    assert "demo" in cli("session", "list")
    assert f"Session {session} has ended" in cli("session", "end", session, "--yes")
    assert browser.get("/me").status == 401
    cli("user", "disable", "demo")
    assert Browser(cli.server).sign_in("demo").status == 401
    cli("user", "enable", "demo")
    assert "one-time codes" in cli("user", "reset-totp", "demo", "--yes")
    assert "devices max" in cli("user", "policy", "demo")
    assert "tunnel" in cli("user", "grant", "demo")
    assert "https://" in cli("user", "invite", "demo")
    assert "https://" in cli("user", "reset", "demo")
    assert "removed" in cli("user", "remove", "demo", "--yes")
    assert cli.json("user", "list")["items"] == []


def test_a_user_whose_password_is_not_taken_is_not_added(cli, tmp_path):
    weak = tmp_path / "weak"
    weak.write_text("password\n")
    said = cli("user", "add", "demo", "--password-file", weak, status=FAILED)
    assert "The user was not added" in said
    assert cli.json("user", "list")["items"] == []


def test_passwords_come_by_standard_input_too(cli):
    done = subprocess.run([str(cli.server.binary), "user", "add", "demo", "--password-file", "-",
                           "-c", str(cli.server.conf)], input=PASSWORD + "\n", text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 0, done.stderr
    assert Browser(cli.server).sign_in("demo").status == 200
    assert "no terminal" in cli("user", "password", "demo", status=FAILED)
    empty = cli.password.parent / "empty"
    empty.write_text("\n")
    assert "empty" in cli("user", "password", "demo", "--password-file", empty, status=FAILED)
    empty.write_text("two\nlines\n")
    assert "more than one line" in cli("user", "password", "demo", "--password-file", empty,
                                       status=FAILED)
    assert "No such file" in cli("user", "password", "demo", "--password-file", "/nowhere",
                                 status=FAILED)


def test_users_of_a_table(cli, tmp_path):
    table = tmp_path / "users.csv"
    table.write_text("name,full_name\nalice,Alice A\nbob,\"Bob, B\"\n")
    assert "alice" in cli("user", "import", table, "--preview")
    assert cli.json("user", "list")["items"] == []
    assert "--yes" in cli("user", "import", table, status=FAILED)
    assert "2 users were added" in cli("user", "import", table, "--yes")
    assert [u["full_name"] for u in cli.json("user", "list")["items"]] == ["Alice A", "Bob, B"]
    done = cli.server.cli("user", "import", str(table), "--yes")
    assert done.returncode == FAILED and "already" in done.stdout
    assert "none would be" in done.stderr
    table.write_text("nothing\n")
    assert "name" in cli("user", "import", table, "--yes", status=FAILED)


def test_groups_and_policy(cli):
    assert "Group staff was added" in cli("group", "add", "staff", "--comment", "all of us",
                                          "--tunnel", "full")
    cli("user", "add", "demo", "--group", "staff")
    assert cli.json("user", "policy", "demo")["tunnel"] == "full"
    cli("group", "change", "staff", "--tunnel", "none", "--name", "crew")
    assert cli.json("group", "show", "crew")["policy"]["tunnel"] is None
    assert re.search(r"^crew +1 +all of us$", cli("group", "list"), re.M)
    assert "members" in cli("group", "remove", "crew", "--yes", status=FAILED)
    cli("user", "change", "demo", "--group", "none")
    cli("group", "remove", "crew", "--yes")
    before = cli.json("policy", "show")
    cli("policy", "set", "--devices-max", "2", "--totp-required", "no")
    cli("policy", "set", "--connections-max", "4")
    after = cli.json("policy", "show")
    assert (after["devices_max"], after["connections_max"]) == (2, 4)
    assert (before["devices_max"], after["session_minutes"]) == (None, None)
    assert after["usual"] == before["usual"] and after["usual"]["session_minutes"] == 720
    assert "devices max" in cli("policy", "show")


def test_devices_and_profiles(demo, tmp_path):
    assert "laptop" in demo("device", "list")
    assert "laptop" in demo("device", "list", "demo")
    assert demo.json("device", "show", "demo", "laptop")["kind"] == "locked"
    assert "was changed" in demo("device", "change", "demo", "laptop", "--name", "my laptop",
                                 "--platform", "linux")
    number = demo.json("device", "show", "demo", "my laptop")["id"]
    assert demo.json("device", "show", "demo", f"#{number}")["platform"] == "linux"
    assert "new certificate" in demo("device", "renew", "demo", "my laptop")
    file = tmp_path / "demo.ovpn"
    assert demo("profile", "get", "demo", "my laptop", "--output", file) == ""
    assert file.stat().st_mode & 0o777 == 0o600
    assert "<ca>" in file.read_text()
    done = demo.server.cli("device", "link", "demo", "my laptop")
    assert re.fullmatch(r"https://\S+/link/[\w-]{43}\n", done.stdout), done
    assert "openvpn://import-profile/" in done.stderr
    links = demo.json("link", "list", "--user", "demo")["items"]
    assert [link["kind"] for link in links] == ["profile"]
    assert "profile" in demo("link", "list")
    assert demo.json("link", "show", links[0]["id"])["uses_left"] >= 1
    demo("link", "revoke", links[0]["id"], "--yes")
    demo("link", "show", links[0]["id"], status=UNKNOWN)
    demo("device", "revoke", "demo", "my laptop", "--yes")
    assert "my laptop" not in demo("device", "list")
    assert "my laptop" in demo("device", "list", "--revoked")


def test_tokens_go_by_name_or_number(cli):
    made = cli.json("token", "create", "ci", "--scope", "operate", "--expires", "30d")
    assert made["details"]["expires"] is not None
    assert cli.json("token", "show", "ci")["id"] == made["details"]["id"]
    assert re.search(r"\bci\b", cli("token", "list"))
    assert "already" in cli("token", "create", "ci", "--scope", "read", status=FAILED)
    cli("token", "create", "other", "--scope", "read")
    cli("token", "revoke", made["details"]["id"], "--yes")
    cli("token", "revoke", "other", "--yes")
    assert "there is no token ci" in cli("token", "revoke", "ci", "--yes", status=UNKNOWN)


# --- access

def test_rules_and_what_they_reach(cli):
    cli("user", "add", "demo")
    assert re.search(r"Rule \d+ was added", cli("rule", "add", "deny", "10.1.0.0/16"))
    rule = cli.json("rule", "add", "allow", "10.1.2.0/24", "--user", "demo", "--protocol", "tcp",
                    "--port", "80-90", "--way", "route", "--comment", "the wiki")
    assert (rule["scope"], rule["of"], rule["port_from"], rule["port_to"]) == ("user", "demo", 80,
                                                                               90)
    assert "10.1.2.0/24" in cli("rule", "list", "--scope", "user", "--of", "demo")
    assert cli.json("reach", "demo", "10.1.2.3", "--protocol", "tcp", "--port", 85)["reached"]
    assert not cli.json("reach", "demo", "10.1.2.3", "--protocol", "tcp", "--port", 22)["reached"]
    assert "reached" in cli("reach", "demo", "10.1.2.3")
    assert "10.1.2.0/24" in cli("user", "grant", "demo")
    cli("rule", "change", rule["id"], "--action", "deny", "--port", 0)
    shown = cli.json("rule", "show", rule["id"])
    assert (shown["action"], shown["port_from"], shown["port_to"]) == ("deny", 0, 0)
    assert "not both" in cli("rule", "add", "allow", "10.0.0.0/8", "--user", "demo", "--group",
                             "x", status=USAGE)
    assert "--port" in cli("rule", "add", "allow", "10.0.0.0/8", "--port", "http", status=USAGE)
    assert "network" in cli("rule", "add", "allow", "nowhere", status=FAILED)
    cli("rule", "remove", rule["id"], "--yes")


def test_bans_and_why(cli):
    cli("user", "add", "demo", "--password-file", cli.password)
    assert "is banned until" in cli("ban", "add", "192.0.2.7", "--until", "2h", "--reason", "rude")
    assert re.search(r"192\.0\.2\.7 +address +rude", cli("ban", "list"))
    assert cli.json("ban", "show", "192.0.2.7")["reason"] == "rude"
    said = cli("why", "192.0.2.7")
    assert "is refused now" in said and "sallyport ban lift 192.0.2.7" in said
    cli("ban", "lift", "192.0.2.7")
    assert "is not refused now" in cli("why", "192.0.2.7")
    assert "there is no ban 192.0.2.7" in cli("ban", "lift", "192.0.2.7", status=UNKNOWN)
    assert len(cli.json("ban", "list", "--all")["items"]) == 1
    assert Browser(cli.server).sign_in("demo", "wrong").status == 401
    said = cli("why", "demo")
    assert "sallyport user password demo" in said, said
    assert cli.json("why", "demo")["refusals"][0]["user"] == "demo"
    assert "There is no user of that name" in cli("why", "nemo")
    cli("user", "add", "ina", "--expires", "2020-01-01")
    assert "sallyport user change ina --expires never" in cli("why", "ina")
    for command in cli.json("why", "ina")["remedies"]:
        cli(*command.split()[1:])
    assert "is not refused now" in cli("why", "ina")
    assert "demo" in cli("refusal", "list", "--of", "demo")
    assert cli.json("refusal", "list", "--limit", 1)["items"]


def test_who_has_to_wait_is_listed_and_let_try_again(cli):
    cli("user", "add", "demo", "--password-file", cli.password)
    browser = Browser(cli.server)
    while browser.sign_in("demo", "wrong").status != 429:
        pass
    assert re.search(r"demo +account +[4-9] ", cli("lockout", "list"))
    shown = cli.json("lockout", "show", "demo")
    assert (shown["kind"], shown["ban_at"], shown["banned"]) == ("account", 10, False)
    assert cli.json("lockout", "list", "--search", "nobody")["items"] == []
    assert cli.json("why", "demo")["refusals"][0]["remedy"] == "sallyport lockout lift demo"
    assert "is forgotten" in cli("lockout", "lift", "demo")
    assert browser.sign_in("demo").status == 200
    assert "there is no lockout demo" in cli("lockout", "lift", "demo", status=UNKNOWN)


def test_the_remedy_for_one_who_is_banned_works_as_it_is_written(cli):
    cli("user", "add", "demo", "--password-file", cli.password)
    for _ in range(40):
        if Browser(cli.server).sign_in("demo", "wrong").status == 429 and \
                cli.json("ban", "list")["items"]:
            break
        for command in cli.json("why", "demo")["remedies"]:
            assert command.startswith("sallyport ")
    cli("ban", "add", "demo")
    for command in cli.json("why", "demo")["remedies"]:
        cli(*command.split()[1:])
    assert not [b for b in cli.json("ban", "list")["items"] if b["subject"] == "demo"]


def test_the_audit_log(demo, tmp_path):
    assert "user.add" in demo("audit", "list")
    rows = demo.json("audit", "list", "--action", "user.", "--object", "user demo")["items"]
    assert rows and all(row["action"].startswith("user.") for row in rows)
    assert demo.json("audit", "list", "--since", "2099-01-01")["items"] == []
    done = demo.server.cli("audit", "list", "--limit", "2")
    assert len(done.stdout.splitlines()) == 3
    lines = [json.loads(line) for line in demo("audit", "export").splitlines()]
    assert [line["id"] for line in lines] == list(range(1, len(lines) + 1))
    file = tmp_path / "audit.jsonl"
    demo("audit", "export", "--output", file, "--from", 3)
    assert json.loads(file.read_text().splitlines()[0])["id"] == 3
    assert file.stat().st_mode & 0o777 == 0o600
    assert demo.json("audit", "verify")["whole"] is True


def test_a_broken_audit_log_is_status_1(demo):
    demo.server.stop()
    database = demo.server.state / "control/sallyport.db"
    subprocess.run(["/usr/bin/python3", "-c",
                    "import sqlite3, sys\nd = sqlite3.connect(sys.argv[1])\n"
                    "for (t,) in d.execute(\"SELECT name FROM sqlite_master WHERE type='trigger'\")"
                    ".fetchall(): d.execute('DROP TRIGGER ' + t)\n"
                    "d.execute(\"UPDATE audit SET who = 'nobody' WHERE id = 2\")\nd.commit()",
                    str(database)], check=True)
    if harness.IS_ROOT:
        owner = database.parent.stat()
        for file in database.parent.glob("sallyport.db*"):
            os.chown(file, owner.st_uid, owner.st_gid)
    demo.server.start()
    harness.wait_until(lambda: demo.server.cli("user", "list").returncode == 0, 30, "control")
    done = demo.server.cli("audit", "verify")
    assert done.returncode == FAILED, done
    assert "2" in done.stdout
    assert json.loads(demo.server.cli("audit", "verify", "--json").stdout)["whole"] is False


def test_alerts(cli, tmp_path):
    before = cli.json("alert", "show")
    secret = tmp_path / "secret"
    secret.write_text("0123456789abcdef0123\n")
    cli("alert", "set", "--webhook-url", "https://example.org/hook", "--webhook-secret-file",
        secret, "--new-listener", "no")
    after = cli.json("alert", "show")
    assert after["webhook_url"] == "https://example.org/hook"
    assert after["rules"] == {**before["rules"], "new_listener": False}
    assert (after["has_webhook_secret"], after["has_smtp_password"]) == (True, False)
    assert "0123456789" not in cli("audit", "list") + cli("alert", "show")
    assert "URL" in cli("alert", "set", "--webhook-url", "nowhere", status=FAILED)
    cli("alert", "set", "--webhook-url", "none", "--webhook-secret-file", "none")
    assert not cli.json("alert", "show")["has_webhook_secret"]
    assert "on its way" in cli("alert", "test")
    harness.wait_until(lambda: cli.json("alert", "list")["items"], what="a notice")
    assert "CHANNEL" in cli("alert", "list", "--waiting")


# --- the rest

def test_certificates_findings_and_listeners(demo, tmp_path):
    listed = demo.json("cert", "list", "--kind", "ca")["items"]
    assert len(listed) == 1
    serial = listed[0]["serial"]
    assert serial in demo("cert", "list")
    assert demo.json("cert", "show", serial)["kind"] == "ca"
    assert "BEGIN CERTIFICATE" in demo("cert", "pem", serial)
    assert "example.org" in demo("cert", "sites")
    assert "The CA is" in demo("cert", "roll-over", "--keep-days", 30, "--yes")
    assert len(demo.json("cert", "list", "--kind", "ca")["items"]) == 2
    assert "self" in demo("finding", "list")
    assert str(demo.server.port) in demo("listener", "list")


def test_the_configuration(cli, tmp_path):
    server = cli.server
    shown = cli("config", "show")
    assert shown == server.conf.read_text()
    assert cli("config", "running") == shown
    other = tmp_path / "other.conf"
    other.write_text(shown.replace("drain_timeout 2s", "drain_timeout 3s"))
    assert "could be applied" in cli("config", "check", other)
    assert "+drain_timeout 3s" in cli("config", "diff", other)
    assert "--yes" in cli("config", "apply", other, status=FAILED)
    assert "was applied" in cli("config", "apply", other, "--yes")
    assert "drain_timeout 3s" in server.conf.read_text()
    assert "drain_timeout 3s" in cli("config", "running")
    assert "nothing" in cli("config", "rollback", "--yes", status=FAILED)
    versions = cli.json("config", "history")["items"]
    assert versions and "BYTES" in cli("config", "history")
    assert "state_dir" in cli("config", "version", versions[0]["name"])
    cli("config", "version", "20200101T000000Z-1.conf", status=UNKNOWN)
    other.write_text("lisen 443\n")
    assert "lisen" in cli("config", "check", other, status=FAILED)
    assert "lisen" in cli("config", "apply", other, "--yes", status=FAILED)
    assert "/nowhere" in cli("config", "check", "/nowhere", status=FAILED)


def test_a_change_is_confirmed_or_goes_back(cli, tmp_path):
    other = tmp_path / "other.conf"
    other.write_text(cli("config", "show").replace("drain_timeout 2s", "drain_timeout 4s"))
    assert "comes back in 60 s" in cli("config", "apply", other, "--confirm", 60, "--yes")
    assert "stays" in cli("config", "confirm")
    assert "comes back" not in cli("config", "apply", other, "--confirm", 0, "--yes")
    assert "comes back" not in cli("reload", "--confirm", 0)
    assert "drain_timeout 4s" in cli("config", "running")
    assert cli("config", "confirm", status=FAILED)
    other.write_text(cli("config", "show").replace("drain_timeout 4s", "drain_timeout 5s"))
    cli("config", "apply", other, "--confirm", 60, "--yes")
    assert "before runs again" in cli("config", "rollback", "--yes")
    assert "drain_timeout 4s" in cli("config", "running")


def test_the_configuration_in_an_editor(cli, monkeypatch):
    monkeypatch.setenv("VISUAL", "")
    monkeypatch.setenv("EDITOR", "sed -i 's/drain_timeout 2s/drain_timeout 5s/'")
    assert "was applied" in cli("config", "edit", "--yes")
    assert "drain_timeout 5s" in cli.server.conf.read_text()
    done = cli.server.cli("config", "edit", "--yes")
    assert (done.returncode, done.stderr) == (DONE, "Nothing was changed.\n")
    monkeypatch.setenv("EDITOR", "false")
    assert "editor failed" in cli("config", "edit", "--yes", status=FAILED)


def test_what_was_typed_in_an_editor_and_refused_is_kept(cli, monkeypatch):
    monkeypatch.setenv("VISUAL", "sed -i 's/drain_timeout/drain_timeuot/'")
    said = cli("config", "edit", "--yes", status=FAILED)
    file = re.search(r"What you wrote is in (\S+)", said)[1]
    try:
        with open(file, encoding="utf-8") as kept:
            assert "drain_timeuot" in kept.read()
        assert os.stat(file).st_mode & 0o777 == 0o600
    finally:
        os.unlink(file)


def test_the_status_has_what_control_counts(demo):
    text = demo("status")
    assert re.search(r"^ +1 users$", text, re.M) and re.search(r"^ +1 devices$", text, re.M)
    status = demo.json("status")
    assert status["people"]["users"] == 1 and status["control"]["requests"] > 0
    assert status["connections"]["accepted"] >= 0
    for pid in demo.server.children("control"):
        os.kill(pid, signal.SIGKILL)
    assert "HTTP requests" in demo("status")


# --- lists and JSON

@pytest.mark.long
def test_all_parts_of_a_list_are_fetched(cli):
    for n in range(1203):
        cli.server.machine.good("POST", "/users", {"name": f"user{n}"})
    assert len(cli.json("user", "list")["items"]) == 1203
    assert len(cli("user", "list").splitlines()) == 1204
    assert len(cli.json("user", "list", "--limit", 700)["items"]) == 700
    done = cli.server.cli("audit", "list")
    assert len(done.stdout.splitlines()) == 1001 and "--limit 0" in done.stderr
    assert len(cli("audit", "list", "--limit", 0).splitlines()) > 1200


def test_json_is_what_the_server_answers(demo):
    machine = demo.server.machine
    assert demo.json("user", "show", "demo") == machine.good("GET", "/users/demo")
    assert demo.json("policy", "show") == machine.good("GET", "/policy")
    assert demo.json("user", "add", "eve")["name"] == "eve"
    assert demo("user", "remove", "eve", "--yes", "--json") == ""


# --- refusals and exit statuses

def test_exit_statuses(demo):
    assert "there is no" in demo("user", "show", "nobody-such", status=UNKNOWN).lower()
    demo("device", "show", "demo", "phone", status=UNKNOWN)
    demo("profile", "get", "demo", "phone", status=UNKNOWN)
    demo("rule", "show", "999", status=UNKNOWN)
    assert "already" in demo("user", "add", "demo", status=FAILED)
    assert "--email" in demo("user", "add", "eve", "--email", "no mail", status=FAILED)
    assert "is none of" in demo("user", "add", "eve", "--role", "king", status=USAGE)
    assert "USER is missing" in demo("user", "add", status=USAGE)
    assert "did you mean `list`" in demo("user", "lst", status=USAGE)
    assert "did you mean `device`" in demo("devise", status=USAGE)
    assert "did you mean `--role`" in demo("user", "add", "eve", "--rol", "user", status=USAGE)
    assert "say what to do" in demo("user", status=USAGE)
    assert "is no time" in demo("user", "add", "eve", "--expires", "soon", status=USAGE)
    assert "is no number" in demo("user", "add", "eve", "--devices-max", "many", status=USAGE)


def test_what_is_no_text_is_refused_here(cli):
    done = cli.server.cli("user", "add", b"\xff")
    assert done.returncode == USAGE and "no text in UTF-8" in done.stderr


def test_what_could_not_be_written_was_not_done(demo, tmp_path):
    """A token is shown this once; and root could put a file in the place of any device."""
    def to_full(*words):
        with open("/dev/full", "w", encoding="utf-8") as full:
            return subprocess.run([str(demo.server.binary), "-c", str(demo.server.conf), *words],
                                  stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    for words in (("user", "list"), ("user", "list", "--json"), ("audit", "export"),
                  ("profile", "get", "demo", "laptop"), ("token", "create", "x", "--scope", "read")):
        done = to_full(*words)
        assert done.returncode == FAILED, words
        assert "did not take all of it" in done.stderr, words
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for words in (("profile", "get", "demo", "laptop"), ("audit", "export")):
        reader = subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE)
        demo(*words, "--output", pipe)
        assert reader.communicate(timeout=harness.DEADLINE)[0], words
    assert pipe.is_fifo()
    passphrase = demo.password
    assert "is no file" in demo("backup", "--yes", "--passphrase-file", passphrase, pipe,
                                status=FAILED)
    assert pipe.is_fifo()
    assert "could not be written" in demo("audit", "export", "--output", "/dev/full", status=FAILED)


def test_what_destroys_is_asked_about(demo):
    for words in (("user", "remove", "demo"), ("device", "revoke", "demo", "laptop"),
                  ("user", "reset-totp", "demo"), ("cert", "roll-over"), ("config", "rollback")):
        assert "add --yes" in demo(*words, status=FAILED), words
    assert demo.json("user", "show", "demo")["devices"] == 1
    # Unknown things are told of before anything is asked.
    assert "no token" in demo("token", "revoke", "nothing", status=UNKNOWN)


def terminal(server, *words, typed=b"", columns=200):
    """What is seen where it runs on a terminal, and its exit status."""
    pid, fd = pty.fork()
    if pid == 0:
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        os.execv(str(server.binary), [str(server.binary), "-c", str(server.conf), *words])
    seen = b""
    for prompt, text in typed or ():
        while prompt not in seen:
            seen += os.read(fd, 4096)
        os.write(fd, text)
        seen = b"" if prompt else seen
    return ended(pid, fd, seen)


def ended(pid, fd, seen):
    """What was seen and all that comes still, until it has ended; and its exit status."""
    try:
        while some := os.read(fd, 65536):
            seen += some
    except OSError:
        pass
    os.close(fd)
    return seen, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_a_person_is_asked_and_may_say_no(demo):
    seen, status = terminal(demo.server, "user", "remove", "demo", typed=[(b"[y/N]", b"n\n")])
    assert status == FAILED and b"Nothing was done" in seen
    _, status = terminal(demo.server, "user", "remove", "demo", typed=[(b"[y/N]", b"\n")])
    assert status == FAILED
    _, status = terminal(demo.server, "user", "remove", "demo", typed=[(b"[y/N]", b"y\n")])
    assert status == DONE
    assert demo.json("user", "list")["items"] == []


def test_a_password_is_typed_twice_and_not_seen(demo):
    other = b"another battery horse staple\n"
    seen, status = terminal(demo.server, "user", "password", "demo",
                            typed=[(b"Password: ", other), (b"again: ", other)])
    assert status == DONE, seen
    assert b"staple" not in seen
    assert Browser(demo.server).sign_in("demo", other.decode().strip()).status == 200
    seen, status = terminal(demo.server, "user", "password", "demo",
                            typed=[(b"Password: ", other), (b"again: ", b"x" + other)])
    assert status == FAILED and b"two different" in seen


def test_a_password_is_not_seen_after_a_pause_either(demo):
    """Stopped and continued, as by Ctrl-Z and fg; and the terminal is as it was at the end."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(str(demo.server.binary), [str(demo.server.binary), "-c", str(demo.server.conf),
                                           "user", "password", "demo"])
    def echoes():
        return bool(termios.tcgetattr(fd)[3] & termios.ECHO)
    seen = b""
    while b"Password: " not in seen:
        seen += os.read(fd, 4096)
    assert not echoes()
    os.kill(pid, signal.SIGTSTP)
    harness.wait_until(echoes, what="the shell's turn")
    os.kill(pid, signal.SIGCONT)
    harness.wait_until(lambda: not echoes(), what="the command's")
    for _ in range(2):
        os.write(fd, PASSWORD.encode() + b"\n")
    seen, status = ended(pid, fd, seen)
    assert status == DONE
    assert PASSWORD.encode() not in seen


def test_a_terminal_is_never_told_what_to_do(demo):
    """Whatever people are called, and whatever they sign in as."""
    machine = demo.server.machine
    hostile = "\x9b31m\x85\u202egnp\u200b é 中"
    machine.good("POST", "/users", {"name": "eve", "full_name": hostile, "comment": hostile})
    Browser(demo.server).sign_in("\x1b]0;owned\x07", "x")
    Browser(demo.server).sign_in(hostile, "x")
    for words in (("user", "list"), ("user", "show", "eve"), ("user", "show", "eve", "--json"),
                  ("refusal", "list"), ("refusal", "list", "--json"), ("audit", "list"),
                  ("user", "list", "--json"), ("user", "show", "\x1b[31m\x07"), ("\x1b[31m",),
                  ("user", "\x1b[31m"), ("user", "add", "--\x1b[31m"),
                  ("user", "add", "x", "--role", "\x1b[31m"), ("why", "\x1b[31m")):
        seen, _ = terminal(demo.server, *words)
        text = seen.decode()
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u202e]", text), \
            (words, text)
    assert "é" in demo("user", "show", "eve")


def test_tables_fit_the_terminal(demo):
    demo("user", "add", "a" * 60, "--full-name", "b" * 100)
    seen, status = terminal(demo.server, "user", "list", columns=70)
    assert status == DONE
    lines = seen.decode().splitlines()
    assert len(lines) == 4
    assert all(len(line) <= 70 for line in lines), lines
    assert "…" in seen.decode() and "| cat" in lines[3]
    seen, status = terminal(demo.server, "group", "list", columns=70)
    assert status == DONE and len(seen.splitlines()) == 1


# --- who can be asked

def test_a_server_that_does_not_run_is_status_3(server):
    one = server("admin { listen off }\n", start=False)
    for words in (("user", "list"), ("status",), ("setup-link",), ("audit", "verify"),
                  ("user", "add", "demo")):
        done = one.cli(*words)
        assert done.returncode == UNREACHED, words
        assert "no sallyport is running with this configuration" in done.stderr, words


def test_without_an_admin_block_that_is_said(server):
    one = server("")
    done = one.cli("user", "list")
    assert done.returncode == FAILED
    assert "`admin` block" in done.stderr
    assert one.cli("status").returncode == DONE


@pytest.mark.root
def test_who_may_not_ask_is_told_who_may(cli):
    server = cli.server
    harness.open_to_all(server.directory)
    server.conf.chmod(0o644)
    nobody = pwd.getpwnam("nobody")
    done = subprocess.run([str(server.binary), "-c", str(server.conf), "user", "list"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
                          user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[], cwd="/")
    assert done.returncode == UNREACHED, done
    assert "sallyport-admin" in done.stderr


def as_nobody(*words):
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups",
            *[str(word) for word in words]]


@pytest.mark.root
def test_who_may_ask_need_not_be_root_to_find_the_server(cli, tmp_path):
    """By a file without state_dir, as root writes it."""
    conf = tmp_path / "sallyport.conf"
    conf.write_text("admin { }\n")
    harness.open_to_all(tmp_path)
    harness.open_to_all(cli.server.directory)
    done = subprocess.run(as_nobody(cli.server.binary, "-c", conf, "user", "list"), cwd="/",
                          capture_output=True, text=True, check=False)
    assert done.returncode == UNREACHED and "/var/lib/sallyport/admin.sock" in done.stderr, done


@pytest.mark.root
def test_who_may_ask_need_not_be_able_to_read_the_file(cli, tmp_path):
    """The one that is read when none is named: it may hold a password of the database."""
    harness.open_to_all(cli.server.directory)
    (tmp_path / "etc").mkdir()
    (tmp_path / "work").mkdir()
    layers = f"lowerdir=/etc,upperdir={tmp_path}/etc,workdir={tmp_path}/work"
    ask = shlex.join(as_nobody(cli.server.binary, "user", "list"))
    done = subprocess.run(["unshare", "-m", "sh", "-ec", f"""
        mount -t overlay none -o {layers} /etc
        mkdir -p /etc/sallyport
        echo 'admin {{ }}' > /etc/sallyport/sallyport.conf
        chmod 600 /etc/sallyport/sallyport.conf
        cd /
        exec {ask}"""], capture_output=True, text=True, check=False)
    assert done.returncode == UNREACHED and "/var/lib/sallyport/admin.sock" in done.stderr, done


def test_control_that_hangs_does_not_hang_status(demo):
    for pid in demo.server.children("control"):
        os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert "HTTP requests" in demo("status")
        assert time.monotonic() - began < 15
    finally:
        for pid in demo.server.children("control"):
            os.kill(pid, signal.SIGCONT)


def test_a_change_by_somebody_else_is_tried_again_once(demo):
    """Two who change the same at once: both changes are there, or one was told."""
    words = [str(demo.server.binary), "-c", str(demo.server.conf), "user", "change", "demo"]
    both = [subprocess.Popen([*words, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for more in (["--comment", "one"], ["--full-name", "two"])]
    status = [one.wait(30) for one in both]
    for one in both:
        one.communicate()
    shown = demo.json("user", "show", "demo")
    assert 0 in status
    if status == [0, 0]:
        assert (shown["comment"], shown["full_name"]) == ("one", "two")


# --- help and completion

def run(*words):
    return subprocess.run([str(harness.BINARY), *words], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)


def rows():
    """Every (noun, verb) there is, as the help lists them."""
    nouns = re.findall(r"^  (\S+) ", run("help").stdout, re.M)
    for noun in set(nouns) - {"help"}:
        text = run("help", noun).stdout
        yield (noun,)
        yield from {(noun, verb) for verb in
                    re.findall(rf"^  sallyport {noun} ([a-z-]+)", text, re.M)}


@pytest.mark.skipif(harness.SANITIZED, reason="slow, and the same in both builds")
def test_every_row_has_help():
    found = list(rows())
    assert len(found) > 80
    for words in found:
        for done in (run(*words, "--help"), run("help", *words)):
            assert done.returncode == 0, words
            assert done.stdout.startswith("sallyport " + " ".join(words)), words
            assert done.stderr == ""
            assert all(len(line) < 140 for line in done.stdout.splitlines()), words


@pytest.mark.skipif(harness.SANITIZED, reason="slow, and the same in both builds")
def test_the_manual_has_every_row():
    text = (harness.TOP / "man/sallyport.8.in").read_text()
    told = {noun: set(re.findall(r"^\.It Cm ([a-z-]+)", part, re.M)) for noun, part in
            re.findall(r"^\.Ss ([a-z-]+)\n(.*?)(?=^\.S[sh] )", text, re.M | re.S)}
    found = list(rows())
    for noun in {words[0] for words in found}:
        verbs = {words[1] for words in found if words[0] == noun and len(words) > 1}
        if verbs - {"network"}:
            assert told.get(noun) == verbs, noun
        else:
            assert re.search(rf"^\.(Ss|It Cm|Cm) {noun}\b", text, re.M), noun


def test_the_version_is_asked_for_in_any_way():
    said = run("version").stdout
    assert said.startswith("sallyport ")
    for words in (["--version"], ["-c", "/nowhere", "version"], ["--version", "-c", "/nowhere"]):
        assert run(*words).stdout == said


@pytest.mark.parametrize("shell, check", [("bash", ["bash", "-n"]), ("zsh", ["zsh", "-n"]),
                                          ("fish", ["fish", "-n"])])
def test_completion_is_a_script_of_its_shell(shell, check, tmp_path):
    done = run("completion", shell)
    assert done.returncode == 0
    script = tmp_path / "completion"
    script.write_text(done.stdout)
    if subprocess.run(["which", check[0]], stdout=subprocess.DEVNULL, check=False).returncode:
        pytest.skip(f"{shell} is not installed")
    subprocess.run([*check, script], check=True)


def completed(*words):
    """What bash offers behind these words."""
    line = " ".join(f"'{word}'" for word in words)
    script = (f"{run('completion', 'bash').stdout}\nCOMP_WORDS=({line})\n"
              f"COMP_CWORD={len(words) - 1}\n_sallyport\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n")
    done = subprocess.run(["bash", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split()


def test_bash_completes_by_the_table():
    assert {"user", "device", "status", "help"} <= set(completed("sallyport", ""))
    assert completed("sallyport", "dev") == ["device"]
    assert completed("sallyport", "user", "inv") == ["invite"]
    assert completed("sallyport", "-c", "/etc/x", "user", "dis") == ["disable"]
    assert set(completed("sallyport", "user", "add", "demo", "--role", "")) == {"user", "operator",
                                                                               "admin"}
    assert completed("sallyport", "user", "add", "--pass") == ["--password-file"]
    assert set(completed("sallyport", "rule", "add", "")) >= {"allow", "deny"}
    assert completed("sallyport", "completion", "f") == ["fish"]
    assert completed("sallyport", "status", "--js") == ["--json"]
