"""What clients reach behind a machine that forwarded nothing, and what is left of that at the end."""
import json
import os
import signal
import subprocess

import pytest

import harness
import vpn as machines

pytestmark = pytest.mark.root

DROPS = """
table ip filter {
    chain FORWARD {
        type filter hook forward priority filter; policy drop;
    }
}
table ip6 filter {
    chain FORWARD {
        type filter hook forward priority filter; policy drop;
    }
}
"""
UFW = """
table ip filter {
    chain ufw-user-forward {
    }
    chain ufw-before-forward {
        ct state established,related counter accept
        jump ufw-user-forward
    }
    chain FORWARD {
        type filter hook forward priority filter; policy drop;
        counter jump ufw-before-forward
    }
}
"""
SENTENCE = ("clients connect but cannot reach anything: ufw drops forwarded packets; "
            "run: ufw route allow in on sally0")


def run(one, *command, **options):
    return machines.run(one.gate.name, *command, **options)


def rules(one, text=None):
    """The packet filter of the server's machine, after taking `text` in."""
    if text:
        file = one.directory / "rules.nft"
        file.write_text(text)
        run(one, "nft", "-f", file)
    return run(one, "nft", "list", "ruleset")


def settings(one):
    """All that has to do with forwarding, of every device but those of clients and the VPN."""
    every = run(one, "sysctl", "-a", "-r", r"^net\.ipv[46].*(forwarding|ip_forward|accept_ra) =")
    return [line for line in every.splitlines() if "spw" not in line and "sally0" not in line]


def problem(one):
    return json.loads(one.server.cli("status", "--json", check=True).stdout)["vpn"]["problem"]


def connected(one):
    client = one.client()
    client.connect()
    assert client.ping("10.86.0.1") == 3
    return client


def test_a_machine_that_forwards_nothing_and_drops_the_rest_is_passed(vpn):
    one = vpn()
    one.server.stop()
    assert run(one, "sysctl", "-n", "net.ipv4.ip_forward") == "0\n"
    rules(one, DROPS)
    before = settings(one), rules(one)
    one.server.start()
    assert problem(one) is None
    client = connected(one)
    assert client.ping(one.behind) == 3
    assert client.ping(one.gate.gateway6) == 3
    assert before != (settings(one), rules(one))
    client.end()
    assert one.server.stop() == 0
    assert before == (settings(one), rules(one))


def test_what_a_crash_leaves_the_next_start_puts_back(vpn):
    one = vpn()
    one.server.stop()
    rules(one, DROPS)
    before = settings(one), rules(one)
    one.server.start()
    harness.wait_until(lambda: "sally0" in rules(one), what="our rules")
    one.server.stop(signal.SIGKILL)
    assert before != (settings(one), rules(one))
    text = one.server.conf.read_text()
    one.server.conf.write_text(text.replace(f"network {machines.NETWORK}", "")
                               .replace(f"listen 192.0.2.1:{one.udp}", ""))
    one.server.start()
    harness.wait_until(lambda: before == (settings(one), rules(one)), what="what was before")
    assert json.loads(one.server.cli("status", "--json").stdout)["vpn"] is None


def test_of_ufw_status_says_what_to_run_and_that_helps(vpn):
    one = vpn()
    one.server.stop()
    rules(one, UFW)
    one.server.start()
    assert problem(one) == SENTENCE
    assert SENTENCE in one.server.cli("status").stdout
    client = connected(one)
    assert client.ping(one.behind, count=1) == 0
    # What that command does.
    rules(one, 'add rule ip filter ufw-user-forward iifname "sally0" counter accept')
    one.server.reload()
    assert problem(one) is None
    assert client.ping(one.behind) == 3
    client.end()


def test_a_reload_keeps_the_interface_and_its_clients(vpn):
    one = vpn()
    client = connected(one)
    tunnel = one.server.children("tunnel")
    index = run(one, "cat", "/sys/class/net/sally0/ifindex")
    one.server.reload()
    one.server.conf.write_text(one.server.conf.read_text().replace("vpn {", "vpn {\n    mtu 1400"))
    one.server.reload()
    assert run(one, "cat", "/sys/class/net/sally0/mtu") == "1400\n"
    assert client.ping(one.behind) == 3
    assert one.server.children("tunnel") == tunnel
    assert run(one, "cat", "/sys/class/net/sally0/ifindex") == index
    client.end()


def test_a_change_of_where_it_listens_can_be_rolled_back(vpn):
    one = vpn()
    text, elsewhere = one.server.conf.read_text(), harness.free_port()
    one.server.conf.write_text(text.replace(f"192.0.2.1:{one.udp}", f"192.0.2.1:{elsewhere}"))
    one.server.reload(None, "--confirm", "1")
    one.server.wait_log("was not confirmed")
    harness.wait_until(lambda: one.server.conf.read_text() == text, what="the file as it was")
    assert "/udp is held by" not in one.server.log
    client = connected(one)
    client.end()
    one.server.reload()
    [tunnel] = one.server.children("tunnel")
    os.kill(tunnel, signal.SIGKILL)
    harness.wait_until(lambda: one.server.children("tunnel") not in ([], [tunnel]),
                       what="another tunnel")
    client.connect().stop()
    held = run(one, "ss", "-Hlun")
    assert f"192.0.2.1:{one.udp} " in held and f":{elsewhere} " not in held


