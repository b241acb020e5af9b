"""What the live tests are made of: a Sallyport with a configuration of its own, and its peers.

Everything stays on loopback or in network namespaces made here, on ports that nobody else
has, and whatever is started is ended by the process id that it was started with.
"""
import contextlib
import ctypes
import http.client
import itertools
import json
import os
import random
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
BINARY = Path(os.environ.get("SALLYPORT") or TOP / "build/sallyport")
SANITIZED = os.environ.get("SALLYPORT_BUILD") == "sanitizers"
IS_ROOT = os.geteuid() == 0
WORKERS_MAX = 16  # pytest's processes
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])

# Anything of this on the server's terminal fails the test, whatever else it found.
SANITIZER_REPORT = re.compile(r"(Address|Leak|Thread)Sanitizer|runtime error:")

DEADLINE = 20  # seconds that anything on this machine may take, however busy it is


# --- waiting, and ports

def wait_until(condition, seconds=DEADLINE, what="it"):
    """Returns what `condition()` gives once that is true; fails after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come about in {seconds} s")
        time.sleep(0.02)


_given = set()


def free_port(address="127.0.0.1"):
    """A TCP port that nobody has, and that is not given twice.

    Below those that the kernel gives to clients; of those that test at once, each has its own.
    """
    while True:
        port = random.randrange(10240, 32768, WORKERS_MAX) + WORKER
        if port in _given:
            continue
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as s, \
                contextlib.suppress(OSError):
            s.bind((address, port))
            _given.add(port)
            return port


def open_to_all(directory):
    """Lets every user of the system into it, and into what the tests made above it."""
    for one in (directory, *directory.parents):
        if str(one).startswith(tempfile.gettempdir() + "/"):
            one.chmod(0o755)


def can_connect(address, port):
    with contextlib.suppress(OSError):
        socket.create_connection((address, port), timeout=1).close()
        return True
    return False


# --- bytes on sockets

def receive_exactly(s, count):
    """`count` bytes, or fewer if the peer ends before."""
    data = bytearray()
    while len(data) < count:
        some = s.recv(min(count - len(data), 1 << 16))
        if not some:
            break
        data += some
    return bytes(data)


def receive_all(s):
    """All up to the peer's FIN; ConnectionResetError is an RST, and is not caught."""
    data = bytearray()
    while some := s.recv(1 << 16):
        data += some
    return bytes(data)


def receive_until(s, mark):
    data = bytearray()
    while mark not in data:
        some = s.recv(1 << 16)
        if not some:
            break
        data += some
    return bytes(data)


def reset_on_close(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def client_context(ca=None, alpn=None, **options):
    """A TLS client's context; without `ca` it believes any certificate."""
    if ca:
        context = ssl.create_default_context(cafile=str(ca))
    else:
        # Not the default context, which would read all the system's certificates each time.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if alpn:
        context.set_alpn_protocols(alpn)
    for name, value in options.items():
        setattr(context, name, value)
    return context


def client_hello(name="example.org", alpn=None):
    """The bytes of a real ClientHello, as one TLS record."""
    out = ssl.MemoryBIO()
    tls = client_context(alpn=alpn).wrap_bio(ssl.MemoryBIO(), out, server_hostname=name)
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return out.read()


def certificate_names(s):
    """The names in the peer's certificate, verified or not."""
    text = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-ext", "subjectAltName"],
                          input=s.getpeercert(binary_form=True), stdout=subprocess.PIPE,
                          check=True).stdout.decode()
    return re.findall(r"DNS:([^,\s]+)", text)


# --- keys and certificates

def make_certificate(directory, *names, days=30):
    """A new self-signed certificate: (chain, key), both files in `directory`."""
    chain, key = directory / f"{names[0]}.crt", directory / f"{names[0]}.key"
    alternatives = ",".join("DNS:" + name for name in names)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", str(days), "-subj",
                    "/CN=" + names[0], "-addext", "subjectAltName=" + alternatives,
                    "-keyout", str(key), "-out", str(chain)],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return chain, key


# --- processes

