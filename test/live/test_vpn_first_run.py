"""The VPN as README.md has it, word for word; as ./dev run makes it; and on a machine that cannot."""
import json
import os
import re
import subprocess
from types import SimpleNamespace

import pytest

import harness
import rest
import vpn as machines

pytestmark = pytest.mark.root

PUBLIC, OFFICE, ROUTER = "192.0.2.1", "192.168.10.10", "192.168.10.1"
README = harness.TOP / "README.md"
SITE = """
state_dir /var/lib/sallyport
admin { }
site vpn.example.org {
    certificate self-signed
    root /srv/www
}
"""


def section(title):
    found = re.search(rf"^## {title}\n(.*?)^## ", README.read_text(), re.M | re.S)
    assert found, f"README.md has nothing of {title!r}"
    return found[1]


def blocks(title):
    return re.findall(r"^```\n(.*?)^```$", section(title), re.M | re.S)


@pytest.fixture
def gate(netns, tmp_path):
    """The server's machine, with a cable for each client, and an office behind it."""
    one, office = netns(), netns()
    harness.ip("-n", one.name, "addr", "add", PUBLIC + "/32", "dev", "lo")
    harness.ip("-n", one.name, "addr", "add", "2001:db8::1/128", "dev", "lo")
    harness.ip("-n", one.name, "link", "add", "office", "type", "veth", "peer", "name", "router",
               "netns", office.name)
    for where, link, address in ((one.name, "office", ROUTER), (office.name, "router", OFFICE)):
        harness.ip("-n", where, "addr", "add", address + "/24", "dev", link)
        harness.ip("-n", where, "link", "set", link, "up")
    clients = []

    def client(profile):
        clients.append(machines.Client(SimpleNamespace(gate=one), profile, tmp_path))
        return clients[-1]

    one.client = client
    yield one
    for made in clients:
        made.remove()


@pytest.fixture
def whole(server, gate):
    """Starts a server with that file and no other word, but in directories of the test's."""
    def start(text, port=443):
        one = server(start=False, addresses=[gate.address], netns=gate.name)
        one.state.mkdir(mode=0o711)
        text = re.sub("^state_dir .*", f"state_dir {one.state}", text, flags=re.M)
        one.write(text.replace("/srv/www", str(one.www)), whole=True)
        one.port = port
        one.start()
        one.machine = rest.wait_ready(one)
        return one
    return start


def shell(server, line, directory):
    """A line of README.md, as root types it at the server."""
    bin_directory = directory / "bin"
    bin_directory.mkdir(exist_ok=True)
    program = bin_directory / "sallyport"
    program.write_text(f'#!/bin/sh\nexec "{server.binary}" "$@" -c "{server.conf}"\n')
    program.chmod(0o755)
    done = subprocess.run(["sh", "-ec", line], cwd=directory, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60,
                          check=False, env={**os.environ,
                                            "PATH": f"{bin_directory}:{os.environ['PATH']}"})
    assert done.returncode == 0, f"{line}: {done.stdout}"
    return done.stdout


def named(client, directory):
    """It knows the server by the name that README.md uses."""
    hosts = directory / "hosts"
    hosts.write_text(f"127.0.0.1 localhost\n{PUBLIC} vpn.example.org\n")
    words = ["sh", "-c", f'mount --bind {hosts} /etc/hosts && exec "$@"', "sh",
             harness.tool("openvpn"), "--config", client.profile, "--verb", "3"]
    return words


def test_the_readmes_steps_lead_behind_the_server(whole, gate, process, tmp_path):
    configuration, commands = blocks("The VPN")
    steps = [line for line in blocks("People and devices")[0].splitlines()
             if re.match(r"sallyport (user|device|profile|rule|why) ", line)]
    one = whole(SITE + configuration)
    (tmp_path / "P").write_text(rest.PASSWORD + "\n")
    last = steps.pop()
    assert "device revoke" in last
    for line in [*steps, commands.splitlines()[0]]:
        shell(one, line, tmp_path)
    assert commands.splitlines()[1].startswith("openvpn --config demo.ovpn ")
    client = gate.client((tmp_path / "demo.ovpn").read_text())
    typed = tmp_path / "typed"
    typed.write_text(f"demo\n{rest.PASSWORD}\n")
    typed.chmod(0o600)
    connected = process([*named(client, tmp_path), "--auth-user-pass", typed], netns=client.name)
    connected.wait_log(machines.UP, 30)
    assert client.ping(OFFICE) == 3
    for said in ("remote vpn.example.org 1194 udp\n", "remote vpn.example.org 443 tcp-client\n",
                 "auth-user-pass\n"):
        assert said in client.profile.read_text()
    assert "1 tunnels" in one.cli("status", check=True).stdout
    shell(one, last, tmp_path)
    harness.wait_until(lambda: one.machine.good("GET", "/tunnels")["items"] == [])


