"""Fixtures of the live tests; harness.py has what they are made of."""
import signal
import subprocess

import pytest

import harness


@pytest.fixture
def server(tmp_path):
    """Starts servers: server(CONFIG, ...) as harness.Server says; they end with the test."""
    started = []

    def start(config="", **options):
        one = harness.Server(tmp_path / f"server{len(started)}", config,
                             **{**options, "start": False})
        started.append(one)
        if options.get("start", True):
            one.start()
        return one

    start.started = started
    yield start
    for one in started:
        if one.running:
            one.stop(signal.SIGINT)
    wrong = [one.verdict() for one in started if one.verdict()]
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


@pytest.fixture
def process(tmp_path):
    """Starts other programs: process(COMMAND, name=..., netns=...); they end with the test."""
    started = []

    def start(command, **options):
        log = tmp_path / f"process{len(started)}.log"
        started.append(harness.Process(command, log, **options))
        return started[-1]

    start.started = started
    yield start
    for one in reversed(started):
        one.stop(seconds=3)


@pytest.fixture
def nginx(tmp_path):
    """Starts nginx: nginx(HTTP_BLOCK, PORT), where PORT is one it listens on."""
    started = []

    def start(http, port):
        started.append(harness.nginx(tmp_path / f"nginx{len(started)}", http, port))
        return started[-1]

    start.started = started
    yield start
    for one in started:
        one.stop()


@pytest.fixture
def backend():
    """Starts back ends made of threads: backend(SERVE, ...) as harness.Backend says."""
    started = []

    def start(*words, **options):
        started.append(harness.Backend(*words, **options))
        return started[-1]

    yield start
    for one in started:
        one.end()


@pytest.fixture
def netns():
    """Makes network namespaces: netns() is one, with a cable to ours; removed with the test."""
    if not harness.IS_ROOT:
        pytest.skip("network namespaces take root")
    made = []

    def make():
        made.append(harness.Namespace())
        return made[-1]

    yield make
    for one in made:
        for pid in subprocess.run(["ip", "netns", "pids", one.name], stdout=subprocess.PIPE,
                                  check=False).stdout.split():
            subprocess.run(["kill", "-KILL", pid], stderr=subprocess.DEVNULL, check=False)
        one.remove()


@pytest.fixture
def certificate(tmp_path):
    """Makes certificates: certificate(NAME...) is (chain, key), both files."""
    def make(*names, **options):
        return harness.make_certificate(tmp_path, *names, **options)
    return make


def pytest_configure(config):
    config.addinivalue_line("markers", "root: takes root")
    config.addinivalue_line("markers", "plain_build: of what the sanitizers' build has not, "
                                       "such as the sandbox")


def pytest_runtest_setup(item):
    if item.get_closest_marker("root") and not harness.IS_ROOT:
        pytest.skip("takes root")
    if item.get_closest_marker("plain_build") and harness.SANITIZED:
        pytest.skip("the sanitizers' build has no sandbox")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Shows with a failure what the programs under test said."""
    report = (yield).get_result()
    if not report.failed or not hasattr(report.longrepr, "addsection"):
        return
    for fixture in ("server", "process", "nginx"):
        for one in getattr(item.funcargs.get(fixture), "started", ()):
            report.longrepr.addsection(f"{fixture} {one.log_file}", one.log[-8000:])
