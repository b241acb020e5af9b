"""The portal and the console, in a real browser that does what a person would."""
import contextlib
import json
import sqlite3

import pytest

import harness
from browser import WEB
from rest import PASSWORD


@pytest.mark.root
@pytest.mark.skipif(harness.SANITIZED, reason="a browser is here for what it asks, once is enough")
def test_from_the_set_up_link_to_the_vpn_and_back(person, tmp_path):
    vpn, file = person.vpn, tmp_path / "downloaded"
    made = person.act("first_run.js", vpn.machine.good("POST", "/setup-link")["page_url"], file)
    assert made["name"] == "mara-laptop.ovpn"
    client = vpn.client(profile=file.read_text())
    typed = tmp_path / "typed"
    typed.write_text(f"mara\n{PASSWORD}\n")
    typed.chmod(0o600)
    connected = client.connect("--auth-user-pass", typed)
    assert client.ping("10.86.0.1") == 3
    inside = client.inside
    saw = person.act("come_back.js")
    assert saw["inside"] == f"Address {inside}" and saw["kept"] == 0
    connected.wait_log("this device is revoked", 20)
    assert vpn.machine.good("GET", "/tunnels")["items"] == []


@pytest.mark.root
@pytest.mark.skipif(harness.SANITIZED, reason="a browser is here for what it asks, once is enough")
def test_people_see_to_what_they_sign_in_with(person):
    one = person.vpn
    # Who has just signed in is not asked for his password again: here that was long ago, always.
    with contextlib.closing(sqlite3.connect(one.server.state / "control/sallyport.db")) as store:
        store.execute("CREATE TRIGGER long_ago AFTER INSERT ON sessions BEGIN "
                      "UPDATE sessions SET proved = 0 WHERE id = NEW.id; END")
    one.machine.user("nora")
    one.machine.user("omar", policy={"totp_required": True})
    saw = person.act("account.js")
    assert saw["kept"] == 10 and saw["stored"] == 0
    has_codes = {u["name"]: u["has_totp"] for u in one.machine.good("GET", "/users")["items"]}
    assert has_codes == {"nora": False, "omar": True}
    assert {s["user"] for s in one.machine.good("GET", "/sessions")["items"]} == {"omar"}


def test_the_pages_know_the_api_as_it_is(office, tmp_path):
    told = office().machine.get("/openapi.json").json
    if told != json.loads((WEB / "openapi.json").read_text()):
        file = tmp_path / "openapi.json"
        file.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
        pytest.fail(f"web/openapi.json is another one: cp {file} web/openapi.json, and npm run "
                    "check in web/")
