"""Every number that is shown in several places is the same in all of them."""
import datetime
import json
import re
import subprocess
import threading

import harness
from rest import PASSWORD, Browser, Machine

WORD = re.compile(r"^sallyport_(\w+)(?:\{(.*)\})? (\S+)$", re.M)


def metrics(machine):
    """{name: number}, or {name{label="..."}: number}, of all that is counted."""
    text = machine.raw("GET", "/metrics").body.decode()
    return {name + (f"{{{label}}}" if label else ""): float(value)
            for name, label, value in WORD.findall(text)}


def numbers(value, path=""):
    """All numbers in JSON, by where they are; rows of lists by their place."""
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, (int, float)):
        yield path, value
    pairs = value.items() if isinstance(value, dict) else \
        enumerate(value) if isinstance(value, list) else ()
    for name, inner in pairs:
        yield from numbers(inner, f"{path}/{name}")


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() // 1


def everybody(office, backend):
    """A server with some of everything."""
    server = office(f"share {{ other {backend().at} }}\n")
    machine = server.machine
    for name, role in (("alice", "admin"), ("oscar", "operator"), ("una", "user"), ("bob", "user")):
        machine.user(name, role)
    machine.good("POST", "/users/una/devices", {"name": "laptop"})
    machine.good("POST", "/users/bob/devices", {"name": "phone"})
    machine.good("POST", "/users/bob/devices/phone/revoke")
    for name in ("alice", "una", "una"):
        assert Browser(server).sign_in(name, PASSWORD).status == 200
    for subject in ("192.0.2.7", "198.51.100.0/24"):
        machine.good("POST", "/bans", {"subject": subject, "reason": "scans"})
    return server


def test_the_command_line_says_what_the_api_says(office, backend):
    """What moves by itself lies between what the API said before and what it says after."""
    server = everybody(office, backend)
    before = server.machine.good("GET", "/status")
    said = json.loads(server.cli("status", "--json", check=True).stdout)
    after = server.machine.good("GET", "/status")
    assert set(said) == set(before["server"]) | {"people", "control"}
    low = dict(numbers({**before["server"], **{k: before[k] for k in ("people", "control")}}))
    high = dict(numbers({**after["server"], **{k: after[k] for k in ("people", "control")}}))
    now = dict(numbers(said))
    assert set(low) == set(now) == set(high) and len(now) > 20
    for path, value in now.items():
        assert low[path] <= value <= high[path], path
    assert said["people"] == before["people"]


def test_metrics_agree_with_lists(office, backend):
    server = everybody(office, backend)
    machine = server.machine
    status, counted = machine.good("GET", "/status"), metrics(machine)
    people = status["people"]
    assert status["version"] in server.cli("--version", check=True).stdout

    def length(path):
        return len(machine.good("GET", path + "?limit=1000")["items"])

    assert counted["sessions"] == people["sessions"] == length("/sessions") == 3
    assert counted["bans"] == people["bans"] == length("/bans") == 2
    assert counted["devices"] == people["devices"] == 1
    assert counted['users{role="user"}'] == people["users"] == 2
    assert counted['users{role="operator"}'] == people["operators"] == 1
    assert counted['users{role="admin"}'] == people["administrators"] == 1
    assert counted["notices_waiting"] == people["notices_waiting"]

    machine.good("DELETE", f"/sessions/{machine.good('GET', '/sessions')['items'][0]['id']}")
    ban = machine.good("GET", "/bans")["items"][0]["id"]
    assert machine.delete(f"/bans/{ban}").status == 204
    people, counted = machine.good("GET", "/status")["people"], metrics(machine)
    assert counted["sessions"] == people["sessions"] == length("/sessions") == 2
    assert counted["bans"] == people["bans"] == length("/bans") == 1


def test_metrics_and_history_agree_with_what_is_carried(office, backend):
    server = office(f"share {{ other {backend().at} }}\n")
    machine = server.machine
    with server.connect(b"\0raw\n") as one, server.tls() as web:
        assert harness.receive_exactly(one, 5) == b"\0raw\n"
        web.sendall(b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n")
        assert web.recv(1000).startswith(b"HTTP/1.1 ")
        status = machine.good("GET", "/status")["server"]
        counted = metrics(machine)
        for group in ("relays", "requests"):
            for way in ("bytes_from_clients", "bytes_to_clients"):
                assert counted[f"{group}_{way}"] == status[group][way] > 0
        whole = machine.good("GET", "/status/history")

        def came():
            more = machine.good("GET", f"/status/history?since={whole['times'][-1]}")
            return more["times"] and more

        more = harness.wait_until(came, 20, what="the next sample")
        assert more["relays_bytes_to_clients"][-1] == 5
        assert more["requests_bytes_to_clients"][-1] >= status["requests"]["bytes_to_clients"]
        assert more["times"][0] > whole["times"][-1]


def test_metrics_agree_with_certificates(office):
    machine = office().machine
    counted = metrics(machine)
    sites = machine.good("GET", "/site-certificates")["items"]
    own = [c for c in machine.good("GET", "/certificates?limit=1000")["items"]
           if c["kind"] != "device"]
    assert len(own) == 2 and sites
    for kind, name, until in [(c["kind"], c["name"], c["not_after"]) for c in own] + \
                             [("site", c["site"], c["not_after"]) for c in sites]:
        label = f'certificate_expiry_seconds{{kind="{kind}",name="{name}"}}'
        assert counted[label] == seconds(until), label


def test_queues_are_seen_while_they_are_long(office):
    """Passwords are hashed by few: who waits for that is counted, in both places."""
    server = office()
    server.machine.user("alice")
    threads = [threading.Thread(target=Browser(server).sign_in, args=("alice", PASSWORD))
               for _ in range(20)]
    for thread in threads:
        thread.start()
    machine = Machine(server)

    def waiting():
        status = machine.good("GET", "/status")["control"]["queued_slow"]
        return min(status, metrics(machine)["api_queued_slow"]) > 0

    harness.wait_until(waiting, 20, "a queue that both show")
    for thread in threads:
        thread.join()
    assert machine.good("GET", "/status")["control"]["queued_slow"] == 0
    assert metrics(machine)["api_queued_slow"] == metrics(machine)["api_queued"] == 0


def key_of(profile):
    certificate = profile.split("<cert>")[1].split("</cert>")[0]
    return subprocess.run(["openssl", "x509", "-noout", "-text"], input=certificate, text=True,
                          stdout=subprocess.PIPE, check=True).stdout


def test_keys_are_of_the_kind_that_the_configuration_names(office):
    """From a reload on; what is there already stays."""
    server = office("vpn { ca_key rsa2048 }\n")
    machine = server.machine
    machine.user("alice")

    def device(name):
        machine.good("POST", "/users/alice/devices", {"name": name})
        return machine.raw("GET", f"/api/v1/users/alice/devices/{name}/profile").body.decode()

    first = device("old")
    assert "rsaEncryption" in key_of(first) and "(2048 bit)" in key_of(first)
    server.reload(f"vpn {{ ca_key p256 }}\nadmin {{ listen 127.0.0.1:{server.admin_port} }}\n")
    assert "id-ecPublicKey" in key_of(device("new"))
    again = machine.raw("GET", "/api/v1/users/alice/devices/old/profile").body.decode()
    assert key_of(again) == key_of(first)
