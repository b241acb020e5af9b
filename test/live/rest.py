"""Clients of the REST API: this machine's command line by admin.sock, and browsers by TLS."""
import http.client
import json
import socket
import ssl
import subprocess
import time

import harness

PASSWORD = "correct horse battery staple"


class Answer:
    """What came back: status, headers (as http.client has them), body, and `json` of it."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:500]!r}"


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Client:
    """Asks below /api/v1, on a connection for each request; the rest is its subclasses'."""

    prefix = "/api/v1"

    def connection(self):
        raise NotImplementedError

    def headers(self, method):
        return {}

    def raw(self, method, path, body=None, headers=None):
        """Any path; the body as it is."""
        connection = self.connection()
        try:
            connection.request(method, path, body, {**self.headers(method), **(headers or {})})
            answer = Answer(connection.getresponse())
        finally:
            connection.close()
        self.look(answer)
        return answer

    def look(self, answer):
        """For those who keep something of an answer."""

    def ask(self, method, path, body=None, headers=None):
        """Below /api/v1; the body as JSON."""
        headers = dict(headers or {})
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
            body = json.dumps(body)
        return self.raw(method, self.prefix + path, body, headers)

    def get(self, path, **options):
        return self.ask("GET", path, **options)

    def post(self, path, body=None, **options):
        return self.ask("POST", path, body, **options)

    def patch(self, path, body, **options):
        """With If-Match from what is there now, unless told otherwise."""
        return self.ask("PATCH", path, body, **self._matched(path, options))

    def put(self, path, body, **options):
        return self.ask("PUT", path, body, **self._matched(path, options))

    def delete(self, path, **options):
        return self.ask("DELETE", path, **self._matched(path, options))

    def _matched(self, path, options):
        headers = dict(options.pop("headers", None) or {})
        if "If-Match" not in headers:
            tag = self.get(path).headers.get("ETag")
            if tag:
                headers["If-Match"] = tag
        return {"headers": headers, **options}

    def good(self, method, path, body=None, **options):
        """The JSON of an answer that must be good; None where there is none."""
        answer = self.ask(method, path, body, **options)
        assert 200 <= answer.status < 300, answer
        return answer.json if answer.body else None


class Machine(Client):
    """The command line's way in."""

    def __init__(self, server, timeout=30):
        self.path = server.state / "admin.sock"
        self.timeout = timeout

    def connection(self):
        return _UnixConnection(self.path, self.timeout)

    def user(self, name, role="user", password=PASSWORD, **more):
        """A new user who has a password."""
        made = self.good("POST", "/users", {"name": name, "role": role, **more})
        if password is not None:
            self.good("POST", f"/users/{name}/password", {"password": password})
        return made


class Browser(Client):
    """A browser without pages: cookies and the CSRF token, by TLS."""

    def __init__(self, server, port=None, address="127.0.0.1", name="example.org", timeout=30):
        self.server, self.address, self.name, self.timeout = server, address, name, timeout
        self.port = port or server.admin_port
        self.cookie = self.csrf = None
        self.token = None  # an API token, instead

    def socket(self):
        return socket.create_connection((self.address, self.port), timeout=self.timeout)

    def connection(self):
        context = harness.client_context()
        connection = http.client.HTTPSConnection(self.name, self.port, context=context)
        connection.sock = context.wrap_socket(self.socket(), server_hostname=self.name)
        return connection

    def headers(self, method):
        headers = {}
        if self.token:
            headers["Authorization"] = "Bearer " + self.token
        if self.cookie:
            headers["Cookie"] = "__Host-sallyport=" + self.cookie
        if self.csrf and method not in ("GET", "HEAD"):
            headers["X-CSRF-Token"] = self.csrf
        return headers

    def look(self, answer):
        for line in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = line.split(";")[0].partition("=")
            if name == "__Host-sallyport":
                self.cookie = value or None

    def sign_in(self, name, password=PASSWORD, code=None):
        """The answer; when it is good, this is that user from now on."""
        body = {"name": name, "password": password}
        if code:
            body["code"] = code
        answer = self.post("/session", body)
        if answer.status == 200:
            self.csrf = answer.json["csrf"]
        return answer


def totp(secret, at=None):
    """The code that a phone shows; `secret` in base32, as people type it."""
    command = ["oathtool", "--totp", "-b", secret.replace(" ", "")]
    if at is not None:
        command += ["--now", time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(at))]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout.strip()


def wait_ready(server):
    """Once control answers, and its store can be used."""
    machine = Machine(server)

    def answers():
        try:
            return machine.get("/users").status == 200
        except (OSError, http.client.HTTPException, ssl.SSLError):
            return False
    harness.wait_until(answers, 60, "control")
    return machine
