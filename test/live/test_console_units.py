"""What the console is made of, without a browser: what its forms make of a configuration's text."""
import subprocess

import pytest

import harness
from browser import WEB


@pytest.mark.skipif(harness.SANITIZED, reason="of the pages alone: once is enough")
def test_forms_change_their_own_lines_of_the_configuration():
    if not (WEB / "node_modules/vite").is_dir():
        pytest.skip("without what the console is built with: tools/web.sh --tests")
    done = subprocess.run([harness.tool("node"), "--test", WEB / "test/unit"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout
