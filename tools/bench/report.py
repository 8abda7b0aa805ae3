"""The results of a comparison as Markdown."""

import datetime
import os
import platform
import statistics
import subprocess

# What stands between these two lines of the page is replaced.
BEGIN = "<!-- {}: begin -->\n"
END = "<!-- {}: end -->"


def markdown(results, workloads, arguments):
    """The tables: a column for each server and, with two, how much better ours is."""
    parts = [machine(results, arguments), throughput_table(results, workloads)]
    if all(it["big"] for it in results.values()):
        parts.append(big_table(results, arguments))
    return "\n\n".join(parts) + "\n"


def write(path, text, name="results"):
    """Replaces what is between the markers of that name in the page."""
    page = path.read_text()
    begin = page.index(BEGIN.format(name)) + len(BEGIN.format(name))
    path.write_text(page[:begin] + "\n" + text + "\n" + page[page.index(END.format(name)) :])


def throughput_table(results, workloads):
    rows = []
    for name, kind, _ in workloads:
        values = []
        for result in results.values():
            runs = [one_round[name] for one_round in result["rounds"]]
            rates = statistics.median(run["repliesPerSecond"] for run in runs)
            p50, p99 = (
                statistics.median(run["latencyMilliseconds"][q] for run in runs)
                for q in ["p50", "p99"]
            )
            values.append((rates, p50, p99))
        if kind == "rate":
            cells = [f"{rate:,.0f}/s (p99 {p99:.2f} ms)" for rate, _, p99 in values]
            ratio = values[-1][0] / values[0][0]
        else:
            cells = [f"p50 {p50:.3f} ms (p99 {p99:.2f} ms)" for _, p50, p99 in values]
            ratio = values[0][1] / values[-1][1]
        rows.append([name, *cells] + ([f"{ratio:.1f}x"] if len(values) == 2 else []))
    return table(results, "1 KiB values, 1000 znodes", rows)


def big_table(results, arguments):
    def mebibytes(count):
        return f"{count / 2**20:,.0f} MiB"

    def row(name, value, text, combine=statistics.median):
        """`value` takes a number from a round; less is better."""
        shown = []
        for result in results.values():
            numbers = [value(one_round) for one_round in result["big"]]
            known = [number for number in numbers if number is not None]
            shown.append(combine(known) if known else None)
        cells = ["-" if number is None else text(number) for number in shown]
        ratio = "-"
        if len(shown) == 2 and all(shown):
            ratio = f"{shown[0] / shown[1]:.1f}x"
        return [name, *cells] + ([ratio] if len(shown) == 2 else [])

    rows = [
        row("memory (RSS) after the load", lambda it: it["RSS after load"], mebibytes),
        row("memory (RSS) after a restart", lambda it: it["RSS after restart"], mebibytes),
        row("of it live heap", lambda it: it["live heap"], mebibytes),
        row("data on the disk", lambda it: it["disk"], mebibytes),
        row("restart to first reply", lambda it: it["restart seconds"], "{:.2f} s".format),
    ]
    for key, what in [
        ("full", "sets as fast as they go"),
        ("paced", f"{arguments.rate:,} sets/s"),
    ]:
        for name, text in [
            ("rate", "{:,.0f}/s".format),
            ("snapshots", "{:.0f}".format),
            ("worst window", "{:.0f} replies".format),
            ("longest silence", "{:.0f} ms".format),
            ("p99", "{:.1f} ms".format),
            ("max", "{:.0f} ms".format),
        ]:
            # A stall is claimed not to be there: one round that has it is enough to show it.
            combine = {"worst window": min, "longest silence": max, "max": max}.get(
                name, statistics.median)
            line = row(f"snapshots under {what}: {name}", lambda it: it[key][name], text, combine)
            if name in ("rate", "worst window", "snapshots") and len(line) == 4:
                line[3] = ""
            rows.append(line)
    return table(results, f"{arguments.znodes:,} znodes of 100 B", rows)


def table(results, title, rows):
    head = [title] + [f"{it['title']}" for it in results.values()]
    if len(results) == 2:
        head.append("better by")
    lines = [head, ["---"] * len(head)] + rows
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def machine(results, arguments):
    processor = "unknown"
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            processor = line.split(":", 1)[1].strip()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    java = subprocess.run(["java", "-version"], capture_output=True, text=True).stderr
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True
    ).stdout.strip()
    lines = [
        f"Measured on {datetime.date.today()}, commit {commit}, {arguments.rounds} rounds of "
        f"{arguments.seconds} s each, medians.",
        "",
        f"- machine: {processor}, {os.cpu_count()} cores, {memory:.0f} GiB, "
        f"Linux {platform.release()}, generator and server on the same machine",
        f"- load average before: {arguments.load_before:.1f}",
        f"- disk: {disk(arguments.directory)}",
        f"- Java: {java.splitlines()[0] if java else 'none'}, heap at most {arguments.heap}",
    ]
    for result in results.values():
        lines.append(f"- {result['title']}: {result['rounds'][0]['version']}")
    options = [f"--only {arguments.only}"] if arguments.only else []
    if arguments.servers > 1:
        options.append(f"--servers {arguments.servers}")
    options += [f"--rounds {arguments.rounds}", f"--seconds {arguments.seconds}"]
    lines.append(f"- command: `tools/bench/compare.sh {' '.join(options)}`")
    return "\n".join(lines)


def disk(directory):
    """The file system of `directory`."""
    text = subprocess.run(
        ["df", "--output=source,fstype", directory], capture_output=True, text=True
    ).stdout
    return " ".join(text.splitlines()[-1].split())
