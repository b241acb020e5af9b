"""Clients that come through a proxy in front of us, such as a CDN's: everything goes by them."""
import base64
import json
import subprocess

import pytest

import harness
from test_logs import in_format, lines
from test_proxy import at, says, text

SITE = """
trust_forwarded 127.0.0.1
site example.org {
    certificate self-signed
    route /inside { from 203.0.113.0/24; respond 200 inside }
    route /inside { respond 403 outside }
    route /rate { limit_rate 1/h burst 2; respond 200 ok }
    route /staff { basic_auth staff { %s }; respond 200 come }
    %s
}
"""


def front(server, more="", user="user x $y$j9T$EXAMPLE$0123456789abcdefghijklmnopqrstuvwxyzABCDEF0",
          **options):
    return server(SITE % (user, more), site=False, **options)


def by(client, **more):
    return {"X-Forwarded-For": client, **more}


def basic(user, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def test_routes_are_for_the_client_and_not_for_the_proxy(server):
    one = front(server)
    assert one.get("/inside", headers=by("203.0.113.9"))[0] == 200
    assert one.get("/inside", headers=by("198.51.100.9"))[0] == 403
    assert one.get("/inside", headers=by("203.0.113.9, 198.51.100.9"))[0] == 403
    assert one.get("/inside")[0] == 403


def test_nobody_else_is_believed(server):
    one = server(SITE.replace("127.0.0.1", "192.0.2.1") % ("user x $6$aaaaaaaa$" + "a" * 86, ""),
                 site=False)
    assert one.get("/inside", headers=by("203.0.113.9"))[0] == 403
    assert one.wait_access()["client"] == "127.0.0.1"


def test_each_client_has_a_limit_of_its_own(server):
    one = front(server, workers=1)
    for client in ("203.0.113.1", "203.0.113.2"):
        assert [one.get("/rate", headers=by(client))[0] for _ in range(3)] == [200, 200, 429]


def test_a_hash_goes_by_the_client(server, backend):
    there = [backend(says(text(name))) for name in "abcd"]
    one = front(server, f"proxy {' '.join(map(at, there))} {{ balance hash }}")
    answers = {client: {one.get("/x", headers=by(client))[2] for _ in range(3)}
               for client in (f"203.0.113.{i}" for i in range(16))}
    assert {len(who) for who in answers.values()} == {1}
    assert len(set.union(*answers.values())) > 1


@pytest.fixture
def user():
    return subprocess.run([str(harness.BINARY), "hash-password", "alice"], input="secret\n",
                          stdout=subprocess.PIPE, check=True, text=True).stdout


def test_the_log_names_the_client_its_proxy_and_its_user(server, user):
    one = front(server, user=user)
    assert user.startswith("user alice $y$")
    assert one.get("/staff", headers=by("203.0.113.9", **basic("alice", "secret")))[0] == 200
    first = one.wait_access()
    assert (first["client"], first["via"], first["user"]) == ("203.0.113.9", "127.0.0.1", "alice")
    assert one.get("/staff", headers=basic("alice", "wrong"))[0] == 401
    second = one.wait_access(lambda entry: entry["status"] == 401)
    assert second["client"] == "127.0.0.1"
    assert not {"via", "user"} & set(second)
    one.wait_log(r'wrong password for "alice" from 127\.0\.0\.1')


def test_the_combined_log_has_the_user_third(server, user):
    one = in_format(server, "combined", f"""
site example.net {{
    certificate self-signed
    basic_auth staff {{ {user.replace("alice", '"alice b"')} }}
    respond 200 ok
}}
""")
    assert one.get("/", "example.net", headers=basic("alice b", "secret"))[0] == 200
    assert lines(one)[0].startswith(rb"127.0.0.1 - alice\x20b [")


def test_what_is_passed_on_names_the_client_once(server, app_says):
    one = front(server, f"proxy {app_says}")
    fields = json.loads(one.get("/", headers=by("203.0.113.9", **{"X-Real-IP": "10.0.0.1"}))[2])
    assert fields["x-forwarded-for"] == "203.0.113.9, 127.0.0.1"
    assert fields["x-real-ip"] == "203.0.113.9"


@pytest.fixture
def app_says(backend):
    """A server that says what fields it was asked with."""
    def run(s):
        head = harness.receive_until(s, b"\r\n\r\n").decode()
        fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
        s.sendall(text(json.dumps(fields)))
    return f"http://{backend(run).at}"
