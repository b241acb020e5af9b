#!/usr/bin/python3
"""fuzz.py [SECONDS] [TARGET...]: explores the parsers with libFuzzer.

Starts from the inputs in test/fuzz/corpus/TARGET and what earlier runs found,
keeps what is new in build/fuzz/corpus/TARGET, and stops at the first crash.
"""
import os
import shutil
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
BUILD = TOP / "build/fuzz"
SEEDS = TOP / "test/fuzz/corpus"
OPTIONS = ["-Dtests=true", "-Dfuzz=true", "-Db_sanitize=address,undefined", "-Db_lundef=false"]


def must(command, **more):
    """Runs it; what it says matters only when it fails."""
    done = subprocess.run(command, cwd=TOP, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **more)
    if done.returncode != 0:
        sys.exit(done.stdout)


def build():
    if not (BUILD / "build.ninja").exists():
        must(["meson", "setup", BUILD, *OPTIONS], env={**os.environ, "CC": "clang"})
    must(["ninja", "-C", BUILD, "--quiet"])
    return {path.name.removeprefix("fuzz-"): path
            for path in sorted((BUILD / "test/fuzz").glob("fuzz-*")) if path.is_file()}


def explore(name, program, seconds):
    """True when nothing was found wrong."""
    corpus, crashes = BUILD / "corpus" / name, BUILD / "crashes" / name
    corpus.mkdir(parents=True, exist_ok=True)
    crashes.mkdir(parents=True, exist_ok=True)
    if (SEEDS / name).is_dir():
        shutil.copytree(SEEDS / name, corpus, dirs_exist_ok=True)
    before = len(list(corpus.iterdir()))
    print(f"{name}: {seconds} s, from {before} inputs", flush=True)
    log = BUILD / f"{name}.log"
    with log.open("wb") as out:
        code = subprocess.run([program, f"-max_total_time={seconds}", "-timeout=10",
                               "-rss_limit_mb=2048", f"-artifact_prefix={crashes}/", corpus],
                              stdout=out, stderr=subprocess.STDOUT).returncode
    if code != 0:
        print(log.read_text(errors="replace")[-6000:])
        found = max(crashes.iterdir(), key=lambda path: path.stat().st_mtime, default=None)
        print(f"{name} failed. Again, with that input alone:\n  {program} {found or ''}")
        return False
    new = len(list(corpus.iterdir())) - before
    if new > 0:
        print(f"  {new} new inputs. Those that reach new code, into the tree:\n"
              f"  {program} -merge=1 {SEEDS / name} {corpus}")
    return True


def main():
    arguments = sys.argv[1:]
    seconds = int(arguments.pop(0)) if arguments and arguments[0].isdigit() else 60
    targets = build()
    unknown = [name for name in arguments if name not in targets]
    if unknown or not targets:
        print(f"no target {' '.join(unknown)}; there are: {' '.join(targets) or 'none'}")
        return 1
    return 0 if all(explore(name, targets[name], seconds) for name in arguments or targets) else 1


if __name__ == "__main__":
    sys.exit(main())
