"""The file and the command line: what is said of mistakes, and what a reload does to whom."""
import contextlib
import hashlib
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time

import pytest

import harness
from shared import answer, get, request, status_counters

OTHER = "site other.example {{ certificate self-signed; root {0.www} }}\n"


def run(*words, binary=None, seconds=30, **options):
    """The program, to its end; what it says as text."""
    return subprocess.run([str(binary or harness.BINARY), *map(str, words)],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=seconds, check=False, **options)


@pytest.fixture
def check(tmp_path):
    """Runs `check` on a text: (exit code, what it says, the file)."""
    def do(text, verb="check"):
        conf = tmp_path / "sallyport.conf"
        conf.write_text(f"state_dir {tmp_path}/state\n" + text)
        done = run(verb, "-c", conf)
        return done.returncode, done.stdout + done.stderr, conf
    return do


# --- check and config

def test_a_good_file_is_good_and_nothing_is_made_for_looking(check, tmp_path):
    code, said, conf = check(f"site a.example {{ certificate self-signed; root {tmp_path} }}\n")
    assert (code, said) == (0, f"{conf} is good: 1 site, 0 back ends\n")
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("line, column, said", [
    ("lisen 443", 1, r"listen"),
    ("listen 70000", 8, r"port"),
    ("listen 443 {", 12, r""),
    ("limits { connections lots }", 22, r"number"),
    ("limits { header_timeout 20 parsecs }", 28, r""),
    ("site a.example { root /srv }", 1, r"certificate"),
    ("share { ssh nowhere }", 13, r"host:port|HOST:PORT|port"),
    ("log { access xml }", 14, r"combined"),
    ("}", 1, r""),
    ("drain_timeout", 1, r""),
    ("site a.example { certificate self-signed; proxy http://127.0.0.1/app }", 49, r"without a path"),
    ("site a.example { certificate self-signed; proxy http://h { verify off } }", 43, r"of TLS"),
    ("site a.example { certificate self-signed; redirect /{pth} }", 52, r"no placeholder"),
    ("site a.example { certificate self-signed; header Connection close }", 50, r"server to say"),
    # What there will be, but is not.
    ("site a.example { certificate acme; root /srv }", 30, r"not built yet"),
    ("share { openvpn builtin }", 17, r"write \"vpn \{ network 10.86.0.0/20 \}\""),
    ("vpn { network 10.86.0.1/20 }", 15, r"no bits set past the prefix"),
    ("admin { allow all }", 15, r"not a network, any, loopback or vpn"),
    ("site a.example { certificate self-signed; access_server; proxy http://h }", 43,
     r"a name of its own"),
])
def test_a_mistake_is_shown_with_its_line_and_a_caret(check, line, column, said):
    code, text, conf = check(line + "\n")
    assert code == 1
    assert re.match(rf"{conf}:2:{column}: .*({said})", text), text
    first, shown, caret = text.splitlines()[:3]
    assert shown == line, first
    assert caret == " " * (column - 1) + "^"


def test_two_certificates_with_keys_of_one_type_are_refused_by_check_too(check, tmp_path):
    (tmp_path / "second").mkdir()
    pairs = [harness.make_certificate(where, "a.example") for where in (tmp_path, tmp_path / "second")]
    lines = "\n".join(f"certificate {chain} {key}" for chain, key in pairs)
    code, text, conf = check(f"site a.example {{\n{lines}\nroot {tmp_path}\n}}\n")
    assert code == 1
    assert re.match(rf"{conf}: site a.example \(line 2\): .*same key type", text), text


def test_a_password_in_place_of_its_hash_is_not_repeated(check):
    code, text, conf = check("site a.example {\ncertificate self-signed\nroot /srv\n"
                             "basic_auth staff {\nuser alice hunter2\n}\n}\n")
    assert code == 1
    assert f"{conf}:6:12: this is no hash of a password" in text
    assert "hunter2" not in text


def test_whoever_believes_any_certificate_is_warned(check, tmp_path):
    code, text, conf = check(f"site a.example {{ certificate self-signed; root {tmp_path}\n"
                             "route /app/* { proxy https://127.0.0.1:9 { verify off } }\n}\n")
    assert code == 0, text
    assert re.search(rf"{conf}:3:44: whoever answers in this server's place is believed", text), text


