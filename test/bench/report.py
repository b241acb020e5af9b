"""Turns what was measured into Markdown."""
import statistics

import machine

SAME = 0.05  # a smaller difference is none

METHOD = """\
# Benchmarks

Made by `{command}`; it takes about {minutes} minutes and installs the peers from Debian first.
Absolute figures say little: they move by a third from machine to machine and from run to run.
What counts is the ratio to a peer that was measured in the same minutes.

**Machine.** {machine}.

**Method.** Server on one processor, client (and the back end behind a relay) on the other, all
over loopback, or for VPNs over a cable (veth) between two networks of their own. One worker or
thread each, an ECDSA P-256 certificate, access logs off, sessions and tickets as each server has
them by default. Rounds of {seconds} s of each competitor in shuffled order, {rounds} of them
({few} where servers start anew for each); every server is started once for a row and warmed up.
CPU is user and system time of all processes of a server, memory is the growth of their
proportional set size. Ratios are those of the two figures of one round: the median, and the least
and the greatest in brackets. Differences under 5 % are none.
"""


def figure(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def ratios(own, other):
    return [a / b for a, b in zip(own, other)]


def told(values):
    return f"{statistics.median(values):.2f} ({min(values):.2f}–{max(values):.2f})"


def percentile(values, part):
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def flat(series):
    """One figure a round: where a round gave many, their median."""
    return [statistics.median(x) if isinstance(x, list) else x for x in series]


def rival_of(row, medians):
    """The one to be compared with: the best of those named in the goal."""
    there = [name for name in row.rivals if name in medians]
    return min(there, key=medians.get) if there else None


def verdict(row, results):
    """(rival, ratios, whether the goal is reached), or None for a row without one."""
    medians = {name: statistics.median(flat(series)) for name, series in results.items()}
    rival = rival_of(row, medians)
    if rival is None or "Sallyport" not in results:
        return None
    found = ratios(flat(results["Sallyport"]), flat(results[rival]))
    return rival, found, statistics.median(found) <= row.goal


def summary_line(row, results):
    found = verdict(row, results)
    own = flat(results.get("Sallyport", [float("nan")]))
    begin = f"| {row.title} | {figure(statistics.median(own))} {row.unit.split()[0]} |"
    if found is None:
        return begin + " | | – |"
    rival, found, reached = found
    goal = f"at most {row.goal:g} × {rival}"
    return begin + f" {told(found)} × {rival} | {goal} | {'yes' if reached else '**no**'} |"


def against(name, own, other):
    if name == "Sallyport" or not own:
        return "–"
    found = ratios(own, other)
    none = " no difference" if abs(statistics.median(found) - 1) < SAME else ""
    return told(found) + none


def details(row, results):
    many = any(isinstance(x, list) for series in results.values() for x in series)
    lines = [f"### {row.title}", "", f"In {row.unit}. {row.remark}".rstrip(), "",
             "| | median | range |" + (" 99th percentile | 99.9th |" if many else "")
             + " Sallyport is … times it |", "|---|---|---|---|" + ("---|---|" if many else "")]
    own = flat(results.get("Sallyport", []))
    for name, series in sorted(results.items(), key=lambda r: statistics.median(flat(r[1]))):
        values = flat(series)
        cells = [name, figure(statistics.median(values)),
                 f"{figure(min(values))}–{figure(max(values))}"]
        if many:
            every = [x for one in series for x in one]
            cells += [figure(percentile(every, part)) for part in (0.99, 0.999)]
        cells.append(against(name, own, values))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def whole(measured, **about):
    """`measured`: pairs of a row and its results, {server: [a figure for each round]}."""
    parts = [METHOD.format(machine=machine.description(), **about), "## In short\n",
             "| work | Sallyport | compared | goal | reached |\n|---|---|---|---|---|\n"
             + "\n".join(summary_line(*pair) for pair in measured) + "\n", "## In full\n"]
    return "\n".join(parts + [details(*pair) for pair in measured])
