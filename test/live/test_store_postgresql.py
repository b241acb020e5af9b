"""The store on a real PostgreSQL, and either database taken away from who writes to it."""
import contextlib
import os
import random
import re
import signal
import sqlite3
import subprocess
import threading
import time

import pytest

import harness
from postgres import PROGRAMS, Postgres

BUILD = next((path for path in (harness.BINARY.resolve().parent.parent,
                                harness.TOP / "build/test")
              if (path / "test/unit").is_dir()), None)
WRITER = BUILD / "test/unit/store/store-writer" if BUILD is not None else None

pytestmark = pytest.mark.skipif(BUILD is None, reason="there are no unit tests in this build")
needs_postgres = pytest.mark.skipif(PROGRAMS is None, reason="PostgreSQL is not installed")
needs_root = pytest.mark.skipif(not harness.IS_ROOT, reason="only root can mount")

ROUNDS = 12  # of writing, and being killed


@pytest.fixture(scope="module", name="postgres")
def one_postgres():
    one = Postgres()
    one.start()
    yield one
    one.remove()


@pytest.fixture(name="database", params=["sqlite", pytest.param("postgres", marks=needs_postgres)])
def any_database(request, tmp_path):
    """Where a writer writes to: prepared."""
    if request.param == "sqlite":
        place = str(tmp_path / "store.db")
    else:
        postgres = request.getfixturevalue("postgres")
        schema = f"w{random.getrandbits(48):x}"
        postgres.sql(f"CREATE SCHEMA {schema}")
        place = postgres.url_of(schema)
    subprocess.run([WRITER, place, "prepare"], check=True)
    return place


class Writer:
    """Writes until it is stopped; `lines` is what it said."""

    def __init__(self, place, start=0):
        self.lines = []
        self.process = subprocess.Popen([WRITER, place, "write", str(start)],
                                        stdout=subprocess.PIPE, text=True)
        self.thread = threading.Thread(target=self._listen)
        self.thread.start()

    def _listen(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    @property
    def done(self):
        return [int(line.split()[1]) for line in list(self.lines) if line.startswith("done ")]

    def says(self, pattern, seconds=harness.DEADLINE):
        """Waits for such a line, among those that are still to come."""
        seen = len(self.lines)
        return harness.wait_until(
            lambda: next((line for line in self.lines[seen:] if re.search(pattern, line)), None),
            seconds=seconds, what=f"{pattern!r} after {self.lines[-3:]}")

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.thread.join()


@pytest.fixture(name="writer")
def some_writer():
    started = []

    def start(place, first=0):
        started.append(Writer(place, first))
        return started[-1]

    yield start
    for one in started:
        one.kill()


def what_is_there(place, count):
    said = subprocess.run([WRITER, place, "read", str(count)], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.splitlines()
    assert not [line for line in said if line.startswith("torn")]
    return {int(line.split()[1]) for line in said}


def store_tests():
    return sorted(BUILD.glob("test/unit/test-store-*")) if BUILD is not None else []


@needs_postgres
@pytest.mark.parametrize("program", [path for path in store_tests() if path.is_file()],
                         ids=lambda path: path.name)
def test_the_same_tests_hold_on_postgresql(postgres, program):
    ran = subprocess.run([program], env={**os.environ, "STORE_URL": postgres.url}, text=True,
                         check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert ran.returncode == 0, ran.stdout[-4000:]


def test_killed_in_the_middle_nothing_acknowledged_is_lost(database, writer):
    acknowledged, start = set(), 0
    for _ in range(ROUNDS):
        one = writer(database, start)
        one.says("done")
        time.sleep(random.uniform(0, 0.15))
        one.kill()
        acknowledged |= set(one.done)
        start = max(acknowledged) + 2  # one more may be there of which we were not told
        there = what_is_there(database, start + 1)
        assert acknowledged <= there
        assert len(there - acknowledged) <= ROUNDS


@needs_postgres
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["stopped", "crashed"])
def test_a_database_that_is_gone_for_a_while_is_told_and_used_again(writer, how):
    """A server of its own: others go on with theirs."""
    postgres = Postgres()
    try:
        postgres.start()
        postgres.sql("CREATE SCHEMA w")
        place = postgres.url_of("w")
        subprocess.run([WRITER, place, "prepare"], check=True)
        one = writer(place)
        one.says("done")
        postgres.stop(how)
        assert re.search("connection|the database", one.says("down"))
        time.sleep(1)
        assert one.process.poll() is None
        postgres.start()
        one.says("done")
        one.kill()
        assert set(one.done) <= what_is_there(place, max(one.done) + 1)
    finally:
        postgres.remove()


@needs_postgres
def test_a_database_that_does_not_answer_holds_nobody_up_for_long(writer):
    postgres = Postgres()
    try:
        postgres.start()
        postgres.sql("CREATE SCHEMA w")
        place = postgres.url_of("w")
        subprocess.run([WRITER, place, "prepare"], check=True)
        one = writer(place)
        one.says("done")
        backend = int(postgres.sql("SELECT pid FROM pg_stat_activity"
                                   " WHERE application_name = 'sallyport'"))
        os.kill(backend, signal.SIGSTOP)
        try:
            one.says("down .*does not answer", seconds=5)
            # The lock that the stopped one has is what others wait for, no longer than they may.
            one.says("down|done", seconds=5)
        finally:
            os.kill(backend, signal.SIGCONT)
        one.says("done")
    finally:
        postgres.remove()


def test_a_locked_sqlite_is_told_and_waited_for(tmp_path, writer):
    path = tmp_path / "store.db"
    subprocess.run([WRITER, path, "prepare"], check=True)
    one = writer(path)
    one.says("done")
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=10)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert "locked" in one.says("down")
        other.execute("ROLLBACK")
    one.says("done")


@needs_root
def test_a_full_disk_is_told_and_got_over(tmp_path, writer):
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", disk], check=True)
    try:
        path = disk / "store.db"
        subprocess.run([WRITER, path, "prepare"], check=True)
        one = writer(path)
        one.says("done")
        ballast = disk / "ballast"
        with contextlib.suppress(OSError), open(ballast, "wb", buffering=0) as f:
            while True:
                f.write(bytes(4096))
        assert re.search("full|I/O", one.says("down"))
        ballast.unlink()
        one.says("done")
        one.kill()
        assert set(one.done) <= what_is_there(path, max(one.done) + 1)
    finally:
        for one in range(20):
            if subprocess.run(["umount", disk], check=False).returncode == 0:
                break
            time.sleep(0.1)
