"""Our authority's certificates, keys and profiles, between Debian's own openvpn and itself."""
import os
import re
import shutil
import socket
import subprocess
import threading

import pytest

import harness

SERVER, CLIENT, PORT = "192.0.2.1", "192.0.2.2", 1194  # RFC 5737
UP = "Initialization Sequence Completed"
AUTHORITY = next((path for path in (build / "test/live/live-authority" for build in
                                    (harness.BINARY.resolve().parent.parent,
                                     harness.TOP / "build/test")) if path.exists()), None)

pytestmark = pytest.mark.skipif(AUTHORITY is None, reason="this build was made without tests")

SERVER_CONF = """
proto {proto}
local {address}
port {port}
dev tun
topology subnet
server 10.99.0.0 255.255.255.0
ca {d}/server.ca
cert {d}/server.crt
key {d}/server.key
dh none
tls-crypt-v2 {d}/server.wrap
tls-crypt-v2-verify {d}/metadata.sh
script-security 2
keepalive 5 30
verb 3
"""

# What openvpn gives to a script about a client that knocks.
METADATA = """#!/bin/sh
printf '%s ' "$metadata_type" >>{d}/metadata
od -An -v -tx1 "$metadata_file" | tr -d ' \\n' >>{d}/metadata
echo >>{d}/metadata
"""

# Every option of OpenVPN 2.5's manual that a profile of ours may have.
OPTIONS_OF_2_5 = {
    "setenv", "client", "dev", "nobind", "remote", "server-poll-timeout", "remote-cert-tls",
    "tls-version-min", "cipher", "auth", "reneg-sec", "verify-x509-name", "auth-user-pass",
    "auth-nocache", "auth-retry", "static-challenge", "ca", "cert", "key", "tls-crypt-v2",
}


def openvpn(*words):
    return subprocess.run([harness.tool("openvpn"), *map(str, words)], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, timeout=60)


