"""Clients of OpenVPN 2.4, which have the static key of tls-crypt and no wrapped one: answered only
where the file says so, for UDP and for TCP."""
from pathlib import Path

import pytest

import harness
import vpn as vpns

pytestmark = pytest.mark.root

GATE = "10.86.0.1"
ON = "legacy on"
TCP_ON = "legacy on\n    legacy_tcp on"


def legacy(one, device="old"):
    one.profile("demo", device)
    return one.server.cli("profile", "get", "demo", device, "--legacy", check=True).stdout


def aged(directory):
    """The stock client, which says of itself what 2.4 does."""
    program = Path(harness.tool("openvpn")).read_bytes()
    assert program.count(b"\0IV_PROTO=%d\n\0") == 1
    made = directory / "openvpn-2.4"
    made.write_bytes(program.replace(b"\0IV_PROTO=%d\n\0", b"\0IV_PROTO=02\n\0"))
    made.chmod(0o755)
    return made


def gone(one):
    harness.wait_until(lambda: not one.machine.good("GET", "/tunnels")["items"], what="its leaving")


def test_a_client_with_the_static_key_pings_as_its_profile_is(vpn):
    one = vpn(vpn=ON)
    profile = legacy(one)
    assert "<tls-crypt>" in profile and "<tls-crypt-v2>" not in profile
    assert "tcp-client" not in profile
    client, usual = one.client(profile=profile), one.client(device="new")
    client.connect()
    usual.connect()
    assert client.ping(GATE) == 3 and client.ping(one.behind) == 3
    assert usual.ping(GATE) == 3
    names = {t["device_name"] for t in one.machine.good("GET", "/tunnels")["items"]}
    assert names == {"old", "new"}


@pytest.mark.long
@pytest.mark.parametrize("age", ["2.4", "2.6"])
def test_new_keys_are_made_from_either_side(vpn, tmp_path, age):
    one = vpn(vpn=ON + "\n    rekey 10s")
    client = one.client(profile=legacy(one))
    if age == "2.4":
        client.program = aged(tmp_path)
    client.connect("--verb", "4", "--reneg-sec", "5", "--hand-window", "3")
    harness.wait_until(lambda: client.openvpn.log.count("Control Channel: TLS") >= 4, 60,
                       "three more keys")
    assert ("dynamic tls-crypt" in client.openvpn.log) == (age == "2.6")
    assert client.ping(GATE, 100) == 100
    assert client.openvpn.log.count(vpns.UP) == 1


def test_started_again_at_the_same_port_it_comes_in_again(vpn):
    one = vpn(vpn=ON)
    client = one.client(profile=legacy(one).replace("nobind\n", "lport 1194\n"))
    client.connect()
    client.openvpn.process.kill()
    client.end()
    client.run("ip", "link", "del", "tun0", check=False)
    client.connect()
    assert client.ping(GATE) == 3


def test_whose_device_was_revoked_is_refused(vpn):
    one = vpn(vpn=ON)
    client = one.client(profile=legacy(one))
    client.connect()
    one.server.cli("device", "revoke", "demo", "old", "--yes", check=True)
    gone(one)
    client.end()
    client.connect("--connect-retry-max", "1", up=False)
    one.server.wait_log("revoked|not known here|came to nothing")
    assert vpns.UP not in client.openvpn.log


def test_it_is_not_answered_unless_the_file_says_so(vpn):
    one = vpn(vpn=ON)
    client = one.client(profile=legacy(one))
    client.connect()
    client.end()
    gone(one)
    one.server.write(one.server.conf.read_text().replace(ON, "legacy off"), whole=True)
    one.server.reload()
    client.connect("--connect-timeout", "5", up=False)
    client.openvpn.wait_log("UDPv4 link remote", 10)
    client.openvpn.wait_log("Server poll timeout|TLS key negotiation failed", 20)
    assert "TLS: Initial packet" not in client.openvpn.log
    client.end()
    said = one.server.cli("profile", "get", "demo", "old", "--legacy")
    assert said.returncode != 0 and "legacy on" in said.stderr
    usual = one.client(device="new")
    usual.connect()
    assert usual.ping(GATE) == 3


def by_tcp(one, profile):
    return one.client(profile=vpns.only(profile, "192.0.2.1", one.server.port, "tcp-client"))


def refused(client):
    """Answered as by any web server."""
    client.connect("--connect-retry-max", "1", up=False)
    client.openvpn.wait_log("Connection reset|restarting|WARNING: Bad encapsulated packet", 20)
    assert "TLS: Initial packet" not in client.openvpn.log


def test_by_tcp_it_gets_what_everybody_gets(vpn):
    one = vpn(vpn=ON)
    refused(by_tcp(one, legacy(one)))


@pytest.mark.long
@pytest.mark.parametrize("age", ["2.4", "2.6"])
def test_by_tcp_it_pings_where_the_file_says_so(vpn, tmp_path, age):
    one = vpn(vpn=TCP_ON + "\n    rekey 10s")
    profile = legacy(one)
    assert profile.index(" udp\n") < profile.index(" tcp-client\n")
    client, usual = by_tcp(one, profile), one.client(device="new")
    if age == "2.4":
        client.program = aged(tmp_path)
    client.connect("--verb", "4", "--reneg-sec", "5", "--hand-window", "3")
    usual.connect()
    harness.wait_until(lambda: client.openvpn.log.count("Control Channel: TLS") >= 3, 60,
                       "two more keys")
    assert client.ping(GATE, 100) == 100 and client.ping(one.behind) == 3
    assert {t["protocol"] for t in one.machine.good("GET", "/tunnels")["items"]} == {"tcp", "udp"}


def test_by_tcp_it_can_be_switched_off_again(vpn):
    one = vpn(vpn=TCP_ON)
    client = by_tcp(one, legacy(one))
    client.connect()
    client.end()
    gone(one)
    one.server.write(one.server.conf.read_text().replace("legacy_tcp on", ""), whole=True)
    one.server.reload()
    refused(client)
