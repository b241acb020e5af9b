"""Processes, the CPU time they used and the memory they hold, as /proc says."""
import os
import platform
import subprocess
from pathlib import Path

PACKAGES = ("nginx", "h2o", "haproxy", "sslh", "openvpn", "libssl3", "libnghttp2-14", "wrk", "nghttp2-client")

_processors = sorted(os.sched_getaffinity(0))
SERVER_CPU, CLIENT_CPU = _processors[0], _processors[-1]


def pinned(cpu, command):
    """On one processor; ahead of what else runs there, where root may ask for that."""
    ahead = ["nice", "-n", "-15"] if os.geteuid() == 0 else []
    return [*ahead, "taskset", "-c", str(cpu), *map(str, command)]


def tree(pid):
    """The process and all its descendants that still run."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*"):
        for child in (task / "children").read_text().split():
            found += tree(int(child))
    return found


def cpu_seconds(pids):
    """User and system time of all threads, in the scheduler's nanoseconds, not in ticks."""
    total = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").glob("*"):
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def check_pinned(pids):
    """A server that chose its processors itself would be measured on others than its peers."""
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").glob("*"):
            if os.sched_getaffinity(int(task.name)) != {SERVER_CPU}:
                raise SystemExit(f"process {pid} is not on processor {SERVER_CPU}")


def _summed_kib(pids, beginning):
    """Of the lines about their memory that begin so."""
    return sum(int(line.split()[1]) for pid in pids
               for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
               if line.startswith(beginning))


def memory_kib(pids):
    """Proportional set size: of pages shared with others, their part."""
    return _summed_kib(pids, "Pss:")


def private_kib(pids):
    """Of their own alone: what they share with clients on this machine changes with how many of
    those there are."""
    return _summed_kib(pids, "Private_")


def _packages():
    for name in PACKAGES:
        found = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", name], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if found.returncode == 0:
            yield f"{name} {found.stdout}"


def _from_file(path, key):
    for line in Path(path).read_text().splitlines():
        if line.startswith(key):
            return line.split("=" if "=" in line else ":", 1)[1].strip().strip('"')
    return "unknown"


def description():
    memory = int(_from_file("/proc/meminfo", "MemTotal").split()[0]) / 2 ** 20
    hypervisor = " (virtual)" if "hypervisor" in _from_file("/proc/cpuinfo", "flags") else ""
    return (f"{os.cpu_count()} processors, {_from_file('/proc/cpuinfo', 'model name')}{hypervisor},"
            f" {memory:.0f} GiB, Linux {platform.release()},"
            f" TCP {Path('/proc/sys/net/ipv4/tcp_congestion_control').read_text().strip()},"
            f" {_from_file('/etc/os-release', 'PRETTY_NAME')}; {', '.join(_packages())}")
