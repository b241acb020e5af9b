"""A person at the server's own machine, with a browser: web/test/ has what he does there."""
import contextlib
import json
import os
import socket
import subprocess
import tempfile
import threading

import pytest

import harness

WEB = harness.TOP / "web"
FIRST_LOAD = 120 * 1024


class Room:
    """A network with nothing but a way to one port of another. In one that changes, a browser lets
    go of all that it loads."""

    def __init__(self, gate, port):
        self.name, self.gate, self.port = f"spr{os.getpid()}", gate, port
        harness.ip("netns", "add", self.name)
        harness.ip("-n", self.name, "link", "set", "lo", "up")
        self.listener = harness.socket_in(self.name)
        self.listener.bind(("127.0.0.1", port))
        self.listener.listen(64)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, far = self.listener.accept()[0], self.gate.socket()
                try:
                    far.connect(("127.0.0.1", self.port))
                except OSError:  # nobody is there, as the browser is to see
                    near.close()
                    far.close()
                    continue
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self.pass_on, args=pair, daemon=True).start()

    @staticmethod
    def pass_on(one, other):
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)

    def run(self, *command, please=None):
        """Where a line of its output is "please WORD", please[WORD]() is called, and it is told."""
        with tempfile.TemporaryFile("w+") as errors:
            one = subprocess.Popen(["ip", "netns", "exec", self.name, *map(str, command)], stderr=errors,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            late = threading.Timer(300, one.kill)
            late.start()
            with one, contextlib.suppress(BrokenPipeError):
                said = "".join(self.listen(one, please or {}))
            late.cancel()
            errors.seek(0)
            return subprocess.CompletedProcess(one.args, one.returncode, said, errors.read())

    @staticmethod
    def listen(one, please):
        for line in one.stdout:
            if line.startswith("please "):
                please[line.split()[1]]()
                print("done", file=one.stdin, flush=True)
            else:
                yield line

    def remove(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        harness.ip("netns", "del", self.name)


class Person:
    """Somebody at `vpn`, the server of a test; its scripts of web/test/ say what he saw."""

    def __init__(self, vpn):
        self.vpn = vpn
        if 'id="app"' not in vpn.machine.raw("GET", "/portal").body.decode():
            pytest.skip("built without the console: npm ci && npm run build in web/, and build again")
        self.origin = f"https://example.org:{vpn.server.admin_port}"
        self.room = Room(vpn.gate, vpn.server.admin_port)

    def act(self, script, *words, **please):
        """What the script says it saw: of each page that nothing was wrong with it, at least. What
        it asks to be done where it is, by word, is done by `please`."""
        done = self.room.run(harness.tool("node"), WEB / "test" / script, self.origin, *words,
                             please=please)
        assert done.returncode == 0, done.stderr
        saw = json.loads(done.stdout)
        assert (saw["complaints"], saw["found"], saw["wide"]) == ([], [], [])
        assert saw["bytes"] < FIRST_LOAD
        return saw
