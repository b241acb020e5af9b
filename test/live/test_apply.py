"""The configuration through the API: shown, checked, compared, applied, confirmed, rolled back."""
import hashlib
import json
import os
import signal
import socket
import time

import pytest

import harness
from rest import Browser


@pytest.fixture
def admin(office):
    server = office(admin="allow loopback", config="")
    server.machine.user("boss", role="admin")
    browser = Browser(server)
    assert browser.sign_in("boss").status == 200
    server.boss = browser
    return server


def text_of(server):
    return server.machine.good("GET", "/config")["text"]


def apply(client, text, base, seconds=0):
    return client.post("/config/apply", {"text": text, "base": base, "confirm_seconds": seconds})


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def respond(server, text="changed"):
    """The file with one route more."""
    old = server.conf.read_text()
    return old, old.replace("site example.org {",
                            f'site example.org {{\n    route /new {{ respond 200 "{text}" }}')


def test_what_runs_and_what_is_in_the_file_are_told_apart(admin):
    old, new = respond(admin)
    assert admin.machine.good("GET", "/config")["text"] == old
    admin.conf.write_text(new)
    told = admin.machine.good("GET", "/config")
    assert told["text"] == new
    assert admin.machine.good("GET", "/config/running")["text"] == old


def test_a_change_is_applied_and_kept(admin):
    old, new = respond(admin)
    answer = apply(admin.boss, new, digest(old))
    assert answer.status < 300, answer
    assert admin.get("/new")[2] == b"changed"
    assert admin.conf.read_text() == new
    versions = admin.machine.good("GET", "/config/history")["items"]
    assert len(versions) == 2
    assert admin.machine.good("GET", "/config/history/" + versions[1]["name"])["text"] == old
    actions = [row["action"] for row in admin.machine.good("GET", "/audit")["items"]]
    assert any(action.startswith("config.") for action in actions)


def test_a_wrong_one_changes_nothing_and_says_where(admin):
    old, _ = respond(admin)
    wrong = old + "\nsight example.net {\n}\n"
    answer = apply(admin.boss, wrong, digest(old))
    assert answer.status == 400, answer
    assert b"sight" in answer.body
    assert admin.conf.read_text() == old
    checked = admin.boss.post("/config/check", {"text": wrong})
    assert b"sight" in checked.body


def test_a_file_changed_meanwhile_is_not_overwritten(admin):
    old, new = respond(admin)
    admin.conf.write_text(old + "# by hand\n")
    answer = apply(admin.boss, new, digest(old))
    assert answer.status in (409, 412), answer
    assert admin.conf.read_text() == old + "# by hand\n"


def test_what_is_not_confirmed_comes_back(admin):
    old, new = respond(admin)
    assert apply(admin.boss, new, digest(old), 2).status < 300
    assert admin.get("/new")[2] == b"changed"
    harness.wait_until(lambda: admin.get("/new")[0] == 404, 15, "the old configuration")
    assert admin.conf.read_text() == old


def test_what_a_restart_interrupted_comes_back_too(admin):
    """It may be the change itself that makes the machine fall over."""
    old, new = respond(admin)
    edge = admin.edge_pid
    os.kill(edge, signal.SIGSTOP)
    machine = admin.machine.connection()
    body = json.dumps({"text": new, "base": digest(old), "confirm_seconds": 1})
    machine.request("POST", "/api/v1/config/apply", body, {"Content-Type": "application/json"})
    harness.wait_until(lambda: admin.conf.read_text() == new, what="the new file")
    admin.stop(signal.SIGKILL)
    admin.start()
    harness.wait_until(lambda: admin.conf.read_text() == old, 15, "the old configuration")
    harness.wait_until(lambda: admin.get("/new")[0] == 404, 15, "it to be in force")


def test_what_is_refused_awaits_no_confirmation(admin):
    old, new = respond(admin)
    taken = socket.create_server(("127.0.0.1", 0))
    other = new + f"\nplain {{ listen 127.0.0.1:{taken.getsockname()[1]} }}\n"
    with taken:
        assert apply(admin.boss, other, digest(old), 30).status == 400
    assert admin.conf.read_text() == old
    assert not (admin.state / "unconfirmed").exists()


def test_only_a_connection_made_after_the_change_confirms_it(admin):
    old, new = respond(admin)
    connection = admin.boss.connection()
    connection.request("GET", "/api/v1/me", headers=admin.boss.headers("GET"))
    assert connection.getresponse().read()
    time.sleep(0.05)
    assert apply(admin.boss, new, digest(old), 30).status < 300
    connection.request("POST", "/api/v1/config/confirm", headers=admin.boss.headers("POST"))
    early = connection.getresponse()
    assert early.status >= 400 and b"older than the change" in early.read()
    assert early.headers["Connection"] == "close"  # so that a browser makes a new one
    assert 0 < admin.machine.good("GET", "/status")["server"]["confirm_s"] <= 30
    assert admin.boss.post("/config/confirm").status < 300
    time.sleep(0.2)
    assert admin.conf.read_text() == new


def test_it_can_be_rolled_back_at_once(admin):
    old, new = respond(admin)
    assert apply(admin.boss, new, digest(old), 60).status < 300
    assert admin.boss.post("/config/rollback").status < 300
    harness.wait_until(lambda: admin.get("/new")[0] == 404, 15, "the old configuration")
    assert admin.conf.read_text() == old
    assert admin.boss.post("/config/rollback").status >= 400


