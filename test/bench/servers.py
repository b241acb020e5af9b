"""Starts Sallyport and its peers, each with one thread on one processor and the same files."""
import contextlib
import os
import random
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import machine

CONNECTIONS = 16384
SMALL, LARGE = 1024, 100_000_000
STREAM_MODULE = "/usr/lib/nginx/modules/ngx_stream_module.so"


class Stage:
    """The files that everybody serves, in a directory that servers without root may read."""

    def __init__(self, program):
        self.program = program
        self.directory = tempfile.TemporaryDirectory(prefix="sallyport-bench-")
        self.top = Path(self.directory.name)
        self.top.chmod(0o755)
        self.root = self.top / "www"
        self.root.mkdir()
        (self.root / "small").write_bytes(os.urandom(SMALL // 2).hex().encode())
        with open(self.root / "large", "wb") as large:
            for _ in range(LARGE // 1_000_000):
                large.write(os.urandom(1_000_000))
        self.chain, self.key = self.top / "chain.pem", self.top / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
                        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                        "-keyout", self.key, "-out", self.chain],
                       check=True, stderr=subprocess.DEVNULL)

    def close(self):
        self.directory.cleanup()


def free_port():
    """Below those that the kernel gives to connections, of which the clients make thousands."""
    while True:
        port = random.randrange(20000, 32768)
        with socket.socket() as s, contextlib.suppress(OSError):
            s.bind(("127.0.0.1", port))
            return port


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


class Server:
    """One competitor; subclasses say how it is configured and called."""
    name = ""
    cpu = machine.SERVER_CPU

    def __init__(self, stage, backend=None):
        self.stage, self.backend, self.port = stage, backend, free_port()
        self.place = Path(tempfile.mkdtemp(dir=stage.top))
        self.conf = self.place / "conf"
        self.process = None

    def __enter__(self):
        self.conf.write_text(self.configuration())
        with open(self.place / "log", "wb") as log:
            self.process = subprocess.Popen(machine.pinned(self.cpu, self.command()),
                                            cwd=self.place, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)
        for _ in range(200):
            if self.process.poll() is not None:
                break
            if self.is_up():
                time.sleep(0.3)  # until every process of it is there
                return self
            time.sleep(0.05)
        self.__exit__()
        raise SystemExit(f"{self.name} did not start:\n" + (self.place / "log").read_text())

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(3)
        if self.process.poll() is None:
            for pid in machine.tree(self.process.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def is_up(self):
        return listens(self.port)

    def pids(self):
        return machine.tree(self.process.pid)

    def user(self, line):
        return line if os.geteuid() == 0 else ""


class Sallyport(Server):
    name = "Sallyport"

    def command(self):
        return [self.stage.program, "serve", "-c", self.conf]

    def common(self):
        return f"""
            state_dir {self.place}/state
            workers 1
            listen 127.0.0.1:{self.port}
            plain {{ listen off }}
            log {{
                access off
            }}
            limits {{
                connections {CONNECTIONS}
                idle_timeout 10m
            }}
            drain_timeout 0s
        """

    def configuration(self):
        return self.common() + f"""
            site localhost {{
                certificate {self.stage.chain} {self.stage.key}
                root {self.stage.root}
            }}
        """


class SallyportRelay(Sallyport):
    def configuration(self):
        return self.common() + f"""
            share {{
                ssh 127.0.0.1:{self.backend.port}
                tls 127.0.0.1:{self.backend.port}
            }}
        """


class SallyportProxy(Sallyport):
    def configuration(self):
        return self.common() + f"""
            site localhost {{
                certificate {self.stage.chain} {self.stage.key}
                proxy http://127.0.0.1:{self.backend.port} {{
                    idle_connections 128
                }}
            }}
        """


class Nginx(Server):
    name = "nginx"

    def command(self):
        return ["nginx", "-p", self.place, "-e", "stderr", "-c", self.conf]

    def common(self):
        return f"""
            {self.user('user www-data;')}
            daemon off;
            pid {self.place}/pid;
            error_log stderr crit;
            worker_processes 1;
            worker_rlimit_nofile {CONNECTIONS + 1024};
            events {{ worker_connections {CONNECTIONS}; }}
        """

    def configuration(self):
        return self.common() + f"""
            http {{
                access_log off;
                sendfile on;
                open_file_cache max=100 inactive=10m;
                keepalive_timeout 10m;
                keepalive_requests 1000000000;
                http2_max_requests 1000000000;
                server {{
                    listen 127.0.0.1:{self.port} ssl http2;
                    ssl_certificate {self.stage.chain};
                    ssl_certificate_key {self.stage.key};
                    ssl_protocols TLSv1.2 TLSv1.3;
                    root {self.stage.root};
                }}
            }}
        """


class BackEnd(Nginx):
    """What stands behind each relay; it shares the client's processor."""
    name = "no relay"
    cpu = machine.CLIENT_CPU


class ClearBackEnd(BackEnd):
    """What stands behind each reverse proxy: HTTP/1.1 without TLS."""

    def configuration(self):
        return super().configuration().replace(" ssl http2;", ";")


class NginxProxy(Nginx):
    name = "nginx"

    def configuration(self):
        return self.common() + f"""
            http {{
                access_log off;
                keepalive_timeout 10m;
                keepalive_requests 1000000000;
                upstream behind {{
                    server 127.0.0.1:{self.backend.port};
                    keepalive 128;
                    keepalive_requests 1000000000;
                }}
                server {{
                    listen 127.0.0.1:{self.port} ssl;
                    ssl_certificate {self.stage.chain};
                    ssl_certificate_key {self.stage.key};
                    ssl_protocols TLSv1.2 TLSv1.3;
                    location / {{
                        proxy_pass http://behind;
                        proxy_http_version 1.1;
                        proxy_set_header Connection "";
                    }}
                }}
            }}
        """


class NginxStream(Nginx):
    name = "nginx stream"

    def configuration(self):
        return f"load_module {STREAM_MODULE};" + self.common() + f"""
            stream {{
                map $ssl_preread_protocol $behind {{
                    ""      127.0.0.1:{self.backend.port};
                    default 127.0.0.1:{self.backend.port};
                }}
                server {{
                    listen 127.0.0.1:{self.port};
                    ssl_preread on;
                    proxy_pass $behind;
                }}
            }}
        """


class H2o(Server):
    name = "h2o"

    def command(self):
        return ["h2o", "-c", self.conf]

    def configuration(self):
        return f"""
{self.user('user: www-data')}
num-threads: 1
max-connections: {CONNECTIONS}
http1-request-timeout: 600
http2-idle-timeout: 600
listen:
  host: 127.0.0.1
  port: {self.port}
  ssl:
    certificate-file: {self.stage.chain}
    key-file: {self.stage.key}
hosts:
  default:
    paths:
      /:
        file.dir: {self.stage.root}
"""


class Haproxy(Server):
    name = "HAProxy"
    options = ""

    def command(self):
        return ["haproxy", "-db", "-f", self.conf]

    def configuration(self):
        return f"""
global
    nbthread 1
    maxconn 4000
defaults
    mode tcp
    timeout connect 5s
    timeout client 10m
    timeout server 10m
    {self.options}
frontend shared
    bind 127.0.0.1:{self.port}
    tcp-request inspect-delay 5s
    tcp-request content accept if {{ req.ssl_hello_type 1 }}
    use_backend web if {{ req.ssl_hello_type 1 }}
    default_backend ssh
backend web
    server web 127.0.0.1:{self.backend.port}
backend ssh
    server ssh 127.0.0.1:{self.backend.port}
"""


class HaproxySplice(Haproxy):
    name = "HAProxy, splice"
    options = "option splice-auto"


class HaproxyHttp(Haproxy):
    """Ends TLS and asks by HTTP/1.1, as a reverse proxy does."""

    def configuration(self):
        both = self.place / "both.pem"
        both.write_text(self.stage.chain.read_text() + self.stage.key.read_text())
        return f"""
global
    nbthread 1
    maxconn 4000
defaults
    mode http
    timeout connect 5s
    timeout client 10m
    timeout server 10m
    option forwardfor
    http-reuse safe
frontend web
    bind 127.0.0.1:{self.port} ssl crt {both} alpn h2,http/1.1
    default_backend behind
backend behind
    server behind 127.0.0.1:{self.backend.port}
"""


class Sslh(Server):
    name = "sslh"

    def command(self):
        return ["sslh-select", "-f", f"-F{self.conf}"]

    def configuration(self):
        return f"""
foreground: true;
timeout: 2;
listen: ( {{ host: "127.0.0.1"; port: "{self.port}"; }} );
protocols: (
    {{ name: "ssh"; host: "127.0.0.1"; port: "{self.backend.port}"; log_level: 0; }},
    {{ name: "tls"; host: "127.0.0.1"; port: "{self.backend.port}"; log_level: 0; }}
);
"""
