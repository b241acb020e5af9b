"""`vpn` in the lists of who may reach the console: from inside a tunnel, and beside it."""
import socket

import harness
import pytest
import rest

pytestmark = pytest.mark.root

NAME = "vpn.example.org"
PUBLIC, PUBLIC6, GATEWAY = "192.0.2.1", "2001:db8::1", "10.86.0.1"
SITE = f"""
site {NAME} {{
    certificate self-signed
    access_server
}}
"""


class Browser(rest.Browser):
    """One on the client's machine."""

    def __init__(self, client, address=PUBLIC, name=NAME):
        super().__init__(client.vpn.server, client.vpn.server.port, address, name)
        self.client = client

    def socket(self):
        made = harness.Namespace.socket(
            self.client, socket.AF_INET6 if ":" in self.address else socket.AF_INET)
        made.settimeout(self.timeout)
        made.connect((self.address, self.port))
        return made

    def sees_console(self):
        """Whether it is there, which says nothing yet of who may do what in it."""
        return self.get("/users").status != 404


def way(client, address):
    """The device by which it goes there."""
    said = client.run("ip", "route", "get", address)
    return said.split(" dev ")[1].split()[0]


@pytest.fixture(params=["full", "split"])
def connected(request, vpn):
    """An administrator's client, by a tunnel for all or for one network."""
    one = vpn(vpn={"full": "", "split": "route 198.51.100.0/24"}[request.param], config=SITE,
              everywhere=True)
    one.machine.user("demo", role="admin")
    one.machine.user("other", role="admin")
    client = one.client()
    assert not Browser(client).sees_console()
    client.connect()
    assert way(client, "203.0.113.1").startswith("tun") == (request.param == "full")
    assert not way(client, PUBLIC).startswith("tun")
    return client


def test_by_the_public_name_the_console_is_the_tunnels_users(connected):
    browser = Browser(connected)
    harness.wait_until(browser.sees_console)
    assert browser.sign_in("demo").status == 200
    assert browser.get("/users").status == 200
    assert browser.raw("GET", "/admin").status == 200


def test_beside_it_nobody_else_is_let_in(connected):
    """He shares the tunnel's outer address, as behind one NAT, and is an administrator."""
    browser = Browser(connected)
    harness.wait_until(browser.sees_console)
    assert browser.sign_in("other").status == 200
    unknown = browser.raw("GET", "/no-such-page")
    assert unknown.status == 404
    for path in ("/admin", "/api/v1/users", "/api/v1/tunnels"):
        there = browser.raw("GET", path)
        assert (there.status, there.body) == (404, unknown.body)


def test_the_gateways_address_is_one_for_everybody_inside(connected):
    browser = Browser(connected, GATEWAY)
    assert browser.sees_console()
    assert browser.sign_in("other").status == 200
    assert browser.get("/users").status == 200


def test_with_the_tunnel_the_right_ends(connected):
    browser = Browser(connected)
    harness.wait_until(browser.sees_console)
    assert browser.sign_in("demo").status == 200
    assert browser.get("/users").status == 200
    connected.end()
    harness.wait_until(lambda: not browser.sees_console())


def test_who_only_has_a_session_of_his_is_not_let_in_from_elsewhere(connected):
    browser = Browser(connected)
    harness.wait_until(browser.sees_console)
    assert browser.sign_in("demo").status == 200
    elsewhere = Browser(connected.vpn.client(user="other"))
    elsewhere.cookie, elsewhere.csrf = browser.cookie, browser.csrf
    assert not elsewhere.sees_console()


def test_by_the_other_protocol_the_way_is_through_a_full_tunnel(vpn):
    """The tunnel came by IPv4, and a browser prefers IPv6."""
    one = vpn(config=SITE, everywhere=True)
    one.machine.user("demo", role="admin")
    client = one.client()
    assert not Browser(client, PUBLIC6).sees_console()
    client.connect()
    browser = Browser(client, PUBLIC6)
    assert browser.sees_console()
    assert browser.sign_in("demo").status == 200
    assert browser.get("/users").status == 200


def test_a_list_without_vpn_lets_in_nobody_because_of_it(vpn):
    one = vpn(config=SITE, everywhere=True, admin="allow loopback\n    portal vpn")
    one.machine.user("demo")
    client = one.client()
    other = one.client(user="other")
    client.connect()
    for address in (PUBLIC, GATEWAY):
        browser = Browser(client, address)
        harness.wait_until(lambda b=browser: b.get("/session").status != 404)
        assert browser.sign_in("demo").status == 200
        assert browser.get("/me").status == 200
        assert not browser.sees_console()
    assert Browser(other).get("/me").status == 404
