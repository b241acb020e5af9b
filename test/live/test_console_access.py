"""Rules, what they come to, and the log of who made them, in a real browser."""
import json

import pytest

import harness


@pytest.mark.root
@pytest.mark.skipif(harness.SANITIZED, reason="a browser is here for what it asks, once is enough")
def test_rules_are_made_asked_about_and_found_in_the_log(person):
    machine, server = person.vpn.machine, person.vpn.server
    machine.user("mara", role="admin")
    machine.user("olga", role="operator")
    machine.user("bob")
    saw = person.act("access.js")

    reached = saw["reached"]
    assert reached["before"].startswith("Yes bob reaches 10.77.0.9, TCP port 443.")
    assert "bob may reach 10.77.0.0/16 by TCP 443" in reached["before"]
    assert reached["after"].startswith("No bob does not reach")
    assert "bob may not reach 10.77.0.9/32 by TCP 443" in reached["after"]
    assert reached["edited"].startswith("Yes")
    assert reached["removed"].startswith("Yes") and "The configuration" in reached["removed"]
    assert saw["offered"] == 0
    (rule,) = machine.good("GET", "/rules")["items"]
    assert (rule["of"], rule["action"], rule["port_from"]) == ("bob", "deny", 22)
    assert [r["rule"] for r in machine.good("GET", "/users/bob/grant")["rules"]][0] == rule["id"]

    logged = saw["logged"]
    assert logged["acts"] == ["rule.remove", "rule.change", "rule.change", "rule.add", "rule.add"]
    assert logged["who"] == ["mara"]
    assert "443" in logged["moved"] and "22" in logged["moved"]
    file = logged["file"]
    assert file["isWhole"] and file["isSame"]
    assert file["parts"] == -(-file["lines"] // 3) > 2
    assert file["name"].startswith("audit-example.org-")
    assert file["filters"] == {"action": "rule."}
    assert file["found"] == logged["acts"][::-1]
    assert file["partName"].startswith("audit-part-example.org-")
    exported = [json.loads(line) for line in server.cli("audit", "export", check=True).stdout.splitlines()]
    assert [r["who"] for r in exported if r["action"].startswith("rule.")] == ["mara"] * 5
    assert len(logged["head"]) == 64
