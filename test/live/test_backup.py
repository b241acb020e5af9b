"""Backup and restore: all of a server in one file, and another server made of it."""
import os
import pwd
import re
import shutil
import subprocess
import threading
import time

import pytest

import harness
from postgres import Postgres
from rest import Browser, Machine, totp, wait_ready


class Box:
    """A passphrase in a file, and where backups go."""

    def __init__(self, directory):
        self.directory = directory
        self.passphrase = directory / "passphrase"
        self.passphrase.write_text("a long passphrase that nobody guesses\n")
        self.file = directory / "server.backup"

    def backup(self, server, file=None, check=True):
        done = server.cli("backup", str(file or self.file), "--passphrase-file",
                          str(self.passphrase))
        assert not check or done.returncode == 0, done.stderr
        return done

    def restore(self, conf, *words, file=None, passphrase=None):
        return subprocess.run([str(harness.BINARY), "restore", str(file or self.file), "-c",
                               str(conf), "--passphrase-file",
                               str(passphrase or self.passphrase), *map(str, words)],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False, timeout=60)


@pytest.fixture
def box(tmp_path):
    directory = tmp_path / "box"
    directory.mkdir()
    return Box(directory)


@pytest.fixture
def full(office):
    """A server with people, a device, a rule, a token and codes."""
    def make(config=""):
        one = office(config)
        machine = one.machine
        machine.user("alice", role="admin", full_name="Alice É")
        machine.good("POST", "/users/alice/devices", {"name": "laptop"})
        machine.good("POST", "/rules", {"scope": "user", "of": "alice", "action": "allow",
                                        "destination": "10.1.0.0/16"})
        browser = Browser(one)
        assert browser.sign_in("alice").status == 200
        secret = browser.good("POST", "/me/totp")["secret"]
        browser.good("POST", "/me/totp/confirm", {"code": totp(secret)})
        one.totp = secret
        one.profile = profile_of(machine)
        return one
    return make


def profile_of(machine):
    return machine.get("/users/alice/devices/laptop/profile").body


@pytest.fixture
def second(server):
    """Where a second server will be: its configuration is that of the first, with other ports."""
    def make(first, config=""):
        one = server(config, start=False)
        port = harness.free_port()
        text = first.conf.read_text()
        text = text.replace(f":{first.port}", f":{one.port}")
        text = text.replace(f":{first.plain_port}", f":{one.plain_port}")
        text = text.replace(f":{first.admin_port}", f":{port}")
        text = text.replace(str(first.state), str(one.state))
        text = text.replace(str(first.access_file), str(one.access_file))
        one.conf.write_text(config + text)
        one.admin_port = port
        return one
    return make


def ready(one):
    one.start()
    one.machine = wait_ready(one)
    return one.machine


def assert_same(first, one):
    """All that people and devices rely on is as it was."""
    machine = ready(one)
    profile = profile_of(machine)
    # Where it leads to is the configuration's to say: ports differ here, and nothing else may.
    assert profile.replace(str(one.port).encode(), b"PORT") == \
        first.profile.replace(str(first.port).encode(), b"PORT")
    assert machine.good("GET", "/users/alice")["full_name"] == "Alice É"
    assert machine.good("GET", "/rules")["items"][0]["destination"] == "10.1.0.0/16"
    verdict = machine.good("GET", "/audit/verify")
    assert verdict["whole"] is True, verdict
    assert [row["action"] for row in machine.good("GET", "/audit?action=restore")["items"]] == \
        ["restore"]
    browser = Browser(one)
    assert browser.sign_in("alice").json["type"].endswith("code_needed")
    # The code of now was used when it was set up; the next is good already.
    assert browser.sign_in("alice", code=totp(first.totp, time.time() + 30)).status == 200


def test_another_server_is_made_of_a_backup(full, second, box):
    first = full()
    box.backup(first)
    assert box.file.stat().st_mode & 0o777 == 0o600
    assert [row["who"] for row in first.machine.good("GET", "/audit?action=backup")["items"]] == \
        [f"command line ({pwd.getpwuid(os.geteuid()).pw_name})"]
    first.stop()
    one = second(first)
    done = box.restore(one.conf)
    assert done.returncode == 0, done.stderr
    assert "stays as it was" in done.stdout
    # The site's own certificate is the same, so that what was pinned stays right.
    assert one.certificate.read_bytes() == first.certificate.read_bytes()
    assert_same(first, one)


