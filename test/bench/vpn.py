"""VPNs: Sallyport and openvpn as servers, each with the same stock client in a network of its own."""
import contextlib
import itertools
import json
import os
import re
import subprocess
import time

import access
import machine
import servers

SERVER, CLIENT = "192.0.2.1", "192.0.2.2"  # at the ends of the cable between them
PORT = 1194
UP = "Initialization Sequence Completed"
IDLE_CLIENTS = 40
SETTLE_SECONDS = 3
PINGS = 100
TRIES = 3

_numbers = itertools.count()


def ip(*words):
    subprocess.run(["ip", *map(str, words)], check=True)


def within(name, command):
    return ["ip", "netns", "exec", name, *map(str, command)]


class Networks:
    """One for the server, one for its clients, and a cable."""

    def __init__(self):
        tag = f"spb{os.getpid()}-{next(_numbers)}"
        self.server, self.client = f"{tag}s", f"{tag}c"

    def __enter__(self):
        for name in (self.server, self.client):
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        ip("-n", self.server, "link", "add", "cable", "type", "veth", "peer", "name", "cable",
           "netns", self.client)
        for name, address in ((self.server, SERVER), (self.client, CLIENT)):
            ip("-n", name, "addr", "add", address + "/24", "dev", "cable")
            ip("-n", name, "link", "set", "cable", "up")
        return self

    def __exit__(self, *_):
        for name in (self.server, self.client):
            subprocess.run(["ip", "netns", "del", name], check=False)


class OpenvpnClient:
    """Connected from when it is entered on; `took` is how long that was, in microseconds."""

    def __init__(self, server, profile, *words):
        self.log = server.place / f"client{next(_numbers)}.log"
        self.command = machine.pinned(machine.CLIENT_CPU, within(server.networks.client, [
            "openvpn", "--config", profile, "--verb", "1", "--connect-retry", "1", "1", *words]))
        self.process = self.took = None

    def __enter__(self):
        begun = time.monotonic()
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log)
        while UP not in self.log.read_text(errors="replace"):
            if self.process.poll() is not None or time.monotonic() > begun + 30:
                raise SystemExit("the client did not connect:\n" + self.log.read_text())
            time.sleep(0.0005)
        self.took = (time.monotonic() - begun) * 1e6
        return self

    def __exit__(self, *_):
        self.process.kill()  # it would take its time to say good-bye
        self.process.wait()


