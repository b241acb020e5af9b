"""The console's pages of the configuration: what is typed there is what the file says, and no more."""
import itertools

import pytest

import harness

SANITIZED = "a browser is here for what it asks, once is enough"


@pytest.mark.root
@pytest.mark.skipif(harness.SANITIZED, reason=SANITIZED)
def test_a_change_is_looked_at_tried_kept_and_taken_back(person):
    server, before = person.vpn.server, person.vpn.server.conf.read_text()
    link = person.vpn.machine.good("POST", "/setup-link")["page_url"]
    saw = person.act("configuration.js", link)
    assert saw["selected"] == "server_nom "
    assert saw["added"] == ["# looked at in a browser", "server_name tested"] and saw["removed"] == []
    assert saw["kept"] and saw["back"]
    assert server.conf.read_text() == before
    actions = [row["action"] for row in person.vpn.machine.good("GET", "/audit")["items"]]
    assert actions.count("config.apply") == 3 and "config.confirm" in actions
    assert person.vpn.machine.good("GET", "/status")["server"]["awaits_confirmation"] is False


@pytest.mark.root
@pytest.mark.skipif(harness.SANITIZED, reason=SANITIZED)
def test_what_others_do_to_the_file_meanwhile_is_said_and_lost_by_nobody(person):
    server, machine = person.vpn.server, person.vpn.machine
    machine.user("nora", role="admin")
    written = (f"# {n} of the owner's" for n in itertools.count())

    def write():
        server.conf.write_text(server.conf.read_text() + next(written) + "\n")

    def lock():
        server.conf.write_text(server.conf.read_text() + "config read_only\n")
        server.reload()

    def wait():
        harness.wait_until(lambda: "gone" not in machine.good("GET", "/config/running")["text"], 20,
                           "what nobody confirmed is taken back")

    saw = person.act("configuration_others.js", write=write, lock=lock, wait=wait)
    assert saw["shown"] == ["+# 0 of the owner's"]
    assert saw["joined"] == ["+# mine"]
    assert saw["clash"] == ["-# 2 of the owner's", "+# mine, at the end"]
    text = server.conf.read_text()
    assert saw["kept"] and saw["theirs"].splitlines()[-2:] == ["# 2 of the owner's", "# 3 of the owner's"]
    assert text.startswith("# mine\n") and "at the end" not in text
    # What had not run is not what is gone back to, and is beside the file.
    assert saw["back"] and [n for n in range(5) if f"# {n} of" in text] == [0, 1, 4]
    tried = (server.conf.parent / "sallyport.conf.unconfirmed").read_text()
    assert [n for n in range(5) if f"# {n} of" in tried] == [0, 1, 2, 3]
    assert saw["locked"].pop("typed") and not any(saw["locked"].values()), saw["locked"]
    assert server.cli("reload").returncode == 0


@pytest.mark.root
@pytest.mark.skipif(harness.SANITIZED, reason=SANITIZED)
def test_a_site_and_a_back_end_are_added_by_form(person):
    server = person.vpn.server
    server.conf.write_text("# nobody may lose this\n" + server.conf.read_text())
    server.reload()
    before = server.conf.read_text().splitlines()
    saw = person.act("sites.js", person.vpn.machine.good("POST", "/setup-link")["page_url"], "/srv")
    assert "site docs.example.org www.docs.example.org {" in saw["site"]["added"]
    assert saw["site"]["removed"] == saw["rule"]["removed"] == []
    assert [line.strip() for line in saw["changed"]["removed"]] == ["root /srv"]
    assert [line.strip() for line in saw["rule"]["added"] if "sni" in line] == ["sni imap.example.org 127.0.0.1:993"]
    assert saw["gone"]["added"] == [] and len(saw["gone"]["removed"]) == 1
    after = server.conf.read_text().splitlines()
    assert [line for line in before if line not in after] == []
    assert server.get("/", name="docs.example.org")[::2] == (404, b"Nothing here")