def dev_run(directory, *options):
    """What ./dev run serves from."""
    done = subprocess.run([harness.TOP / "tools/run-state.sh",
                           os.path.relpath(directory, harness.TOP), *options], check=False,
                          cwd=harness.TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, env={**os.environ, "SALLYPORT": str(harness.BINARY)})
    assert done.returncode == 0, done.stdout
    return (directory / "sallyport.conf").read_text()


def test_dev_run_chooses_a_network_and_keeps_it(tmp_path):
    text = dev_run(tmp_path)
    (network,) = re.findall(r"^ +network (\S+/20)$", text, re.M)
    assert re.search(r"^ +listen 127\.0\.0\.1:1194", text, re.M)
    assert dev_run(tmp_path) == text
    assert f"network {network}\n" in dev_run(tmp_path, "--public")
    checked = subprocess.run([harness.BINARY, "check", "-c", tmp_path / "sallyport.conf"],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                             check=False)
    assert checked.returncode == 0, checked.stdout


def test_a_profile_of_dev_runs_connects(whole, gate, tmp_path):
    text = dev_run(tmp_path / "run", "--public")
    assert re.search(r"^ +endpoint \d\S+ #", text, re.M)
    one = whole(re.sub(r"endpoint \S+ #", f"endpoint {PUBLIC} #", text), port=8443)
    one.machine.user("demo")
    one.machine.good("POST", "/users/demo/devices", {"name": "laptop", "kind": "auto"})
    client = gate.client(one.cli("profile", "get", "demo", "laptop", check=True).stdout)
    client.connect()
    assert client.ping(OFFICE) == 3


def test_status_says_where_the_vpn_listens_and_who_is_there(vpn):
    one = vpn()
    shown = json.loads(one.server.cli("status", "--json", check=True).stdout)
    assert shown["vpn"]["udp"] == [f"192.0.2.1:{one.udp}"]
    assert shown["vpn"]["tcp"] == [f"{at}:{one.server.port}" for at in one.server.addresses]
    assert shown["vpn"]["problem"] is None
    assert shown["people"]["tunnels"] == 0
    one.client().connect()
    said = one.server.cli("status", check=True).stdout
    assert f"the VPN is sally0, by UDP at 192.0.2.1:{one.udp}, by TCP at " in said
    assert re.search(r"^ +1 tunnels$", said, re.M)


WITHOUT = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /dev/net && exec "$@"', "sh"]


def test_without_the_device_check_says_what_to_do_and_the_rest_serves(vpn, tmp_path):
    one = vpn()
    one.server.stop()
    checked = subprocess.run([*WITHOUT, harness.BINARY, "check", "-c", one.server.conf], check=False,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert checked.returncode == 0
    assert re.search("warning: there will be no VPN: .*modprobe tun.*--device /dev/net/tun",
                     checked.stdout)
    wrapper = tmp_path / "without"
    wrapper.write_text('#!/bin/sh\nexec unshare -m sh -c \'mount -t tmpfs none /dev/net && '
                       f'exec "$@"\' sh "{harness.BINARY}" "$@"\n')
    wrapper.chmod(0o755)
    one.server.binary = wrapper
    one.server.start()
    one.server.binary = harness.BINARY
    rest.wait_ready(one.server)
    said = one.server.cli("status", check=True).stdout
    assert "there is no VPN\n" in said and "modprobe tun" in said
    assert re.search(r"^ +0 tunnels$", said, re.M)
    checked = one.server.cli("check", check=True)
    assert "VPN" not in checked.stderr
