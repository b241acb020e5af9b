"""Honest and hostile clients of the API, all at once and by chance, while the configuration is
reloaded and control is killed.

Whatever comes, requests are answered all the while, and afterwards everything that was
acknowledged is there, once; the audit log is whole; nothing was kept that is over. CHAOS_SECONDS
and CHAOS_SEED make it longer, or another.
"""
import contextlib
import http.client
import itertools
import os
import random
import re
import signal
import socket
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

import harness
from rest import PASSWORD, Browser, Machine, wait_ready

SECONDS = float(os.environ.get("CHAOS_SECONDS", "6"))
SEED = int(os.environ.get("CHAOS_SEED", "1"))
TROUBLE = (OSError, http.client.HTTPException, ValueError)
SILENCE = 20  # seconds that may pass without any answer, on a machine that does much else
# Of control: what bodies, answers and the sanitizers' quarantine leave behind in their heaps.
GROWTH = (160 if harness.SANITIZED else 24) << 20
ADMIN = "allow any\n    portal any"
RELOADS = ["", "vpn { endpoint vpn.example.org }\n", "limits { body_timeout 1s }\n"]

HEADS = [b"GET /api/v1/users HTTP/1.1", b"POST /api/v1/session HTTP/1.1",
         b"PATCH /api/v1/users/shared HTTP/1.1", b"GET /api/v1/events HTTP/1.1",
         b"DELETE /api/v1/users/nobody HTTP/1.1", b"POST /api/v1/users/import HTTP/1.1",
         b"GET /api/v1/../../etc/passwd HTTP/1.1", b"GET /setup/abc HTTP/1.1",
         b"POST /setup/abc HTTP/1.1", b"GET /link/abc HTTP/1.1", b"GET /metrics HTTP/1.1",
         b"GET /api/v1/audit/export HTTP/1.1", b"GET /api/v1/openapi.json HTTP/1.0",
         b"BREW / HTTP/1.1", b"GET  HTTP/1.1", b"\x16\x03\x01\x00"]
BODIES = [b"", b"{}", b"[", b'{"name":"\xff"}', b'{"name":' + b"[" * 5000, b'{"a":1e999}',
          b'{"name":"x","name":"y"}', b'{"name":"anna","password":"wrong"}',
          b'{"csv":"name\\n\\"","preview":true}', b"x" * 70_000, b"y" * 2_200_000]


class Office:
    """What all who take part share: the server, what goes wrong, and when it is over."""

    def __init__(self, server, seconds):
        self.server = server
        self.end = time.monotonic() + seconds
        self.wrong = []
        self.statuses = Counter()
        self.answered = time.monotonic()
        self.silent = 0.0

    @property
    def on(self):
        return time.monotonic() < self.end

    def heard(self, answer):
        """Of one who asks again and again what must be answered."""
        now = time.monotonic()
        self.silent = max(self.silent, now - self.answered)
        self.answered = now
        return answer

    def judge(self, answer, *statuses):
        """No answer is a fault of ours; an honest one's is one of `statuses`, or "later"."""
        self.statuses[answer.status] += 1
        if answer.status in (500, 501, 505) or \
                (statuses and answer.status not in (*statuses, 429, 503)):
            self.wrong.append(f"{answer.status} instead of {statuses}: {answer}")
        return answer


# --- the honest

