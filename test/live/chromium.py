"""Debian's Chromium, told what to do by its own DevTools protocol."""
import base64
import itertools
import json
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path

import websocket

import harness

# Without most of these a browser asks its maker's hosts at every start; root has no sandbox,
# and a container little shared memory.
OPTIONS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
           "--disable-background-networking", "--disable-component-update", "--disable-sync",
           "--disable-dev-shm-usage", "--ignore-certificate-errors", "--remote-debugging-port=0",
           "--remote-allow-origins=*"]


class Chromium:
    """One window. `netns` is the name of the network namespace that it runs in, if any."""

    def __init__(self, directory, netns=None, resolve="127.0.0.1"):
        self.profile = Path(directory) / "chromium"
        self.downloads = Path(directory) / "downloads"
        self.downloads.mkdir(exist_ok=True)
        command = [harness.tool("chromium"), *OPTIONS, f"--user-data-dir={self.profile}",
                   f"--host-resolver-rules=MAP example.org {resolve}", "about:blank"]
        self.netns = netns
        self.process = harness.Process(command, Path(directory) / "chromium.log",
                                       netns=netns.name if netns else None)
        self.ids = itertools.count(1)
        self.events = []
        self.socket = self._attach()
        self.send("Page.enable")
        self.send("Runtime.enable")
        self.send("Log.enable")
        self.send("Browser.setDownloadBehavior", behavior="allow",
                  downloadPath=str(self.downloads))

    def _attach(self):
        port_file = self.profile / "DevToolsActivePort"
        harness.wait_until(lambda: port_file.exists() and "\n" in port_file.read_text(), 60,
                           "chromium")
        port = int(port_file.read_text().splitlines()[0])
        if self.netns:
            raw = self.netns.socket()
            raw.connect(("127.0.0.1", port))
            raw.sendall(f"GET /json HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
                        "Connection: close\r\n\r\n".encode())
            listed = harness.receive_all(raw).split(b"\r\n\r\n", 1)[1]
            through = self.netns.socket()
            through.connect(("127.0.0.1", port))
        else:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as said:
                listed = said.read()
            through = None
        page = next(one for one in json.loads(listed) if one["type"] == "page")
        return websocket.create_connection(page["webSocketDebuggerUrl"], timeout=60,
                                           socket=through)

    def _receive(self):
        message = json.loads(self.socket.recv())
        if "method" in message:
            self.events.append(message)
        return message

    def send(self, method, **parameters):
        number = next(self.ids)
        self.socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = self._receive()
            if message.get("id") == number:
                assert "error" not in message, (method, message)
                return message["result"]

    def wait(self, method):
        """The next such event; those before were taken."""
        while True:
            for i, event in enumerate(self.events):
                if event["method"] == method:
                    del self.events[:i + 1]
                    return event["params"]
            self._receive()

    def run(self, script):
        """What the expression comes to, as JSON."""
        result = self.send("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def go(self, url):
        self.events.clear()
        self.send("Page.navigate", url=url)
        self.wait("Page.loadEventFired")

    def text(self):
        return self.run("document.body.innerText")

    def fill(self, label, words):
        """Types into the input that has this label."""
        assert self.run("(() => { const found = [...document.querySelectorAll('label')]"
                        f".find(one => one.textContent.trim() === {json.dumps(label)});"
                        "if (!found) return false; found.querySelector('input').focus();"
                        "found.querySelector('input').select(); return true; })()"), self.text()
        self.send("Input.insertText", text=words)

    def press(self):
        """The page's only button; returns when the page that comes of it is there."""
        self.events.clear()
        self.run("document.querySelector('button').click()")
        self.wait("Page.loadEventFired")

    def complaints(self):
        """What the page was not allowed to do, or did wrong."""
        time.sleep(0.1)
        self.run("1")
        return [event["params"]["entry"]["text"] for event in self.events
                if event["method"] == "Log.entryAdded"
                and "favicon" not in event["params"]["entry"].get("url", "")]

    def picture(self, file, width=1280, height=900, dark=False):
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)
        self.send("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        data = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=False)
        Path(file).write_bytes(base64.b64decode(data["data"]))

    def is_wider_than_its_window(self, width):
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=800,
                  deviceScaleFactor=1, mobile=False)
        return self.run("document.documentElement.scrollWidth > window.innerWidth")

    def close(self):
        self.socket.close()
        self.process.stop(seconds=3)
        shutil.rmtree(self.profile, ignore_errors=True)
