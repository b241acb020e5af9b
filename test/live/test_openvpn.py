"""A real OpenVPN server and client, and HTTPS, on one port."""
import os
import socket
import struct
import subprocess
import threading
import time

import pytest

import harness

COMMON = """
proto {proto}
dev tun
persist-tun
ca {pki}/ca.crt
cert {pki}/{who}.crt
key {pki}/{who}.key
data-ciphers AES-256-GCM
auth SHA256
verb 3
ping 5
ping-restart 30
{wrap}
"""

# How the two wrap what they say: server's words, client's words.
WRAPS = {
    "plain": ("", ""),
    "tls-auth": ("tls-auth {pki}/static.key 0", "tls-auth {pki}/static.key 1"),
    "tls-crypt": ("tls-crypt {pki}/static.key", "tls-crypt {pki}/static.key"),
    "tls-crypt-v2": ("tls-crypt-v2 {pki}/v2-server.key", "tls-crypt-v2 {pki}/v2-client.key"),
}


def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


@pytest.fixture(scope="session")
def pki(tmp_path_factory):
    """A CA, a server, a client, and OpenVPN's own keys."""
    d = tmp_path_factory.mktemp("pki")
    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *new_key, "-keyout", d / "ca.key", "-out", d / "ca.crt", "-subj",
            "/CN=test CA", "-days", "10")
    for who, usage in (("server", "serverAuth"), ("client", "clientAuth")):
        openssl("req", *new_key, "-keyout", d / f"{who}.key", "-out", d / f"{who}.csr", "-subj",
                f"/CN={who}")
        (d / f"{who}.ext").write_text(f"extendedKeyUsage={usage}\nkeyUsage=digitalSignature\n")
        openssl("x509", "-req", "-in", d / f"{who}.csr", "-CA", d / "ca.crt", "-CAkey",
                d / "ca.key", "-CAcreateserial", "-days", "10", "-extfile", d / f"{who}.ext",
                "-out", d / f"{who}.crt")
    vpn = harness.tool("openvpn")
    subprocess.run([vpn, "--genkey", "secret", str(d / "static.key")], check=True)
    subprocess.run([vpn, "--genkey", "tls-crypt-v2-server", str(d / "v2-server.key")], check=True)
    subprocess.run([vpn, "--tls-crypt-v2", str(d / "v2-server.key"), "--genkey",
                    "tls-crypt-v2-client", str(d / "v2-client.key")], check=True,
                   stdout=subprocess.DEVNULL)
    return d


class Vpn:
    """An OpenVPN server behind us, and clients; each in a network of its own."""

    def __init__(self, pki, directory, process, wrap):
        self.pki, self.directory, self.process = pki, directory, process
        self.server_words, self.client_words = (w.format(pki=pki) for w in WRAPS[wrap])

    def start(self, who, netns, proto, wrap, more):
        conf = self.directory / f"{who}.ovpn"
        conf.write_text(COMMON.format(proto=proto, pki=self.pki, who=who, wrap=wrap) + more)
        return self.process([harness.tool("openvpn"), "--config", conf], name=f"openvpn {who}",
                            netns=netns.name)

    def serve(self, netns, port):
        return self.start("server", netns, "tcp-server", self.server_words,
                          f"local {netns.address}\nport {port}\ndh none\n"
                          "server 10.99.0.0 255.255.255.0\ntopology subnet\n")

    def connect(self, netns, port):
        return self.start("client", netns, "tcp-client", self.client_words,
                          f"client\nremote {netns.gateway} {port}\nnobind\nconnect-retry 1 1\n"
                          "remote-cert-tls server\n")


def through_the_tunnel(behind, outside, data):
    """What comes back of `data` from an echo at the VPN server's own address."""
    with behind.socket() as listener:
        listener.bind(("10.99.0.1", 7))
        listener.listen()
        with outside.connect(7, "10.99.0.1", timeout=20) as c:
            there, _ = listener.accept()
            threading.Thread(target=harness.echo, args=(there,), daemon=True).start()
            threading.Thread(target=c.sendall, args=(data,), daemon=True).start()
            back = harness.receive_exactly(c, len(data))
            c.shutdown(socket.SHUT_RDWR)
    there.close()
    return back


