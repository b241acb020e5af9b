"""Security and settings of the console, in a real browser."""
import hashlib
import hmac
import http.server
import threading

import pytest

import harness

REASON = "a browser is here for what it asks, once is enough"


@pytest.mark.root
@pytest.mark.skipif(harness.SANITIZED, reason=REASON)
def test_who_is_banned_is_kept_out_and_what_is_revoked_opens_nothing(person):
    machine = person.vpn.machine
    machine.user("nora", "admin")
    machine.user("omar")
    saw = person.act("security.js")
    assert saw["statuses"] == [200, 401] and not saw["isKept"] and saw["bans"] == 2
    assert [b["subject"] for b in machine.good("GET", "/bans")["items"]] == ["203.0.113.0/24"]
    assert machine.good("GET", "/tokens")["items"] == []
    assert {s["user"] for s in machine.good("GET", "/sessions")["items"]} == {"nora"}


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.headers["X-Sallyport-Signature"], body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def hook(person):
    """A webhook at the server's own machine; `got` has what was posted, with its signature."""
    one = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook, bind_and_activate=False)
    one.socket.close()
    one.socket = harness.socket_in(person.vpn.gate.name)
    one.got = []
    one.server_bind()
    one.server_activate()
    threading.Thread(target=one.serve_forever, daemon=True).start()
    yield one
    one.shutdown()
    one.server_close()


@pytest.mark.root
@pytest.mark.skipif(harness.SANITIZED, reason=REASON)
def test_alerts_arrive_and_an_authority_gives_way_to_another(person, hook):
    machine = person.vpn.machine
    machine.user("nora", "admin")
    saw = person.act("settings.js", f"http://127.0.0.1:{hook.server_address[1]}/hook")
    assert saw["secret"] == ""
    signature, body = hook.got[0]
    assert hmac.new(b"0123456789abcdef", body, hashlib.sha256).hexdigest() in signature
    alerts = machine.good("GET", "/alerts")
    assert alerts["webhook_internal"] and not alerts["has_webhook_secret"] and not alerts["rules"]["new_listener"]
    authorities = machine.good("GET", "/certificates?kind=ca")["items"]
    assert sorted(ca["current"] for ca in authorities) == [False, True]
