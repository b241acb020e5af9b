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
LIVE_SECONDS = 600  # for the whole of one live suite

# (label, build directory): the sanitizers find what the plain build survives,
# and only the plain build has the sandbox, FORTIFY and the optimizer at work.
BUILDS = (("sanitizers", "asan"), ("plain", "test"))

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

    def count_skipped(self):
        """What one build skips and another runs has been run."""
        for name in sorted(self.skipped.keys() - self.ran):
            print(f"  skipped: {name} ({self.skipped[name]})")
            if os.environ.get("CI"):
                self.failed += 1


def indent(text):
    return "".join("    " + line + "\n" for line in text.rstrip().splitlines())


def environment(**more):
    return {**os.environ, **SANITIZERS, **more}


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


def run_programs(tally, label, directory, pattern):
    jobs = []
    for test in meson_tests(directory):
        unit = any(suite.endswith("unit") for suite in test["suite"])
        name = ("unit/" if unit else "") + test["name"]
        if pattern in name:
            jobs.append((name, test, split_cmocka if unit else whole_program))
    with concurrent.futures.ThreadPoolExecutor(PROCESSORS) as pool:
        running = [pool.submit(run, test["cmd"], 2 * test["timeout"], **test["env"])
                   for _, test, _ in jobs]
        for (name, _, split), job in zip(jobs, running):
            for test, outcome, output in split(name, *job.result()):
                tally.add(test, label, outcome, output)
    return len(jobs) > 0


def run_lints(tally, pattern):
    chosen = [lint for lint in LINTS if pattern in "lint/" + lint[0]]
    for name, command in chosen:
        code, output = run(["/usr/bin/python3", *command], 120)
        tally.add("lint/" + name, "source", "passed" if code == 0 else "failed", output)
    return len(chosen) > 0


def live_names(pattern):
    """The live tests whose names contain the pattern, or None where collecting them fails."""
    code, output = run(["/usr/bin/python3", "-m", "pytest", "-q", "--collect-only",
                        "-p", "no:cacheprovider", "test/live"], 60)
    if code not in (0, 5):
        return None, output
    names = [line for line in output.splitlines() if "::" in line]
    return [name for name in names if pattern in name.replace("test/live", "live")], output


def run_one_live(label, directory, names):
    """Real clients against the program, which they find in $SALLYPORT."""
    report = TOP / f"build/live-{directory}.xml"
    report.unlink(missing_ok=True)
    begun = time.monotonic()
    code, output = run(["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider",
                        f"--junit-xml={report}", "-o", "junit_logging=all", *names],
                       LIVE_SECONDS, SALLYPORT=str(TOP / f"build/{directory}/src/sallyport"),
                       SALLYPORT_BUILD=label)
    return code, output, report, time.monotonic() - begun


def add_live(tally, label, code, output, report):
    failed_before = tally.failed
    if report.exists():
        for case in ElementTree.parse(report).iter("testcase"):
            name, outcome, said = live_row(case)
            tally.add(name, label, outcome, said)
    if code != 0 and tally.failed == failed_before:
        tally.add(f"live: pytest ended with {code}", label, "failed", output)


def run_live(tally, pattern):
    """Both builds at once: most of what these tests do is wait."""
    if not list((TOP / "test/live").glob("test_*.py")):
        return
    names, output = live_names(pattern)
    if names is None:
        tally.add("live: cannot be collected", "source", "failed", output)
    if not names:
        return
    chosen = names if pattern else ["test/live"]
    with concurrent.futures.ThreadPoolExecutor(len(BUILDS)) as pool:
        running = [(label, pool.submit(run_one_live, label, directory, chosen))
                   for label, directory in reversed(BUILDS)]
        for label, job in running:
            before = (tally.passed, tally.failed)
            *result, seconds = job.result()
            add_live(tally, label, *result)
            say(tally, f"live, {label}", before, seconds)


def live_row(case):
    name = f"live/{case.get('classname', '').split('.')[-1]}::{case.get('name')}"
    skipped = case.find("skipped")
    if skipped is not None:
        return name, "skipped", skipped.get("message", "")
    wrong = [node for node in case if node.tag in ("failure", "error")]
    said = [node.text or "" for node in case if node.tag in ("system-out", "system-err")]
    return (name, "failed" if wrong else "passed",
            "\n".join([node.text or node.get("message", "") for node in wrong] + said))


def say(tally, title, before, seconds):
    print(f"{title}: {tally.passed - before[0]} passed, {tally.failed - before[1]} failed"
          f" in {seconds:.0f} s", flush=True)


def main():
    pattern = sys.argv[1] if len(sys.argv) > 1 else ""
    tally = Tally()
    suites = [("lint", lambda: run_lints(tally, pattern))]
    for label, directory in BUILDS:
        suites.append((f"unit and corpus, {label}",
                       lambda l=label, d=directory: run_programs(tally, l, d, pattern)))
    for title, suite in suites:
        before, begun = (tally.passed, tally.failed), time.monotonic()
        if suite():
            say(tally, title, before, time.monotonic() - begun)
    run_live(tally, pattern)
    tally.count_skipped()
    if not tally.ran and not tally.skipped:
        print(f'no test has "{pattern}" in its name')
    print(f"{tally.passed} passed, {tally.failed} failed", flush=True)
    return 0 if tally.failed == 0 and tally.passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
