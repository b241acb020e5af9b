#!/usr/bin/python3
"""examples.py PROGRAM: every configuration in the documentation is one the program reads."""
import re
import subprocess
import sys
import tempfile

from source import TOP, report

FENCED = re.compile(r"^```\n(.*?)^```$", re.DOTALL | re.MULTILINE)
DISPLAYED = re.compile(r"^\.Bd -literal[^\n]*\n(.*?)^\.Ed$", re.DOTALL | re.MULTILINE)
ONE_OF_OURS = re.compile(r"(state_dir|site|share|vpn|listen|plain|trust_forwarded)\b")

# A part of a configuration, made whole.
FRAME = """
state_dir /var/lib/sallyport
site frame.example { certificate self-signed
    root /srv/www
}
"""


def examples():
    """(file, line, text) of each."""
    for path in [TOP / "README.md", *sorted((TOP / "docs").glob("*.md"))]:
        text = path.read_text()
        for match in FENCED.finditer(text):
            if ONE_OF_OURS.match(match.group(1)):
                yield path, text.count("\n", 0, match.start()) + 2, match.group(1)
    path = TOP / "man/sallyport.conf.5.in"
    text = path.read_text()
    for match in DISPLAYED.finditer(text):
        if ONE_OF_OURS.match(match.group(1)):
            yield path, text.count("\n", 0, match.start()) + 2, match.group(1)
    path = TOP / "dist/sallyport.conf.example"
    text = path.read_text()
    yield path, 1, text
    # What is commented out in it, too.
    yield path, 1, re.sub(r"^    # ", "    ", text, flags=re.MULTILINE)


def fault_of(program, text):
    if not re.search(r"^state_dir", text, re.MULTILINE):
        text = FRAME + text
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(text)
        file.flush()
        done = subprocess.run([program, "config", "-c", file.name], text=True,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return done.stderr if done.returncode != 0 else None


def main():
    found = list(examples())
    faults = [(path.relative_to(TOP), line, fault)
              for path, line, text in found if (fault := fault_of(sys.argv[1], text))]
    report(faults, f"{len(found)} examples are configurations")


if __name__ == "__main__":
    main()
