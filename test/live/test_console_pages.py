"""What holds for all pages: who sees which, what they may do in a browser, and what they cost."""
import itertools
import json
import re
import threading

import pytest

import harness
from browser import WEB
from rest import Browser, wait_ready

ONCE = pytest.mark.skipif(harness.SANITIZED,
                          reason="a browser is here for what it asks, once is enough")
FOR_ADMINISTRATORS = ["/admin/configuration", "/admin/security/allow", "/admin/settings/vpn",
                      "/admin/settings/backup"]
FORBIDDEN = {  # to an operator, who is not offered it either
    ("PUT", "/policy"): ("/admin/people/policy", "Save"),
    ("POST", "/groups"): ("/admin/people/groups", "Add a group"),
    ("POST", "/rules"): ("/admin/access", "Add a rule"),
    ("PUT", "/alerts"): ("/admin/settings/alerts", "Save"),
    ("POST", "/ca/roll-over"): ("/admin/settings/certificates", "Make a new authority"),
}
EVERYWHERE = {"Cross-Origin-Resource-Policy": "same-origin", "X-Content-Type-Options": "nosniff",
              "Referrer-Policy": "no-referrer"}


@pytest.mark.root
@ONCE
def test_people_are_offered_what_they_may_and_nothing_is_kept_or_asked_elsewhere(person):
    machine, server = person.vpn.machine, person.vpn.server
    for role in ("admin", "operator", "user"):
        machine.user(role, role=role)
    saw = person.act("roles.js")
    admin, operator = saw["admin"]["seen"], saw["operator"]["seen"]
    assert set(operator) < set(admin)
    for path in FOR_ADMINISTRATORS:
        assert path in admin and path not in operator, path
    for path, name in FORBIDDEN.values():
        assert name in admin[path] and name not in operator[path], path
    assert saw["user"]["seen"] == {} and saw["user"]["title"] == "This is for administrators"
    for role in ("admin", "operator", "user"):
        one = saw[role]
        assert set(map(str, one["kept"].values())) <= {"0", ""}, role
        assert (one["elsewhere"], one["secrets"], one["refused"]) == ([], [], []), role
    operator, user = Browser(server), Browser(server)
    for one, name in ((operator, "operator"), (user, "user")):
        one.socket = lambda: person.vpn.gate.connect(server.admin_port, "127.0.0.1")
        assert one.sign_in(name).status == 200
    for method, path in FORBIDDEN:
        assert operator.ask(method, path, {}).status == 403, path
    for path in ("/users", "/config", "/audit", "/console"):
        assert user.get(path).status == 403, path


@pytest.mark.root
@ONCE
def test_who_opens_a_page_by_its_address_sees_what_he_may(person):
    machine = person.vpn.machine
    for name, role in (("boss", "admin"), ("otto", "operator"), ("bob", "user")):
        machine.user(name, role=role)
    machine.good("POST", "/groups", {"name": "staff"})
    rule = machine.good("POST", "/rules", {"scope": "user", "of": "bob", "action": "allow",
                                           "destination": "10.77.0.0/16"})
    saw = person.act("addresses.js", rule["id"])
    operator, user = saw["operator"], saw["user"]
    assert operator["refused"] == user["refused"] == []
    seen, mine = operator["seen"], "This is for administrators"
    for path in ("/people/add-group", "/people/groups/staff/edit", "/people/boss/edit",
                 "/people/boss/policy", "/access/add", "/sites", "/sites/add", "/configuration",
                 "/configuration/review", "/configuration/history"):
        assert (seen[path]["title"], seen[path]["buttons"]) == (mine, []), path
    for path in ("/security/allow", "/settings/vpn", "/settings/backup"):
        assert seen[path]["said"] == mine and seen[path]["buttons"] == [], path
    assert {path for path, page in seen.items() if page["title"] == "There is no such page"} == {"/nowhere", "/%ff"}
    assert {path for path, page in seen.items() if page["alerts"]} == {"/people/nobody/edit"}
    assert "Save" in seen["/people/bob/edit"]["buttons"]
    assert not {"Save", "Remove"} & set(seen[f"/access/rules/{rule['id']}"]["buttons"])
    assert {page["title"] for page in user["seen"].values()} == {mine}
    assert set(user["asked"]) <= {"/api/v1/session", "/api/v1/me/policy"}


