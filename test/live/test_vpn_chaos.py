"""Clients of the VPN come, ping and go by chance, while the roles beside and behind them are killed
and the configuration is reloaded.

Whatever dies, the rest goes on, and afterwards everybody connects and is counted once.
CHAOS_SECONDS and CHAOS_SEED make it longer, or another.
"""
import contextlib
import os
import random
import re
import signal
import threading
import time

import pytest

import harness
import vpn as networks

pytestmark = pytest.mark.root

SECONDS = float(os.environ.get("CHAOS_SECONDS", "12"))
SEED = int(os.environ.get("CHAOS_SEED", "1"))
PATIENCE = 60  # seconds for a client to come up again when all is quiet
RELOADS = ["", "limits { body_timeout 1s }\n", "drain_timeout 3s\n"]


class Traveller(threading.Thread):
    """A client that connects, pings, and leaves: rightly, or by being killed."""

    def __init__(self, client, words, number, end):
        super().__init__(daemon=True)
        self.client, self.words, self.end_at = client, words, end
        self.luck = random.Random(SEED * 1000 + number)
        self.answered = 0

    def run(self):
        while time.monotonic() < self.end_at:
            self.client.connect(*self.words, up=False)
            stays = time.monotonic() + self.luck.choice([0.2, 1, 4, 8])
            while time.monotonic() < min(stays, self.end_at):
                with contextlib.suppress(AssertionError, AttributeError):
                    self.answered += self.client.ping("10.86.0.1", count=5)
                time.sleep(self.luck.random() * 0.2)
            if self.luck.random() < 0.3:
                os.kill(self.client.openvpn.pid, signal.SIGKILL)
            self.client.end()

    def settle(self):
        self.client.connect(*self.words, up=False)
        wait_ups(self.client, 1)
        harness.wait_until(lambda: self.client.ping("10.86.0.1") == 3, PATIENCE, "a ping")


def kill(server, role):
    for pid in server.children(role):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def reload(one, base, more):
    one.server.write(base + more, whole=True)
    one.server.cli("reload")


def metric(one, name):
    metrics = one.machine.raw("GET", "/metrics").body.decode()
    found = re.search(rf"^sallyport_{name} (\d+)$", metrics, re.M)
    return int(found[1]) if found else None


def wait_ups(client, count):
    """Its tunnel came up so many times. That its gateway answers would say nothing: without a
    tunnel it is asked by the cable."""
    harness.wait_until(lambda: client.openvpn.log.count(networks.UP) == count, PATIENCE,
                       f"{count} times up")


def travellers(one, end):
    tcp = ("--proto", "tcp-client", "--remote", "192.0.2.1", one.server.port, "tcp-client")
    udp = ("--remote", "192.0.2.1", one.udp, "udp")
    made = []
    for number, words in enumerate([udp, tcp, udp, tcp]):
        client = one.client(device=f"device{number}")
        client.profile.write_text(re.sub(r"^remote .*\n", "", client.profile.read_text(),
                                         flags=re.M))
        made.append(Traveller(client, words, number, end))
    return made


def test_whatever_dies_everybody_comes_back(vpn):
    one = vpn(vpn="ping 1s\n    silence 10s")
    base = one.server.conf.read_text().replace("drain_timeout 2s\n", "")
    luck = random.Random(SEED)
    end = time.monotonic() + SECONDS
    everybody = travellers(one, end)
    for each in everybody:
        each.start()
    while time.monotonic() < end:
        time.sleep(luck.random() * 1.5)
        if luck.random() < 0.8:
            kill(one.server, luck.choice(["control", "edge", "tunnel", "tunnel"]))
        else:
            reload(one, base, luck.choice(RELOADS))
    for each in everybody:
        each.join(60)
        assert not each.is_alive()
    assert one.server.running
    for each in everybody:
        each.settle()
    print([each.answered for each in everybody])
    assert sum(each.answered for each in everybody) > 0
    harness.wait_until(lambda: metric(one, "vpn_beginning") == 0, 30, "nobody who waits")
    items = harness.wait_until(
        lambda: len(found := one.machine.good("GET", "/tunnels")["items"]) == 4 and found, 30,
        "four tunnels")
    assert len({item["device_name"] for item in items}) == 4
    assert one.machine.good("GET", "/audit/verify")["whole"] is True


def test_a_dead_tunnel_takes_nobodys_place_with_it(vpn):
    """Those who are there find it anew, and nobody has two places."""
    one = vpn(vpn="ping 1s\n    silence 4s")
    client = one.client()
    client.connect()
    for ups in range(2, 5):
        kill(one.server, "tunnel")
        wait_ups(client, ups)
        assert client.ping("10.86.0.1") == 3
    assert len(one.machine.good("GET", "/tunnels")["items"]) == 1


def test_a_database_that_comes_late_is_waited_for(vpn):
    """The engine asks for its keys until there are some."""
    one = vpn()
    client = one.client()
    one.server.stop()
    database = one.server.state / "control/sallyport.db"
    kept = database.rename(database.with_name("kept"))
    database.mkdir()
    one.server.start()
    one.server.wait_log("the store cannot be used")
    client.connect(up=False)
    time.sleep(0.5)
    database.rmdir()
    kept.rename(database)
    client.openvpn.wait_log(networks.UP, 30)
