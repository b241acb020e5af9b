"""A real browser: a page of a hundred small files, by HTTP/2."""
import json
import re
import subprocess

import pytest

import harness
from test_node import APP

# A browser whose time is virtual does not wait for a machine that is busy.
pytestmark = pytest.mark.alone

FILES = 100

# Says, once all is loaded, what came how: the page's own text is the result.
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>a hundred files</title>%s</head>
<body><pre id="said"></pre><script>
addEventListener("load", () => {
    const all = performance.getEntriesByType("resource")
        .concat(performance.getEntriesByType("navigation"));
    document.getElementById("said").textContent = JSON.stringify({
        loaded: window.loaded,
        protocols: [...new Set(all.map(entry => entry.nextHopProtocol))],
        count: all.length,
    });
});
</script></body></html>
"""

# Without most of these a browser asks its maker's hosts at every start; root has no sandbox,
# and a container little shared memory.
CHROMIUM = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
            "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--disable-dev-shm-usage", "--ignore-certificate-errors",
            "--virtual-time-budget=20000",
            "--host-resolver-rules=MAP example.org 127.0.0.1"]


def browse(profile, url):
    """What the page says of itself."""
    done = subprocess.run([*CHROMIUM, f"--user-data-dir={profile}", "--dump-dom", url],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120,
                          check=False)
    said = re.search(r'<pre id="said">(\{.*?\})</pre>', done.stdout, re.S)
    assert said, done.stderr + done.stdout
    return json.loads(said.group(1))


@pytest.mark.skipif(harness.SANITIZED, reason="a browser is here for what it asks, once is enough")
def test_a_browser_loads_a_hundred_files_over_one_connection(server, tmp_path):
    one = server(workers=1)
    scripts = "".join(f'<script src="/{i}.js"></script>' for i in range(FILES))
    (one.www / "index.html").write_text(PAGE % scripts)
    for i in range(FILES):
        (one.www / f"{i}.js").write_text("window.loaded = (window.loaded || 0) + 1;\n")
    said = browse(tmp_path / "profile", f"https://example.org:{one.port}/")
    assert said == {"loaded": FILES, "protocols": ["h2"], "count": FILES + 1}
    asked = [e for e in harness.wait_until(
        lambda: one.access if len(one.access) > FILES else None, what="the access log")
        if e["target"].endswith(".js")]
    assert {e["version"] for e in asked} == {"2.0"}
    assert len({e["port"] for e in asked}) == 1


# A WebSocket and a stream of events, from a page of the same site: its HTTP/2 connection is
# there already, so the browser takes that for both (RFC 8441).
TALK = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>talk</title></head>
<body><pre id="said"></pre><script>
const heard = [], events = new EventSource("/events");
const socket = new WebSocket(`wss://${location.host}/ws`);
function say() {
    if (heard.length === 2) {
        events.close();
        document.getElementById("said").textContent = JSON.stringify({ heard: heard.sort() });
    }
}
socket.onopen = () => socket.send("hello");
socket.onmessage = (message) => { heard.push(message.data); say(); };
events.onmessage = () => { if (!heard.includes("event")) { heard.push("event"); say(); } };
</script></body></html>
"""


@pytest.mark.skipif(harness.SANITIZED, reason="a browser is here for what it asks, once is enough")
def test_a_browser_talks_to_an_application_by_http2(server, process, tmp_path):
    port = harness.free_port()
    (tmp_path / "app.js").write_text(APP)
    process([harness.tool("node"), tmp_path / "app.js", str(port)]).wait_port(port)
    one = server("site example.org {\n    certificate self-signed\n"
                 f"    route /ws {{ proxy http://127.0.0.1:{port} }}\n"
                 f"    route /events {{ proxy http://127.0.0.1:{port} }}\n"
                 f"    root {tmp_path / 'server0/www'}\n}}\n", site=False)
    (one.www / "index.html").write_text(TALK)
    said = browse(tmp_path / "profile", f"https://example.org:{one.port}/")
    assert said == {"heard": ["event", "hello"]}
    assert one.wait_access(lambda entry: entry["target"] == "/ws")["version"] == "2.0"