@pytest.mark.root
@ONCE
def test_the_console_is_gone_through_by_keyboard(person):
    machine = person.vpn.machine
    machine.user("nora", role="admin")
    machine.user("bob")
    machine.good("POST", "/rules", {"scope": "user", "of": "bob", "action": "allow",
                                    "destination": "10.77.0.0/16"})
    machine.good("POST", "/tokens", {"name": "bot", "scope": "read"})
    saw = person.act("keyboard.js")
    assert saw["skipped"] == {"first": "Skip to the content", "inside": True}
    assert saw["travelled"] == ["Access", "Security", "Audit", "Settings", "Connections", "Overview",
                                "People"]
    assert saw["sorted"] == [["descending", "Name ↓"], ["ascending", "Name ↑"]]
    assert saw["dialogs"] == [{"begins": True, "held": "", "back": True}] * 5
    assert (saw["after"], saw["gone"]) == ("Security", "People")
    assert saw["account"]


def directives(policy):
    return {name: set(words) for name, *words in (part.split() for part in policy.split(";"))}


def pages_of(server):
    """Every kind of page, and whatever files the pages name."""
    machine, browser = server.machine, Browser(server)
    machine.user("una", password=None)
    machine.good("POST", "/users/una/devices", {"name": "laptop"})
    links = [machine.good("POST", path)["page_url"]
             for path in ("/setup-link", "/users/una/invite", "/users/una/devices/laptop/link")]
    paths = ["/portal", "/portal/add", "/admin", "/admin/people", *links]
    files = {path for page in ("/portal", "/admin")
             for path in re.findall(r'(?:href|src)="(/[^"]+)"',
                                    browser.raw("GET", page).body.decode())}
    return [(path, browser.raw("GET", path)) for path in [*paths, *sorted(files)]]


def check_page(answer):
    told, body = answer.headers, answer.body.decode()
    policy = directives(told["Content-Security-Policy"])
    for name in ("default-src", "base-uri", "frame-ancestors"):
        assert policy[name] == {"'none'"}
    # Where there is a script at all, no text becomes markup.
    assert policy.get("require-trusted-types-for", policy.get("script-src")) in (None, {"'script'"})
    assert policy["form-action"] <= {"'self'", "'none'"}
    assert not re.search(r"unsafe|https?:|\*", told["Content-Security-Policy"])
    assert told["Cross-Origin-Opener-Policy"] == "same-origin"
    assert told["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert "camera=()" in told["Permissions-Policy"]
    assert not re.search(r'<script(?![^>]+src="/)| style=| on\w+="', body)


def test_every_page_says_what_browsers_may_do_with_it(office):
    for path, answer in pages_of(office()):
        for name, value in EVERYWHERE.items():
            assert answer.headers.get(name) == value, (path, name)
        if answer.headers["Content-Type"].startswith("text/html"):
            assert answer.status == 200, path
            check_page(answer)


@pytest.mark.root
@ONCE
def test_pages_are_light_and_stand_still(person):
    person.vpn.machine.user("root1", role="admin")
    done = person.room.run(harness.tool("node"), WEB / "test/load.js", person.origin, "root1")
    assert done.returncode == 0, done.stderr
    saw = json.loads(done.stdout)
    assert saw["complaints"] == []
    for one in saw["loads"]:
        assert one["bytes"] < 120 * 1024, one
        assert one["session"] == [2], one  # asked once, as soon as the page itself is there
        assert one["moved"] < 0.02, one


@pytest.mark.root
@ONCE
def test_a_page_finds_a_server_again_and_shows_what_it_missed(person):
    server, machine = person.vpn.server, person.vpn.machine
    machine.user("nora", role="admin")
    machine.user("bob", password=None)

    def start():
        server.start()
        wait_ready(server).user("carol", password=None)

    enough = threading.Event()

    def many():
        for n in itertools.count():
            machine.user("erin" if n == 0 else f"x{n}", password=None)
            if enough.wait(0.05):
                break

    crowd = threading.Thread(target=many, daemon=True)
    saw = person.act("reconnect.js", stop=server.stop, start=start,
                     add=lambda: machine.user("dave", password=None), hurry=crowd.start, rest=enough.set)
    enough.set()
    crowd.join()
    assert saw["during"] == 1 and saw["offers"] > 0 and saw["problems"] == 0
