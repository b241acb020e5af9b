#!/usr/bin/python3
"""layers.py [TREE]: proves that src/ keeps to its layers.

A folder is a layer: its files include only their own and those it may use.
Crypto libraries are included in tls/ alone; conditional compilation and the
kernel's own interfaces stand in os/ alone; protocol code does no I/O.
"""
import re

from source import c_files, code_lines, report, top_from_arguments

BELOW_SERVE = {"base", "os", "config", "ipc", "tls", "share", "http", "vpn", "json", "store", "pki",
               "access", "api"}

# Who may include whom, besides himself.
LAYERS = {
    "base": set(),
    "os": {"base"},
    "config": {"base"},
    "ipc": {"base", "os"},
    "tls": {"base"},
    "share": {"base", "config"},
    "http": {"base", "tls"},
    "vpn": {"base", "tls"},
    "json": {"base"},
    "store": {"base", "os", "json"},
    "pki": {"base", "os", "tls", "store"},
    "access": {"base", "os", "json", "tls", "store", "pki"},
    "api": {"base", "os", "config", "ipc", "http", "json", "tls", "store", "pki", "access"},
    "serve": BELOW_SERVE,
    "role": BELOW_SERVE | {"serve"},
    "cli": BELOW_SERVE | {"serve", "role"},
}

# (what is matched, the only layers that may have it, what it is)
HEADERS = (
    (re.compile(r"(openssl|gnutls|nettle|sodium|mbedtls|liboath)/|argon2\.h"), {"tls"},
     "a crypto library"),
    (re.compile(r"sqlite3\.h|libpq-fe\.h"), {"store"}, "a database"),
    (re.compile(r"(linux|asm)/|seccomp\.h|sys/(syscall|prctl|epoll|mount|capability|signalfd"
                r"|eventfd|inotify)\.h"), {"os"}, "an interface of the kernel"),
    (re.compile(r"(sys/(socket|un|stat|uio|sendfile)|netinet/\w+|arpa/inet|netdb|poll|fcntl|unistd|"
                r"dirent|pthread)\.h"), set(LAYERS) - {"config", "share", "http", "vpn", "json", "access", "api"},
     "I/O, which this layer leaves to others"),
)
CALLS = re.compile(r"(?<![\w.>])(syscall|prctl|unshare|setns|chroot|pivot_root|clone3?|mount"
                   r"|umount2|ioctl|bpf|epoll_\w+|memfd_create|signalfd|eventfd|splice|setres[ug]id"
                   r"|setgroups|sched_\w+)\s*\(")
INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')
CONDITION = re.compile(r"\s*#\s*(if|ifdef|ifndef|elif)\b")
GUARD = re.compile(r"\s*#\s*ifndef\s+([A-Z0-9_]+_H)\s*$")


def faults_of_include(layer, kind, name):
    if kind == '"':
        other = name.split("/")[0] if "/" in name else None
        if other not in LAYERS:
            yield f'"{name}" is to be written "layer/file.h"'
        elif other != layer and other not in LAYERS[layer]:
            yield f'{layer}/ must not use {other}/ ("{name}")'
        return
    for pattern, allowed, what in HEADERS:
        if pattern.match(name) and layer not in allowed:
            yield f"<{name}> is {what}"


def is_guard(lines, number):
    match = GUARD.match(lines[number])
    rest = lines[number + 1] if number + 1 < len(lines) else ""
    return match is not None and re.match(rf"\s*#\s*define\s+{match.group(1)}\s*$", rest)


def faults_of(top, path):
    layer = path.relative_to(top / "src").parts[0]
    if layer not in LAYERS:
        yield 1, f"src/{layer} is no layer: give it a place in tools/lint/layers.py"
        return
    lines = code_lines(path)
    for number, line in enumerate(lines):
        include = INCLUDE.match(line)
        for text in faults_of_include(layer, *include.groups()) if include else ():
            yield number + 1, text
        if layer == "os":
            continue
        if CONDITION.match(line) and not is_guard(lines, number):
            yield number + 1, "conditional compilation belongs into os/"
        call = CALLS.search(line)
        if call:
            yield number + 1, f"{call.group(1)}() belongs into os/"


def main():
    top = top_from_arguments()
    files = c_files(top, "src")
    faults = [(path.relative_to(top), line, text)
              for path in files for line, text in faults_of(top, path)]
    report(faults, f"{len(files)} files keep to their layers")


if __name__ == "__main__":
    main()
