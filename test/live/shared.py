"""One server for many tests of a file, and requests as bytes."""
import http.client
import re
import signal
import subprocess
import tempfile
from pathlib import Path

import harness
import rest


def serve(config="", **options):
    """For fixtures of a whole file: yields a server that ends, and is judged, after them all.

    The directory is one that others can enter: some tests run the server as nobody.
    """
    with tempfile.TemporaryDirectory(prefix="sallyport-live-") as directory:
        Path(directory).chmod(0o755)
        one = harness.Server(Path(directory) / "server", config, **{**options, "start": False})
        try:
            one.start()
            yield one
        finally:
            one.stop(signal.SIGINT)
        wrong = one.verdict()
        assert not wrong, wrong


def serve_office(config="", admin="", **options):
    """The same with an admin port, as the fixture `office` makes them."""
    port = harness.free_port()
    block = f"admin {{\n    listen 127.0.0.1:{port}\n    {admin}\n}}\n"
    for one in serve(config + block, **options):
        one.admin_port = port
        one.machine = rest.wait_ready(one)
        yield one


def request(target="/", *fields, method="GET", host="example.org", body=b"", version="1.1"):
    """A request as bytes."""
    lines = [f"{method} {target} HTTP/{version}", f"Host: {host}", *fields, "", ""]
    return "\r\n".join(lines).encode() + body


def answer(s, method="GET"):
    """One answer: (status, headers in lower case, body)."""
    response = http.client.HTTPResponse(s, method=method)
    response.begin()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return response.status, headers, response.read()


def say(server, data, plain=False, name="example.org"):
    """Sends bytes on a connection of their own; gives all that came back until it was closed."""
    with server.connect(plain=True) if plain else server.tls(name) as s:
        s.sendall(data)
        return harness.receive_all(s)


def get(server, path="/", headers=None, name="example.org", method="GET"):
    """One request by TLS: (status, headers in lower case, body)."""
    fields = [f"{field}: {value}" for field, value in (headers or {}).items()]
    with server.tls(name) as s:
        s.sendall(request(path, "Connection: close", *fields, method=method, host=name))
        return answer(s, method)


def status_of(raw):
    """The status of the first answer in `raw`; 0 when there is none."""
    return int(raw.split(b" ", 2)[1]) if raw.startswith(b"HTTP/1.1 ") else 0


def curl(server, *words, path="/", name="example.org", plain=False, check=True):
    """Runs curl against a site by its name, with its certificate verified; text in, text out."""
    port = server.plain_port if plain else server.port
    scheme = "http" if plain else "https"
    done = subprocess.run([harness.tool("curl"), "-sS", "--noproxy", "*", "--max-time", "60",
                           "--cacert", str(server.state / f"self-signed/{name}.crt"),
                           "--resolve", f"{name}:{port}:127.0.0.1", *map(str, words),
                           f"{scheme}://{name}:{port}{path}"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)
    assert not check or done.returncode == 0, done.stderr
    return done


def status_counters(server):
    """What `sallyport status` counts, by name."""
    said = server.cli("status", check=True).stdout
    return {name: int(count) for count, name in re.findall(r"^ *(\d+) (.+)$", said, re.M)}