def test_every_mistake_is_said_not_only_the_first(check):
    code, text, conf = check("lisen 443\nlog { access xml }\nlimits { connections 1 }\n")
    assert code == 1
    assert [int(n) for n in re.findall(rf"^{conf}:(\d+):", text, re.M)] == [2, 3, 4]


@pytest.mark.root
def test_a_vpn_whose_network_is_routed_elsewhere_is_refused_and_another_one_named(netns, server):
    one, s = netns(), server(start=False)
    harness.ip("-n", one.name, "link", "add", "office0", "type", "veth", "peer", "name", "sally7")
    for device, address in (("office0", "10.86.3.1/24"), ("sally7", "10.87.0.1/20")):
        harness.ip("-n", one.name, "addr", "add", address, "dev", device)
        harness.ip("-n", one.name, "link", "set", device, "up")

    def do(verb, network):
        s.write(f"site a.example {{ certificate self-signed; root {s.www} }}\n"
                f"vpn {{ network {network} }}\n")
        done = one.run(s.binary, verb, "-c", s.conf)
        return done.returncode, done.stdout + done.stderr

    for verb in ("check", "serve"):
        code, said = do(verb, "10.86.0.0/20")
        assert code == 1
        assert ("network 10.86.0.0/20 meets this machine's route to 10.86.3.0/24 by office0" in said
                and "`sallyport vpn network`" in said), said
    code, said = do("check", "10.88.0.0/20 2001:2::/48")
    assert code == 1
    assert re.search(r"network 2001:2::/48 meets this machine's route to 2001:2:\S+/64 by ", said), said
    # That which another configuration of ours is served with is no other's.
    assert do("check", "10.87.0.0/20")[0] == 0
    chosen = one.run(s.binary, "vpn", "network")
    assert chosen.returncode == 0 and re.fullmatch(r"10\.\d+\.0\.0/20\n", chosen.stdout)
    assert do("check", chosen.stdout.strip())[0] == 0


def test_a_file_that_is_not_there_is_said(tmp_path):
    for verb in ("check", "serve", "config", "reload", "status"):
        done = run(verb, "-c", tmp_path / "missing.conf")
        assert done.returncode == 1
        assert f"{tmp_path}/missing.conf: No such file" in done.stderr, verb


def test_a_relative_file_is_found_from_where_one_is(tmp_path):
    (tmp_path / "x.conf").write_text(f"state_dir {tmp_path}\nlisen 1\n")
    assert f"{tmp_path}/x.conf:2:1:" in run("check", "-c", "x.conf", cwd=tmp_path).stderr


def test_printing_the_configuration_twice_changes_nothing(tmp_path):
    conf = tmp_path / "sallyport.conf"
    conf.write_text(f"""
        state_dir "{tmp_path}/with space"   # a comment
        listen 127.0.0.1:1 [::1]:2 ; plain {{ listen off }}
        limits {{ header_bytes 2k ; connections 100 }}
        site a.example *.b.example {{
            certificate self-signed
            route /x/* {{ root {tmp_path} }}
            route /app/* {{
                match X-Kind "a b"; strip_prefix /app; limit_body 100m; try off
                proxy https://10.0.0.5 https://[::1]:9443 {{
                    verify pin {"AB:" * 31}cd ; balance hash Cookie ; header -X-A
                }}
            }}
            route /old/* {{ redirect 301 https://a.example/new{{path}} }}
            try {{path}}.html /index.html ; limit_rate 20/s burst 50 ; header ?X-A "{{b}}"
            error_page 404 403 /404.html ; hsts 2d subdomains ; compress_types text/*
            root /srv
        }}
        share {{
            ssh inetd {{ command /usr/sbin/sshd -i -f "/a b" }}
            sni c.example 127.0.0.1:993 unix:/run/x {{ proxy_protocol v2 ; check 5s }}
            silent 3s ssh
        }}""")
    once = run("config", "-c", conf)
    assert once.returncode == 0, once.stderr
    conf.write_text(once.stdout)
    twice = run("config", "-c", conf)
    assert (twice.returncode, twice.stdout) == (0, once.stdout)


