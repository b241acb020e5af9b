"""Many clients of the VPN at once, by crowd.c: a machine of their own with a cable to the server,
and as many devices as there are clients."""
import concurrent.futures
import json
import re
import subprocess
import time
from pathlib import Path

import harness
import vpn

NETWORK = "10.200.0.0/16"  # that they come from
DEVICES = 10  # of each user: as many as one may have where nobody said otherwise
ASKERS = 8  # of the API, at once
PROGRAM = next((path for path in (build / "test/live/live-crowd" for build in
                                  harness.BINARY.resolve().parents) if path.exists()), None)


def _make_user(machine, directory, number, count):
    """A user with devices for the clients from `number` on, and their profiles."""
    name = f"user{number}"
    machine.user(name, password=None)
    for n in range(number, min(number + DEVICES, count)):
        path = f"/users/{name}/devices"
        machine.good("POST", path, {"name": f"device{n}", "kind": "auto"})
        profile = machine.get(f"{path}/device{n}/profile")
        assert profile.status == 200, profile
        (directory / f"{n}.ovpn").write_bytes(profile.body)


def make_devices(machine, directory, count):
    directory.mkdir()
    with concurrent.futures.ThreadPoolExecutor(ASKERS) as pool:
        list(pool.map(lambda n: _make_user(machine, directory, n, count),
                      range(0, count, DEVICES)))


class Crowd(vpn.Client):
    """The program, ready to be told what to do; `seconds` is how long its devices took to be
    made."""

    def __init__(self, one, directory, count):
        super().__init__(one, "", directory)
        self.count = count
        self.process = None
        begun = time.monotonic()
        make_devices(one.machine, directory / "profiles", count)
        self.seconds = time.monotonic() - begun
        harness.ip("-n", self.name, "route", "add", "local", NETWORK, "dev", "lo")
        harness.ip("-n", one.gate.name, "route", "add", NETWORK, "via", self.address)

    def start(self):
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", self.name, PROGRAM, f"192.0.2.1:{self.vpn.udp}",
             self.directory / "profiles", str(self.count)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.answer() == {"ready": self.count}

    def answer(self):
        line = self.process.stdout.readline()
        assert line, f"the crowd ended with {self.process.wait()}"
        return json.loads(line)

    def do(self, task, at_once):
        """What crowd.c says of it."""
        print(task, at_once, file=self.process.stdin, flush=True)
        return self.answer()

    def end(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.process = None
        super().end()


def memory(pid):
    """In KiB: of pages shared with others, their part."""
    return int(re.search(r"^Pss: +(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)[1])
