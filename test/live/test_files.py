"""Files in other codings, tries, listings and pages for errors, as curl asks for them."""
import concurrent.futures
import gzip
import hashlib
import json
import os
import random
import subprocess
import time

import pytest

from shared import curl, get, serve

CONFIG = """
site files.example {
    certificate self-signed
    root %(www)s
    error_page 404 403 /404.html
    cache_control *.css "public, max-age=60"
    route /plain/* {
        root %(www)s
        compress off
        precompressed off
    }
    route /listed/* {
        root %(www)s
        listing on
    }
    route /app/* {
        root %(www)s
        try /app/index.html
    }
}
"""
NAME = "files.example"
TEXT = "".join(f"line {i} of a text that can well be made smaller\n" for i in range(200))
VERSIONS = ("--http1.1", "--http2")


@pytest.fixture(scope="module")
def site():
    for server in serve():
        www = server.directory / "files"
        for name in ("plain", "listed/below", "listed/.git", "app", ".git"):
            (www / name).mkdir(parents=True)
        (www / "page.html").write_text(TEXT)
        (www / "plain/page.html").write_text(TEXT)
        (www / "a.css").write_text("p { color: red }\n" * 100)
        (www / "large.txt").write_text(TEXT * 100)
        with open(www / "zeros.txt", "wb") as f:
            f.truncate(512 << 20)
        (www / "404.html").write_text("<p>not here\n")
        (www / "app/index.html").write_text("<p>the application\n")
        (www / "beside.js").write_text("made();\n" * 100)
        (www / "beside.js.gz").write_bytes(gzip.compress(b"made(before);\n" * 100))
        (www / ".git/config.gz").write_text("secret\n")
        (www / "listed/a&b.txt").write_text("x")
        (www / "listed/.hidden").write_text("secret\n")
        (www / "listed/outside").symlink_to("/etc/passwd")
        (www / "listed/above").symlink_to("../../sallyport.conf")
        piece = random.Random(1).randbytes(1 << 20)
        (www / "large.bin").write_bytes(piece * 20)
        server.sha256 = hashlib.sha256(piece * 20).hexdigest()
        server.files = www
        server.reload(CONFIG % {"www": www})
        yield server


def coded(site, path, coding, *words):
    """What curl decodes, and the head it got."""
    head = site.directory / "head"
    body = curl(site, "--compressed", "-H", f"Accept-Encoding: {coding}", "-D", head, *words,
                path=path, name=NAME).stdout
    return body, head.read_text().lower()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
@pytest.mark.parametrize("path", ["/page.html", "/large.txt"])
def test_curl_decodes_each_coding(site, version, coding, path):
    if coding == "zstd" and b"zstd" not in subprocess.run(["curl", "-V"], capture_output=True,
                                                          check=True).stdout:
        pytest.skip("this curl has no zstd")
    body, head = coded(site, path, coding, version)
    assert body == (site.files / path[1:]).read_text()
    assert f"content-encoding: {coding}" in head
    assert "vary: accept-encoding" in head
    assert 'etag: "' in head if path == "/page.html" else 'etag: w/"' in head


def test_zstd_is_what_zstd_reads(site):
    for path in ("/page.html", "/large.txt"):
        _, headers, body = get(site, path, {"Accept-Encoding": "zstd"}, name=NAME)
        assert headers["content-encoding"] == "zstd"
        plain = subprocess.run(["zstd", "-dc"], input=body, capture_output=True, check=True).stdout
        assert plain == (site.files / path[1:]).read_bytes()
        assert len(body) < len(plain) / 5


def test_who_asks_for_nothing_gets_the_file_itself(site):
    _, headers, body = get(site, "/page.html", name=NAME)
    assert body.decode() == TEXT
    assert headers["vary"] == "Accept-Encoding" and "content-encoding" not in headers


def test_what_lies_beside_is_sent(site):
    body, head = coded(site, "/beside.js", "gzip")
    assert body == "made(before);\n" * 100
    assert "content-encoding: gzip" in head
    assert "content-type: text/javascript" in head
    assert coded(site, "/beside.js", "br")[0] == "made();\n" * 100


def test_off_is_off(site):
    body, head = coded(site, "/plain/page.html", "gzip, br, zstd")
    assert body == TEXT
    assert "content-encoding" not in head and "vary" not in head


def test_head_has_the_fields_of_get(site):
    for path in ("/page.html", "/large.txt"):
        fields = {"Accept-Encoding": "br"}
        as_get = get(site, path, fields, name=NAME)[1]
        as_head = get(site, path, fields, name=NAME, method="HEAD")[1]
        for name in ("content-encoding", "vary", "etag", "content-type", "last-modified"):
            assert as_head[name] == as_get[name]


