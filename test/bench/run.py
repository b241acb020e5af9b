#!/usr/bin/python3
"""Measures Sallyport against other servers, in the same run: ./dev bench [--help]."""
import argparse
import contextlib
import json
import os
import random
import re
import resource
import sys
import time
from pathlib import Path

import access
import machine
import report
import rows
import servers

TOP = Path(__file__).resolve().parents[2]
GROUPS = ["vpn"]  # of rows whose names begin so
NAMES = [*(row.name for row in rows.ROWS), *GROUPS, "access"]


def options():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--quick", action="store_const", const=3, dest="rounds",
                        help="three rounds: to see where it stands, not to quote")
    parser.add_argument("--only", nargs="+", metavar="ROW", default=[],
                        choices=NAMES, help="some of: " + " ".join(NAMES))
    parser.add_argument("--servers", nargs="+", metavar="NAME", default=[],
                        help="Sallyport and these alone")
    parser.add_argument("--seconds", type=int, default=1, help="of a round (1)")
    parser.add_argument("--program", type=Path, default=TOP / "build/bench/src/sallyport")
    parser.add_argument("--tools", type=Path, default=TOP / "build/bench/test/bench")
    parser.add_argument("--write", action="store_true", help="the result to docs/BENCHMARKS.md")
    return parser.parse_args()


def said(text):
    print(text, file=sys.stderr, end="", flush=True)


class Run:
    def __init__(self, asked, stage):
        self.asked, self.stage = asked, stage
        self.client = rows.Client(asked.tools / "bench-client", asked.seconds)

    def chosen(self, row):
        return [kind for kind in row.competitors if not self.asked.servers
                or kind.name in ["Sallyport", *self.asked.servers]]

    def one_round(self, row, running, results):
        random.shuffle(running)
        for kind, server in running:
            with server if row.fresh else contextlib.nullcontext():
                results[kind.name].append(row.measure(self.client, server))
            said(".")

    def measure(self, row):
        """{server: [figure of each round]}; the same index is the same round."""
        results = {kind.name: [] for kind in self.chosen(row)}
        with contextlib.ExitStack() as stack:
            backend = None
            if row.backend is not None:
                backend = stack.enter_context(row.backend(self.stage))
            running = [(kind, backend if kind is servers.BackEnd else kind(self.stage, backend))
                       for kind in self.chosen(row)]
            if not row.fresh:
                for kind, server in running:
                    if server is not backend:
                        stack.enter_context(server)
                        machine.check_pinned(server.pids())
                    row.measure(self.client, server)  # warms it up
            for _ in range(min(self.asked.rounds, row.most_rounds)):
                self.one_round(row, running, results)
        return results


def allow_descriptors():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def sections(text):
    """{heading: its text}, in their order; what comes before the first has none."""
    parts = re.split(r"^(## .*\n)", text, flags=re.M)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2]))}


def write(text):
    """What is measured otherwise keeps its place in the file."""
    file = TOP / "docs/BENCHMARKS.md"
    parts = {**sections(file.read_text()), **sections(text.rstrip("\n") + "\n\n")}
    file.write_text("".join(heading + body for heading, body in parts.items()).rstrip("\n") + "\n")


def is_asked(asked, row):
    return not asked.only or row.name in asked.only or row.name.split("-")[0] in asked.only


def main():
    asked = options()
    allow_descriptors()
    os.environ["PATH"] += ":/usr/sbin"
    stage = servers.Stage(asked.program)
    begun, measured, many = time.monotonic(), [], None
    try:
        run = Run(asked, stage)
        for row in rows.ROWS:
            if not is_asked(asked, row):
                continue
            said(f"{row.name} ")
            measured.append((row, run.measure(row)))
            said("\n")
        if not asked.only or "access" in asked.only:
            many = access.measure(stage, asked.tools, asked.rounds, asked.seconds, said)
    finally:
        stage.close()
    (TOP / "build/bench/results.json").write_text(
        json.dumps({row.name: results for row, results in measured} | {"access": many}))
    few = min([asked.rounds] + [row.most_rounds for row, _ in measured])
    text = report.whole(measured, command=" ".join(["./dev bench", *sys.argv[1:]]),
                        minutes=round((time.monotonic() - begun) / 60), few=few,
                        rounds=asked.rounds, seconds=asked.seconds)
    if many is not None:
        text += "\n" + access.told(many)
    print(text)
    if asked.write:
        write(text)


if __name__ == "__main__":
    main()
