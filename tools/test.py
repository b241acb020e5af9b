#!/usr/bin/python3
"""Runs everything that is checked and sums it up.

Each test has a name, SUITE/NAME, and an argument picks those that contain it.
Only what fails is shown in full. The last line is "N passed, N failed", and
nothing comes after it. With CI set, a test that every build skipped has failed.
"""
import concurrent.futures
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
PROCESSORS = os.cpu_count() or 1
# Most of what live tests do is wait. test/live/harness.py has ports for this many. After them run
# those that are marked `alone`, one by one.
LIVE_WORKERS = min(4 * PROCESSORS, 16)
LIVE_SCRATCH = 4 << 30  # bytes: more than a live suite has made when it ends
BUILD_SECONDS = 1800
# For the whole of one live suite; those that go by chance may be told to go on for longer.
LIVE_SECONDS = 1800 + 4 * float(os.environ.get("CHAOS_SECONDS", "0"))

# (label, build directory): the sanitizers find what the plain build survives,
# and only the plain build has the sandbox, FORTIFY and the optimizer at work.
BUILDS = (("plain", "test"), ("sanitizers", "asan"))

NO_TESTS = 5  # pytest's exit code where none was chosen

SANITIZERS = {
    "ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1:"
                    "quarantine_size_mb=32",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
}

LINTS = (
    ("layers", ["tools/lint/layers.py"]),
    ("limits", ["tools/lint/limits.py"]),
    ("listed", ["tools/lint/listed.py"]),
    ("examples", ["tools/lint/examples.py", "build/test/src/sallyport"]),
    ("lints find what they look for", ["tools/lint/selftest.py"]),
)


class Tally:
    """What came of tests; that of one thread, until another takes it over."""

    def __init__(self):
        self.passed = self.failed = 0
        self.ran = set()
        self.skipped = {}

    def add(self, name, build, outcome, output=""):
        """outcome: "passed", "failed" or "skipped"; output is shown if it failed."""
        if outcome == "skipped":
            self.skipped[name] = f"{build}: {output.strip()}"
            return
        self.ran.add(name)
        if outcome == "passed":
            self.passed += 1
        else:
            self.failed += 1
            print(f"\n  FAILED: {name} ({build})\n" + indent(output), flush=True)

    def take_over(self, title, other, seconds):
        if other.passed + other.failed > 0:
            print(f"{title}: {other.passed} passed, {other.failed} failed in {seconds:.0f} s",
                  flush=True)
        self.passed += other.passed
        self.failed += other.failed
        self.ran |= other.ran
        self.skipped.update(other.skipped)

    def count_skipped(self):
        """What one build skips and another runs has been run."""
        for name in sorted(self.skipped.keys() - self.ran):
            print(f"  skipped: {name} ({self.skipped[name]})")
            if os.environ.get("CI"):
                self.failed += 1


def indent(text):
    return "".join("    " + line + "\n" for line in text.rstrip().splitlines())


# Each process of pytest would otherwise prepare all the tests for itself.
PREPARED_ONCE = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(TOP / "build/pycache")}


def environment(**more):
    return {**os.environ, **SANITIZERS, **PREPARED_ONCE, **more}


