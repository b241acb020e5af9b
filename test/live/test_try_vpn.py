"""./dev try-vpn, as a newcomer's first steps with the VPN."""
import re
import subprocess
import sys

import pytest

import harness

pytestmark = [pytest.mark.root,
              pytest.mark.skipif(harness.SANITIZED, reason="of a script, once is enough")]


def try_vpn(program, directory):
    """How it ended, and the network namespaces that are left of it."""
    command = [sys.executable, harness.TOP / "tools/try_vpn.py", program, directory]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as process:
        said = process.communicate(timeout=180)
    names = subprocess.run(["ip", "netns"], stdout=subprocess.PIPE, text=True, check=True).stdout
    left = re.findall(rf"try-vpn-\w+-{process.pid}\b", names)
    return subprocess.CompletedProcess(command, process.returncode, *said), left


def test_it_says_in_a_sentence_what_happened_and_leaves_nothing(tmp_path):
    done, left = try_vpn(harness.BINARY, tmp_path / "try")
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"It works: Debian's openvpn \S+, .* by UDP in .* by TCP to port 443 in .*\n",
                        done.stdout)
    assert "$ sallyport profile get demo laptop" in done.stderr
    assert not (tmp_path / "try").exists()
    assert not left


def test_what_fails_is_said_and_its_logs_are_kept(tmp_path):
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\necho it is not well >&2\nexit 1\n")
    program.chmod(0o755)
    done, left = try_vpn(program, tmp_path / "try")
    assert done.returncode == 1
    assert "try-vpn: sallyport ended with 1:\nit is not well" in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "try/sallyport.log").exists()
    assert not left


@pytest.mark.parametrize("without, says", [
    (["setpriv", "--reuid", "65534", "--clear-groups"], "sudo ./dev try-vpn"),
    (["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /dev/net && exec "$@"', "sh"],
     "modprobe tun"),
])
def test_where_it_cannot_work_it_says_what_to_do_before_anything_else(without, says):
    done = subprocess.run([*without, harness.TOP / "dev", "try-vpn"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60,
                          check=False)
    assert done.returncode == 1
    assert says in done.stdout
    assert done.stdout.count("\n") == 1
