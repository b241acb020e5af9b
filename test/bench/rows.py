"""What is measured: each row is one figure, of which less is better, and its competitors."""
import dataclasses
import re
import subprocess
import tempfile
import time
from typing import Callable

import machine
import servers
import vpn
from servers import SMALL, LARGE

WEB = (servers.Sallyport, servers.Nginx, servers.H2o)
PROXIES = (servers.SallyportProxy, servers.NginxProxy, servers.HaproxyHttp)
RELAYS = (servers.SallyportRelay, servers.Haproxy, servers.Sslh, servers.NginxStream)


class Client:
    """Loads a server from the other processor."""

    def __init__(self, program, seconds):
        self.program, self.seconds = program, seconds
        self.half = None

    def ask(self, server, mode, path, size, *more):
        """Runs bench-client; returns its (counts, microseconds of each visit)."""
        done = subprocess.run(machine.pinned(machine.CLIENT_CPU, [
            self.program, mode, self.seconds, server.port, path, size, *more]),
            text=True, stdout=subprocess.PIPE)
        if done.returncode != 0:
            raise SystemExit(f"{server.name} failed, see above")
        pairs = [line.split(" ", 1) for line in done.stdout.splitlines()]
        return ({key: int(value) for key, value in pairs if key in ("count", "bytes")},
                [int(value) for key, value in pairs if key == "us"])

    def wrk(self, server):
        done = subprocess.run(machine.pinned(machine.CLIENT_CPU, [
            "wrk", "-t1", "-c64", f"-d{self.seconds}s", f"https://localhost:{server.port}/small"]),
            text=True, stdout=subprocess.PIPE, check=True)
        wrong = re.search(r"Socket errors.*|Non-2xx.*", done.stdout)
        if wrong:
            raise SystemExit(f"{server.name}: wrk says {wrong.group(0)}")
        return int(re.search(r"(\d+) requests in", done.stdout).group(1))

    def h2load(self, server, *how):
        """Runs h2load against the small file; returns what it says."""
        done = subprocess.run(machine.pinned(machine.CLIENT_CPU, [
            "h2load", "-t1", "-D", self.seconds, *how, f"https://localhost:{server.port}/small"]),
            text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True)
        if " 0 failed, 0 errored, 0 timeout" not in done.stdout:
            raise SystemExit(f"{server.name}: h2load says\n{done.stdout}")
        return done.stdout

    def half_load(self, peer):
        """Requests a second that are half of what `peer` can, found once."""
        if self.half is None:
            with peer as server:
                self.half = self.wrk(server) // self.seconds // 2
        return self.half


def cpu_of(server, work):
    """Seconds of the server's CPU while work() ran, with what it does just afterwards."""
    pids = server.pids()
    before = machine.cpu_seconds(pids)
    result = work()
    time.sleep(0.05)
    return machine.cpu_seconds(pids) - before, result


def keepalive(client, server):
    spent, count = cpu_of(server, lambda: client.wrk(server))
    return spent / count * 1e6


def multiplexed(client, server):
    spent, said = cpu_of(server, lambda: client.h2load(server, "-c32", "-m16"))
    return spent / int(re.search(r"(\d+) succeeded", said).group(1)) * 1e6


LATENCY_CLIENTS = 64


def latency(client, server):
    """Microseconds of each request, asked for at a rate that half loads nginx."""
    rate = client.half_load(servers.Nginx(server.stage))
    with tempfile.NamedTemporaryFile("r") as log:
        client.h2load(server, "--h1", f"-c{LATENCY_CLIENTS}",
                      f"--rps={rate / LATENCY_CLIENTS:.1f}", f"--log-file={log.name}")
        found = [int(line.split("\t")[2]) for line in log]
    if len(found) < rate * client.seconds / 2:
        raise SystemExit(f"{server.name}: {len(found)} requests in {client.seconds} s, not {rate}/s")
    return found


def visits(mode):
    def measure(client, server):
        spent, (counts, _) = cpu_of(server, lambda: client.ask(server, mode, "/small", SMALL))
        return spent / counts["count"] * 1e6
    return measure


def download(client, server):
    spent, (counts, _) = cpu_of(server, lambda: client.ask(server, "fetch", "/large", LARGE))
    return spent / counts["bytes"] * 1e9


def first_byte(client, server):
    return client.ask(server, "full", "/small", SMALL, "times")[1]


IDLE_SECONDS = 4


