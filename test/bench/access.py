"""The access server with many users: how much control answers on one processor, and how soon."""
import contextlib
import http.client
import json
import os
import pwd
import re
import socket
import statistics
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import machine
import report
import servers

USERS, DEVICES, ROWS = 10_000, 50_000, 1_000_000  # as store_fill.h has them
PASSWORD = "correct horse battery staple"
CLIENTS = 16
WAITING = 30  # sign-ins at once
PAGE = 50
DEEP = 5      # pages of each list, from its start
MOST_MS, LEAST_READS = 5, 3000  # the goals

# What is asked for as a page, below /api/v1.
LISTS = (
    ("users by name", "/users"),
    ("users by name, backwards", "/users?descending=true"),
    ("users by created", "/users?sort=created"),
    ("users by last_seen, the last first", "/users?sort=last_seen&descending=true"),
    ("users, a search", "/users?search=r0999"),
    ("users of a group", "/users?group=staff"),
    ("devices by name", "/devices"),
    ("devices by created", "/devices?sort=created"),
    ("devices by last_seen, the last first", "/devices?sort=last_seen&descending=true"),
    ("devices by expires", "/devices?sort=expires"),
    ("devices of a user", "/devices?user=user00077"),
    ("devices, a search", "/devices?search=r09999"),
    ("sessions", "/sessions"),
    ("bans", "/bans"),
    ("audit, the newest", "/audit"),
    ("audit, who (often)", "/audit?who=user00000"),
    ("audit, who (seldom)", "/audit?who=user07777"),
    ("audit, action", "/audit?action=session.begin"),
    ("audit, action (seldom)", "/audit?action=config.apply"),
    ("audit, action's beginning", "/audit?action=session."),
    ("audit, object", "/audit?object=" + quote("session of user07777")),
    ("audit, object's beginning", "/audit?object=" + quote("device user07777/")),
    ("audit, address", "/audit?address=192.0.2.7"),
    ("audit, since", "/audit?since=2024-03-01T00:00:00Z"),
    ("audit, until", "/audit?until=2024-03-01T00:00:00Z"),
    ("audit, who and action", "/audit?who=user00000&action=device.add"),
    ("audit, a search", "/audit?search=user07777"),
)


class _Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


def ask(place, method, path, body=None):
    """As the command line does, by admin.sock; the answer's JSON."""
    connection = _Unix(place / "state/admin.sock")
    headers = {} if body is None else {"Content-Type": "application/json"}
    connection.request(method, "/api/v1" + path,
                       None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    said = answer.read()
    if answer.status >= 300:
        raise SystemExit(f"{method} {path}: {answer.status} {said.decode()}")
    return json.loads(said) if said else None


def wait_ready(place):
    for _ in range(400):
        with contextlib.suppress(OSError, SystemExit):
            ask(place, "GET", "/groups")
            return
        time.sleep(0.05)
    raise SystemExit("control did not come:\n" + (place / "log").read_text())


class Server(servers.Sallyport):
    """With a full store, and all of it on one processor."""

    def __init__(self, stage, tools):
        super().__init__(stage)
        self.tools, self.admin_port = tools, servers.free_port()
        self.token = self.fill_seconds = None

    def configuration(self):
        return super().configuration() + f"""
            admin {{
                listen 127.0.0.1:{self.admin_port}
                allow loopback
            }}
        """

    def _fill(self):
        directory = self.place / "state/control"
        directory.mkdir(parents=True, mode=0o700)
        begun = time.monotonic()
        subprocess.run([self.tools / "bench-store-fill", directory / "sallyport.db"], check=True)
        self.fill_seconds = time.monotonic() - begun
        if os.geteuid() == 0:
            user = pwd.getpwnam("_sallyport-control")
            for path in (directory, *directory.iterdir()):
                os.chown(path, user.pw_uid, user.pw_gid)

    def __enter__(self):
        self._fill()
        super().__enter__()
        self._wait()
        self.ask("POST", "/users", {"name": "bench", "role": "admin"})
        self.ask("POST", "/users/bench/password", {"password": PASSWORD})
        self.token = self.ask("POST", "/tokens", {"name": "bench", "scope": "admin"})["token"]
        return self

    def _wait(self):
        wait_ready(self.place)

    def ask(self, method, path, body=None):
        return ask(self.place, method, path, body)

    @property
    def control_pid(self):
        for pid in self.pids():
            if Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[1:2] == [b"control"]:
                return pid
        raise SystemExit("there is no control")

    def resident_mib(self):
        status = Path(f"/proc/{self.control_pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024

    def request(self, name, head, *fields, body=""):
        """A file with that request as edge would send it."""
        path = self.place / f"request-{name}"
        if body:
            fields += ("Content-Type: application/json", f"Content-Length: {len(body)}")
        path.write_text("\r\n".join([f"{head} HTTP/1.1", "Host: localhost",
                                     "X-Sallyport-Client: 127.0.0.1", *fields, "", body]))
        return path

    def get(self, name, path):
        return self.request(name, f"GET /api/v1{path}", f"Authorization: Bearer {self.token}")

    def start_asks(self, seconds, connections, files):
        return subprocess.Popen(machine.pinned(machine.CLIENT_CPU, [
            self.tools / "bench-asks", self.place / "state/sockets/edge.sock", seconds,
            connections, 200, *files]), stdout=subprocess.PIPE, text=True)

    def asks(self, seconds, connections, files):
        """(answers a second, microseconds of each)."""
        return asked(self.start_asks(seconds, connections, files))

    def wrk(self, seconds, path):
        """Answers a second by the admin port, with TLS and edge on the same processor."""
        done = subprocess.run(machine.pinned(machine.CLIENT_CPU, [
            "wrk", "-t1", f"-c{CLIENTS}", f"-d{seconds}s", "-H",
            f"Authorization: Bearer {self.token}",
            f"https://localhost:{self.admin_port}/api/v1{path}"]),
            text=True, stdout=subprocess.PIPE, check=True)
        if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
            raise SystemExit(done.stdout)
        return float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout).group(1))


