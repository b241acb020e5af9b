"""Stock clients of OpenVPN, each in a network of its own, with profiles as they are downloaded."""
import pytest

import vpn as vpns

pytestmark = pytest.mark.root


def through_the_shared_port(one):
    return one.client(profile=vpns.only(one.profile("demo", "laptop"), "192.0.2.1",
                                        one.server.port, "tcp-client"))


def test_a_stock_client_pings_through_the_shared_port(vpn):
    one = vpn()
    client = through_the_shared_port(one)
    client.connect()
    assert "TCP connection established" in client.openvpn.log
    assert client.ping("10.86.0.1") == 3
    assert client.ping(one.behind) == 3


def test_a_stock_client_pings_by_udp_with_its_profile_as_it_is(vpn):
    one = vpn()
    client = one.client()
    client.connect()
    assert "TCP connection" not in client.openvpn.log
    assert client.ping("10.86.0.1") == 3
    assert client.ping(one.behind) == 3


def test_https_is_untouched_on_the_same_port(vpn):
    one = vpn()
    client = through_the_shared_port(one)
    client.connect()
    said = client.run("curl", "-sk", "--resolve", f"example.org:{one.server.port}:192.0.2.1",
                      f"https://example.org:{one.server.port}/")
    assert said == "hello\n"
    assert client.ping("10.86.0.1") == 3
