#!/usr/bin/python3
"""listed.py [TREE]: every source, unit test and fuzz target stands in the meson.build beside it.

What is not listed is neither built nor run, and nobody would notice.
"""
import re

from source import c_files, report, top_from_arguments

BY_HAND = {"src/cli/main.c", "test/fuzz/replay.c"}


def listed_as(name):
    """How meson.build writes it: sources as files, tests and targets without their endings."""
    if name.startswith("src/"):
        return name.split("/", 2)[2]
    if name.startswith("test/unit/"):
        return name.removeprefix("test/unit/").removesuffix("_test.c")
    return name.removeprefix("test/fuzz/").removesuffix(".c")


def fault_of(top, path):
    name = str(path.relative_to(top))
    beside = path.parent / "meson.build"
    text = beside.read_text() if beside.exists() else ""
    # Strings only; a name of a unit test may stand with or without its layer.
    strings = set(re.findall(r"'([^']*)'", re.sub(r"#.*", "", text)))
    wanted = listed_as(name)
    if not {wanted, wanted.split("/")[-1], path.name} & strings:
        return "is not in the meson.build beside it"
    if name.startswith("test/fuzz/") and not any((path.parent / "corpus" / path.stem).glob("*")):
        return "has no inputs in test/fuzz/corpus"
    return None


def main():
    top = top_from_arguments()
    paths = [path for path in c_files(top, "src", "test/unit", "test/fuzz")
             if path.suffix == ".c" and str(path.relative_to(top)) not in BY_HAND]
    faults = [(path.relative_to(top), 1, fault_of(top, path)) for path in paths]
    report([fault for fault in faults if fault[2]], f"{len(paths)} files are built")


if __name__ == "__main__":
    main()