class Vpn:
    """What both servers have in common: networks, a client that is connected, iperf3 behind."""
    gateway = transport = ""

    def __enter__(self):
        self.around = contextlib.ExitStack()
        self.networks = self.around.enter_context(Networks())
        try:
            super().__enter__()
            self.prepare()
        except BaseException:
            self.around.close()
            raise
        self.behind = subprocess.Popen(machine.pinned(machine.CLIENT_CPU, within(
            self.networks.server, ["iperf3", "-s", "-p", 5201])), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        self.client = self.around.enter_context(OpenvpnClient(self, self.profile()))
        return self

    def __exit__(self, *_):
        if self.process is not None and self.process.poll() is None:
            super().__exit__()
        if getattr(self, "behind", None) is not None:
            self.behind.terminate()
            self.behind.wait()
        self.around.close()

    def is_up(self):
        return bool(subprocess.run(
            within(self.networks.server, ["ss", "-Hlun" if self.transport == "udp" else "-Hltn",
                                          f"sport = :{self.port}"]),
            stdout=subprocess.PIPE, check=True).stdout)

    def command(self):
        return within(self.networks.server, super().command())

    def iperf(self, seconds, *how):
        """(seconds of the server's CPU, bytes that arrived)."""
        pids = self.pids()
        for _ in range(TRIES):  # its own connection may be lost where the tunnel is full
            before = machine.cpu_seconds(pids)
            done = subprocess.run(machine.pinned(machine.CLIENT_CPU, within(self.networks.client, [
                "iperf3", "-c", self.gateway, "-p", 5201, "-t", seconds, "-J", *how])),
                stdout=subprocess.PIPE, text=True)
            said = json.loads(done.stdout)
            if "error" not in said:
                return machine.cpu_seconds(pids) - before, said["end"]["sum_received"]["bytes"]
            time.sleep(1)
        raise SystemExit(f"{self.name}: iperf3 says {said['error']}")

    def ping(self):
        """Microseconds of each."""
        done = subprocess.run(machine.pinned(machine.CLIENT_CPU, within(self.networks.client, [
            "ping", "-n", "-i", "0.01", "-c", PINGS, "-W", "2", self.gateway])),
            stdout=subprocess.PIPE, text=True)
        return [float(ms) * 1000 for ms in re.findall(r"time=([\d.]+)", done.stdout)]


class Sallyport(Vpn, servers.Sallyport):
    gateway, transport = "10.86.0.1", "udp"

    def __init__(self, stage, backend=None):
        super().__init__(stage, backend)
        self.port = PORT if self.transport == "udp" else 443

    def configuration(self):
        return f"""
            state_dir {self.place}/state
            workers 1
            listen {SERVER}:443
            plain {{ listen off }}
            log {{
                access off
            }}
            site localhost {{
                certificate {self.stage.chain} {self.stage.key}
                root {self.stage.root}
            }}
            admin {{
                listen off
            }}
            vpn {{
                endpoint {SERVER}
                network 10.86.0.0/20
                listen {SERVER}:{PORT}
                rekey off
            }}
            drain_timeout 0s
        """

    def prepare(self):
        access.wait_ready(self.place)
        time.sleep(1.5)  # packets that were made before it began are refused

    def profile(self):
        user, device = f"user{next(_numbers)}", "laptop"
        access.ask(self.place, "POST", "/users", {"name": user})
        access.ask(self.place, "POST", f"/users/{user}/devices", {"name": device, "kind": "auto"})
        said = subprocess.run([self.stage.program, "profile", "get", user, device, "-c",
                               self.conf], stdout=subprocess.PIPE, text=True, check=True).stdout
        said = re.sub(r"^remote .*\n", "", said, flags=re.M)
        path = self.place / f"{user}.ovpn"
        proto = "udp" if self.transport == "udp" else "tcp-client"
        path.write_text(f"remote {SERVER} {self.port} {proto}\n" + said)
        return path


class SallyportTcp(Sallyport):
    transport = "tcp"


class Openvpn(Vpn, servers.Server):
    name = "openvpn"
    gateway, transport = "10.98.0.1", "udp"
    proto = ("udp", "udp")

    def __init__(self, stage, backend=None):
        super().__init__(stage, backend)
        self.port = PORT

    def command(self):
        return within(self.networks.server, ["openvpn", "--config", self.conf])

    def _openssl(self, *words):
        subprocess.run(["openssl", *words], cwd=self.place, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _keys(self):
        """An authority, a server's and a client's certificate, and keys of tls-crypt-v2."""
        new = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
               "-days", "30")
        self._openssl(*new, "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.crt")
        for name, use in (("server", "serverAuth"), ("client", "clientAuth")):
            self._openssl("req", *new[2:-2], "-new", "-subj", f"/CN={name}", "-keyout",
                          f"{name}.key", "-out", f"{name}.csr")
            (self.place / "ext").write_text(
                f"extendedKeyUsage={use}\nkeyUsage=digitalSignature\n")
            self._openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey",
                          "ca.key", "-CAcreateserial", "-days", "30", "-extfile", "ext", "-out",
                          f"{name}.crt")
        for words in (["--genkey", "tls-crypt-v2-server", "v2-server.key"],
                      ["--tls-crypt-v2", "v2-server.key", "--genkey", "tls-crypt-v2-client",
                       "v2-client.key"]):
            subprocess.run(["openvpn", *words], cwd=self.place, check=True,
                           stdout=subprocess.DEVNULL)

    def configuration(self):
        self._keys()
        return f"""
server 10.98.0.0 255.255.0.0
topology subnet
dev tun
local {SERVER}
port {self.port}
proto {self.proto[0]}
ca ca.crt
cert server.crt
key server.key
dh none
tls-crypt-v2 v2-server.key
keepalive 10 120
reneg-sec 0
duplicate-cn
verb 1
"""

    def prepare(self):
        pass

    def profile(self):
        path = self.place / f"client{next(_numbers)}.ovpn"
        keys = "".join(f"{word} {self.place}/{name}\n" for word, name in (
            ("ca", "ca.crt"), ("cert", "client.crt"), ("key", "client.key"),
            ("tls-crypt-v2", "v2-client.key")))
        path.write_text(f"client\ndev tun\nnobind\nremote {SERVER} {self.port} {self.proto[1]}\n"
                        f"remote-cert-tls server\nreneg-sec 0\n{keys}")
        return path