def test_the_configuration_comes_back_where_there_is_none(full, box, tmp_path):
    first = full()
    box.backup(first)
    first.stop()
    text = first.conf.read_text()
    conf, state = tmp_path / "new/etc/sallyport.conf", tmp_path / "new/state"
    done = box.restore(conf, "--state-dir", state)
    assert done.returncode == 0, done.stderr
    assert conf.read_text() == text.replace(f"state_dir {first.state}", f'state_dir "{state}"')
    assert conf.stat().st_mode & 0o777 == 0o600
    control = state / "control"
    for path in (control, *control.iterdir()):
        assert path.stat().st_mode & 0o077 == 0, path
        if harness.IS_ROOT:
            assert path.owner() == "_sallyport-control", path
    assert (state / "self-signed/example.org.key").stat().st_mode & 0o077 == 0
    assert sorted(p.name for p in state.parent.iterdir()) == ["etc", "state"]
    # The same ports, now that the first does not run.
    first.conf, first.state = conf, state
    first.start()
    assert profile_of(wait_ready(first)) == first.profile


def test_the_certificates_of_sites_come_back(full, box, certificate, tmp_path):
    chain, key = certificate("www.example.net")
    first = full(f"site www.example.net {{\n certificate {chain} {key}\n respond 200 x\n}}\n")
    box.backup(first)
    first.stop()
    was = (chain.read_bytes(), key.read_bytes())
    chain.unlink()
    state = tmp_path / "new"
    (tmp_path / "file").touch()
    done = box.restore(tmp_path / "file/new.conf", "--state-dir", state)
    assert done.returncode == 1 and "nothing was restored" in done.stderr
    assert not chain.exists() and key.read_bytes() == was[1] and not state.exists()
    done = box.restore(tmp_path / "new.conf", "--state-dir", state)
    assert done.returncode == 0, done.stderr
    assert (chain.read_bytes(), key.read_bytes()) == was
    assert f"{key} is there already" in done.stderr
    assert chain.stat().st_mode & 0o777 == 0o644


