#!/usr/bin/python3
"""limits.py [TREE]: what may not be called, how long things may be, and nothing left for later."""
import re
import subprocess
from pathlib import Path

from source import c_files, code_lines, report, top_from_arguments

FUNCTION_LINES = 95
FILE_LINES = {"src": 600, "test": 1000}  # tests are tables and many small functions

# Each is replaced by something that knows how much room there is, or says when it fails.
BANNED = re.compile(r"(?<![\w.>])(strcpy|strcat|stpcpy|strncpy|strncat|sprintf|vsprintf|gets|strtok"
                    r"|strtok_r|atoi|atol|atoll|atof|alloca|bcopy|bzero|tmpnam|mktemp)\s*\(")
# Spelled so that this file does not find itself.
LATER = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
WITH_MARKS = {".c", ".h", ".py", ".sh", ".md", ".build", ".in", ".conf", ".html", ".css", ""}
FOLDERS = ("src", "test", "tools", "docs", "man", "dist", "demo")


def banned_calls(path):
    for number, line in enumerate(code_lines(path), 1):
        match = BANNED.search(line)
        if match:
            yield number, f"{match.group(1)}() is not used here"


def too_long(path, most):
    length = len(path.read_text(errors="replace").splitlines())
    if length > most:
        yield 1, f"{length} lines, {most} are the most"


def long_functions(files):
    """Every (file, line, text), by one run of ctags."""
    listed = subprocess.run(["ctags", "--languages=C", "--langmap=C:.c.h", "--kinds-C=f",
                             "--fields=ne", "--excmd=number", "-f", "-", "-L", "-"],
                            input="\n".join(map(str, files)), text=True, check=True,
                            stdout=subprocess.PIPE).stdout
    for row in listed.splitlines():
        name, path, _, *fields = row.split("\t")
        where = dict(field.split(":", 1) for field in fields if ":" in field)
        length = int(where.get("end", 0)) - int(where["line"]) + 1
        if length > FUNCTION_LINES:
            yield path, where["line"], f"{name}() has {length} lines, {FUNCTION_LINES} are the most"


def marks(path):
    if path.suffix in WITH_MARKS and path.is_file():
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            match = LATER.search(line)
            if match:
                yield number, f"{match.group(1)}: do it, or leave it out"


def text_files(top):
    """What people wrote: not the inputs of fuzzers."""
    for folder in FOLDERS:
        yield from (path for path in (top / folder).rglob("*")
                    if "corpus" not in path.parts and "__pycache__" not in path.parts)


def main():
    top = top_from_arguments()
    files = c_files(top, *FILE_LINES)
    faults = []
    for path in files:
        folder = path.relative_to(top).parts[0]
        faults += [(path, *fault) for fault in too_long(path, FILE_LINES[folder])]
        # Tests and fuzz targets read what they wrote themselves.
        if folder == "src":
            faults += [(path, *fault) for fault in banned_calls(path)]
    faults += long_functions(files)
    faults += [(path, *fault) for path in text_files(top) for fault in marks(path)]
    faults = [(Path(path).relative_to(top), line, text) for path, line, text in faults]
    report(faults, f"{len(files)} files are within their limits")


if __name__ == "__main__":
    main()
