"""The console's pages about people, as an administrator and an operator use them."""
import pytest

import harness

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(harness.SANITIZED, reason="a browser is here for what it asks, once is enough"),
]


def test_people_are_invited_grouped_imported_and_deleted(person):
    machine = person.vpn.machine
    machine.user("mara", role="admin")
    machine.user("otto", role="operator")
    saw = person.act("people_pages.js")
    assert saw["hasProfile"] and saw["lines"] == 3 and saw["scripts"] == 0
    assert saw["offered"] == {"ofAdmin": False, "ofPolicy": False, "ofUser": True}
    assert saw["users"] == ["adam", "mara", "otto", "zora"]
    zora = machine.good("GET", "/users/zora")
    assert not zora["enabled"] and zora["has_password"] and zora["group"] == "staff"
    assert (zora["email"], zora["comment"]) == ("z@example.org", "mine")
    assert zora["expires"].startswith("209")
    policy = machine.good("GET", "/users/zora/policy")
    assert (policy["devices_max"], policy["connections_max"], policy["totp_required"]) == (3, 7, False)
    assert policy["dns"] == ["10.0.0.53", "2001:db8::53"]
    everybody = machine.good("GET", "/policy")
    assert (everybody["connections_max"], everybody["devices_max"]) == (7, None)
    assert everybody["usual"]["devices_max"] == 10
    device, = machine.good("GET", "/users/zora/devices?revoked=true")["items"]
    assert (device["name"], device["address"]) == ("<b>tablet", "10.86.0.77") and device["revoked"]
    assert "\u202e" in machine.good("GET", "/users/adam")["full_name"]
    assert [x["kind"] for x in machine.good("GET", "/links?user=adam")["items"]] == ["invite"]


def test_ten_thousand_people_are_paged_sorted_and_searched(person):
    machine = person.vpn.machine
    machine.user("mara", role="admin")
    for begin in (0, 5000):
        rows = "".join(f"p{i:05}\n" for i in range(begin, begin + 5000) if i < 9999)
        machine.good("POST", "/users/import", {"csv": "name\n" + rows, "preview": False})
    saw = person.act("many_people.js")
    assert (saw["count"], saw["searched"]) == (100, 10)
    assert saw["slowest"] < 5000