def test_the_defaults_name_every_option_and_are_a_good_file(tmp_path):
    done = run("config", "--defaults")
    assert done.returncode == 0
    for option in ("state_dir", "listen", "header_timeout", "silent", "proxy_protocol", "route"):
        assert re.search(rf"^#\s*{option} ", done.stdout, re.M), option
    conf = tmp_path / "sallyport.conf"
    conf.write_text(re.sub(r"^#(?! )", "", done.stdout, flags=re.M))
    done = run("config", "-c", conf)
    assert done.returncode == 0, done.stderr


# --- the command line

def test_every_command_has_its_help():
    done = run("--help")
    assert done.returncode == 0
    commands = re.findall(r"^  (\S+) ", done.stdout, re.M)
    assert {"serve", "check", "reload", "confirm", "status", "config"} <= set(commands)
    for command in set(commands) - {"version", "help"}:
        for option in ("--help", "-h"):
            done = run(command, option)
            assert done.returncode == 0, command
            assert done.stdout.startswith(f"sallyport {command} "), command
    assert re.fullmatch(r"sallyport \d+\.\d+\.\d+\n", run("--version").stdout)


@pytest.mark.parametrize("words, said", [
    (["staus"], "did you mean `status`?"), (["relaod"], "did you mean `reload`?"),
    (["frobnicate"], "`sallyport help` lists them"), ([], "usage: sallyport COMMAND"),
    (["reload", "--confrim", "5"], "`--confrim` is not understood"),
    (["reload", "--confirm"], "lacks its value"), (["check", "-c"], "lacks its value"),
    (["status", "--defaults"], "not understood"),
])
def test_what_cannot_be_understood_is_said_with_status_2(words, said):
    done = run(*words)
    assert done.returncode == 2
    assert said in done.stderr


def test_asking_a_server_that_does_not_run_says_so(server):
    s = server(start=False)
    for verb in ("reload", "status", "confirm", "reopen-log"):
        done = s.cli(verb)
        assert done.returncode == 3
        assert "no sallyport is running with this configuration" in done.stderr


def test_the_seconds_to_confirm_in_must_be_a_number(server):
    s = server()
    for seconds in ("soon", "-1", "99999999", "1 2"):
        assert s.cli("reload", "--confirm", seconds).returncode == 1, seconds
    assert s.cli("confirm").returncode == 1
    assert "nothing awaits confirmation" in s.cli("confirm").stderr


# --- starting

def start_alone(s):
    """Starts a server that must not come up; what it said."""
    s.start(wait=False)
    assert s.process.process.wait(20) == 1
    return s.log


def test_a_port_in_use_is_named_with_its_holder(server, process):
    port = harness.free_port()
    holder = process([sys.executable, "-m", "http.server", port, "--bind", "127.0.0.1"])
    holder.wait_port(port)
    s = server(start=False)
    s.write(s.text("").replace(f"listen 127.0.0.1:{s.port}", f"listen 127.0.0.1:{port}"), whole=True)
    said = start_alone(s)
    assert re.search(rf"{port}\b.* held by python3\S* \(pid {holder.pid}", said), said


def test_a_port_of_nginx_is_named_too(server, nginx):
    port = harness.free_port()
    holder = nginx(f"server {{ listen 127.0.0.1:{port}; }}", port)
    s = server(start=False)
    s.write(s.text("").replace(f"listen 127.0.0.1:{s.port}", f"listen 127.0.0.1:{port}"), whole=True)
    assert re.search(rf"held by nginx \(pid {holder.pid}", start_alone(s))


def test_a_second_server_with_the_same_state_is_refused_and_the_first_goes_on(server):
    s = server()
    second = server(start=False)
    second.write(second.text("").replace(str(second.state), str(s.state)), whole=True)
    said = start_alone(second)
    assert re.search(r"(another|a) sallyport", said), said
    assert get(s)[0] == 200
    assert status_counters(s)["HTTP requests"] == 1


def test_a_second_server_on_the_same_port_is_refused_and_the_first_goes_on(server):
    s = server()
    second = server(start=False)
    second.port, second.plain_port = s.port, s.plain_port
    second.write("")
    assert f"(pid {s.pid}" in start_alone(second)
    assert all(get(s)[0] == 200 for _ in range(10))