def asked(process):
    said, _ = process.communicate()
    if process.returncode != 0:
        raise SystemExit("bench-asks failed, see above")
    lines = [line.split(" ", 1) for line in said.splitlines()]
    times = [int(value) for key, value in lines if key == "us"]
    seconds = next(int(value) for key, value in lines if key == "ns") / 1e9
    return len(times) / seconds, times


def reads(server, seconds):
    one, page = "/users/user00077", f"/users?limit={PAGE}"
    return {
        "GET one user, by edge's socket":
            server.asks(seconds, CLIENTS, [server.get("one", one)])[0],
        "GET one user, by the admin port": server.wrk(seconds, one),
        f"GET a page of {PAGE} users, by edge's socket":
            server.asks(seconds, CLIENTS, [server.get("page", page)])[0],
        f"GET a page of {PAGE} users, by the admin port": server.wrk(seconds, page),
    }


def pages_of(server, number, path):
    """Requests for the first pages of a list."""
    path += ("&" if "?" in path else "?") + f"limit={PAGE}"
    after, files = "", []
    while len(files) < DEEP and after is not None:
        part = path + (f"&after={quote(after)}" if after else "")
        files.append(server.get(f"list{number}-{len(files)}", part))
        after = server.ask("GET", part)["next"]
    return files


def sign_ins(server, seconds):
    """(sign-ins a second, microseconds of reads meanwhile)."""
    body = json.dumps({"name": "bench", "password": PASSWORD})
    sign_in = server.request("sign-in", "POST /api/v1/session", body=body)
    one = server.get("one", "/users/user00077")
    waiting = server.start_asks(seconds + 2, WAITING, [sign_in])
    time.sleep(1)
    _, times = server.asks(seconds, 1, [one])
    return asked(waiting)[0], times


def measure(stage, tools, rounds, seconds, said):
    """All figures, for told()."""
    with Server(stage, tools) as server:
        found = {"fill_seconds": server.fill_seconds, "idle_mib": server.resident_mib()}
        said("access ")
        reads(server, 1)  # warms it up
        found["reads"] = []
        for _ in range(rounds):
            found["reads"].append(reads(server, seconds))
            said(".")
        found["pages"] = {}
        for number, (title, path) in enumerate(LISTS):
            files = pages_of(server, number, path)
            found["pages"][title] = sorted(server.asks(seconds, 1, files)[1])
            said(".")
        found["sign_ins"], found["meanwhile"] = sign_ins(server, max(4, seconds))
        found["loaded_mib"] = server.resident_mib()
    said("\n")
    return found


INTRO = f"""\
## The access server

A store in SQLite with {USERS:,} users, {DEVICES:,} devices, {ROWS:,} rows of the audit log and
20,000 sessions, links, tokens, rules and bans, filled in {{fill:.0f}} s without the audit log's
chain. All of Sallyport is on one processor, the client on the other. Each request shows an API
token. By edge's socket it is control alone that is asked; by the admin port edge is too, with TLS.
"""


def _yes(reached):
    return "yes" if reached else "**no**"


def _reads_lines(found):
    yield "| answers a second, on one processor | median | range | goal | reached |"
    yield "|---|---|---|---|---|"
    for title in found["reads"][0]:
        series = [one[title] for one in found["reads"]]
        median = statistics.median(series)
        goal = f"at least {LEAST_READS:,}" if "one user" in title else ""
        reached = _yes(median >= LEAST_READS) if goal else "–"
        yield (f"| {title}, {CLIENTS} connections | {median:,.0f} | {min(series):,.0f}–"
               f"{max(series):,.0f} | {goal} | {reached} |")


def _pages_lines(found):
    yield f"| a page of {PAGE}, by edge's socket | median, ms | 99th, ms | at most {MOST_MS} ms |"
    yield "|---|---|---|---|"
    for title, times in found["pages"].items():
        median = statistics.median(times) / 1000
        yield (f"| {title} | {report.figure(median)} | "
               f"{report.figure(report.percentile(times, 0.99) / 1000)} | "
               f"{_yes(median <= MOST_MS)} |")


def _other_lines(found):
    times = found["meanwhile"]
    yield "| | |"
    yield "|---|---|"
    yield f"| sign-ins a second (argon2id) while {WAITING} wait | {found['sign_ins']:.1f} |"
    for words, value in (("median", statistics.median(times)),
                         ("99th percentile", report.percentile(times, 0.99)),
                         ("longest", max(times))):
        yield (f"| a read meanwhile, one connection, {words} | "
               f"{report.figure(value / 1000)} ms |")
    yield f"| memory of control when it has started | {found['idle_mib']:.0f} MiB |"
    yield f"| the same after all of this | {found['loaded_mib']:.0f} MiB |"


def told(found):
    return "\n".join([INTRO.format(fill=found["fill_seconds"]), *_reads_lines(found), "",
                      *_pages_lines(found), "", *_other_lines(found), ""])