def cpu(pid):
    """Seconds of all its threads, those that have ended too: proc(5), utime and stime."""
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


class Process:
    """A program that runs beside the test, with a file of all it says."""

    def __init__(self, command, log, name=None, netns=None, **options):
        self.command = [str(word) for word in command]
        self.name = name or Path(self.command[0]).name
        self.log_file = Path(log)
        if netns:
            self.command = ["ip", "netns", "exec", netns, *self.command]
        with open(self.log_file, "ab") as out:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=subprocess.STDOUT, start_new_session=True,
                                            **options)

    @property
    def pid(self):
        return self.process.pid

    @property
    def log(self):
        return self.log_file.read_text(errors="replace")

    @property
    def running(self):
        return self.process.poll() is None

    def wait_log(self, text, seconds=DEADLINE):
        """Returns once `text`, a regular expression, was said."""
        def said():
            return re.search(text, self.log) or not self.running
        wait_until(said, seconds, f"{self.name}: {text!r}")
        found = re.search(text, self.log)
        assert found, f"{self.name} ended with {self.process.returncode}:\n{self.log}"
        return found

    def wait_port(self, port, address="127.0.0.1", seconds=DEADLINE):
        wait_until(lambda: can_connect(address, port) or not self.running, seconds,
                   f"{self.name} on port {port}")
        assert self.running, f"{self.name} ended with {self.process.returncode}:\n{self.log}"

    def stop(self, how=signal.SIGTERM, seconds=DEADLINE):
        """Ends it, all that it started included; returns its exit status."""
        if self.running:
            self.process.send_signal(how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        return self.process.wait()


# --- Sallyport

SITE = """
site example.org {
    certificate self-signed
    root %s
}
"""


class Server:
    """A Sallyport that serves. Made by the fixture `server`, which also ends it.

    port, plain_port  where it listens, on each of `addresses`
    www               the directory of example.org, the site it has unless told otherwise;
                      "hello\\n" is in index.html
    certificate       the certificate of example.org, to verify it with
    log               all it said on its terminal
    access            the entries of its access log, in order, one dict for each
    """

    def __init__(self, directory, config="", site=True, addresses=("127.0.0.1",), workers=2,
                 binary=None, env=None, start=True, plain="", netns=None, everywhere=False,
                 state=None):
        self.directory = directory
        self.binary = Path(binary or BINARY)
        self.addresses = list(addresses)
        self.workers = workers
        self.with_site = site
        self.everywhere = everywhere  # on all addresses of the machine, not only these
        self.env = env or {}
        self.netns = netns  # the name of the network namespace that it runs in
        self.plain = f"\n    {plain}\n" if plain else ""  # more for that block
        self.port, self.plain_port = free_port(), free_port()
        self.state = directory / "state"
        self.conf = directory / "sallyport.conf"
        self.access_file = directory / "access.log"
        self.log_file = directory / "sallyport.log"
        self.www = directory / "www"
        self.certificate = self.state / "self-signed/example.org.crt"
        self.www.mkdir(parents=True)
        (self.www / "index.html").write_text("hello\n")
        self.process = None
        self.status = None
        self.said_before = 0  # by those that ran here earlier
        if state:  # to begin with: a copy of a directory that another server left
            subprocess.run(["cp", "-a", state, self.state], check=True)
        self.write(config)
        if start:
            self.start()

    # The configuration.

    def text(self, config):
        """The whole file: what every test needs, then the test's own."""
        def endpoints(port):
            if self.everywhere:
                return str(port)
            return " ".join(f"[{a}]:{port}" if ":" in a else f"{a}:{port}" for a in self.addresses)
        ours = (f"state_dir {self.state}\n"
                f"workers {self.workers}\n"
                f"listen {endpoints(self.port)}\n"
                f"plain {{ listen {endpoints(self.plain_port)}{self.plain} }}\n"
                f"log {{\n    access json\n    file {self.access_file}\n    level debug\n}}\n")
        if "drain_timeout" not in config:
            ours += "drain_timeout 2s\n"
        if self.with_site:
            ours += SITE % self.www
        return ours + config

    def write(self, config, whole=False):
        """Puts another configuration in the file; `whole`: with nothing of ours before it."""
        self.conf.write_text(config if whole else self.text(config))

    # Its life.

    def start(self, wait=True):
        environment = {**os.environ, **self.env}
        self.said_before = len(self.log)
        self.process = Process([self.binary, "serve", "-c", self.conf], self.log_file,
                               name="sallyport", netns=self.netns, env=environment)
        self.status = None
        if not wait:
            return
        # Edge sends a line only when it serves, but a connection says it as well.
        wait_until(lambda: not self.process.running or self.serves(), 30, "serving")
        assert self.process.running, "sallyport ended:\n" + self.log

    def serves(self):
        return "listening on" in self.log[self.said_before:] and \
            can_connect(self.addresses[0], self.port)

    def stop(self, how=signal.SIGTERM, seconds=20):
        """Ends it and returns its exit status; SIGTERM drains, SIGINT does not."""
        if self.process is not None and self.status is None:
            self.status = self.process.stop(how, seconds)
            if how == signal.SIGKILL:
                self.wait_free()
        return self.status

    def wait_free(self):
        """Until nobody listens on its ports: of who was killed, the last thread takes them along, and
        may be a moment behind the first."""
        ports = [self.port, self.plain_port, *filter(None, [getattr(self, "admin_port", None)])]
        wait_until(lambda: not any(can_connect(self.addresses[0], port) for port in ports),
                   what="free ports")

    @property
    def running(self):
        return self.process is not None and self.process.running

    @property
    def pid(self):
        """Of warden."""
        return self.process.pid

    def children(self, name=""):
        """Process ids of what warden started, whose command line has `name` in it."""
        found = []
        for pid in subprocess.run(["pgrep", "-P", str(self.pid)], stdout=subprocess.PIPE,
                                  check=False).stdout.split():
            with contextlib.suppress(OSError):
                line = Path(f"/proc/{int(pid)}/cmdline").read_bytes().replace(b"\0", b" ")
                if name.encode() in line:
                    found.append(int(pid))
        return found

    @property
    def edge_pid(self):
        return wait_until(lambda: self.children("edge"), what="edge")[0]

    # The command line.

    def cli(self, *words, check=False):
        """Runs `sallyport WORDS -c FILE`; the result has returncode, stdout and stderr as text."""
        done = subprocess.run([str(self.binary), *words, "-c", str(self.conf)],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60, check=False, text=True,
                              env={**os.environ, **self.env})
        assert not SANITIZER_REPORT.search(done.stderr), done.stderr
        assert not check or done.returncode == 0, done.stderr
        return done

    def reload(self, config=None, *options, check=True):
        """Applies the file, with another `config` in it if given."""
        if config is not None:
            self.write(config)
        return self.cli("reload", *options, check=check)

    # What it says.

    @property
    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def wait_log(self, text, seconds=DEADLINE):
        """Returns the match once `text`, a regular expression, is on its terminal."""
        return wait_until(lambda: re.search(text, self.log), seconds, f"{text!r} in the log")

    @property
    def access(self):
        if not self.access_file.exists():
            return []
        lines = self.access_file.read_text(errors="replace").split("\n")
        return [json.loads(line) for line in lines[:-1]]

    def wait_access(self, condition=lambda entry: True, seconds=DEADLINE):
        """The first entry for which `condition(entry)` holds; waits for it."""
        def found():
            return next((entry for entry in self.access if condition(entry)), None)
        return wait_until(found, seconds, "an entry in the access log")

    def wait_relay(self, rule, seconds=DEADLINE):
        """The first entry of a relay by `rule`, such as "ssh" or "sni a.example"."""
        return self.wait_access(lambda entry: entry.get("rule") == rule, seconds)

    def counter(self, name):
        """What `sallyport status` counts under `name`, such as "HTTP requests"."""
        status = self.cli("status", check=True).stdout
        found = re.search(rf"^\s*(\d+) {re.escape(name)}", status, re.M)
        assert found, f"no counter {name}:\n{status}"
        return int(found[1])

    def memory(self, pid=None):
        """Resident memory of edge (or of `pid`), in bytes."""
        status = Path(f"/proc/{pid or self.edge_pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024

    # Clients.

    def connect(self, data=b"", address=None, plain=False, timeout=DEADLINE, **options):
        """A raw connection, on which `data` was sent."""
        s = socket.create_connection((address or self.addresses[0],
                                      self.plain_port if plain else self.port),
                                     timeout=timeout, **options)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if data:
            s.sendall(data)
        return s

    def tls(self, name="example.org", ca=None, alpn=None, on=None, timeout=DEADLINE, **options):
        """A TLS connection for `name`, over the socket `on` if given; verified with `ca`."""
        s = on or self.connect(timeout=timeout)
        return client_context(ca, alpn, **options).wrap_socket(s, server_hostname=name)

    def get(self, path="/", name="example.org", on=None, method="GET", headers=None, **options):
        """One HTTPS request: (status, headers, body). `on`: a socket to use, TLS comes on top."""
        with self.tls(name, on=on, **options) as s:
            return http_get(s, path, name, method, headers)

    def url(self, path="/", plain=False):
        if plain:
            return f"http://127.0.0.1:{self.plain_port}{path}"
        return f"https://127.0.0.1:{self.port}{path}"

    # The end.

    def verdict(self):
        """What must not be in the log of any server; None when all is well."""
        found = SANITIZER_REPORT.search(self.log)
        return f"a sanitizer found something:\n{self.log[max(0, found.start() - 200):]}" \
            if found else None


def http_get(s, path="/", host="example.org", method="GET", headers=None):
    """One HTTP/1.1 request on a socket that is connected: (status, headers, body)."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    s.sendall("\r\n".join([*lines, "", ""]).encode())
    response = http.client.HTTPResponse(s, method=method)
    response.begin()
    return response.status, dict(response.getheaders()), response.read()


# --- back ends made of threads

def echo(s):
    while data := s.recv(1 << 16):
        s.sendall(data)


class Backend:
    """A TCP server on loopback, or on a Unix socket: `serve(socket)` in a thread for each client.

    The socket is closed when serve() returns. `peers` are the addresses that connected.
    """

    def __init__(self, serve=echo, address="127.0.0.1", port=None, path=None):
        self.serve, self.address, self.path = serve, address, path
        self.port = None if path else port or free_port(address)
        self.peers = []
        self.clients = []
        self.errors = []
        self.open()

    def open(self):
        if self.path:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(str(self.path))
        else:
            self.listener = socket.socket(socket.AF_INET6 if ":" in self.address
                                          else socket.AF_INET)
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.listener.bind((self.address, self.port))
        self.listener.listen(1024)
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def accept(self, listener):
        while True:
            try:
                s, peer = listener.accept()
            except OSError:
                return
            if not self.path:
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.peers.append(peer)
            self.clients.append(s)
            threading.Thread(target=self.run, args=(s,), daemon=True).start()

    def run(self, s):
        try:
            self.serve(s)
        except OSError as error:
            self.errors.append(error)
        finally:
            s.close()

    def close(self):
        """Nobody is accepted any more; those who were go on."""
        # shutdown() wakes the thread in accept(), which would otherwise hold the port.
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        if self.path:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.path)

    def end(self):
        self.close()
        for s in self.clients:
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)

    @property
    def at(self):
        """As the configuration writes it."""
        if self.path:
            return f"unix:{self.path}"
        return f"[{self.address}]:{self.port}" if ":" in self.address \
            else f"{self.address}:{self.port}"


def tls_backend(chain, key, serve=echo, alpn=None):
    """What a TLS server does with a client: for Backend's `serve`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(str(chain), str(key))
    if alpn:
        context.set_alpn_protocols(alpn)

    def run(s):
        with context.wrap_socket(s, server_side=True) as secured:
            serve(secured)
    return run


# --- network namespaces

CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)
_namespaces = itertools.count()


def socket_in(name, *kind):
    """A socket in the network namespace of that name, for use from out here: it stays there."""
    made = []

    def make():
        with open(f"/run/netns/{name}", "rb") as there:
            if _libc.setns(there.fileno(), CLONE_NEWNET) == 0:
                made.append(socket.socket(*kind))
    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    assert made, "cannot enter the namespace"
    return made[0]


class Namespace:
    """A network of its own with one cable to ours.

    address   its end, v4;  gateway   ours
    address6, gateway6      the same, v6
    """

    def __init__(self):
        number = (os.getpid() * 64 + next(_namespaces)) % 16384
        self.name = f"sallyport{os.getpid()}-{number}"
        self.outside, inside = f"spo{number}", f"spi{number}"
        # 198.18.0.0/15 and 2001:2::/48 are for tests of networks: RFC 2544, RFC 5180.
        net = f"198.{18 + number // 8192}.{number // 32 % 256}"
        low = number % 32 * 8
        self.gateway, self.address = f"{net}.{low + 1}", f"{net}.{low + 2}"
        self.gateway6, self.address6 = f"2001:2:0:{number:x}::1", f"2001:2:0:{number:x}::2"
        self.peers = []
        ip("netns", "add", self.name)
        try:
            ip("link", "add", self.outside, "type", "veth", "peer", "name", inside,
               "netns", self.name)
            self.configure(self.outside, self.gateway, self.gateway6)
            self.configure(inside, self.address, self.address6, "-n", self.name)
            ip("-n", self.name, "link", "set", "lo", "up")
            ip("-n", self.name, "route", "add", "default", "via", self.gateway)
        except BaseException:
            self.remove()
            raise

    @staticmethod
    def configure(link, address, address6, *where):
        ip(*where, "addr", "add", address + "/29", "dev", link)
        ip(*where, "-6", "addr", "add", address6 + "/64", "dev", link, "nodad")
        ip(*where, "link", "set", link, "up")

    def remove(self):
        subprocess.run(["ip", "link", "del", self.outside], stderr=subprocess.DEVNULL, check=False)
        ip("netns", "del", self.name)

    def run(self, *command, seconds=60, **options):
        """Runs a program in it to its end; the result has returncode, stdout and stderr as text."""
        return subprocess.run(["ip", "netns", "exec", self.name, *map(str, command)],
                              stdin=options.pop("stdin", subprocess.DEVNULL),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=seconds, check=False, **options)

    def socket(self, *kind):
        """A socket in it, for use from out here."""
        return socket_in(self.name, *kind)

    def connect(self, port, address=None, timeout=DEADLINE):
        """A connection from it to `port` of ours."""
        address = address or self.gateway
        s = self.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        s.settimeout(timeout)
        s.connect((address, port))
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return s


def ip(*words):
    done = subprocess.run(["ip", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, text=True)
    assert done.returncode == 0, f"ip {' '.join(words)}: {done.stdout}"


# --- real peers

NGINX = """
daemon off;
master_process off;
pid {prefix}/nginx.pid;
error_log stderr info;
events {{ worker_connections 256; }}
http {{
    access_log {prefix}/access.log;
    client_body_temp_path {prefix}/body;
    proxy_temp_path {prefix}/proxy;
    fastcgi_temp_path {prefix}/fastcgi;
    uwsgi_temp_path {prefix}/uwsgi;
    scgi_temp_path {prefix}/scgi;
    {http}
}}
"""


def nginx(directory, http, port):
    """nginx with `http` in its http block; serves once it is returned."""
    prefix = Path(directory)
    prefix.mkdir(parents=True, exist_ok=True)
    conf = prefix / "nginx.conf"
    conf.write_text(NGINX.format(prefix=prefix, http=http))
    started = Process([tool("nginx"), "-e", "stderr", "-p", prefix, "-c", conf],
                      prefix / "nginx.log")
    started.wait_port(port)
    return started


def tool(name):
    """The path of a program that tests need."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    assert found, f"{name} is not installed; ./dev deps test installs it"
    return found
