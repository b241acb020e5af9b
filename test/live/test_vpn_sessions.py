"""Who is connected to the VPN: as administrators and they themselves see it, and how it ends."""
import json
import re

import harness
import pytest
import rest

pytestmark = pytest.mark.root

ENDED = "SIGTERM|SIGUSR1|AUTH_FAILED|process restarting|process exiting"


def tunnels(one, query=""):
    return one.machine.good("GET", "/tunnels" + query)["items"]


def audit(one, action):
    return one.machine.good("GET", f"/audit?action={action}")["items"]


def credentials(client, password, name="demo"):
    file = client.directory / f"{client.name}.auth"
    file.write_text(f"{name}\n{password}\n")
    file.chmod(0o600)
    return file


def test_who_is_connected_is_listed_and_cut_off(vpn):
    one = vpn()
    client = one.client()
    client.connect()
    assert client.ping("10.86.0.1", count=5) == 5
    (found,) = tunnels(one)
    assert found["user_name"] == "demo" and found["device_name"] == "laptop"
    assert found["from"].rsplit(":", 1)[0] == client.address
    assert client.inside in found["inside"]
    assert found["bytes_in"] >= 5 * 84 and found["bytes_out"] >= 5 * 84
    assert found["cipher"] == "AES-256-GCM" and found["tls"] == "TLSv1.3"
    assert re.match(r"2\.\d+\.\d+ linux", found["client"])
    assert tunnels(one, "?search=no-such") == []
    said = one.server.cli("tunnel", "list", check=True).stdout
    assert "demo" in said and client.inside in said and client.address in said
    one.server.cli("tunnel", "kill", str(found["id"]), "--yes", check=True)
    client.openvpn.wait_log(ENDED, 10)
    harness.wait_until(lambda: found["id"] not in [t["id"] for t in tunnels(one)])
    harness.wait_until(lambda: audit(one, "vpn.disconnect"))
    ended = audit(one, "vpn.disconnect")[-1]
    assert ended["object"] == "device demo/laptop"
    after = ended["after"] if isinstance(ended["after"], dict) else json.loads(ended["after"])
    assert after["bytes_in"] >= 5 * 84
    assert audit(one, "vpn.end") and audit(one, "vpn.connect")


def test_a_stop_is_noted_of_all_who_were_there(vpn):
    one = vpn()
    client = one.client()
    client.connect()
    assert client.ping("10.86.0.1") == 3
    one.server.stop()
    client.end()
    one.server.start()
    harness.wait_until(lambda: one.machine.get("/status").status == 200)
    (ended,) = audit(one, "vpn.disconnect")
    assert "the server stops" in str(ended["after"]) and ended["address"] == client.address


@pytest.mark.parametrize("how", ["disabled", "revoked", "removed"])
def test_who_may_no_more_is_cut_off_at_once(vpn, how):
    one = vpn()
    client = one.client()
    client.connect()
    assert len(tunnels(one)) == 1
    if how == "disabled":
        one.server.cli("user", "disable", "demo", check=True)
    elif how == "revoked":
        one.server.cli("device", "revoke", "demo", "laptop", "--yes", check=True)
    else:
        one.server.cli("user", "remove", "demo", "--yes", check=True)
    harness.wait_until(lambda: not tunnels(one))
    client.openvpn.wait_log(ENDED, 10)
    harness.wait_until(lambda: "tun" not in client.run("ip", "-4", "route", "get", one.behind,
                                                       check=False), what="its tunnel's end")


def test_who_comes_and_goes_disturbs_nobody(vpn):
    one = vpn()
    first, second = one.client(), one.client(device="phone")
    first.connect()
    (found,) = tunnels(one)
    second.connect()
    one.server.cli("device", "revoke", "demo", "phone", "--yes", check=True)
    harness.wait_until(lambda: [t["id"] for t in tunnels(one)] == [found["id"]])
    assert first.ping("10.86.0.1") == 3


def test_a_locked_device_wants_its_users_password(vpn):
    one = vpn()
    one.machine.user("demo")
    client = one.client(kind="locked")
    client.connect("--auth-user-pass", credentials(client, "wrong"), "--auth-retry", "none",
                   up=False).wait_log("AUTH_FAILED", 20)
    client.end()
    assert tunnels(one) == []
    client.connect("--auth-user-pass", credentials(client, rest.PASSWORD))
    assert client.ping("10.86.0.1") == 3
    metrics = one.machine.raw("GET", "/metrics").body.decode()
    assert "sallyport_vpn_tunnels{protocol=" in metrics
    assert re.search(r"sallyport_vpn_sign_ins_refused [1-9]", metrics)


def test_beside_a_tunnel_its_user_reaches_the_console(vpn):
    """What a client asks of the server's public address passes no tunnel."""
    one = vpn(config="site vpn.example.org {\n    certificate self-signed\n"
                     "    access_server\n}\n")
    client, other = one.client(), one.client(user="other")
    name = f"vpn.example.org:{one.server.port}"
    ask = ("curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", "--resolve",
           f"{name}:192.0.2.1", f"https://{name}/api/v1/users")
    assert client.run(*ask) == "404"
    client.connect()
    harness.wait_until(lambda: client.run(*ask) == "401", 15)
    assert other.run(*ask) == "404"
