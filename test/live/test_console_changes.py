"""Forms of the console: what they change is tried first, and what others change meanwhile stays."""
import pytest

import harness

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(harness.SANITIZED,
                       reason="a browser is here for what it asks, once is enough"),
]


def test_who_gets_in_and_what_the_vpn_gives_is_changed_on_trial(person):
    server, machine = person.vpn.server, person.vpn.machine
    machine.user("nora", role="admin")
    before = server.conf.read_text()
    saw = person.act("lists_and_network.js")
    assert saw["tried"] == ["allow loopback vpn 203.0.113.7"]
    assert saw["during"] and not saw["back"] and saw["warned"] == 0
    both = saw["both"]
    assert both["typed"].split() == ["203.0.113.7", "198.51.100.0/24"]
    assert both["diff"][-1] == "allow loopback vpn 203.0.113.7 2001:db8::/48 198.51.100.0/24"
    assert sorted(saw["names"]) == ["dns 10.0.0.53 2001:db8::53", "domain example.org"]
    assert saw["network"] == ["network 10.86.0.0/20", "network 10.99.0.0/24"]
    added = {both["diff"][-1], *saw["names"], saw["network"][1]}
    after = [line.strip() for line in server.conf.read_text().splitlines()]
    assert {line.strip() for line in before.splitlines()} - set(after) == {"network 10.86.0.0/20"}
    assert added <= set(after)
    assert machine.good("GET", "/status")["server"]["awaits_confirmation"] is False


def test_forms_of_what_others_change_meanwhile_lose_nothing(person):
    machine = person.vpn.machine
    machine.user("nora", role="admin")
    machine.user("bob", password=None)
    machine.good("POST", "/groups", {"name": "staff"})
    machine.good("POST", "/rules", {"scope": "user", "of": "bob", "action": "allow",
                                    "destination": "10.77.0.0/16"})
    saw = person.act("meanwhile.js")
    assert saw["seen"] == {"name": "Bob of nora", "email": "bob@example.org", "clash": 1}
    bob, staff = machine.good("GET", "/users/bob"), machine.good("GET", "/groups/staff")
    assert (bob["full_name"], bob["email"], bob["comment"]) == ("Bob of nora", "bob@example.org", "mine")
    assert (staff["comment"], staff["policy"]["totp_required"]) == ("mine", True)
    policy = machine.good("GET", "/policy")
    assert (policy["client_to_client"], policy["devices_max"]) == (True, 0)
    (rule,) = machine.good("GET", "/rules")["items"]
    assert (rule["destination"], rule["comment"]) == ("10.78.0.0/16", "mine")
    alerts = machine.good("GET", "/alerts")
    assert alerts["mail_from"] == "nora@example.org"
    assert (alerts["rules"]["new_listener"], alerts["rules"]["certificate"]) == (False, False)
