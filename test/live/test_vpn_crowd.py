"""Many clients at once, each by the whole protocol: all are held, then all take another key, and
nobody is lost.

CROWD_CLIENTS makes it more of them, and CROWD_SECONDS how long they are held: ./dev soak vpn.
"""
import os
import time

import crowd
import harness
import pytest

pytestmark = pytest.mark.root

CLIENTS = int(os.environ.get("CROWD_CLIENTS", "100"))
SECONDS = float(os.environ.get("CROWD_SECONDS", "1"))
AT_ONCE = 200  # who come in
FEW = 30
KIB_PER_CLIENT = 64
MANY = 1000  # of whom each is so little that what all share does not show


def connected(one):
    """The numbers of all connections, as the API tells of them."""
    found, after = set(), ""
    while True:
        page = one.machine.good("GET", "/tunnels?limit=200" + after)
        found.update(item["id"] for item in page["items"])
        if not page.get("next"):
            return found
        after = f"&after={page['next']}"


class Watch:
    """The crowd's tasks, what they took, and what the server has of memory and CPU."""

    def __init__(self, one, clients):
        self.clients = clients
        (tunnel,), (control,) = map(one.server.children, ("tunnel", "control"))
        self.pids = {"tunnel": tunnel, "control": control, "clients": clients.process.pid}
        self.empty = crowd.memory(tunnel)

    def per_client(self):
        return (crowd.memory(self.pids["tunnel"]) - self.empty) / self.clients.count

    def spent(self):
        return {name: harness.cpu(pid) for name, pid in self.pids.items()}

    def do(self, task, at_once):
        """Nobody may fail, or have been lost."""
        before = self.spent()
        said = self.clients.do(task, at_once)
        spent = ", ".join(f"{name} {now - was:.1f} s" for (name, now), was in
                          zip(self.spent().items(), before.values()))
        print(f"{task}, {at_once} at once: {said['ms'] / 1000:.1f} s, the slowest "
              f"{said['slowest_ms'] / 1000:.1f} s; CPU: {spent}; "
              f"{self.per_client():.1f} KiB a client")
        assert said["done"] == self.clients.count and said["lost"] == 0, str(said)

    def hold(self):
        before = harness.cpu(self.pids["tunnel"])
        time.sleep(SECONDS)
        print(f"held for {SECONDS:.0f} s; CPU: "
              f"tunnel {harness.cpu(self.pids['tunnel']) - before:.1f} s")
        self.do("look", self.clients.count)
        self.do("echo", AT_ONCE)
        if self.clients.count >= MANY and not harness.SANITIZED:
            assert self.per_client() <= KIB_PER_CLIENT


@pytest.fixture(name="crowded")
def a_crowd(vpn, tmp_path):
    """Starts a server and its crowd: crowded(HOW_MANY, ...) is both, the crowd as a Watch."""
    def start(count, **options):
        one = vpn(network="10.86.0.0/16", **options)
        clients = crowd.Crowd(one, tmp_path, count)
        one.clients.append(clients)
        print(f"\n{count} devices made in {clients.seconds:.1f} s")
        clients.start()
        return one, Watch(one, clients)
    return start


def test_nobody_is_lost(crowded):
    one, watch = crowded(CLIENTS)
    watch.do("connect", AT_ONCE)
    before = connected(one)
    assert len(before) == CLIENTS
    watch.hold()
    watch.do("rekey", CLIENTS)
    watch.do("rekey", AT_ONCE)
    watch.hold()
    assert connected(one) == before


def test_the_server_renews_the_keys_of_all(crowded):
    one, watch = crowded(FEW, vpn="rekey 10s")
    watch.do("connect", FEW)
    before = connected(one)
    watch.do("renewed", FEW)
    assert connected(one) == before