def test_a_tag_holds_for_its_coding(site):
    _, headers, _ = get(site, "/page.html", {"Accept-Encoding": "br"}, name=NAME)
    asked = {"Accept-Encoding": "br", "If-None-Match": headers["etag"]}
    assert get(site, "/page.html", asked, name=NAME)[0] == 304
    assert get(site, "/page.html", {"If-None-Match": headers["etag"]}, name=NAME)[0] == 200


def test_a_part_of_a_large_text_is_of_the_text(site):
    status, headers, body = get(site, "/large.txt", {"Accept-Encoding": "gzip",
                                                     "Range": "bytes=0-5"}, name=NAME)
    assert (status, body) == (206, b"line 0")
    assert "content-encoding" not in headers and headers["vary"] == "Accept-Encoding"


def test_compressing_for_many_at_once(site):
    def one(number):
        coding = ("gzip", "br", "zstd")[number % 3]
        status, headers, body = get(site, "/large.txt", {"Accept-Encoding": coding}, name=NAME)
        return status == 200 and (headers.get("content-encoding") == coding
                                  or body.decode() == TEXT * 100)
    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        assert all(pool.map(one, range(120)))


@pytest.mark.parametrize("version", VERSIONS)
def test_what_shrinks_to_nothing_does_not_keep_others_waiting(site, version):
    with subprocess.Popen(["curl", "-sk", version, "--noproxy", "*", "-o", "/dev/null", "-H",
                           "Accept-Encoding: gzip", "--resolve",
                           f"{NAME}:{site.port}:127.0.0.1",
                           f"https://{NAME}:{site.port}/zeros.txt"]) as large:
        time.sleep(0.2)
        for _ in range(4):  # by whichever worker
            assert get(site, "/app/", name=NAME)[0] == 200
        assert large.poll() is None
        large.kill()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_large_file_comes_whole(site, version):
    to = site.directory / "large.bin"
    curl(site, version, "-o", to, path="/large.bin", name=NAME)
    assert hashlib.sha256(to.read_bytes()).hexdigest() == site.sha256


def test_an_application_of_one_page(site):
    for path in ("/app/any/where", "/app/", "/app/x.css"):
        status, headers, body = get(site, path, name=NAME)
        assert (status, body) == (200, b"<p>the application\n")
        assert "cache-control" not in headers


def test_cache_control_by_pattern(site):
    assert get(site, "/a.css", name=NAME)[1]["cache-control"] == "public, max-age=60"


@pytest.mark.parametrize("version", VERSIONS)
def test_an_error_is_shown_by_a_page_of_the_site(site, version):
    done = curl(site, version, "-w", "%{http_code}", path="/nothing", name=NAME)
    assert done.stdout == "<p>not here\n404"
    for path in ("/.git/config", "/.git/", "/listed/.hidden", "/listed/outside"):
        status, _, body = get(site, path, {"Accept-Encoding": "gzip"}, name=NAME)
        assert (status, body) == (404, b"<p>not here\n")


def test_a_listing_for_people(site):
    status, headers, body = get(site, "/listed/", name=NAME)
    assert status == 200 and headers["content-type"] == "text/html; charset=utf-8"
    page = body.decode()
    assert page.index('href="./below/"') < page.index('href="./a%26b.txt">a&amp;b.txt<')
    for word in ("hidden", "git", "outside", "above"):
        assert word not in page


def test_a_listing_for_programs(site):
    _, headers, body = get(site, "/listed/", {"Accept": "application/json"}, name=NAME)
    assert headers["content-type"] == "application/json"
    assert [(entry["name"], entry["type"]) for entry in json.loads(body)] == \
        [("below", "directory"), ("a&b.txt", "file")]


def test_a_listing_is_compressed_too(site):
    for number in range(100):
        (site.files / f"listed/below/{number}").touch()
    body, head = coded(site, "/listed/below/", "gzip")
    assert "content-encoding: gzip" in head and "vary: accept, accept-encoding" in head
    assert body.count("<tr>") == 102


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, who makes private mounts")
def test_listings_stay_below_the_root(site):
    for path in ("/listed/..", "/listed/../../", "/listed/%2e%2e/", "/listed/above/"):
        status, _, body = get(site, path, {"Accept": "application/json"}, name=NAME)
        assert status in (400, 403, 404), (path, status)
        assert b"sallyport.conf" not in body