def test_another_network_waits_for_a_start_and_that_is_said(vpn):
    one = vpn()
    client = connected(one)
    text = one.server.conf.read_text()
    one.server.conf.write_text(text.replace(machines.NETWORK, "10.87.0.0/20"))
    for _ in range(2):  # until then it is said each time
        said = one.server.cli("reload", check=True).stdout
        assert "but for `vpn network`: that takes effect when the server is started again" in said
        assert "systemctl restart sallyport" in said
    one.server.wait_log("but for `vpn network`")
    assert client.ping("10.86.0.1") == 3
    one.server.conf.write_text(text)
    assert "vpn network" not in one.server.cli("reload", check=True).stdout
    assert client.ping("10.86.0.1") == 3


def test_a_tunnel_that_died_is_started_again_on_the_same_interface(vpn):
    one = vpn()
    client = connected(one)
    index = run(one, "cat", "/sys/class/net/sally0/ifindex")
    [tunnel] = one.server.children("tunnel")
    os.kill(tunnel, signal.SIGKILL)
    harness.wait_until(lambda: one.server.children("tunnel") not in ([], [tunnel]),
                       what="another tunnel")
    assert run(one, "cat", "/sys/class/net/sally0/ifindex") == index
    client.end()
    client.connect()
    assert client.ping(one.behind) == 3
    client.end()


def test_an_interface_that_somebody_removed_is_made_again(vpn):
    one = vpn()
    client = connected(one)
    [tunnel] = one.server.children("tunnel")
    run(one, "ip", "link", "set", "sally0", "down")
    run(one, "ip", "link", "set", "sally0", "up")
    assert client.ping("10.86.0.1") == 3
    run(one, "ip", "link", "del", "sally0")
    one.server.wait_log("the VPN's interface was removed; ending")
    harness.wait_until(lambda: one.server.children("tunnel") not in ([], [tunnel]),
                       what="another tunnel")
    client.end()
    client.connect()
    assert client.ping(one.behind) == 3
    client.end()


@pytest.mark.parametrize("role", ["edge", "control"])
def test_whoever_is_started_again_has_a_line_to_the_tunnel(vpn, role):
    one = vpn()
    client = one.client()
    [old] = one.server.children(role)
    os.kill(old, signal.SIGKILL)
    harness.wait_until(lambda: one.server.children(role) not in ([], [old]), what=role)
    harness.wait_until(one.server.serves, what="serving")
    client.connect("--proto", "tcp-client", "--remote", "192.0.2.1", one.server.port, "tcp-client")
    assert client.ping(one.behind) == 3
    client.end()


def reaches(address):
    """Whether we do, from beyond the server."""
    return subprocess.run(["ping", "-n", "-c", "1", "-W", "1", address], check=False,
                          stdout=subprocess.DEVNULL).returncode == 0


def test_others_are_not_forwarded_because_of_the_vpn(vpn):
    """Somebody at a way out sends packets to a client's cable, which only the machine knows."""
    one = vpn()
    client = one.client()
    one.server.reload()  # it looks at the ways out: the cable is one now
    harness.ip("route", "add", client.address + "/32", "via", one.gate.address)
    try:
        assert not reaches(client.address)
        run(one, "nft", "delete", "table", "inet", "sallyport")
        assert reaches(client.address)  # so it was the table
    finally:
        harness.ip("route", "del", client.address + "/32")


def test_without_the_right_to_it_all_the_rest_serves(vpn):
    one = vpn()
    one.server.stop()
    before = one.server.binary
    wrapper = one.directory / "without"
    wrapper.write_text("#!/bin/sh\nexec setpriv --bounding-set=-net_admin --inh-caps=-net_admin "
                       f'--ambient-caps=-net_admin "{before}" "$@"\n')
    wrapper.chmod(0o755)
    one.server.binary = wrapper
    one.server.start()
    one.server.binary = before
    assert "CAP_NET_ADMIN" in problem(one)
    assert "there is no VPN" in one.server.cli("status").stdout
    said = machines.run(one.gate.name, "curl", "-sk", "--resolve",
                        f"example.org:{one.server.port}:192.0.2.1",
                        f"https://example.org:{one.server.port}/")
    assert said == "hello\n"


def test_a_port_that_is_taken_is_named_with_its_holder(vpn, process):
    one = vpn()
    one.server.stop()
    process(["python3", "-c", "import socket, time; s = socket.socket(type=socket.SOCK_DGRAM); "
             f"s.bind(('192.0.2.1', {one.udp})); print('bound', flush=True); time.sleep(60)"],
            netns=one.gate.name).wait_log("bound")
    one.server.start(wait=False)
    one.server.wait_log(rf"{one.udp}/udp is held by python3 \(pid \d+")
    assert one.server.stop() != 0