class Editor:
    """Adds, changes and removes what is his alone, and knows what must be there in the end."""

    known = itertools.count()  # no two have the same names

    def __init__(self, office):
        self.office, self.number, self.made = office, next(self.known), 0
        self.users = {}    # name: comment, for all that was acknowledged
        self.unknown = {}  # name: what it may be as well, where nobody answered; None: not there

    def settle(self, machine, name):
        """What became of it when nobody answered: it is as it was, or as it was to be."""
        answer = machine.get(f"/users/{name}")
        if answer.status not in (200, 404):
            return False
        comment = answer.json["comment"] if answer.status == 200 else None
        allowed = self.unknown.pop(name)
        if comment not in allowed:
            self.office.wrong.append(f"{name} is {comment!r}, of {allowed!r}")
        if answer.status == 200:
            self.users[name] = comment
        return True

    def attempt(self, r, name, to, ask, good):
        """One change; `ask` makes it, and an answer `good` says that it came about."""
        was = self.users.pop(name, None)
        self.unknown[name] = [was, to]
        answer = ask()  # or trouble: then it stays unknown
        if answer.status != good and answer.status < 500:
            self.office.wrong.append(f"{name}: {answer}")
        self.office.statuses[answer.status] += 1
        if answer.status not in (good, 503):
            return
        del self.unknown[name]
        value = to if answer.status == good else was
        if value is not None:
            self.users[name] = value

    def add(self, r, machine):
        self.made += 1
        name, comment = f"editor{self.number}.{self.made}", f"<{r.random()}>"
        self.attempt(r, name, comment,
                     lambda: machine.post("/users", {"name": name, "comment": comment}), 201)

    def change(self, r, machine):
        name, comment = r.choice(sorted(self.users)), f"'{r.random()}"
        self.attempt(r, name, comment,
                     lambda: machine.patch(f"/users/{name}", {"comment": comment}), 200)

    def remove(self, r, machine):
        name = r.choice(sorted(self.users))
        self.attempt(r, name, None, lambda: machine.delete(f"/users/{name}"), 204)

    def device(self, r, machine):
        name, office = r.choice(sorted(self.users)), self.office
        path = f"/users/{name}/devices"
        made = office.judge(machine.post(path, {"name": "laptop"}), 201, 409)
        if made.status != 201:
            return
        office.judge(machine.get(f"{path}/laptop/profile"), 200)
        if r.random() < 0.5:
            office.judge(machine.post(f"{path}/laptop/revoke"), 204)

    def rule(self, r, machine):
        made = self.office.judge(machine.post("/rules", {
            "scope": "global", "action": "allow", "destination": "192.0.2.0/24"}), 201)
        if made.status == 201 and r.random() < 0.9:
            self.office.judge(machine.delete(f"/rules/{made.json['id']}"), 204)

    def work(self, r):
        machine = Machine(self.office.server)
        for name in list(self.unknown):
            if not self.settle(machine, name):
                return
        ways = [self.add, self.rule]
        if self.users:
            ways += [self.change, self.change, self.remove, self.device]
        r.choice(ways)(r, machine)


class Racer:
    """One of several who change the same: each change that is acknowledged saw the one before."""

    tags = []

    def __init__(self, office):
        self.office = office

    def work(self, r):
        machine = Machine(self.office.server)
        tag = self.office.judge(machine.get("/users/shared"), 200).headers["ETag"]
        if tag is None:
            return
        answer = self.office.judge(
            machine.patch("/users/shared", {"comment": str(r.random())},
                          headers={"If-Match": tag}), 200, 412)
        if answer.status == 200:
            self.tags.append(answer.headers["ETag"])


class Member:
    """Signs in, rightly or not, looks at what is his, and leaves or does not."""

    def __init__(self, office):
        self.office = office

    def work(self, r):
        office, browser = self.office, Browser(self.office.server)
        right = r.random() < 0.6
        answer = browser.sign_in(r.choice(["anna", "root2"]), PASSWORD if right else "no such")
        office.judge(answer, 200, 401)
        if answer.status != 200:
            return
        for _ in range(r.randrange(1, 6)):
            office.judge(browser.get(r.choice(["/me", "/me/sessions", "/me/devices", "/status",
                                               "/users?limit=5", "/audit?limit=3"])), 200, 401, 403)
        if r.random() < 0.7:
            office.judge(browser.delete("/session"), 204, 401)


class Auditor:
    """Verifies the log over and over, and reads it."""

    def __init__(self, office):
        self.office = office

    def work(self, r):
        machine = Machine(self.office.server)
        answer = self.office.judge(machine.get("/audit/verify"), 200)
        if answer.status == 200 and not answer.json["whole"]:
            self.office.wrong.append(f"the log: {answer}")
        self.office.judge(machine.raw("GET", r.choice(
            ["/api/v1/audit/export", "/metrics", "/api/v1/audit?search=editor"])), 200)