UP = "Initialization Sequence Completed"


@pytest.mark.root
@pytest.mark.skipif(not os.path.exists("/dev/net/tun"), reason="there is no /dev/net/tun")
@pytest.mark.parametrize("wrap", WRAPS)
def test_a_tunnel_comes_up_through_the_port_and_https_works_beside_it(server, netns, process, pki,
                                                                      tmp_path, wrap):
    behind, outside = netns(), netns()
    vpn = Vpn(pki, tmp_path, process, wrap)
    port = harness.free_port()
    openvpn = vpn.serve(behind, port)
    openvpn.wait_log(UP, 20)
    s = server(f"share {{ openvpn {behind.address}:{port} }}",
               addresses=("127.0.0.1", outside.gateway))
    client = vpn.connect(outside, s.port)
    client.wait_log(UP, 20)
    openvpn.wait_log(r"\[client\] Peer Connection Initiated", 20)
    data = os.urandom(1 << 20)
    assert through_the_tunnel(behind, outside, data) == data
    status, _, body = s.get("/", ca=s.certificate, on=outside.connect(s.port))
    assert (status, body) == (200, b"hello\n")
    client.stop()
    entry = s.wait_relay("openvpn")
    assert entry["client"] == outside.address and entry["out"] > 1000


# --- what a prober sends

def reset_v2(length=14):
    return struct.pack("!HB", length, 0x38) + b"\x11" * (length - 1)


def reset_v3(length=353):
    return struct.pack("!HB", length, 0x50) + b"\x22" * (length - 1)


PROBES = {
    "a whole reset": reset_v2(),
    "a whole tls-crypt reset": reset_v2(54),
    "a whole tls-crypt-v2 reset": reset_v3(),
    "two bytes of a reset": reset_v2()[:2],
    "a reset without its end": reset_v3()[:-1],
}


@pytest.mark.parametrize("probe", PROBES)
def test_without_a_rule_a_probe_gets_the_web_servers_answer_at_once(server, probe):
    s = server()
    began = time.monotonic()
    with s.connect(PROBES[probe], timeout=2) as c:
        answer = harness.receive_all(c)
    assert time.monotonic() - began < 0.5
    assert answer.startswith(b"HTTP/1.1 400 ")
    with s.connect(b"\x01\x02no protocol at all", timeout=2) as c:
        strip = [line for line in harness.receive_all(c).split(b"\r\n") if b"Date:" not in line]
    assert [line for line in answer.split(b"\r\n") if b"Date:" not in line] == strip


@pytest.mark.parametrize("probe", list(PROBES)[:3])
def test_a_reset_is_relayed_whatever_way_it_is_cut(server, backend, probe):
    said = PROBES[probe]
    there = backend()
    s = server(f"share {{ openvpn {there.at} }}")
    for cut in (1, 2, 3, len(said) - 1, len(said)):
        with s.connect(said[:cut]) as c:
            if cut < len(said):
                time.sleep(0.05)
                c.sendall(said[cut:])
            assert harness.receive_exactly(c, len(said)) == said, cut
    assert {entry["rule"] for entry in s.access} <= {"openvpn"}


@pytest.mark.parametrize("said", [reset_v2(13), reset_v2(256), reset_v3(343), reset_v3(1079),
                                  struct.pack("!HB", 14, 0x40) + bytes(13)],
                         ids=["13", "256", "343", "1079", "no-reset"])
def test_with_a_rule_what_is_no_reset_is_still_answered_400(server, backend, said):
    there = backend()
    s = server(f"share {{ openvpn {there.at} }}")
    with s.connect(said, timeout=2) as c:
        assert harness.receive_all(c).startswith(b"HTTP/1.1 400 ")
    assert not there.peers
