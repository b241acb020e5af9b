"""A VPN of networks made for a test: its server in one, each client in another, and beyond the
server what they want to reach, which is us."""
import itertools
import os
import re
import signal
import subprocess

import harness
import rest

NETWORK = "10.86.0.0/20"
UP = "Initialization Sequence Completed"
_clients = itertools.count()


def run(name, *command, seconds=30, check=True):
    """Runs a program in that network namespace; its output as text."""
    done = subprocess.run(["ip", "netns", "exec", name, *map(str, command)], timeout=seconds,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    assert not check or done.returncode == 0, f"{command}: {done.stdout}"
    return done.stdout


def ping(name, address, count, *words, **options):
    """How many were answered. With -w it waits for the last as for the others, which it does else
    for no longer than these took; and sends more meanwhile, which are not counted."""
    said = run(name, "ping", "-n", "-c", count, "-i", "0.05", "-w", 2 + count // 10, *words, address,
               check=False, **options)
    answered = {int(number) for number in re.findall(r"bytes from .* icmp_seq=(\d+) ", said)}
    return sum(number <= count for number in answered)


def endpoint(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def only(profile, address, port, protocol):
    """The profile with this one server in it: openvpn would go from one to the next by itself."""
    rest = re.sub(r"^remote .*\n", "", profile, flags=re.M)
    return rest + f"remote {address} {port} {protocol}\n"


class Client:
    """A machine with a cable to the server and nowhere else, and openvpn on it."""

    def __init__(self, vpn, profile, directory):
        self.number = next(_clients) % 60
        self.name = f"spc{os.getpid()}-{self.number}"
        self.vpn = vpn
        self.directory = directory
        self.profile = directory / f"{self.name}.ovpn"
        self.profile.write_text(profile)
        self.openvpn = None
        self.program = harness.tool("openvpn")
        self.address = f"192.0.2.{4 * self.number + 6}"
        self.address6 = f"2001:db8:{self.number + 1:x}::2"
        self.cable()

    def cable(self):
        """The server has 192.0.2.1 and 2001:db8::1 for all of them, and one end of each cable
        besides."""
        inside, outside = f"spv{self.number}", f"spw{self.number}"
        far, far6 = f"192.0.2.{4 * self.number + 5}", f"2001:db8:{self.number + 1:x}::1"
        harness.ip("netns", "add", self.name)
        harness.ip("-n", self.vpn.gate.name, "link", "add", outside, "type", "veth", "peer", "name",
                   inside, "netns", self.name)
        for where, link, address, address6 in ((self.vpn.gate.name, outside, far, far6),
                                               (self.name, inside, self.address, self.address6)):
            harness.ip("-n", where, "addr", "add", address + "/30", "dev", link)
            harness.ip("-n", where, "addr", "add", address6 + "/64", "dev", link, "nodad")
            harness.ip("-n", where, "link", "set", link, "up")
        harness.ip("-n", self.name, "link", "set", "lo", "up")
        harness.ip("-n", self.name, "route", "add", "default", "via", far)
        harness.ip("-n", self.name, "-6", "route", "add", "default", "via", far6)

    def connect(self, *words, up=True):
        """Starts openvpn with the profile as it is, and more words of its command line."""
        log = self.directory / f"{self.name}.log"
        log.unlink(missing_ok=True)
        self.openvpn = harness.Process(
            [self.program, "--config", self.profile, "--verb", "3",
             "--connect-retry", "1", "1", *words], log, name="openvpn", netns=self.name)
        if up:
            self.openvpn.wait_log(UP, 30)
        return self.openvpn

    def run(self, *command, **options):
        return run(self.name, *command, **options)

    def ping(self, address, count=3, **options):
        """How many were answered."""
        return ping(self.name, address, count, **options)

    @property
    def inside(self):
        """Its address in the tunnel."""
        return re.search(r"inet (10\.86\.\d+\.\d+)", self.run("ip", "-4", "addr")).group(1)

    def end(self):
        if self.openvpn is not None:
            self.openvpn.stop(seconds=3)
            self.openvpn = None

    def remove(self):
        if self.openvpn is not None:
            self.openvpn.stop(signal.SIGKILL)  # it takes its time to say that it leaves
        subprocess.run(["ip", "netns", "del", self.name], check=False)


class Vpn:
    """The server, `machine` to administer it, and `behind`: an address beyond it. With `vpn6` it
    answers by IPv6 as well."""

    def __init__(self, office, netns, directory, vpn="", config="", network=NETWORK, vpn6=False,
                 **options):
        self.gate = netns()
        harness.ip("-n", self.gate.name, "addr", "add", "192.0.2.1/32", "dev", "lo")
        harness.ip("-n", self.gate.name, "addr", "add", "2001:db8::1/128", "dev", "lo")
        self.behind = self.gate.gateway
        self.directory = directory
        self.clients = []
        self.udp = harness.free_port()
        addresses = ["192.0.2.1", "2001:db8::1"] if vpn6 else ["192.0.2.1"]
        block = (f"vpn {{\n    endpoint 192.0.2.1\n    network {network}\n"
                 f"    listen {' '.join(endpoint(a, self.udp) for a in addresses)}\n"
                 f"    {vpn}\n}}\n")
        self.server = office(block + config, addresses=(self.gate.address, *addresses),
                             netns=self.gate.name, **options)
        self.machine = self.server.machine

    def profile(self, user, device, kind="auto", **more):
        """A new device of the user, who is made if he is not there, and its profile. A password,
        which takes its time to hash, he has where this device asks for it."""
        harness.wait_until(lambda: self.machine.get("/status").status == 200, what="control")
        if self.machine.get(f"/users/{user}").status == 404:
            self.machine.user(user, password=rest.PASSWORD if kind == "locked" else None)
        self.machine.good("POST", f"/users/{user}/devices", {"name": device, "kind": kind, **more})
        return self.server.cli("profile", "get", user, device, check=True).stdout

    def client(self, user="demo", device="laptop", profile=None, **more):
        one = Client(self, profile or self.profile(user, device, **more), self.directory)
        self.clients.append(one)
        return one

    def remove(self):
        for one in self.clients:
            one.remove()
