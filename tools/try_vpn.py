#!/usr/bin/python3
"""try_vpn.py PROGRAM DIRECTORY: the VPN, once through, by what anybody would type.

Three machines are made of network namespaces, and removed at the end: the server, on 443 and 1194; behind
it an office with a web page; and on the Internet a laptop with Debian's openvpn. Nothing here goes over
this machine's own network. What they all say is in DIRECTORY.
"""
import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "test/live"))
import harness  # noqa: E402  (found only now)

UP = "Initialization Sequence Completed"
PUBLIC, LAPTOP = "192.0.2.1", "192.0.2.2"  # RFC 5737: what stands for the Internet
ROUTER, OFFICE = "192.168.10.1", "192.168.10.10"
PAGE = "This page is behind the server.\n"

CONFIGURATION = """
state_dir {directory}/state
admin {{ listen 127.0.0.1:943 }}
site vpn.example.org {{
    certificate self-signed
    root {directory}/www
}}
vpn {{
    endpoint {public}
    network 10.86.0.0/20
    route 192.168.10.0/24
}}
"""


class Failed(Exception):
    """What did not work, as a sentence."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(*command, **options):
    """What it says on its standard output; it must not fail."""
    words = [str(word) for word in command]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=30, check=False, **options)
    if done.returncode != 0:
        raise Failed(f"{shlex.join(words)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


# --- the machines

class Machine:
    """A network namespace, and what runs in it."""

    def __init__(self, name, directory):
        self.name, self.netns, self.directory = name, f"try-vpn-{name}-{os.getpid()}", directory
        self.processes = []
        try:
            run("ip", "netns", "add", self.netns)
            run("ip", "-n", self.netns, "link", "set", "lo", "up")
        except Failed as why:
            self.remove()
            raise Failed("network namespaces cannot be made here; on a machine of its own, or in a "
                         f"container that was started with `--privileged`, they can ({why})") \
                from None

    def cable(self, address, other, other_address):
        """Between the two, /24."""
        name, far = f"to-{other.name}", f"to-{self.name}"
        run("ip", "-n", self.netns, "link", "add", name, "type", "veth", "peer", "name", far, "netns",
            other.netns)
        for machine, link, at in ((self, name, address), (other, far, other_address)):
            run("ip", "-n", machine.netns, "addr", "add", at + "/24", "dev", link)
            run("ip", "-n", machine.netns, "link", "set", link, "up")

    def gateway(self, address):
        run("ip", "-n", self.netns, "route", "add", "default", "via", address)

    def run(self, *command, **options):
        return run("ip", "netns", "exec", self.netns, *command, **options)

    def start(self, name, *command):
        """`command` in it, which goes on; what it says is in NAME.log."""
        self.processes.append(harness.Process(command, self.directory / f"{name}.log", name=name,
                                              netns=self.netns))
        return self.processes[-1]

    def stop(self, process):
        process.stop(seconds=20)
        self.processes.remove(process)

    def remove(self):
        for process in reversed(self.processes):
            process.stop(seconds=20)
        subprocess.run(["ip", "netns", "del", self.netns], stderr=subprocess.DEVNULL, check=False)


# --- what is tried

class Try:
    def __init__(self, program, directory, stack):
        self.program, self.directory = program, directory

        def machine(name):
            one = Machine(name, directory)
            stack.callback(one.remove)
            return one

        self.laptop, self.server, self.office = map(machine, ("laptop", "server", "office"))
        self.laptop.cable(LAPTOP, self.server, PUBLIC)
        self.server.cable(ROUTER, self.office, OFFICE)
        self.laptop.gateway(PUBLIC)

    def serve_page(self):
        """Back from it there is a way to its own network only, as translated addresses need."""
        www = self.directory / "www"
        www.mkdir()
        (www / "index.html").write_text(PAGE)
        self.office.start("office", sys.executable, "-m", "http.server", "--bind", OFFICE,
                          "--directory", www, "80")

    def serve(self):
        conf = self.directory / "sallyport.conf"
        conf.write_text(CONFIGURATION.format(directory=self.directory, public=PUBLIC))
        server = self.server.start("sallyport", self.program, "serve", "-c", conf)
        server.wait_log("listening on", 30)
        harness.wait_until(self.answers, 30, "the server's answer")

    def answers(self):
        """Whether the store can be used, which is a moment after it listens."""
        with contextlib.suppress(Failed):
            run(self.program, "user", "list", "-c", "sallyport.conf", cwd=self.directory)
            return True
        return False

    def type(self, *words):
        """At the server, as its administrator."""
        say("  $ sallyport " + shlex.join(words))
        return run(self.program, *words, "-c", "sallyport.conf", cwd=self.directory)

    def make_profile(self):
        (self.directory / "password").write_text("correct horse battery staple\n")
        self.type("user", "add", "demo", "--role", "user", "--password-file", "password")
        self.type("device", "add", "demo", "laptop", "--kind", "auto")
        profile = self.directory / "demo.ovpn"
        self.type("profile", "get", "demo", "laptop", "--output", profile.name)
        return profile

    def fetch(self, seconds):
        """Whether the laptop gets the page."""
        with contextlib.suppress(Failed):
            return self.laptop.run("curl", "-s", "--max-time", seconds,
                                   f"http://{OFFICE}/") == PAGE
        return False

    def connect(self, profile, protocol):
        """With the profile as it is: how long it took, in seconds, and that the page came."""
        began = time.monotonic()
        client = self.laptop.start(f"openvpn-{protocol}", harness.tool("openvpn"), "--config", profile)
        client.wait_log(UP, 60)
        took = time.monotonic() - began
        way = re.findall(r"link remote: \[AF_INET\]\S+?:(\d+)", client.log)[-1]
        if way != {"udp": "1194", "tcp": "443"}[protocol]:
            raise Failed(f"openvpn was to connect by {protocol}, and did to port {way}")
        if not self.fetch(10):
            raise Failed(f"connected by {protocol}, the page behind the server was not to be had")
        self.laptop.stop(client)
        return took

    def block_udp(self):
        self.server.run("nft", "add table inet blocked; add chain inet blocked input { type filter "
                        "hook input priority 0; }; add rule inet blocked input udp dport 1194 drop")


def try_it(program, directory):
    """What happened, in a sentence."""
    with contextlib.ExitStack() as stack:
        say("Making three machines of network namespaces: a laptop, a server, an office behind it.")
        it = Try(program, directory, stack)
        it.serve_page()
        it.serve()
        profile = it.make_profile()
        if it.fetch(2):
            raise Failed("the page behind the server is there without the VPN")
        say("  $ openvpn --config demo.ovpn")
        udp = it.connect(profile, "udp")
        it.block_udp()
        say("  $ openvpn --config demo.ovpn      # where UDP is blocked")
        tcp = it.connect(profile, "tcp")
        version = run(harness.tool("openvpn"), "--version").split()[1]
    return (f"It works: Debian's openvpn {version}, with the profile as it was downloaded, connected "
            f"by UDP in {udp:.2f} s and, where UDP was blocked, by TCP to port 443 in {tcp:.2f} s, "
            "fetched a page from behind the server both times, and all of it is removed again.")


def main():
    program, directory = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        said = try_it(program, directory)
        shutil.rmtree(directory)
        print(said)
        return 0
    except KeyboardInterrupt:
        return 130
    except (Failed, AssertionError, subprocess.TimeoutExpired) as why:
        print(f"try-vpn: {why}", file=sys.stderr)
        print(f"try-vpn: what all of them said is in {directory}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
