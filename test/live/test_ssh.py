"""SSH through the shared port, with the real sshd and ssh."""
import getpass
import hashlib
import os
import subprocess
import time

import pytest

import harness

SSHD_CONFIG = """
HostKey {directory}/host_key
AuthorizedKeysFile {directory}/authorized_keys
AuthenticationMethods publickey
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
PidFile none
PrintMotd no
LogLevel VERBOSE
Subsystem sftp internal-sftp
"""


class Sshd:
    """sshd's configuration, and a client that it lets in."""

    def __init__(self, directory, process):
        self.directory, self.process = directory, process
        directory.mkdir()
        for name in ("host_key", "client_key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                            str(directory / name)], check=True)
        (directory / "authorized_keys").write_bytes((directory / "client_key.pub").read_bytes())
        self.config = directory / "sshd_config"
        self.config.write_text(SSHD_CONFIG.format(directory=directory))
        self.log_file = directory / "sshd.log"
        # sshd needs it to exist; its service would have made it.
        os.makedirs("/run/sshd", exist_ok=True)

    @property
    def command(self):
        """How `ssh inetd` runs it; its log in a file, which -e alone would send to the client."""
        return f"{harness.tool('sshd')} -i -f {self.config} -E {self.log_file}"

    @property
    def log(self):
        return self.log_file.read_text() if self.log_file.exists() else ""

    def listen(self, port):
        """As a service of its own."""
        sshd = self.process([harness.tool("sshd"), "-D", "-e", "-f", str(self.config), "-p",
                             str(port), "-o", "ListenAddress=127.0.0.1"])
        sshd.wait_port(port)
        return sshd

    def client(self, host, port, program="ssh", port_flag="-p"):
        return [program, "-F", "none", "-i", str(self.directory / "client_key"),
                "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no",
                "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes",
                "-o", "ConnectTimeout=10", "-o", "LogLevel=ERROR", port_flag, str(port),
                *([f"{getpass.getuser()}@{host}"] if program == "ssh" else [])]


@pytest.fixture
def sshd(tmp_path, process):
    return Sshd(tmp_path / "sshd", process)


def run(command, **options):
    return subprocess.run(command, stdin=options.pop("stdin", subprocess.DEVNULL),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                          check=False, **options)


def inetd(sshd, more=""):
    return f"share {{\n ssh inetd {{ command {sshd.command} }}\n {more}\n }}"


@pytest.mark.root
def test_a_login_by_key_runs_a_command_and_sshd_logs_the_clients_own_address(server, sshd, netns):
    there = netns()
    s = server(inetd(sshd), addresses=("127.0.0.1", there.gateway))
    done = there.run(*sshd.client(there.gateway, s.port), "echo $SSH_CONNECTION; exit 7")
    assert done.returncode == 7, done.stderr + sshd.log
    client, client_port, ours, port = done.stdout.split()
    assert (client, ours, port) == (there.address, there.gateway, str(s.port))
    assert f"Connection from {there.address} port {client_port} on {there.gateway}" in sshd.log
    assert f"Accepted publickey for {getpass.getuser()} from {there.address} " in sshd.log
    assert s.get("/")[0] == 200, "HTTPS is served on the same port"


@pytest.mark.root
def test_a_failed_login_is_logged_with_the_clients_own_address(server, sshd, netns):
    there = netns()
    s = server(inetd(sshd), addresses=("127.0.0.1", there.gateway))
    (sshd.directory / "authorized_keys").write_text("")
    done = there.run(*sshd.client(there.gateway, s.port), "true")
    assert done.returncode == 255 and "Permission denied" in done.stderr
    assert there.address in sshd.log and "127.0.0.1" not in sshd.log


@pytest.mark.root
@pytest.mark.parametrize("door", ["inetd", "relay"])
def test_five_megabytes_are_copied_there_and_back(server, sshd, tmp_path, door):
    port = harness.free_port()
    if door == "relay":
        sshd.listen(port)
    s = server(inetd(sshd) if door == "inetd" else f"share {{ ssh 127.0.0.1:{port} }}")
    data = os.urandom(5 << 20)
    (tmp_path / "data").write_bytes(data)
    for source, target in ((f"{tmp_path}/data", f"{getpass.getuser()}@127.0.0.1:{tmp_path}/over"),
                           (f"{getpass.getuser()}@127.0.0.1:{tmp_path}/over", f"{tmp_path}/back")):
        done = run([*sshd.client("127.0.0.1", s.port, "scp", "-P"), source, target])
        assert done.returncode == 0, done.stderr
    assert hashlib.sha256((tmp_path / "back").read_bytes()).digest() == \
        hashlib.sha256(data).digest()


@pytest.mark.root
def test_ssh_is_relayed_to_an_sshd_of_its_own_and_check_says_what_that_costs(server, sshd):
    port = harness.free_port()
    daemon = sshd.listen(port)
    s = server(f"share {{ ssh 127.0.0.1:{port} }}")
    done = run([*sshd.client("127.0.0.1", s.port), "echo in"])
    assert done.stdout == b"in\n", done.stderr
    assert "Accepted publickey" in daemon.log
    entry = s.wait_relay("ssh")
    assert entry["client"] == "127.0.0.1" and entry["in"] > 1000
    checked = s.cli("check")
    assert checked.returncode == 0
    assert "sshd will see 127.0.0.1 for every client" in checked.stderr
    assert "ssh inetd" in checked.stderr


@pytest.mark.root
@pytest.mark.parametrize("door", ["inetd", "relay"])
def test_a_client_that_waits_for_the_banner_is_led_to_ssh(server, sshd, door):
    port = harness.free_port()
    if door == "relay":
        sshd.listen(port)
    s = server(inetd(sshd, "silent 1s ssh") if door == "inetd"
               else f"share {{\n ssh 127.0.0.1:{port}\n silent 1s ssh\n }}")
    began = time.monotonic()
    with s.connect() as c:
        banner = harness.receive_until(c, b"\n")
        assert banner.startswith(b"SSH-2.0-")
        assert 0.9 < time.monotonic() - began < 3
        c.sendall(b"SSH-2.0-patient\r\n")
        assert len(c.recv(4096)) > 100, "the key exchange begins"


@pytest.mark.root
def test_ssh_sent_in_pieces_is_still_ssh(server, sshd):
    s = server(inetd(sshd))
    with s.connect() as c:
        for byte in b"SSH-2.0-slow\r\n":
            c.sendall(bytes([byte]))
            time.sleep(0.01)
        assert harness.receive_until(c, b"\n").startswith(b"SSH-2.0-OpenSSH")


@pytest.mark.root
@pytest.mark.parametrize("header", [b"PROXY TCP4 203.0.113.7 192.0.2.1 51234 443\r\n",
                                    b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"], ids=["v1", "v2-local"])
def test_sshd_is_not_shown_the_header_of_a_balancer(server, sshd, header):
    s = server("trust_proxy loopback\n" + inetd(sshd))
    with s.connect(header) as c:
        time.sleep(0.1)
        c.sendall(b"SSH-2.0-behind\r\n")
        said = harness.receive_exactly(c, 200)
        assert said.startswith(b"SSH-2.0-OpenSSH") and len(said) == 200, "the key exchange begins"


@pytest.mark.root
def test_a_session_outlives_a_reload_that_closes_its_door(server, sshd, process):
    s = server(inetd(sshd))
    session = process([*sshd.client("127.0.0.1", s.port), "echo in; sleep 3; echo still in"])
    session.wait_log("^in\n")
    s.reload("")
    with s.connect(b"SSH-2.0-late\r\n", timeout=3) as c:
        assert harness.receive_all(c).startswith(b"HTTP/1.1 400 ")
    session.wait_log("still in\n")
    assert session.process.wait(10) == 0


@pytest.mark.root
def test_a_session_outlives_the_server(server, sshd, process):
    s = server(inetd(sshd))
    session = process([*sshd.client("127.0.0.1", s.port), "echo in; sleep 2; echo still in"])
    session.wait_log("^in\n")
    s.process.process.terminate()
    assert s.process.process.wait(10) == 0
    session.wait_log("still in\n")


@pytest.mark.root
def test_more_than_inetd_processes_are_turned_away(server, sshd):
    s = server(inetd(sshd) + "\nlimits { inetd_processes 2 }")
    first = [s.connect(b"SSH-2.0-a\r\n") for _ in range(2)]
    for c in first:
        assert harness.receive_until(c, b"\n").startswith(b"SSH-2.0-OpenSSH")
    with s.connect(b"SSH-2.0-b\r\n", timeout=3) as c:
        try:
            assert harness.receive_all(c) == b""
        except ConnectionResetError:
            pass
    s.wait_log("was turned away")
    for c in first:
        c.close()
    harness.wait_until(lambda: not s.children("sshd"))
    with s.connect(b"SSH-2.0-c\r\n") as c:
        assert harness.receive_until(c, b"\n").startswith(b"SSH-2.0-OpenSSH")


def test_without_a_rule_ssh_gets_the_web_servers_answer(server):
    s = server()
    with s.connect(b"SSH-2.0-OpenSSH_9.2\r\n", timeout=3) as c:
        assert harness.receive_all(c).startswith(b"HTTP/1.1 400 ")
