"""C files as the lints see them: by lines, without what is only said in comments and strings."""
import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent

# Comments, strings and characters, in the order in which one hides the others.
_HIDDEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def c_files(top, *folders):
    found = [path for folder in folders for ending in ("*.c", "*.h")
             for path in (top / folder).rglob(ending)]
    return sorted(found)


def code_lines(path):
    """The lines with comments blanked and strings emptied; #include keeps its file name."""
    def blank(match):
        text = match.group(0)
        if text[0] in "\"'":
            return text[0] * 2
        return "\n" * text.count("\n") + " "

    lines = []
    original = path.read_text(errors="replace").split("\n")
    for number, line in enumerate(_HIDDEN.sub(blank, "\n".join(original)).split("\n")):
        lines.append(original[number] if re.match(r"\s*#\s*include\b", line) else line)
    return lines


def report(faults, what):
    """Prints the faults, each a (path, line, text), and ends the lint."""
    for path, line, text in faults:
        print(f"{path}:{line}: {text}")
    if faults:
        sys.exit(1)
    print(what)


def top_from_arguments():
    return Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else TOP