class OpenvpnTcp(Openvpn):
    transport, proto = "tcp", ("tcp-server", "tcp-client")


UDP, TCP = (Sallyport, Openvpn), (SallyportTcp, OpenvpnTcp)
DIRECTIONS = {"up": (), "down": ("-R",)}


def load(*how):
    """Seconds of the server's CPU for a GB."""
    def measure(client, server):
        spent, moved = server.iperf(client.seconds, *how)
        return spent / moved * 1e9
    return measure


def speed(*how):
    """Seconds for a GB."""
    def measure(client, server):
        return client.seconds / server.iperf(client.seconds, *how)[1] * 1e9
    return measure


def connect(_, server):
    """Milliseconds until a second client is connected."""
    with OpenvpnClient(server, server.profile(), "--route-noexec", "--ifconfig-noexec", "--dev",
                       "null") as one:
        return one.took / 1000


def idle(_, server):
    """KiB for each client."""
    pids = server.pids()
    profiles = [server.profile() for _ in range(IDLE_CLIENTS)]
    before = machine.private_kib(pids)
    with contextlib.ExitStack() as stack:
        for profile in profiles:
            stack.enter_context(OpenvpnClient(server, profile, "--route-noexec",
                                              "--ifconfig-noexec", "--dev", "null"))
        time.sleep(SETTLE_SECONDS)
        return (machine.private_kib(pids) - before) / IDLE_CLIENTS


def latency(_, server):
    """Microseconds of each ping while a stream goes each way in turn."""
    loaded = subprocess.Popen(machine.pinned(machine.CLIENT_CPU, within(
        server.networks.client, ["iperf3", "-c", server.gateway, "-p", 5201, "-t",
                                 PINGS // 50])), stdout=subprocess.DEVNULL)
    time.sleep(0.3)
    found = server.ping()
    loaded.wait()
    if len(found) < PINGS // 2:
        raise SystemExit(f"{server.name}: {len(found)} of {PINGS} pings were answered")
    return found


def rows(row):
    """The rows, made by `row`, which is rows.Row."""
    words = {"up": "client to server", "down": "server to client"}
    for (title, both, goal), (way, how) in itertools.product(
            (("UDP", UDP, 0.25), ("TCP", TCP, 0.35)), DIRECTIONS.items()):
        yield row(f"vpn-{title.lower()}-{way}", f"VPN over {title}, {words[way]}, iperf3",
                  "s of server CPU per GB", both, load(*how), goal, ("openvpn",))
    for title, both in (("UDP", UDP), ("TCP", TCP)):
        for way, how in DIRECTIONS.items():
            yield row(f"vpn-speed-{title.lower()}-{way}",
                      f"VPN over {title}, {words[way]}, iperf3: time, with one stock client",
                      "s per GB", both, speed(*how), 0.83, ("openvpn",))
    yield row("vpn-connect", "VPN over UDP: from the client's start until it is connected", "ms",
              UDP, connect, 0.2, ("openvpn",))
    yield row("vpn-latency", "VPN over UDP: ping while iperf3 runs",
              "µs until the answer is there, median of each round", UDP, latency, 1.05,
              ("openvpn",))
    yield row("vpn-memory", f"VPN over UDP: memory of an idle client, {IDLE_CLIENTS} held",
              "KiB per client", UDP, idle, 1.0, ("openvpn",), True, 3)
