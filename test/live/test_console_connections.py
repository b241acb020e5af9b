"""The console's first page, and who is connected, relayed and refused: in a real browser."""
import re

import pytest

import harness
from browser import Person

RAW = b"\x00raw\n"  # no protocol that is known: goes to `other`
NAME = "<b>laptop<b> \u202e\u2603 💻"
pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(harness.SANITIZED,
                       reason="a browser is here for what it asks, once is enough"),
]


@pytest.fixture(name="busy")
def a_busy_server(vpn):
    """Somebody with a browser at a server that passes on what it does not know."""
    port = harness.free_port()
    one = Person(vpn(config=f"share {{ other 127.0.0.1:{port} }}\n"))
    with harness.socket_in(one.vpn.gate.name) as listener:
        listener.bind(("127.0.0.1", port))
        listener.listen()
        yield one
    one.room.remove()


def test_connections_are_looked_at_and_ended_and_refusals_explained(busy):
    vpn, machine = busy.vpn, busy.vpn.machine
    machine.user("mara", role="admin")
    client = vpn.client(device=NAME)
    connected = client.connect()
    assert client.ping("10.86.0.1") == 3
    inside = client.inside
    with vpn.gate.socket() as raw:
        raw.connect((vpn.gate.address, vpn.server.port))
        raw.sendall(RAW)
        saw = busy.act("connections.js")
        assert raw.recv(1) == b""
    assert saw["heading"] == f"demo, {NAME}" and inside in saw["facts"]
    connected.wait_log("an administrator has ended this connection", 20)
    assert machine.good("GET", "/connections")["items"] == []
    done = {(row["who"], row["action"]) for row in machine.good("GET", "/audit")["items"]}
    assert {("mara", "vpn.end"), ("mara", "connection.end")} <= done
    assert "other" in saw["relayed"] and "5 B" in saw["relayed"]
    reason = machine.good("GET", "/refusals?of=mara")["items"][0]["reason"]
    assert "mara" in saw["refused"] and reason in saw["refused"]
    assert "of=mara" in saw["address"]
    by = [order.split()[-2:] for order in saw["orders"]]
    assert len(by) == 2 * (6 + 6 + 4)
    for first, second in zip(by[::2], by[1::2]):
        assert {first[-1], second[-1]} == {"ascending", "descending"}, (first, second)
    assert ["?sort=user", "ascending"] in by and ["?sort=bytes&descending=true", "descending"] in by


def test_the_first_page_says_what_the_server_does_as_it_does_it(person):
    vpn, machine = person.vpn, person.vpn.machine
    machine.user("mara", role="admin")
    vpn.client().connect()
    saw = person.act("overview.js")
    assert saw["tunnels"] == ["1", "of 1 device"] and saw["people"][0] == "2"
    certificates = [c for c in machine.good("GET", "/certificates")["items"]
                    if c["current"] and c["kind"] != "device"]
    sites = machine.good("GET", "/site-certificates")["items"]
    assert len(saw["certificates"]) == len(certificates + sites)
    listeners = machine.good("GET", "/listeners")["items"]
    shown = {re.match(r"\d+", row).group() for row in saw["listeners"]}
    assert shown <= {str(one["port"]) for one in listeners}
    assert str(vpn.server.admin_port) in shown
    before, after = (int(re.match(r"[\d,]+", saw[when]).group().replace(",", ""))
                     for when in ("before", "after"))
    assert before < after <= machine.good("GET", "/status")["server"]["requests"]["total"]
    assert {"Requests", "VPN connections", "Data", "Errors"} <= set(saw["charts"])
    assert saw["connected"] == 1
    # Asking does not make it ask again: once when it came, and when something happened.
    assert saw["asked"] < 8
    # Once the hour has come, only what came since is asked for.
    assert saw["hours"] == sorted(saw["hours"]) and saw["hours"][-1] and len(saw["hours"]) < 8