class Pulse:
    """Asks for little, all the time."""

    def __init__(self, office):
        self.office = office

    def work(self, r):
        answer = Machine(self.office.server).get("/users?limit=1")
        if answer.status == 200:
            self.office.heard(answer)
        time.sleep(0.02)


# --- the hostile

def some_request(r):
    head, body = r.choice(HEADS), r.choice(BODIES)
    lines = [head, b"Host: example.org"]
    if r.random() < 0.8:
        lines.append(b"Content-Type: application/json")
    if r.random() < 0.2:
        lines.append(r.choice([b"Cookie: __Host-sallyport=" + b"x" * 43, b"Expect: 100-continue",
                               b"Authorization: Bearer " + b"y" * 3000, b"X: " + b"z" * 90_000,
                               b"Content-Length: 7", b"Host: b", b"\0", b"Connection: close",
                               b"X-Sallyport-Client: 127.0.0.1", b"If-Match: *"]))
    if r.random() < 0.3:
        lines.append(b"Transfer-Encoding: chunked")
        body = b"%x\r\n%s\r\n%s" % (len(body), body, r.choice([b"0\r\n\r\n", b"zz", b""]))
    elif body or r.random() < 0.3:
        lines.append(b"Content-Length: %d" % (len(body) + r.choice([0, 0, 0, 100, -1])))
    return b"\r\n".join([*lines, b"", body])


class Stranger:
    """Says anything, in pieces, and leaves at any time."""

    def __init__(self, office):
        self.office = office

    def connect(self, r):
        server = self.office.server
        if r.random() < 0.5:
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(2)
            s.connect(str(server.state / "admin.sock"))
            return s
        raw = socket.create_connection(("127.0.0.1", server.admin_port), timeout=2)
        return harness.client_context().wrap_socket(raw, server_hostname="example.org")

    def work(self, r):
        with self.connect(r) as s:
            for _ in range(r.randrange(1, 5)):
                data = some_request(r)
                if r.random() < 0.3:
                    data = data[:r.randrange(len(data))]
                size = r.choice([7000, 100_000, 3_000_000])
                for at in range(0, len(data), size):
                    s.sendall(data[at:at + size])
                    if r.random() < 0.05:
                        time.sleep(r.random() * 0.3)
                if r.random() < 0.7:
                    s.settimeout(0.5)
                    self.read(r, s)
                    s.settimeout(2)
            if r.random() < 0.3:
                harness.reset_on_close(s)

    def read(self, r, s):
        with contextlib.suppress(TimeoutError):
            for _ in range(r.randrange(1, 30)):
                data = s.recv(r.choice([1, 1000, 1 << 16]))
                if data.startswith(b"HTTP/1.1 500"):
                    self.office.wrong.append(data.decode(errors="replace"))
                if not data:
                    return


