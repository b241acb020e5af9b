"""What is replaced on disk while it is in use: noticed within seconds, with no reload."""
import os
import shutil
import time

import harness

NOTICED = 12  # seconds; warden looks every five


def test_a_site_whose_directory_is_a_link_follows_it(server, tmp_path):
    for release in ("one", "two"):
        (tmp_path / release).mkdir()
        (tmp_path / release / "index.html").write_text(release)
    current = tmp_path / "current"
    current.symlink_to("one")
    s = server(f"site example.org {{\n certificate self-signed\n root {current}\n }}", site=False)
    assert s.get("/")[2] == b"one"
    os.symlink("two", tmp_path / "next")
    os.rename(tmp_path / "next", current)
    harness.wait_until(lambda: s.get("/")[2] == b"two", NOTICED, "the new release")
    s.wait_log("files changed on disk")


def test_a_directory_that_comes_late_is_served_once_it_is_there(server, tmp_path):
    late = tmp_path / "late"
    s = server(f"site example.org {{\n certificate self-signed\n root {late}\n }}", site=False)
    assert s.get("/")[0] == 404
    (tmp_path / "made").mkdir()
    (tmp_path / "made/index.html").write_text("here")
    os.rename(tmp_path / "made", late)
    harness.wait_until(lambda: s.get("/")[2] == b"here", NOTICED, "the directory")
    assert s.log.count("get 404 until") == 1


def test_a_back_end_whose_directory_was_made_anew_is_reached(server, backend, tmp_path):
    """As systemd does with RuntimeDirectory= when a service restarts."""
    directory = tmp_path / "run"
    directory.mkdir()
    there = backend(path=directory / "app.sock")
    os.chmod(there.path, 0o666)
    s = server(f"share {{ other {there.at} }}")

    def answers():
        with s.connect(b"\x00raw") as c:
            try:
                return harness.receive_exactly(c, 4) == b"\x00raw"
            except ConnectionResetError:
                return False
    assert answers()
    there.close()
    shutil.rmtree(directory)
    assert not answers()
    directory.mkdir()
    there.open()
    os.chmod(there.path, 0o666)
    harness.wait_until(answers, NOTICED, "the back end in its new directory")


def test_files_that_come_and_go_are_no_change_of_directory(server):
    s = server()
    for i in range(6):
        (s.www / f"{i}.html").write_text("x")
        assert s.get(f"/{i}.html")[0] == 200
        time.sleep(1)
    assert "files changed on disk" not in s.log