def authority(directory, kind, proto="udp"):
    """Has one made, with its files in `directory`."""
    done = subprocess.run([AUTHORITY, kind, directory, SERVER, str(PORT), proto],
                          stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return directory


@pytest.fixture
def vpn(netns, process):
    """A server and a client of openvpn, each in a network of its own, with a cable between."""
    if not os.path.exists("/dev/net/tun"):
        pytest.skip("there is no /dev/net/tun")
    there, here = netns(), netns()
    subprocess.run(["ip", "-n", there.name, "link", "add", "vpn", "type", "veth", "peer", "name",
                    "vpn", "netns", here.name], check=True)
    for one, address in ((there, SERVER), (here, CLIENT)):
        subprocess.run(["ip", "-n", one.name, "addr", "add", f"{address}/24", "dev", "vpn"],
                       check=True)
        subprocess.run(["ip", "-n", one.name, "link", "set", "vpn", "up"], check=True)

    class Vpn:
        @staticmethod
        def serve(directory, proto="udp", more="", port=PORT):
            script = directory / "metadata.sh"
            script.write_text(METADATA.format(d=directory))
            script.chmod(0o755)
            conf = directory / "server.conf"
            conf.write_text(SERVER_CONF.format(d=directory, address=SERVER, port=port,
                                               proto={"udp": "udp", "tcp": "tcp-server"}[proto])
                            + more)
            server = process([harness.tool("openvpn"), "--config", conf], name="openvpn server",
                             netns=there.name)
            server.wait_log(UP, 20)
            return server

        @staticmethod
        def connect(profile, *more):
            return process([harness.tool("openvpn"), "--config", profile, *more],
                           name=f"openvpn {profile.name}", netns=here.name)

        @staticmethod
        def carries(data):
            """Whether it comes back from the server's address inside."""
            with there.socket() as listener:
                listener.bind(("10.99.0.1", 7))
                listener.listen()
                with here.connect(7, "10.99.0.1") as c:
                    behind, _ = listener.accept()
                    echo = threading.Thread(target=harness.echo, args=(behind,))
                    echo.start()
                    c.sendall(data)
                    back = harness.receive_exactly(c, len(data))
                echo.join()
                behind.close()
            return back == data
    return Vpn


@pytest.mark.parametrize("kind, proto", [("p256", "udp"), ("p256", "tcp"), ("rsa", "udp")])
def test_a_profile_connects_as_it_is(vpn, tmp_path, kind, proto):
    d = authority(tmp_path, kind, proto)
    server = vpn.serve(d, proto)
    client = vpn.connect(d / "laptop.ovpn")
    client.wait_log(UP, 20)
    server.wait_log(r"\[alice/laptop\] Peer Connection Initiated", 20)
    assert vpn.carries(os.urandom(1000))
    assert not re.search(r"DEPRECATED|WARNING: (?!.*(cache passwords))", client.log), client.log


def test_the_server_learns_the_device_from_the_first_packet(vpn, tmp_path):
    d = authority(tmp_path, "p256")
    vpn.serve(d)
    vpn.connect(d / "laptop.ovpn").wait_log(UP, 20)
    # User data, and the id of the first device there is.
    assert set((d / "metadata").read_text().splitlines()) == {"0 0000000000000001"}


def test_while_an_authority_retires_profiles_of_both_connect(vpn, tmp_path):
    d = authority(tmp_path, "rolled")
    server = vpn.serve(d)
    for name in ("old", "laptop"):
        client = vpn.connect(d / f"{name}.ovpn")
        client.wait_log(UP, 20)
        server.wait_log(rf"\[alice/{name}\] Peer Connection Initiated", 20)
        client.stop()


def test_once_it_has_retired_its_profiles_do_not_and_later_ones_do(vpn, tmp_path):
    d = authority(tmp_path, "retired")
    server = vpn.serve(d)
    old = vpn.connect(d / "old.ovpn")
    old.wait_log("VERIFY ERROR", 20)
    old.stop()
    assert UP not in old.log
    vpn.connect(d / "laptop.ovpn").wait_log(UP, 20)
    server.wait_log(r"\[alice/laptop\] Peer Connection Initiated", 20)


def replace_inline(profile, tag, text, name):
    """The same profile with another <tag>, as another file."""
    old = profile.read_text()
    new = re.sub(rf"<{tag}>.*?</{tag}>", f"<{tag}>\n{text}</{tag}>", old, flags=re.DOTALL)
    assert new != old
    other = profile.with_name(name)
    other.write_text(new)
    return other


def test_openvpns_own_client_keys_and_ours_are_good_for_the_same_server(vpn, tmp_path):
    d = authority(tmp_path, "p256")
    made = openvpn("--tls-crypt-v2", d / "server.wrap", "--genkey", "tls-crypt-v2-client",
                   d / "theirs.key")
    assert made.returncode == 0, made.stdout
    ours = re.search(r"<tls-crypt-v2>\n(.*?)</tls-crypt-v2>", (d / "laptop.ovpn").read_text(),
                     re.DOTALL)[1]
    theirs = (d / "theirs.key").read_text()
    assert len(ours) == len(theirs)  # and so are the packets they make
    vpn.serve(d)
    vpn.connect(replace_inline(d / "laptop.ovpn", "tls-crypt-v2", theirs,
                               "theirs.ovpn")).wait_log(UP, 20)


def test_a_client_key_of_another_server_gets_no_answer(vpn, tmp_path):
    d, other = (authority(tmp_path / name, "p256") for name in ("a", "b")
                if (tmp_path / name).mkdir() is None)
    server = vpn.serve(d)
    key = re.search(r"<tls-crypt-v2>\n(.*?)</tls-crypt-v2>", (other / "laptop.ovpn").read_text(),
                    re.DOTALL)[1]
    client = vpn.connect(replace_inline(d / "laptop.ovpn", "tls-crypt-v2", key, "wrong.ovpn"))
    server.wait_log("Could not unwrap|unwrap", 20)
    client.wait_log("Server poll timeout|TLS key negotiation failed", 20)
    assert UP not in client.log and "VERIFY" not in client.log


def test_a_server_that_is_none_of_ours_is_not_believed(vpn, tmp_path):
    d = authority(tmp_path, "p256")
    # A device's certificate is of the same authority, but no server's.
    text = (d / "laptop.ovpn").read_text()
    for tag, name in (("cert", "server.crt"), ("key", "server.key")):
        (d / name).write_text(re.search(rf"<{tag}>\n(.*?)</{tag}>", text, re.DOTALL)[1])
    vpn.serve(d)
    client = vpn.connect(d / "laptop.ovpn")
    client.wait_log("VERIFY (EKU )?ERROR|certificate verify failed", 20)
    assert UP not in client.log


def test_a_certificate_of_another_authority_is_not_taken(vpn, tmp_path):
    d, other = (authority(tmp_path / name, "p256") for name in ("a", "b")
                if (tmp_path / name).mkdir() is None)
    server = vpn.serve(d)
    text = (other / "laptop.ovpn").read_text()
    profile = d / "laptop.ovpn"
    for tag in ("cert", "key"):
        pem = re.search(rf"<{tag}>\n(.*?)</{tag}>", text, re.DOTALL)[1]
        profile = replace_inline(profile, tag, pem, f"with-{tag}.ovpn")
    client = vpn.connect(profile)
    server.wait_log("VERIFY ERROR", 20)
    assert UP not in client.log


def test_a_locked_profile_asks_for_password_and_code(vpn, tmp_path):
    d = authority(tmp_path, "p256")
    (d / "verify.sh").write_text(f"#!/bin/sh\ncat \"$1\" >{d}/given\n")
    (d / "verify.sh").chmod(0o755)
    vpn.serve(d, more=f"auth-user-pass-verify {d}/verify.sh via-file\n")
    client = vpn.connect(d / "locked.ovpn", "--management", d / "management", "unix",
                         "--management-hold", "--management-query-passwords")
    harness.wait_until((d / "management").exists)
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(20)
        s.connect(str(d / "management"))
        harness.receive_until(s, b">HOLD:")
        s.sendall(b"hold release\n")
        asked = harness.receive_until(s, b"SC:1,One-time code")
        assert b">PASSWORD:Need 'Auth' username/password SC:1,One-time code" in asked
        s.sendall(b"username Auth alice\npassword Auth SCRV1:c2VjcmV0:MTIzNDU2\n")
        client.wait_log(UP, 20)
    assert (d / "given").read_text().split("\n")[:2] == ["alice", "SCRV1:c2VjcmV0:MTIzNDU2"]


@pytest.mark.parametrize("name", ["laptop", "locked"])
def test_profiles_have_no_option_that_2_5_did_not_know(tmp_path, name):
    text = (authority(tmp_path, "p256") / f"{name}.ovpn").read_text()
    inline = set(re.findall(r"^<([\w-]+)>$", text, re.M))
    rest = re.sub(r"^<([\w-]+)>$.*?^</\1>$", "", text, flags=re.M | re.DOTALL)
    options = {line.split()[0] for line in rest.splitlines() if line}
    assert inline | options <= OPTIONS_OF_2_5


def test_openssl_verifies_what_was_issued(tmp_path):
    d = authority(tmp_path, "p256")
    text = (d / "laptop.ovpn").read_text()
    (d / "client.crt").write_text(re.search(r"<cert>\n(.*?)</cert>", text, re.DOTALL)[1])
    (d / "client.key").write_text(re.search(r"<key>\n(.*?)</key>", text, re.DOTALL)[1])

    def run(*words):
        return subprocess.run(["openssl", *map(str, words)], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
    for who, purpose in (("server", "sslserver"), ("client", "sslclient")):
        assert run("verify", "-x509_strict", "-CAfile", d / "server.ca", "-purpose", purpose,
                   d / f"{who}.crt").returncode == 0
        other = {"sslserver": "sslclient", "sslclient": "sslserver"}[purpose]
        assert run("verify", "-CAfile", d / "server.ca", "-purpose", other,
                   d / f"{who}.crt").returncode != 0
        public = run("x509", "-in", d / f"{who}.crt", "-noout", "-pubkey").stdout
        assert public == run("pkey", "-in", d / f"{who}.key", "-pubout").stdout
    names = run("x509", "-in", d / "server.crt", "-noout", "-subject", "-ext",
                "subjectAltName,keyUsage,basicConstraints").stdout
    assert "CN = vpn.example.org" in names and "DNS:vpn.example.org" in names
    assert "CA:FALSE" in names and "Digital Signature" in names


def test_a_profile_still_connects_after_a_restore_elsewhere(vpn, office, tmp_path):
    """Unchanged, as its user has it, to a server of which only the backup was left."""
    first = office(f"vpn {{ endpoint {SERVER} }}\n")
    first.machine.user("alice", password=None)
    first.machine.good("POST", "/users/alice/devices", {"name": "laptop", "kind": "auto"})
    profile = tmp_path / "kept.ovpn"
    profile.write_bytes(first.machine.get("/users/alice/devices/laptop/profile").body)
    (tmp_path / "passphrase").write_text("a passphrase of some length\n")
    words = (tmp_path / "backup", "--passphrase-file", tmp_path / "passphrase")
    first.cli("backup", *map(str, words), check=True)
    first.stop()
    shutil.rmtree(first.state)
    first.cli("restore", *map(str, words), check=True)
    d = tmp_path / "server"
    d.mkdir()
    subprocess.run([AUTHORITY, "of", first.state / "control", d], check=True, timeout=60)
    vpn.serve(d, "tcp", port=first.port)  # without a VPN of its own, its shared port is all it names
    vpn.connect(profile).wait_log(UP, 20)
    assert vpn.carries(os.urandom(1000))