class Listener:
    """Opens streams of events, and drops them: some are read, some are not."""

    def __init__(self, office):
        self.office = office

    def work(self, r):
        streams = []
        with contextlib.ExitStack() as stack:
            for _ in range(r.randrange(1, 12)):
                s = stack.enter_context(socket.socket(socket.AF_UNIX))
                s.settimeout(r.random())
                s.connect(str(self.office.server.state / "admin.sock"))
                s.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
                streams.append(s)
            for s in r.sample(streams, len(streams) // 2):
                with contextlib.suppress(TimeoutError):
                    for _ in range(r.randrange(5)):
                        s.recv(4096)
            time.sleep(r.random() * 0.5)


# --- all together

def run(office, number, who):
    r = random.Random(SEED * 1000 + number)
    while office.on:
        try:
            who.work(r)
        except TROUBLE:
            time.sleep(0.02)


def all_at_once(server, seconds, meanwhile):
    """Returns the office after it, and its editors."""
    office = Office(server, seconds)
    editors = [Editor(office) for _ in range(3)]
    Racer.tags = []
    people = [*editors, Racer(office), Racer(office), Member(office), Member(office),
              Auditor(office), Pulse(office), *[Stranger(office) for _ in range(4)],
              Listener(office), Listener(office)]
    threads = [threading.Thread(target=run, args=(office, n, who)) for n, who in enumerate(people)]
    for thread in threads:
        thread.start()
    r = random.Random(SEED)
    while office.on:
        time.sleep(r.random())
        meanwhile(r)
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    return office, editors


def check_kept(server, office, editors):
    """All that was acknowledged is there, and nobody saw what was not so."""
    machine = wait_ready(server)
    for editor in editors:
        for name in list(editor.unknown):
            assert editor.settle(machine, name)
        for name, comment in editor.users.items():
            answer = machine.get(f"/users/{name}")
            assert answer.status == 200 and answer.json["comment"] == comment, answer
    names = {item["name"] for item in all_users(machine)}
    ours = tuple(f"editor{editor.number}." for editor in editors)
    assert {n for n in names if n.startswith(ours)} == {n for e in editors for n in e.users}
    assert len(Racer.tags) == len(set(Racer.tags)) > 0, Racer.tags
    assert machine.good("GET", "/audit/verify")["whole"] is True
    assert not office.wrong, "\n".join(office.wrong[:10])
    assert office.statuses[200] > 0 and office.statuses[201] > 0
    assert office.silent < SILENCE, f"{office.silent:.1f} s without an answer"


def all_users(machine):
    path = "/users?limit=500"
    while path:
        page = machine.good("GET", path)
        yield from page["items"]
        path = page.get("next") and f"/users?limit=500&after={page['next']}"


def reload(server, more):
    server.write(server.base + more, whole=True)
    server.cli("reload")


def control_of(server):
    return harness.wait_until(lambda: server.children("control"), what="control")[0]


def begin(office, config=""):
    server = office(config, admin=ADMIN)
    server.base = server.conf.read_text().replace("drain_timeout 2s\n", "")
    server.machine.user("anna")
    server.machine.user("root2", role="admin")
    server.machine.user("shared", password=None)
    return server


def descriptors(pid):
    """How many there are of each kind; the store's files are each thread's, once it is used."""
    found = Counter()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            found[re.sub(r":?\[\d+\]$", "", os.readlink(link))] += 1
    return {name: n for name, n in found.items() if "/sallyport.db" not in name}


def settle(server, pid, before):
    """Once all clients are gone and forgotten, what is open is what was before: also edge's
    connections, of which it keeps some for a while, but not with another configuration."""
    reload(server, "drain_timeout 3s\n")
    harness.wait_until(lambda: descriptors(pid) == before, 60,
                       f"{descriptors(pid)} becoming {before}")


def end_swiftly(server, pid):
    """Control's end may not wait for anybody; the sanitizers look for leaks then."""
    os.kill(server.pid, signal.SIGTERM)
    began = time.monotonic()
    harness.wait_until(lambda: not Path(f"/proc/{pid}").exists(), 10, "control's end")
    assert time.monotonic() - began < (4 if harness.SANITIZED else 1)
    assert server.stop() == 0


def test_nothing_is_left_of_what_is_over(office):
    server = begin(office)
    pid = control_of(server)
    before = descriptors(pid)
    threads = len(list(Path(f"/proc/{pid}/task").iterdir()))
    all_at_once(server, min(3, SECONDS / 2), lambda r: None)
    warm = server.memory(pid)
    office_, editors = all_at_once(server, SECONDS, lambda r: reload(server, r.choice(RELOADS)))
    check_kept(server, office_, editors)
    assert control_of(server) == pid, server.log[-4000:]
    settle(server, pid, before)
    assert len(list(Path(f"/proc/{pid}/task").iterdir())) == threads
    assert server.memory(pid) - warm < GROWTH, (warm, server.memory(pid))
    status = server.machine.good("GET", "/status")["control"]
    assert status["queued"] == status["queued_slow"] == 0, status
    end_swiftly(server, pid)


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_what_was_acknowledged_is_kept_whatever_dies(request, office, database):
    store = ""
    if database == "postgres":
        store = f"store {request.getfixturevalue('postgres')().url}\n"
    server = begin(office, store)

    def meanwhile(r):
        if r.random() < 0.6:
            for pid in server.children("control"):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(1)
        else:
            reload(server, r.choice(RELOADS))

    office_, editors = all_at_once(server, SECONDS, meanwhile)
    check_kept(server, office_, editors)
    end_swiftly(server, control_of(server))
