#!/usr/bin/python3
"""embed.py DIST OUT.c: what was built from web/, as a table in C (src/api/web.h).

Without DIST the table is empty, and the program says where its pages would be that they are missing.
OUT.c is written only when it changes.
"""
import gzip
import hashlib
import sys
from pathlib import Path

MEDIA = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
         ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
FORMS = {"plain": "", "gzip": ".gz", "brotli": ".br"}
HEAD = '/* Made by tools/embed.py. */\n#include "api/web.h"\n'


def path_of(dist, file):
    """A page is what its name says, all else lies where it lies."""
    name = file.relative_to(dist).as_posix()
    return "/" + name.removesuffix(".html")


def built(dist):
    """(path, file) of each, in the order of the paths' bytes."""
    files = [file for file in dist.rglob("*") if file.suffix in MEDIA]
    return sorted(((path_of(dist, file), file) for file in files),
                  key=lambda one: one[0].encode())


def array(name, data):
    rows = [", ".join(map(str, data[at:at + 24])) for at in range(0, len(data), 24)]
    return f"static const uint8_t {name}[] = {{\n" + ",\n".join(rows) + "};\n"


def table(files):
    arrays, rows = [], []
    for number, (path, file) in enumerate(files):
        plain = file.read_bytes()
        if gzip.decompress(file.with_name(file.name + ".gz").read_bytes()) != plain:
            sys.exit(f"{file}.gz is of another {file.name}: build web/ anew")
        tag = hashlib.sha256(plain).hexdigest()[:20]
        spans = []
        for form, ending in FORMS.items():
            name = f"{form}_{number}"
            arrays.append(array(name, file.with_name(file.name + ending).read_bytes()))
            spans.append(f".{form} = {{{name}, sizeof {name}}}")
        rows.append(f'{{"{path}", "{MEDIA[file.suffix]}", "{tag}", {", ".join(spans)}}},\n')
    return ("".join(arrays) + "static const struct web_file files[] = {\n" + "".join(rows) + "};\n"
            f"const struct web web_built = {{files, {len(rows)}}};\n")


def main():
    dist, out = map(Path, sys.argv[1:])
    files = built(dist) if dist.is_dir() else []
    text = HEAD + (table(files) if files else "const struct web web_built = {NULL, 0};\n")
    if not out.exists() or out.read_text() != text:
        out.write_text(text)


if __name__ == "__main__":
    main()