def test_a_backup_is_one_moment_while_people_are_added(full, second, box):
    first = full()
    over = threading.Event()

    def add(n):
        machine, count = Machine(first), 0
        while not over.is_set():
            count += 1
            machine.good("POST", "/users", {"name": f"user{n}-{count}"})
            machine.good("POST", f"/users/user{n}-{count}/devices", {"name": "d"})

    threads = [threading.Thread(target=add, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    files = [box.directory / f"b{n}" for n in range(5)]
    try:
        for file in files:
            box.backup(first, file)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert first.machine.good("GET", "/audit/verify")["whole"] is True
    first.stop()
    for file in (files[0], files[-1]):
        one = second(first)
        assert box.restore(one.conf, file=file).returncode == 0
        machine = ready(one)
        assert machine.good("GET", "/audit/verify")["whole"] is True
        one.stop()


def test_what_is_wrong_with_a_backup_is_found(full, box, tmp_path):
    first = full()
    box.backup(first)
    good = box.file.read_bytes()
    state, bad = tmp_path / "new", box.directory / "bad"

    def refused(data, why, **options):
        bad.write_bytes(data)
        done = box.restore(tmp_path / "new.conf", "--state-dir", state, file=bad, **options)
        assert done.returncode == 1
        assert re.search(why, done.stderr), done.stderr
        assert "nothing was restored" in done.stderr
        assert not state.exists() and not (tmp_path / "new.conf").exists()
        assert not list(tmp_path.glob("new.restore*"))

    other = box.directory / "other"
    other.write_text("another passphrase\n")
    refused(good, "passphrase is wrong", passphrase=other)
    for at in (0, 9, 15, 40, 100, len(good) // 2, len(good) - 1):
        refused(good[:at] + bytes([good[at] ^ 1]) + good[at + 1:],
                "no backup|another version|damaged|passphrase is wrong|memory")
    for length in (0, 5, 37, 60, len(good) // 2, len(good) - 1):
        refused(good[:length], "no backup|damaged|cut")
    refused(good + b"x", "damaged|more|passphrase is wrong")
    refused(b"PK\3\4" + good, "no backup")
    assert "cannot open" in box.restore(tmp_path / "new.conf", file="/nowhere").stderr


def test_nothing_is_restored_over_what_is_there(full, box, tmp_path):
    first = full()
    box.backup(first)
    done = box.restore(first.conf)
    assert done.returncode == 1
    assert "is not empty" in done.stderr and "--state-dir" in done.stderr
    assert first.machine.get("/users/alice").status == 200
    state = tmp_path / "new"
    state.mkdir()
    (state / "precious").write_text("x")
    assert "is not empty" in box.restore(tmp_path / "n.conf", "--state-dir", state).stderr
    assert (state / "precious").read_text() == "x"
    (state / "precious").unlink()
    assert box.restore(tmp_path / "n.conf", "--state-dir", state).returncode == 0
    assert (state / "control/secret.key").exists()
    assert (state.stat().st_mode & 0o777) == 0o755
    # A configuration that is there says where.
    done = box.restore(first.conf, "--state-dir", tmp_path / "elsewhere")
    assert done.returncode == 1 and "another state_dir" in done.stderr


def test_an_older_backup_is_replaced_only_when_told(full, box):
    first = full()
    box.backup(first)
    before = box.file.read_bytes()
    done = box.backup(first, check=False)
    assert done.returncode == 1 and "--yes" in done.stderr
    assert box.file.read_bytes() == before
    done = first.cli("backup", str(box.file), "--passphrase-file", str(box.passphrase), "--yes")
    assert done.returncode == 0
    assert box.file.read_bytes() != before
    assert [p.name for p in box.directory.iterdir() if "backup" in p.name] == ["server.backup"]


def test_a_backup_needs_a_passphrase_and_a_place(full, box, server):
    first = full()
    done = first.cli("backup", str(box.file))
    assert done.returncode == 1 and "--passphrase-file" in done.stderr
    done = first.cli("backup", "/nowhere/file", "--passphrase-file", str(box.passphrase))
    assert done.returncode == 1 and "/nowhere" in done.stderr
    assert not box.file.exists()


def test_a_full_disk_leaves_no_half_backup(full, box):
    if not harness.IS_ROOT:
        pytest.skip("takes root")
    first = full()
    for n in range(200):
        first.machine.good("POST", "/users", {"name": f"user{n}"})
    small = box.directory / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", small], check=True)
    try:
        done = box.backup(first, small / "b", check=False)
        assert done.returncode == 1 and "no backup was made" in done.stderr, done.stderr
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", small], check=True)


def test_a_backup_works_while_the_server_does_not_run(full, second, box):
    first = full()
    first.stop()
    box.backup(first)
    one = second(first)
    assert box.restore(one.conf).returncode == 0
    assert_same(first, one)


@pytest.mark.root
def test_who_is_neither_root_nor_the_servers_owner_makes_no_backup(full, box):
    first = full()
    harness.open_to_all(first.directory)
    first.conf.chmod(0o644)
    box.passphrase.chmod(0o644)
    nobody = pwd.getpwnam("nobody")
    done = subprocess.run([str(first.binary), "backup", "/tmp/nobodys", "-c", str(first.conf),
                           "--passphrase-file", str(box.passphrase)], cwd="/",
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
                          user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[])
    assert done.returncode == 1 and "only root" in done.stderr, done


@pytest.fixture(scope="module")
def postgres():
    if not shutil.which("psql"):
        pytest.skip("PostgreSQL is not installed")
    one = Postgres()
    one.start()
    yield one
    one.remove()


def test_sqlite_becomes_postgresql_and_back(full, second, box, postgres):
    first = full()
    box.backup(first)
    first.stop()
    postgres.sql("CREATE SCHEMA a")
    url = postgres.url_of("a")
    one = second(first, f"store {url}\n")
    done = box.restore(one.conf)
    assert done.returncode == 0, done.stderr
    assert int(postgres.sql("SELECT count(*) FROM a.users")) == 1
    assert not (one.state / "control/sallyport.db").exists()
    assert_same(first, one)
    back = box.directory / "back"
    box.backup(one, back)
    one.stop()
    # Into a database that has something already nothing goes.
    again = second(first, f"store {url}\n")
    done = box.restore(again.conf)
    assert done.returncode == 1 and "not empty" in done.stderr
    assert not again.state.exists()
    third = second(first)
    assert box.restore(third.conf, file=back).returncode == 0
    machine = ready(third)
    assert machine.good("GET", "/users/alice")["full_name"] == "Alice É"
    assert machine.good("GET", "/audit/verify")["whole"] is True