def test_files_outside_of_the_trusted_paths_cannot_be_named(admin):
    old, _ = respond(admin)
    for path in ("/etc", "/", str(admin.state / "control"), str(admin.state)):
        new = old.replace("site example.org {",
                          f"site example.org {{\n    route /x/* {{ root {path} }}")
        answer = apply(admin.boss, new, digest(old))
        assert answer.status in (400, 403), (path, answer)
        assert b"trusted_paths" in answer.body
    assert admin.conf.read_text() == old


def test_programs_are_for_the_files_owner_alone(admin):
    old, _ = respond(admin)
    new = old + "\nshare {\n    ssh inetd { command /bin/sh -i }\n}\n"
    answer = apply(admin.boss, new, digest(old))
    assert answer.status in (400, 403), answer
    assert b"command" in answer.body


def test_read_only_is_read_only(office):
    server = office("config read_only\n")
    server.machine.user("boss", role="admin")
    browser = Browser(server)
    assert browser.sign_in("boss").status == 200
    old, new = respond(server)
    answer = apply(browser, new, digest(old))
    assert answer.status in (400, 403), answer
    assert b"read_only" in answer.body
    assert server.conf.read_text() == old


def test_neither_users_nor_operators_may_change_it(office):
    server = office()
    old, new = respond(server)
    for name, role in (("op", "operator"), ("demo", "user")):
        server.machine.user(name, role=role)
        browser = Browser(server)
        assert browser.sign_in(name).status == 200
        assert apply(browser, new, digest(old)).status == 403
    assert server.conf.read_text() == old


def test_the_owner_and_mode_of_the_file_stay(admin):
    admin.conf.chmod(0o640)
    before = admin.conf.stat()
    old, new = respond(admin)
    assert apply(admin.boss, new, digest(old)).status < 300
    after = admin.conf.stat()
    assert (before.st_mode, before.st_uid, before.st_gid) == \
        (after.st_mode, after.st_uid, after.st_gid)


def linked(admin, name, target):
    """What a link below the trusted paths leads to."""
    link = admin.state / name
    link.symlink_to(target)
    return link


def rooted(old, path):
    return old.replace("site example.org {",
                       f"site example.org {{\n    route /x/* {{ root {path} }}")


def logged(admin, old, path):
    return old.replace(f"file {admin.access_file}", f"file {path}")


def refused_link(admin, new, old):
    answer = apply(admin.boss, new, digest(old))
    assert answer.status == 400 and b"trusted_paths" in answer.body, (new, answer)
    checked = admin.boss.post("/config/check", {"text": new}).json
    assert not checked["valid"] and "trusted_paths" in checked["faults"]
    assert admin.conf.read_text() == old


def test_links_below_the_trusted_paths_lead_nowhere_else(admin, tmp_path, certificate):
    """Whoever may write there and change the configuration is not root by that."""
    chain, key = certificate("example.org")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "log").write_text("kept\n")
    directory = linked(admin, "link", outside)
    old, _ = respond(admin)
    own = [line for line in old.splitlines() if line.strip().startswith("certificate ")][0]
    for new in (rooted(old, directory),
                rooted(old, directory / "none"),
                rooted(old, linked(admin, "ours", admin.state / "control")),
                rooted(old, linked(admin, "dangling", tmp_path / "none")),
                rooted(old, linked(admin, "proc", "/proc/self/root") / "srv"),
                logged(admin, old, directory / "log"),
                logged(admin, old, directory / "new"),
                logged(admin, old, linked(admin, "log", outside / "log")),
                old.replace(own, f"certificate {linked(admin, 'chain', chain)} {key}"),
                old.replace("site example.org {", "site example.org {\n    route /y/* { proxy "
                            f"unix:{directory}/back.sock }}")):
        refused_link(admin, new, old)
    assert (outside / "log").read_text() == "kept\n"
    assert not (outside / "new").exists()


def test_links_that_stay_below_the_trusted_paths_are_followed(admin):
    release = admin.state / "releases" / "1"
    (release / "x").mkdir(parents=True)
    (release / "x" / "page.txt").write_text("one")
    old, _ = respond(admin)
    new = rooted(old, linked(admin, "current", release))
    answer = apply(admin.boss, new, digest(old))
    assert answer.status < 300, answer
    assert admin.get("/x/page.txt")[2] == b"one"


def test_a_link_made_later_leads_nowhere_else_either(admin, tmp_path):
    """The name was good when it was brought; what is opened is judged each time."""
    outside, pages, logs = tmp_path / "outside", admin.state / "pages", admin.state / "logs"
    for directory in (outside, pages, logs):
        (directory / "x").mkdir(parents=True)
        (directory / "x" / "page.txt").write_text("one")
    old, _ = respond(admin)
    new = logged(admin, rooted(old, pages), logs / "log")
    answer = apply(admin.boss, new, digest(old))
    assert answer.status < 300, answer
    assert admin.get("/x/page.txt")[2] == b"one"
    for directory in (pages, logs):
        directory.rename(directory.with_suffix(".old"))
        directory.symlink_to(outside)
    os.kill(admin.pid, signal.SIGUSR1)
    harness.wait_until(lambda: admin.get("/x/page.txt")[0] == 404, 15, "the link to be seen")
    assert not (outside / "log").exists()
    assert "leads out of `trusted_paths`" in admin.log
    admin.stop()
    admin.start()
    assert admin.get("/x/page.txt")[0] == 404
    assert not (outside / "log").exists()
