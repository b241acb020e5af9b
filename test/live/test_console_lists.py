"""Every list of the console, sorted and narrowed in a real browser."""
import pytest

import harness

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(harness.SANITIZED, reason="a browser is here for what it asks, once is enough"),
]


def fill(machine):
    """Of each kind some, alike in this and different in that."""
    machine.user("zoe", role="admin")
    for name in ("zebras", "ants", "owls"):
        machine.good("POST", "/groups", {"name": name, "comment": "\u202e<b>owls"})
    machine.user("mara", group="zebras")
    machine.user("adam", group="zebras", password=None)
    machine.good("POST", "/users/mara/devices", {"name": "laptop"})
    machine.good("POST", "/users/mara/invite")
    machine.good("POST", "/users/mara/devices/laptop/link")
    for subject, until in (("192.0.2.7", "2099-01-01T00:00:00Z"), ("203.0.113.0/24", None),
                           ("adam", "2098-01-01T00:00:00Z"), ("mara", None)):
        machine.good("POST", "/bans", {"subject": subject, "until": until})
    for name, expires in (("ci", None), ("backup", "2099-01-01T00:00:00Z"), ("x", None)):
        machine.good("POST", "/tokens", {"name": name, "scope": "read", "expires": expires})
    for _ in range(2):
        machine.good("POST", "/alerts/test")
    for name in ("eve", "eve", "eve", "mallory", "mallory", "mallory", "mallory"):
        machine.ask("POST", "/session", {"name": name, "password": "not the password"})


def test_every_list_is_sorted_by_its_headings(person):
    machine = person.vpn.machine
    fill(machine)
    saw = person.act("lists.js")
    by = saw["sorted"]
    assert by["/admin/security"] == {"subject": "first", "by": "first", "created": "last",
                                     "until": "first"}
    assert by["/admin/audit"] == {"time": "first"}  # the newest first is usual
    assert by["/admin/people/groups"] == {"name": "last", "members": "last", "created": "last"}
    assert sorted(map(len, by.values())) == [1, 3, 3, 3, 3, 3, 4, 4, 4, 6]
    assert saw["networks"] == 1
