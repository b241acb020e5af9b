"""Fixtures of the live tests; harness.py has what they are made of."""
import itertools
import os
import signal
import subprocess

import pytest

import browser
import harness
import postgres
import rest
import vpn


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
def office(server):
    """Starts a server with an admin port: office(CONFIG, admin=...) is the server, which has
    admin_port and, as `machine`, the command line's way to its API."""
    def start(config="", admin="", **options):
        port = harness.free_port()
        block = f"admin {{\n    listen 127.0.0.1:{port}\n    {admin}\n}}\n"
        one = server(config + block, **options)
        one.admin_port = port
        one.machine = rest.wait_ready(one)
        return one
    return start


@pytest.fixture(name="vpn")
def a_vpn(office, netns, tmp_path):
    """Starts VPNs: vpn(...) as vpn.Vpn says; their clients end with the test."""
    started = []

    def start(**options):
        started.append(vpn.Vpn(office, netns, tmp_path, **options))
        return started[-1]

    yield start
    for one in started:
        one.remove()


@pytest.fixture(name="person")
def a_person(vpn):
    """Somebody with a browser at the machine of a VPN, as browser.Person says."""
    one = browser.Person(vpn())
    yield one
    one.room.remove()


@pytest.fixture(name="postgres")
def a_postgres():
    """Starts PostgreSQLs: postgres(...) as Postgres says; they end with the test."""
    if postgres.PROGRAMS is None:
        pytest.skip("PostgreSQL is not installed")
    started = []

    def start(**options):
        started.append(postgres.Postgres(**options))
        started[-1].start()
        return started[-1]

    yield start
    for one in started:
        one.remove()


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
    config.addinivalue_line("markers", "alone: measures time, or has little of it: runs when "
                                       "nothing else does")
    config.addinivalue_line("markers", "long: takes more than a quarter of a minute, most of it "
                                       "waiting: begins before others")


def shares_a_server(item):
    """Whether it has a fixture that is made once for its file."""
    return any(definition.scope == "module"
               for found in item._fixtureinfo.name2fixturedefs.values() for definition in found)


def takes_a_browser(item):
    return item.module.__name__.startswith("test_console")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """For several processes: what shares a server is run by one of them, browsers, which compute all
    the time, by as many as there are processors, and what takes long begins first, so that the
    others do not wait for it in the end."""
    turns = itertools.cycle(range(os.cpu_count() or 1))
    for item in items:
        if shares_a_server(item):
            item.add_marker(pytest.mark.xdist_group(item.module.__name__))
        elif takes_a_browser(item):
            item.add_marker(pytest.mark.xdist_group(f"browser{next(turns)}"))
    items.sort(key=lambda item: (not takes_a_browser(item), item.get_closest_marker("long") is None,
                                 item.get_closest_marker("xdist_group") is None))


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