@pytest.mark.root
def test_a_missing_user_is_said_with_what_to_do(server):
    s = server(start=False)
    without = s.directory / "passwd"
    with open("/etc/passwd", encoding="utf-8") as f:
        without.write_text("".join(line for line in f if not line.startswith("_sallyport")))
    done = subprocess.run(["unshare", "-m", "sh", "-c",
                           f"mount --bind {without} /etc/passwd && "
                           f"exec {s.binary} serve -c {s.conf}"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=20,
                          check=False)
    assert done.returncode == 1
    assert "there is no user _sallyport-edge" in done.stdout, done.stdout
    assert "systemd-sysusers" in done.stdout


def test_a_file_with_a_mistake_does_not_start_and_is_shown_as_check_shows_it(server):
    s = server(start=False)
    s.write("lisen 443\n")
    assert s.cli("check").stderr in start_alone(s)


# --- reload

class Load:
    """Clients of every kind that go on while something happens, and what went wrong for them."""

    def __init__(self, server):
        self.server = server
        self.stop, self.wrong, self.done = threading.Event(), [], 0
        self.threads = [threading.Thread(target=self.run, args=(what,)) for what in
                        (self.visits, self.visits, self.stays, self.redirects, self.relays)]
        self.download = threading.Thread(target=self.run, args=(self.downloads,))
        for thread in [*self.threads, self.download]:
            thread.start()

    def run(self, what):
        try:
            what()
        except (OSError, AssertionError, ValueError) as error:
            self.wrong.append((what.__name__, repr(error)))

    def visits(self):
        while not self.stop.is_set():
            assert get(self.server)[2] == b"hello\n"
            self.done += 1

    def stays(self):
        with self.server.tls() as s:
            while not self.stop.is_set():
                s.sendall(request("/"))
                assert answer(s)[2] == b"hello\n"
                self.done += 1

    def redirects(self):
        while not self.stop.is_set():
            with self.server.connect(plain=True) as s:
                s.sendall(request("/"))
                assert answer(s)[0] == 301
                self.done += 1

    def relays(self):
        with self.server.connect(b"\0raw\n") as s:
            assert harness.receive_exactly(s, 5) == b"\0raw\n"
            while not self.stop.is_set():
                s.sendall(b"x" * 1000)
                assert harness.receive_exactly(s, 1000) == b"x" * 1000
                self.done += 1

    def downloads(self):
        """Its second half is taken slowly until the others are done, however long that is."""
        with self.server.tls() as s:
            s.sendall(request("/big.bin", "Connection: close"))
            digest, last, left = hashlib.sha256(), False, self.server.big
            response = harness.http.client.HTTPResponse(s)
            response.begin()
            while some := response.read(1 << 18):
                digest.update(some)
                left -= len(some)
                last = last or self.stop.is_set()
                self.stop.wait(0.05 if left > self.server.big // 2 else 0.5)
            assert digest.hexdigest() == self.server.sha256
            assert last, "it was over before the others were"

    def end(self):
        self.stop.set()
        for thread in [*self.threads, self.download]:
            thread.join()
        assert not self.wrong, self.wrong
        assert self.done > 20


def test_reloads_under_load_lose_nobody(server, backend):
    s = server(start=False)
    rule = f"share {{ other {backend().at} }}\n"
    content = os.urandom(64 << 20)
    (s.www / "big.bin").write_bytes(content)
    s.sha256, s.big = hashlib.sha256(content).hexdigest(), len(content)
    s.write(rule)
    s.start()
    load = Load(s)
    extra = f"listen 127.0.0.1:{harness.free_port()}\n"
    for i in range(20):
        s.reload(rule + (OTHER.format(s) if i % 2 else "") + (extra if i % 3 == 0 else ""))
    load.end()


def test_a_bad_file_changes_nothing_and_says_where(server):
    s = server()
    with s.tls() as held:
        s.write("lisen 443\n")
        done = s.cli("reload")
        assert done.returncode == 1
        assert re.match(rf"{s.conf}:\d+:1: ", done.stderr), done.stderr
        os.kill(s.pid, signal.SIGHUP)
        s.wait_log("nothing has changed")
        held.sendall(request("/"))
        assert answer(held)[0] == 200
    assert get(s)[0] == 200


def test_a_site_comes_and_goes_with_a_reload(server):
    s = server()
    (s.www / "other").mkdir()
    (s.www / "other/index.html").write_text("the other\n")
    text = f"site other.example {{ certificate self-signed; root {s.www}/other }}\n"
    assert get(s, name="other.example")[2] == b"hello\n"
    s.reload(text)
    assert get(s, name="other.example")[2] == b"the other\n"
    with s.tls("other.example") as c:
        assert harness.certificate_names(c) == ["other.example"]
        s.reload("")
        c.sendall(request("/", host="other.example"))
        assert answer(c)[0] in (200, 421), "whoever is connected gets an answer"
    assert get(s, name="other.example")[2] == b"hello\n"


def test_a_listener_comes_and_goes_with_a_reload(server):
    s = server()
    port, first = harness.free_port(), s.port
    s.reload(f"listen 127.0.0.1:{port}\n")
    s.port = port
    with s.tls() as held:
        s.port = first
        assert get(s)[0] == 200
        s.reload("")
        harness.wait_until(lambda: not harness.can_connect("127.0.0.1", port), 3, "its end")
        held.sendall(request("/"))
        assert answer(held)[0] == 200, "a connection outlives its listener"
    assert get(s)[0] == 200


def test_a_port_in_use_makes_a_reload_change_nothing(server, nginx):
    s = server()
    port = harness.free_port()
    holder = nginx(f"server {{ listen 127.0.0.1:{port}; }}", port)
    done = s.reload(f"listen 127.0.0.1:{port}\n" + OTHER.format(s), check=False)
    assert done.returncode == 1
    assert f"held by nginx (pid {holder.pid}" in done.stderr, done.stderr
    assert get(s)[0] == 200
    with s.tls("other.example") as c:
        assert harness.certificate_names(c) == ["example.org"]


def test_sighup_reloads(server):
    s = server()
    s.write(OTHER.format(s))
    os.kill(s.pid, signal.SIGHUP)

    def is_there():
        with s.tls("other.example") as c:
            return harness.certificate_names(c) == ["other.example"]
    harness.wait_until(is_there)


def test_what_only_a_restart_applies_is_said(server):
    s = server()
    s.write(s.text("").replace("workers 2", "workers 1"), whole=True)
    s.reload()
    s.wait_log("applied, but for .workers.: that takes effect when the server is started again")
    assert all(get(s)[0] == 200 for _ in range(10))


# --- reload --confirm

def has_other(s):
    with s.tls("other.example") as c:
        return harness.certificate_names(c) == ["other.example"]


def test_a_change_that_nobody_confirms_comes_back_and_is_kept_aside(server):
    s = server()
    before = s.conf.read_text()
    s.write(OTHER.format(s))
    changed = s.conf.read_text()
    assert "sallyport confirm" in s.reload(None, "--confirm", "2").stdout
    assert has_other(s)
    assert "awaits confirmation" in s.cli("status").stdout
    harness.wait_until(lambda: not has_other(s), 5, "the way back")
    assert s.conf.read_text() == before
    assert (s.directory / "sallyport.conf.unconfirmed").read_text() == changed
    assert "awaits confirmation" not in s.cli("status").stdout
    assert s.cli("confirm").returncode == 1


def test_what_comes_back_is_whose_it_was_and_as_secret(server):
    """Passwords may stand in it; and it may be a link to where somebody keeps it."""
    s = server()
    kept = s.directory / "kept.conf"
    s.conf.rename(kept)
    s.conf.symlink_to(kept.name)
    kept.chmod(0o600)
    before = kept.read_text()
    s.reload(OTHER.format(s), "--confirm", "1")
    assert has_other(s)
    harness.wait_until(lambda: not has_other(s), 5, "the way back")
    assert s.conf.is_symlink() and kept.read_text() == before
    aside = s.directory / "sallyport.conf.unconfirmed"
    assert [stat.S_IMODE(f.stat().st_mode) for f in (kept, aside)] == [0o600, 0o600]


def test_a_change_comes_back_where_the_disk_took_no_note_of_it(server):
    s = server()
    before = s.conf.read_text()
    (s.state / "unconfirmed").mkdir()
    s.reload(OTHER.format(s), "--confirm", "1")
    assert has_other(s)
    harness.wait_until(lambda: not has_other(s), 5, "the way back")
    assert s.conf.read_text() == before
    assert "a restart would forget to go back" in s.log


def test_a_start_with_what_ran_before_is_no_other_version(server):
    s = server()
    for _ in range(2):
        s.stop(signal.SIGINT)
        time.sleep(1.1) # they are named by the second
        s.start()
    history = s.state / "history"
    assert [f.read_text() for f in history.iterdir()] == [s.conf.read_text()]
    before = s.conf.read_text()
    for text in (OTHER.format(s), ""):
        s.reload(text)
    assert len(list(history.iterdir())) == 3 and s.conf.read_text() == before


def test_a_confirmed_change_stays(server):
    s = server()
    s.reload(OTHER.format(s), "--confirm", "1")
    assert s.cli("confirm").returncode == 0
    time.sleep(1.5)
    assert has_other(s)
    assert s.conf.read_text() == s.text(OTHER.format(s))


def test_of_two_unconfirmed_changes_both_come_back(server):
    s = server()
    before = s.conf.read_text()
    s.reload(OTHER.format(s), "--confirm", "30")
    s.reload(OTHER.format(s) + "drain_timeout 9s\n", "--confirm", "1")
    harness.wait_until(lambda: not has_other(s), 5, "the way back")
    assert s.conf.read_text() == before


def test_a_restart_forgets_nothing_of_an_unconfirmed_change(server):
    s = server()
    before = s.conf.read_text()
    s.reload(OTHER.format(s), "--confirm", "3")
    s.stop(signal.SIGINT)
    s.start()
    assert has_other(s), "until then it holds"
    harness.wait_until(lambda: not has_other(s), 8, "the way back")
    assert s.conf.read_text() == before


# --- status

def test_the_counters_add_up(server, backend):
    s = server(f"share {{ other {backend().at} ; ssh 127.0.0.1:{harness.free_port()} }}\n")
    for _ in range(3):
        assert get(s)[0] == 200
    context = harness.client_context()
    session = None
    for _ in range(2):
        with context.wrap_socket(s.connect(), server_hostname="example.org", session=session) as c:
            c.sendall(request("/"))
            answer(c)
            session = c.session
    with s.connect(b"\0raw\n") as c:
        harness.receive_exactly(c, 5)
    with s.connect(b"SSH-2.0-x\r\n") as c, contextlib.suppress(ConnectionResetError):
        harness.receive_all(c)
    with s.connect(b"GET / HTTP/1.1\r\n\r\n") as c:
        harness.receive_all(c)
    with s.connect(harness.client_hello()[:60]) as c:
        c.shutdown(socket.SHUT_WR)
        harness.receive_all(c)
    harness.wait_until(lambda: status_counters(s)["open connections"] == 0, what="their end")
    counted = status_counters(s)
    expected = {"connections accepted": 3 + 2 + 4, "TLS handshakes": 5, "of these resumed": 1,
                "TLS handshakes failed": 1, "HTTP requests": 5, "connections relayed": 1,
                "without a back end": 1, "bytes relayed from clients": 5,
                "bytes relayed to clients": 5,
                "connections refused (no protocol of ours)": 1}
    # The harness itself may have connected while it waited for the server.
    accepted = counted.pop("connections accepted") - expected.pop("connections accepted")
    assert accepted in (0, 1, 2)
    assert {name: counted[name] for name in expected} == expected


def test_changes_while_edge_starts_again_do_not_end_it(server):
    site = "site example.org {{\ncertificate self-signed\nroute /* {{ respond 200 {} }}\n}}"
    s = server(site.format("first"), site=False, workers=8)
    for i in range(6):
        before = s.edge_pid
        os.kill(before, signal.SIGKILL)
        started = harness.wait_until(lambda: [pid for pid in s.children("edge") if pid != before])
        s.write(site.format(i))
        time.sleep(0.01 * i)
        os.kill(s.pid, signal.SIGHUP)
        harness.wait_until(lambda: s.get("/")[2] == str(i).encode())
        assert s.children("edge") == started, s.log[-2000:]
