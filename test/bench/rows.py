"""What is measured: each row is one figure, of which less is better, and its competitors."""
import dataclasses
import re
import subprocess
import time
from typing import Callable

import machine
import servers
from servers import SMALL, LARGE

WEB = (servers.Sallyport, servers.Nginx, servers.H2o)
RELAYS = (servers.SallyportRelay, servers.Haproxy, servers.Sslh, servers.NginxStream)


class Client:
    """Loads a server from the other processor."""

    def __init__(self, program, seconds):
        self.program, self.seconds = program, seconds

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


def idle_memory(count):
    """KiB that each held connection adds to the server."""
    def measure(client, server):
        pids = server.pids()
        before = machine.memory_kib(pids)
        held = subprocess.Popen(machine.pinned(machine.CLIENT_CPU, [
            client.program, "hold", count, server.port, "/small", SMALL]),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if held.stdout.readline() != f"count {count}\n":
            raise SystemExit(f"{server.name} did not hold {count} connections")
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
    def has_backend(self):
        return servers.SallyportRelay in self.competitors


ROWS = (
    Row("keepalive", "HTTP/1.1 request on a kept connection, 1 KiB file, `wrk -t1 -c64`",
        "µs of server CPU per request", WEB, keepalive, 0.7, ("h2o",),
        remark="Two thirds are the kernel's TCP, for one recv() and one send(), a quarter is"
        " OpenSSL's: both are the peers' too."),
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
    Row("firstbyte", "Time to the first byte through the shared port: connect, full handshake,"
        " request", "µs until the answer begins, median of each round",
        (*RELAYS, servers.BackEnd), first_byte,
        remark="\"No relay\" is the same nginx, asked directly."),
)
