"""The API's own document, and a walk through the API that holds every answer to it."""
import contextlib
import datetime
import itertools
import json
import re
from urllib.parse import quote

import jsonschema

import rest

JSON, PROBLEM = "application/json", "application/problem+json"
METHODS = ("get", "head", "post", "put", "patch", "delete")

# Every answer says so, in these words, and once.
GUARD = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; "
                               "form-action 'none'",
}

# What nothing names, for each part of a path.
NOTHING = {"user": "nobody-here", "group": "no-such-group", "device": "no-such-device",
           "id": "999999999", "token": "A" * 43, "serial": "00ff", "name": "no-such-version"}


# --- the document

class Operation:
    def __init__(self, path, method, told, prefix):
        self.id = told["operationId"]
        self.path, self.method, self.told, self.prefix = path, method.upper(), told, prefix
        self.level = told["x-level"]
        self.on_machine = told.get("x-machine", False)
        self.parts = re.findall(r"{(\w+)}", path)
        self.statuses = {int(status) for status in told["responses"]}
        self.success = min(self.statuses)
        self.takes_body = "requestBody" in told
        self.changes = self.method not in ("GET", "HEAD")
        self.creates = any(p["name"] == "Idempotency-Key" for p in told["parameters"])

    def target(self, parts, query=None):
        path = re.sub(r"{(\w+)}", lambda m: quote(str(parts[m[1]]), safe=""), self.path)
        words = "&".join(f"{name}={quote(str(value), safe='')}"
                         for name, value in (query or {}).items())
        return self.prefix + path + ("?" + words if words else "")


def is_time(text):
    with contextlib.suppress(ValueError):
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).tzinfo is not None
    return False


class Document:
    def __init__(self, told):
        self.told = told
        self.resolver = jsonschema.RefResolver("", told)
        self.formats = jsonschema.FormatChecker(())
        self.formats.checks("date-time")(lambda value: not isinstance(value, str) or is_time(value))
        self.operations = {}
        for path, item in told["paths"].items():
            servers = item.get("servers", told["servers"])
            for method in METHODS:
                if method in item:
                    one = Operation(path, method, item[method], servers[0]["url"].rstrip("/"))
                    self.operations[one.id] = one

    def resolve(self, of):
        return self.resolver.resolve(of["$ref"])[1] if "$ref" in of else of

    def faults(self, schema, value):
        judge = jsonschema.Draft202012Validator(schema, resolver=self.resolver,
                                                format_checker=self.formats)
        return [f"{'/'.join(map(str, e.path))}: {e.message[:200]}"
                for e in judge.iter_errors(value)]


# --- the walk

class Walk:
    """What was asked, and what came. `wrong` has each answer that is not as the document says."""

    def __init__(self, server, document):
        self.server, self.document = server, document
        self.machine = server.machine
        self.stranger = self.browser()
        self.admin = self.user = self.reader = None  # once there are some
        self.seen, self.wrong = set(), []
        self.asked = {}  # of each operation: with what it was last asked well
        self.standing = {}  # of each part of a path: what is there to the end
        self.numbers = itertools.count()

    def browser(self):
        return rest.Browser(self.server)

    def usual(self, op):
        if op.on_machine:
            return self.machine
        return {"nobody": self.stranger, "self": self.user}.get(op.level, self.admin)

    def say(self, op, answer, what):
        self.wrong.append(f"{op.id} {answer.status}: {what} ({answer.body[:300]!r})")

    def judge(self, op, answer):
        """Holds an answer to the document."""
        self.seen.add((op.id, answer.status))
        for name, value in GUARD.items():
            if answer.headers.get_all(name) != [value]:
                self.say(op, answer, f"{name} is {answer.headers.get_all(name)}")
        if answer.status not in op.statuses:
            self.say(op, answer, "no such answer is told of")
            return
        told = self.document.resolve(op.told["responses"][str(answer.status)])
        for name, header in told.get("headers", {}).items():
            if self.document.resolve(header).get("required") and name not in answer.headers:
                self.say(op, answer, f"without {name}")
        if op.method == "HEAD" or "content" not in told:
            if answer.body:
                self.say(op, answer, "a body, which is not told of")
            return
        media, body = next(iter(told["content"].items()))
        of_type = answer.headers.get_all("Content-Type")
        if [one.split(";")[0] for one in of_type] != [media]:  # text says its charset as well
            self.say(op, answer, f"of type {of_type}")
        elif media in (JSON, PROBLEM):
            for fault in self.document.faults(body["schema"], answer.json):
                self.say(op, answer, fault)
        if media == PROBLEM and answer.json["status"] != answer.status:
            self.say(op, answer, "another status in the body")

    def ask(self, name, /, who=None, query=None, body=None, headers=None, raw=None, **parts):
        """Asks, as who usually may, and judges the answer; a body is JSON, or `raw` bytes."""
        op = self.document.operations[name]
        who = who or self.usual(op)
        headers = dict(headers or {})
        if body is not None:
            raw = json.dumps(body)
        if raw is not None:
            headers.setdefault("Content-Type", JSON)
        answer = who.raw(op.method, op.target({**self.standing, **parts}, query), raw, headers)
        self.judge(op, answer)
        return answer

    def good(self, name, /, **options):
        """The same, and the answer has to be good."""
        answer = self.ask(name, **options)
        op = self.document.operations[name]
        assert answer.status == op.success, (op.id, answer)
        if options.get("body") is not None:
            told = op.told["requestBody"]["content"][JSON]["schema"]
            for fault in self.document.faults(told, options["body"]):
                self.say(op, answer, f"took what the document does not: {fault}")
        self.asked[name] = {key: options.get(key) for key in ("query", "body")}
        return answer

    def changed(self, name, by, /, **options):
        """A good change of what `by` shows."""
        parts = {key: options[key] for key in options if key in NOTHING}
        tag = self.ask(by, **parts).headers["ETag"]
        return self.good(name, headers={"If-Match": tag}, **options)

    def refused(self, name, status, /, **options):
        answer = self.ask(name, **options)
        if answer.status != status:
            self.say(self.document.operations[name], answer, f"instead of {status}")
        return answer

    def fresh(self, name):
        """A body that makes another thing each time; None: it takes none."""
        n = next(self.numbers)
        return {
            "createUser": {"name": f"user{n}"},
            "createGroup": {"name": f"group{n}"},
            "createUserDevice": {"name": f"device{n}"},
            "createMyDevice": {"name": f"device{n}"},
            "createToken": {"name": f"token{n}", "scope": "read"},
            "createRule": {"scope": "global", "action": "allow", "destination": f"10.0.{n}.0/24"},
            "createBan": {"subject": f"192.0.2.{n % 250}"},
            "rollOverAuthority": {"keep_days": 30 + n},
        }.get(name)