def idle_memory(count, mode="hold"):
    """KiB that each held connection adds to the server."""
    def measure(client, server):
        pids = server.pids()
        before = machine.memory_kib(pids)
        held = subprocess.Popen(machine.pinned(machine.CLIENT_CPU, [
            client.program, mode, count, server.port, "/small", SMALL]),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if held.stdout.readline() != f"count {count}\n":
            raise SystemExit(f"{server.name} did not hold {count} connections")
        time.sleep(IDLE_SECONDS)
        after = machine.memory_kib(pids)
        held.stdin.close()
        held.wait()
        return (after - before) / count
    return measure


@dataclasses.dataclass
class Row:
    name: str  # for --only
    title: str
    unit: str
    competitors: tuple
    measure: Callable
    goal: float = None  # Sallyport is to be at most this times the best of `rivals`
    rivals: tuple = ()
    fresh: bool = False  # each round starts the servers anew
    most_rounds: int = 1000
    remark: str = ""

    @property
    def backend(self):
        """What all competitors stand before; None: they serve themselves."""
        return {RELAYS[0]: servers.BackEnd, PROXIES[0]: servers.ClearBackEnd}.get(
            self.competitors[0])


ROWS = (
    Row("keepalive", "HTTP/1.1 request on a kept connection, 1 KiB file, `wrk -t1 -c64`",
        "µs of server CPU per request", WEB, keepalive, 0.7, ("h2o",),
        remark="Two thirds are the kernel's TCP, for one recv() and one send(), a quarter is"
        " OpenSSL's: both are the peers' too."),
    Row("http2", "HTTP/2 request, 1 KiB file, `h2load -c32 -m16`",
        "µs of server CPU per request", WEB, multiplexed, 1.2, ("h2o",)),
    Row("http2nginx", "The same, beside nginx", "µs of server CPU per request",
        (servers.Sallyport, servers.Nginx), multiplexed, 0.4, ("nginx",)),
    Row("proxied", "Reverse-proxied request, HTTP/1.1 over TLS to HTTP/1.1, 1 KiB file,"
        " `wrk -t1 -c64`", "µs of proxy CPU per request", PROXIES, keepalive, 0.7, ("HAProxy",)),
    Row("download", "Downloads of 100 MB over TLS, HTTP/1.1, one stream",
        "s of server CPU per GB", WEB, download, 0.9, ("nginx",)),
    Row("latency", "Latency at a load that is half of what nginx can, HTTP/1.1, 1 KiB file,"
        f" {LATENCY_CLIENTS} connections", "µs until the answer is there, median of each round",
        WEB, latency, 1.05, ("nginx",)),
    Row("full", "Full TLS 1.3 handshake, one request with `Connection: close`, close",
        "µs of server CPU per visit", WEB, visits("full"), 0.85, ("nginx", "h2o"),
        remark="The client proves for each visit that no session was resumed."),
    Row("resumed", "Resumed TLS 1.3 handshake, one request with `Connection: close`, close",
        "µs of server CPU per visit", WEB, visits("resumed"), 0.9, ("nginx", "h2o"),
        remark="The client proves for each visit that the session was resumed."),
    Row("bulk", "TLS passed on, downloads of 100 MB, one stream",
        "s of relay CPU per GB", (*RELAYS, servers.HaproxySplice), download, 0.5, ("HAProxy",),
        remark="HAProxy does not splice unless it is told to (`option splice-auto`)."),
    Row("small", "TLS passed on, requests on kept connections, 1 KiB file, `wrk -t1 -c64`",
        "µs of relay CPU per request", RELAYS, keepalive, 0.8, ("sslh",),
        remark="All but 4 % is the kernel's, for two recv() and two send()."),
    Row("memory2k", "Memory of an idle TLS connection after one request, 2,000 held",
        "KiB per connection", WEB, idle_memory(2000), 1.1, ("nginx",), True, 3),
    Row("memory15k", "Memory of an idle TLS connection after one request, 15,000 held",
        "KiB per connection", WEB, idle_memory(15000), 1.1, ("nginx",), True, 3),
    Row("memoryh2", "Memory of an idle HTTP/2 connection after one request, 10,000 held",
        "KiB per connection", WEB, idle_memory(10000, "hold2"), 1.1, ("nginx",), True, 3),
    Row("firstbyte", "Time to the first byte through the shared port: connect, full handshake,"
        " request", "µs until the answer begins, median of each round",
        (*RELAYS, servers.BackEnd), first_byte,
        remark="\"No relay\" is the same nginx, asked directly."),
    *vpn.rows(Row),
)
