#!/usr/bin/python3
"""Gives the lints small trees with one fault each, which they must find, and one with none."""
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent

CLEAN = {
    "src/base/a.h": '#ifndef BASE_A_H\n#define BASE_A_H\nint a(void);\n#endif\n',
    "src/base/a.c": '#include "base/a.h"\n\n/* sprintf(x) #ifdef */\nint\na(void)\n{\n'
                    '\treturn "strcpy(syscall("[0];\n}\n',
    "src/os/b.c": '#include <linux/bpf.h>\n#include "base/a.h"\n#ifdef SYS_bpf\n#endif\n'
                  'int b(void) { return syscall(1); }\n',
    "src/tls/c.c": '#include <openssl/ssl.h>\n#include "base/a.h"\n',
    "src/base/meson.build": "sources += files('a.c')",
    "src/os/meson.build": "sources += files('b.c')  # not 'x.c'",
    "src/tls/meson.build": "sources += files('c.c')",
    "src/role/meson.build": "sources += files('d.c')",
    "test/unit/os/meson.build": "unit_tests += ['os/b']",
    "test/unit/os/b_test.c": "\n",
    "test/fuzz/meson.build": "fuzz_targets = ['y', 'z']",
    "test/fuzz/y.c": "\n",
    "test/fuzz/corpus/y/one": "1",
    "src/role/d.c": '#include <unistd.h>\n#include "share/e.h"\n#include "os/f.h"\n',
}

# (lint, file, its text, what must be said about it)
FAULTS = (
    ("layers.py", "src/base/x.c", '#include "os/sock.h"\n', "must not use os/"),
    ("layers.py", "src/share/x.c", '#include "http/h1.h"\n', "must not use http/"),
    ("layers.py", "src/http/x.h", '#include "config/config.h"\n', "must not use config/"),
    ("layers.py", "src/serve/x.c", '#include "role/edge.h"\n', "must not use role/"),
    ("layers.py", "src/serve/x.c", '#include "files.h"\n', "layer/file.h"),
    ("layers.py", "src/serve/x.c", '#include "../role/edge.h"\n', "layer/file.h"),
    ("layers.py", "src/http/x.c", "#include <openssl/evp.h>\n", "crypto library"),
    ("layers.py", "src/role/x.c", "#include <gnutls/gnutls.h>\n", "crypto library"),
    ("layers.py", "src/role/x.c", "#include <sys/epoll.h>\n", "interface of the kernel"),
    ("layers.py", "src/http/x.c", "#include <sys/socket.h>\n", "leaves to others"),
    ("layers.py", "src/share/x.c", "  #  include <unistd.h>\n", "leaves to others"),
    ("layers.py", "src/tls/x.c", "#ifdef OPENSSL_3\n#endif\n", "conditional compilation"),
    ("layers.py", "src/tls/x.h", "#ifndef TLS_X_H\n#define TLS_X_H\n#if 0\n#endif\n#endif\n",
     "x.h:3: conditional compilation"),
    ("layers.py", "src/role/x.c", "long x = syscall(SYS_bpf);\n", "syscall() belongs into os/"),
    ("layers.py", "src/other/x.c", "\n", "is no layer"),
    ("limits.py", "src/base/x.c", "\n\nint x = atoi(y);\n", "x.c:3: atoi()"),
    ("limits.py", "src/base/x.c", "x = strcpy (a, b);\n", "strcpy()"),
    ("limits.py", "src/base/x.c", "int x;\n" * 601, "601 lines"),
    ("limits.py", "test/live/x.c", "int x;\n" * 1001, "1001 lines"),
    ("limits.py", "src/base/x.c", "int\nx(void)\n{\n" + "\tx();\n" * 95 + "}\n", "x() has"),
    ("limits.py", "src/base/x.c", "/* TO" "DO: later */\n", "do it, or leave it out"),
    ("listed.py", "src/os/x.c", "\n", "src/os/x.c:1: is not in"),
    ("listed.py", "test/unit/os/x_test.c", "\n", "is not in"),
    ("listed.py", "test/fuzz/x.c", "\n", "is not in"),
    ("listed.py", "test/fuzz/z.c", "\n", "has no inputs"),
    ("limits.py", "docs/x.md", "FIX" "ME\n", "do it, or leave it out"),
)


def run_on(lint, files):
    with tempfile.TemporaryDirectory() as tree:
        for name, text in files.items():
            path = Path(tree) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        done = subprocess.run([sys.executable, HERE / lint, tree], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout


def main():
    wrong = []
    for lint in ("layers.py", "limits.py", "listed.py"):
        code, output = run_on(lint, CLEAN)
        if code != 0:
            wrong.append(f"{lint} finds fault with the clean tree:\n{output}")
    for lint, name, text, expected in FAULTS:
        code, output = run_on(lint, {**CLEAN, name: text})
        if code != 1 or expected not in output:
            wrong.append(f'{lint}, {name}: "{expected}" expected, but: {output or "nothing"}')
    print("\n".join(wrong) or f"{len(FAULTS)} faults found, and none where there is none")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