def run(command, seconds, **more):
    """Returns (exit code, all it printed). Whatever it leaves behind ends with it."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, cwd=TOP, env=environment(**more),
                                   stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=subprocess.STDOUT, start_new_session=True)
        try:
            code, late = process.wait(timeout=seconds), ""
        except subprocess.TimeoutExpired:
            code, late = None, f"\nstopped after {seconds} seconds"
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        output.seek(0)
        return code, output.read().decode(errors="replace") + late


def split_cmocka(name, code, output):
    """The single tests of a cmocka program, even of one that died in the middle."""
    begun = re.findall(r"\[ RUN {6}\] (\S+)", output)
    fine = set(re.findall(r"\[ {7}OK \] (\S+)", output))
    skipped = set(re.findall(r"\[  SKIPPED \] (\S+)", output))
    telling = "\n".join(line for line in output.splitlines()
                        if not re.match(r"\[ +(RUN|OK) +\] ", line) or line.split()[-1] not in fine)
    rows = []
    for test in dict.fromkeys(begun):
        outcome = "passed" if test in fine else "skipped" if test in skipped else "failed"
        rows.append((f"{name}: {test}", outcome, telling if outcome == "failed" else ""))
    if code != 0 and all(outcome != "failed" for _, outcome, _ in rows):
        rows.append((f"{name}: ended with {code}", "failed", telling))
    if not rows:
        rows.append((f"{name}: holds no test", "failed", output))
    return rows


def whole_program(name, code, output):
    return [(name, "passed" if code == 0 else "failed", output)]


def meson_tests(directory):
    """What meson.build declares: the unit tests, and each corpus with its replayer."""
    found = subprocess.run(["meson", "introspect", "--tests", f"build/{directory}"], cwd=TOP,
                           check=True, stdout=subprocess.PIPE)
    return json.loads(found.stdout)


def run_programs(label, directory, pattern):
    """A tally of them. Each may take four times as long as it is given, as others run beside it."""
    tally, jobs = Tally(), []
    for test in meson_tests(directory):
        unit = any(suite.endswith("unit") for suite in test["suite"])
        name = ("unit/" if unit else "") + test["name"]
        if pattern in name:
            jobs.append((name, test, split_cmocka if unit else whole_program))
    with concurrent.futures.ThreadPoolExecutor(PROCESSORS) as pool:
        running = [pool.submit(run, test["cmd"], 4 * test["timeout"], **test["env"])
                   for _, test, _ in jobs]
        for (name, _, split), job in zip(jobs, running):
            for test, outcome, output in split(name, *job.result()):
                tally.add(test, label, outcome, output)
    return tally


def run_lints(pattern):
    tally = Tally()
    for name, command in LINTS:
        if pattern in "lint/" + name:
            code, output = run(["/usr/bin/python3", *command], 120)
            tally.add("lint/" + name, "source", "passed" if code == 0 else "failed", output)
    return tally


def program(directory):
    return str(TOP / f"build/{directory}/src/sallyport")


def live_names(tally, pattern):
    """What pytest is given to run the live tests whose names contain the pattern, and how many they
    are."""
    code, output = run(["/usr/bin/python3", "-m", "pytest", "-q", "--collect-only",
                        "-p", "no:cacheprovider", "test/live"], 60, SALLYPORT=program("test"))
    if code not in (0, NO_TESTS):
        tally.add("live: cannot be collected", "source", "failed", output)
        return [], 0
    names = [line for line in output.splitlines() if "::" in line]
    chosen = [name for name in names if pattern in name.replace("test/live", "live")]
    return chosen if pattern else ["test/live"], len(chosen)


def in_memory():
    """A directory in memory that has the room for what live tests make, and runs programs; None."""
    directory = "/dev/shm"
    try:
        has = os.statvfs(directory)
    except OSError:
        return None
    fit = has.f_bavail * has.f_frsize >= LIVE_SCRATCH and not has.f_flag & os.ST_NOEXEC
    return directory if fit and os.access(directory, os.W_OK) else None


@contextlib.contextmanager
def scratch():
    """Where live tests keep what they make: in memory, if they can, as their databases would wait
    for the disk all the time. Its name is short: so has the path of a socket to be."""
    with tempfile.TemporaryDirectory(prefix="sp-", dir=in_memory()) as directory:
        os.chmod(directory, 0o755)  # some tests run the server as nobody
        yield directory


def run_live(label, directory, names, how):
    """A tally of those of the named tests that `how`, words for pytest, chooses."""
    tally = Tally()
    report = TOP / f"build/live-{directory}{'-alone' if 'alone' in how else ''}.xml"
    report.unlink(missing_ok=True)
    with scratch() as made:
        code, output = run(["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider",
                            *how, f"--basetemp={made}/t", f"--junit-xml={report}",
                            "-o", "junit_logging=all", *names],
                           LIVE_SECONDS, TMPDIR=made, SALLYPORT=program(directory),
                           SALLYPORT_BUILD=label)
    if report.exists():
        for case in ElementTree.parse(report).iter("testcase"):
            name, outcome, said = live_row(case)
            tally.add(name, label, outcome, said)
    if code not in (0, NO_TESTS) and tally.failed == 0:
        tally.add(f"live: pytest ended with {code}", label, "failed", output)
    return tally


def live_row(case):
    file = case.get("classname", "").split(".")[-1]
    # What runs in one process with others has a mark of that: its file's, or a browser's.
    name = re.sub(rf"@({file}|browser\d+)$", "", f"live/{file}::{case.get('name')}")
    skipped = case.find("skipped")
    if skipped is not None:
        return name, "skipped", skipped.get("message", "")
    wrong = [node for node in case if node.tag in ("failure", "error")]
    said = [node.text or "" for node in case if node.tag in ("system-out", "system-err")]
    return (name, "failed" if wrong else "passed",
            "\n".join([node.text or node.get("message", "") for node in wrong] + said))


def build_sanitized():
    """A tally of nothing, unless that fails: then what is of it fails too."""
    tally = Tally()
    code, output = run(["nice", "-n", "10", "ninja", "-C", "build/asan", "--quiet"], BUILD_SECONDS)
    if code != 0:
        tally.add("build", "sanitizers", "failed", output)
    return tally


def run_timed(title, suite, *words):
    begun = time.monotonic()
    tally = suite(*words)
    return title, tally, time.monotonic() - begun


def run_builds(tally, pattern):
    """All that there is of each build; ./dev has made the plain one. What computes goes beside what
    waits, and what wants the machine for itself comes last."""
    names, count = live_names(tally, pattern)
    many = ["-m", "not alone", f"--numprocesses={min(LIVE_WORKERS, count)}", "--dist=loadgroup"]
    with concurrent.futures.ThreadPoolExecutor(1) as beside:
        building = beside.submit(run_timed, "build, sanitizers", build_sanitized)
        programs = [beside.submit(run_timed, f"unit and corpus, {label}", run_programs, label,
                                  directory, pattern) for label, directory in reversed(BUILDS)]
        for label, directory in BUILDS:
            if directory == "asan":
                tally.take_over(*building.result())
            if count > 0:
                tally.take_over(*run_timed(f"live, {label}", run_live, label, directory, names,
                                           many))
        for done in programs:
            tally.take_over(*done.result())
    for label, directory in BUILDS if count > 0 else ():
        tally.take_over(*run_timed(f"live and alone, {label}", run_live, label, directory, names,
                                   ["-m", "alone"]))


def main():
    pattern = sys.argv[1] if len(sys.argv) > 1 else ""
    tally = Tally()
    tally.take_over(*run_timed("lint", run_lints, pattern))
    run_builds(tally, pattern)
    tally.count_skipped()
    if not tally.ran and not tally.skipped:
        print(f'no test has "{pattern}" in its name')
    print(f"{tally.passed} passed, {tally.failed} failed", flush=True)
    return 0 if tally.failed == 0 and tally.passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
