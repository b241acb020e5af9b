"""A PostgreSQL of one's own, on a Unix socket below a directory of the test's, or by TLS."""
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

import harness

PROGRAMS = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None,
               key=lambda path: float(path.parent.name))
USER = "sallyport"
# Here processes are killed, and no machine loses its power.
FAST = ["-c", "fsync=off", "-c", "full_page_writes=off"]


def demoted():
    """PostgreSQL refuses to run as root."""
    if not harness.IS_ROOT:
        return
    nobody = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)


class Postgres:
    """With `network` it listens on localhost for those who speak TLS and have the password."""

    password = "a password of 42 %"

    def __init__(self, network=False):
        # Not below pytest's directories, which are root's alone; and the name of a socket is short.
        self.directory = Path(tempfile.mkdtemp(prefix="sallyport-pg-"))
        self.data = self.directory / "data"
        self.process = None
        self.options = ["-h", ""]
        self.port = harness.free_port() if network else None
        self.directory.chmod(0o755)  # whoever uses it is another user
        if harness.IS_ROOT:
            shutil.chown(self.directory, "nobody")
        self._run("initdb", "-D", self.data, "-U", USER, "-A", "trust", "-E", "UTF8",
                  "--locale=C.UTF-8", "-N")
        if network:
            self._open_to_the_network()

    def _open_to_the_network(self):
        chain, key = harness.make_certificate(self.directory, "localhost")
        if harness.IS_ROOT:
            shutil.chown(key, "nobody")
        (self.data / "pg_hba.conf").write_text("local all all trust\n"
                                               "hostssl all all localhost scram-sha-256\n")
        self._run("postgres", "--single", "-D", self.data, "postgres",
                  input=f"ALTER USER {USER} PASSWORD '{self.password}'\n")
        self.options = ["-h", "localhost", "-p", self.port, "-c", "ssl=on",
                        "-c", f"ssl_cert_file={chain}", "-c", f"ssl_key_file={key}"]
        self.certificate = chain

    @property
    def url(self):
        if self.port is not None:
            return f"postgresql://{USER}:{quote(self.password)}@localhost:{self.port}/postgres" \
                f"?sslmode=verify-full&sslrootcert={self.certificate}"
        return self._local_url

    @property
    def _local_url(self):
        port = f"&port={self.port}" if self.port is not None else ""
        return f"postgresql:///postgres?host={self.directory}&user={USER}{port}"

    def url_of(self, schema):
        return f"{self.url}&options=-csearch_path%3D{schema}"

    def _run(self, program, *args, **options):
        subprocess.run([PROGRAMS / program, *map(str, args)], check=True, cwd="/", text=True,
                       preexec_fn=demoted, stdout=subprocess.DEVNULL, **options)

    def start(self):
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen(
                [PROGRAMS / "postgres", "-D", self.data, "-k", self.directory, *map(str, self.options),
                 *FAST],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", preexec_fn=demoted)
        harness.wait_until(self.answers, what="PostgreSQL", seconds=30)

    @property
    def _port(self):
        return ["-p", str(self.port)] if self.port is not None else []

    def answers(self):
        return subprocess.run([PROGRAMS / "pg_isready", "-q", "-h", self.directory,
                               *self._port],
                              check=False).returncode == 0

    def sql(self, text):
        return subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d",
                               self._local_url, "-c", text], check=True, text=True,
                              stdout=subprocess.PIPE).stdout.strip()

    def stop(self, how=signal.SIGINT):
        """SIGINT cuts off its clients; SIGQUIT is a crash, from which it recovers."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(30)
        self.process = None

    def remove(self):
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.directory, ignore_errors=True)
