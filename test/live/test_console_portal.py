"""The portal: whoever has a device gets it connected, keeps it so, and gives it up."""
import contextlib
import sqlite3
import time

import pytest

import harness
from browser import Person

SOFTWARE = f"client_software windows /files/vpn-setup.msi {'5a' * 32}"


@pytest.fixture(name="nora")
def a_person_without_a_device(vpn):
    one = Person(vpn(vpn=SOFTWARE))
    one.vpn.machine.user("nora")
    yield one
    one.room.remove()


def ends_soon(vpn, device, days):
    with contextlib.closing(sqlite3.connect(vpn.server.state / "control/sallyport.db")) as store:
        store.execute("UPDATE devices SET expires = ? WHERE id = ?",
                      (int((time.time() + days * 86400) * 1000), device["id"]))
        store.commit()


@pytest.mark.root
@pytest.mark.skipif(harness.SANITIZED, reason="a browser is here for what it asks, once is enough")
def test_devices_are_set_up_renamed_renewed_and_revoked(nora):
    machine = nora.vpn.machine
    old = machine.good("POST", "/users/nora/devices", {"name": "old", "platform": "android"})
    ends_soon(nora.vpn, old, 9)
    saw = nora.act("portal.js")
    said = saw["said"]
    # Its certificate is nobody's whom a browser knows: the file comes first, and it is said why.
    for platform in ("windows", "macos", "ios"):
        assert "Download the profile" in said[platform]["profile"], platform
        assert "not publicly trusted" in said[platform]["profile"], platform
    assert "Show the QR code" in said["ios"]["profile"]
    assert "Show the QR code" not in said["windows"]["profile"]
    assert "Get vpn-setup.msi" in said["windows"]["install"]
    assert "Get OpenVPN Connect" in said["macos"]["install"]
    assert "network-manager-openvpn" in said["linux"]["install"]
    assert (saw["checked"], saw["scans"]) == ("android", 0)
    left = {d["name"] for d in machine.good("GET", "/users/nora/devices")["items"]}
    assert left == {"office 🖥", "macbook", "laptop", "<b>tablet", "phone"}
    actions = [row["action"] for row in machine.good("GET", "/audit?limit=30")["items"]]
    assert "device.renew" in actions and "device.revoke" in actions, actions


@pytest.mark.root
@pytest.mark.skipif(harness.SANITIZED, reason="a browser is here for what it asks, once is enough")
def test_who_set_it_up_lets_himself_in_again(vpn):
    person = Person(vpn(admin="allow vpn\n    portal any"))
    try:
        link = person.vpn.machine.good("POST", "/setup-link")["page_url"]
        saw = person.act("ways_back.js", link)
    finally:
        person.room.remove()
    # Without loopback in the list, what comes by SSH would not be let in either.
    assert (saw["before"], saw["after"], saw["ssh"]) == (404, 200, 0)
    assert "    allow vpn 127.0.0.1\n" in person.vpn.server.conf.read_text()


@pytest.mark.root
@pytest.mark.skipif(harness.SANITIZED, reason="a browser is here for what it asks, once is enough")
def test_what_one_tab_begins_for_somebody_is_not_done_in_the_name_of_another(person):
    machine = person.vpn.machine
    for name in ("omar", "pia"):
        machine.user(name)
    saw = person.act("tabs.js")
    assert saw["came"] == 200 and saw["isIn"]
    assert saw["devices"] == 0 and "his own" not in saw["typed"]
    assert machine.good("GET", "/devices")["items"] == []
