"""What a client meets whose bytes have to be told apart first."""
import harness


def test_a_site_is_served_over_tls(server):
    s = server()
    status, _, body = s.get("/", ca=s.certificate)
    assert (status, body) == (200, b"hello\n")
    entry = s.wait_access()
    assert (entry["client"], entry["status"], entry["host"]) == ("127.0.0.1", 200, "example.org")


def test_plain_http_on_the_tls_port_is_answered_400_at_once(server):
    s = server()
    status, headers, _ = harness.http_get(s.connect(timeout=1))
    assert (status, headers.get("Connection")) == (400, "close")
