"""The clients that people have, each in every protocol it knows, for files and through a proxy."""
import re
import subprocess

import pytest

import harness
from shared import curl, serve
from test_proxy import at, says, text

HELLO = "hello\n"


SITE = """
site example.org {
    certificate self-signed
    plain_http on
    route /app/* { proxy %s }
    root %s
}
"""


@pytest.fixture(scope="module")
def site():
    there = harness.Backend(says(text(HELLO)))
    for server in serve(plain="http2 loopback"):
        server.with_site = False
        server.reload(SITE % (at(there), server.www))
        yield server
    there.end()


@pytest.fixture(params=["/", "/app/x"], ids=["file", "proxy"])
def path(request):
    return request.param


@pytest.mark.parametrize("words, version", [("--http1.0", "1.1"), ("--http1.1", "1.1"),
                                            ("--http2", "2"), ("--tls-max 1.2", "2"),
                                            ("--no-alpn", "1.1")])
def test_curl_in_every_version(site, path, words, version):
    """Whom HTTP/1.0 asks answers in HTTP/1.1 all the same (RFC 9110 §6.2)."""
    said = curl(site, *words.split(), "-w", "%{http_version}", path=path).stdout
    assert said == HELLO + version


@pytest.mark.parametrize("word, version", [("--http2-prior-knowledge", "2"), ("--http2", "1.1"),
                                           ("--http1.0", "1.1"), ("--http1.1", "1.1")])
def test_curl_in_clear(site, path, word, version):
    """With --http2 curl asks for an Upgrade to h2c, which RFC 9113 did away with."""
    said = curl(site, word, "-w", "%{http_version}", path=path, plain=True).stdout
    assert said == HELLO + version


@pytest.mark.parametrize("command", [["nghttp", "-ns", "-m10", "--no-verify-peer"],
                                     ["h2load", "-n200", "-c10", "-m10"],
                                     ["h2load", "-n200", "-c10", "--h1"],
                                     ["wrk", "-d1", "-t1", "-c10"]], ids=" ".join)
def test_those_that_load_and_measure(site, path, command):
    said = subprocess.run([harness.tool(command[0]), *command[1:], site.url(path)],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True,
                          text=True).stdout
    if command[0] == "nghttp":
        assert len(re.findall(r"^ *\d+ .* 200 .*", said, re.M)) == 10, said
    elif command[0] == "h2load":
        assert "200 succeeded, 0 failed, 0 errored, 0 timeout" in said, said
        assert "status codes: 200 2xx" in said, said
    else:
        assert "Non-2xx" not in said and "Socket errors" not in said, said
