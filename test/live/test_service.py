"""What dist/sallyport.service leaves the server, and that it is enough for all of it."""
import re

import pytest

import harness
import rest
import vpn as machines

pytestmark = [pytest.mark.root, pytest.mark.plain_build]

UNIT = harness.TOP / "dist/sallyport.service.in"


def settings(name):
    """The words of all lines that set it."""
    found = re.findall(rf"^{name}=(.*)$", UNIT.read_text(), re.M)
    return [word for line in found for word in line.split()]


def forwards(one):
    return machines.run(one.gate.name, "sysctl", "-n", "net.ipv4.ip_forward")


def test_the_services_capabilities_are_enough_for_a_vpn(vpn, tmp_path):
    one = vpn()
    one.server.stop()
    kept = ",".join("+" + name.removeprefix("CAP_").lower()
                    for name in settings("CapabilityBoundingSet"))
    assert "+net_admin" in kept and settings("NoNewPrivileges") == ["yes"]
    wrapper = tmp_path / "confined"
    wrapper.write_text(f'#!/bin/sh\nexec setpriv --bounding-set=-all,{kept} --no-new-privs '
                       f'"{harness.BINARY}" "$@"\n')
    wrapper.chmod(0o755)
    assert forwards(one) == "0\n"
    one.server.binary = wrapper
    one.server.start()
    one.server.binary = harness.BINARY
    rest.wait_ready(one.server)
    client = one.client()
    client.connect()
    assert client.ping(one.behind) == 3
    client.end()
    assert one.server.stop() == 0
    assert forwards(one) == "0\n"


def test_nothing_else_in_it_takes_the_vpn_away():
    """Each of these would, and says nothing of it but that a call has failed."""
    assert "AF_NETLINK" in settings("RestrictAddressFamilies")
    assert "/dev/net/tun" in settings("DeviceAllow")
    for name in ("ProtectKernelTunables", "PrivateDevices", "PrivateNetwork", "PrivateUsers"):
        assert settings(name) in ([], ["no"])


def test_each_role_has_a_user():
    users = {line.split()[1] for line in
             (harness.TOP / "dist/sallyport.sysusers").read_text().splitlines()
             if line.startswith("u ")}
    named = set(re.findall(r'"(_sallyport-[a-z]+)"', "".join(
        path.read_text() for path in (harness.TOP / "src/role").glob("*.c"))))
    assert named and named <= users
