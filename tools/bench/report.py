"""The results of a comparison as Markdown."""

import os
import platform
import subprocess

import targets

# What stands between these two lines of the page is replaced.
BEGIN = "<!-- {}: begin -->\n"
END = "<!-- {}: end -->"
KINDS = ["apache", "zknode"]
# What of the ceilings is asked: workload, what does nothing, part of its rate.
CEILINGS = [
    ("pipelined sets", "null quorum, sets", 0.4),
    ("pipelined gets", "null server, gets", 0.4),
]


def markdown(kept, arguments):
    """`kept` as the store has it. The machine, then a row for each measure that there is."""
    head = ["measure", "Apache ZooKeeper", "ZKNode", "ratio", "asked", "met"]
    rows = []
    for row in targets.rows():
        values = [value(kept, row, name) for name in KINDS]
        if any(it is not None for it in values):
            rows.append(line(row, *values))
    rows += ceilings(kept)
    table = [head, ["---"] * len(head), *rows]
    if arguments.servers == 1:
        table = [cells[:-2] for cells in table]
    body = "\n".join("| " + " | ".join(cells) + " |" for cells in table)
    return "\n\n".join([*([body] if rows else []), provenance(kept, arguments)]) + "\n"


def write(path, text, name="results"):
    """Replaces what is between the markers of that name in the page."""
    page = path.read_text()
    begin = page.index(BEGIN.format(name)) + len(BEGIN.format(name))
    path.write_text(page[:begin] + "\n" + text + "\n" + page[page.index(END.format(name)) :])


def value(kept, row, name):
    rounds = kept.get((row.part, name), {}).get("rounds", [])
    known = [it for it in (row.value(one) for one in rounds) if it is not None]
    return row.combine(known) if known else None


def line(row, apache, ours):
    cells = ["-" if it is None else row.text(it) for it in (apache, ours)]
    ratio, met = "", ""
    if apache and ours:
        better = ours / apache if row.is_more_better else apache / ours
        ratio = f"{better:.2g}x" if better < 10 else f"{better:.0f}x"
    if row.is_met and ours is not None:
        met = yes(row.is_met(ours, apache))
    return [row.title, *cells, ratio, row.asked, met]


def ceilings(kept):
    """What does nothing, and how much of its rate ours has."""
    rows = []
    nothing = kept.get(("null", "none"))
    for name, ceiling, part in CEILINGS if nothing else []:
        row = targets.Row("null", ceiling, lambda it: it[ceiling]["rate"], targets.per_second)
        limit = value(kept, row, "none")
        ours = value(kept, targets.workload(name), "zknode")
        cells = ["", targets.per_second(limit), "", "", ""]
        rows.append([f"{ceiling}: the ceiling", *cells])
        if ours is not None:
            rows.append([f"{name}, of that", "", f"{ours / limit:.0%}", "",
                         f"at least {part:.0%}", yes(ours >= part * limit)])
    return rows


def yes(is_so):
    return {None: "", True: "yes", False: "**no**"}[is_so]


def machine_line():
    processor = "unknown processor"
    for row in open("/proc/cpuinfo"):
        if row.startswith("model name"):
            processor = row.split(":", 1)[1].strip()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{processor}, {os.cpu_count()} cores, {memory:.0f} GiB, Linux {platform.release()}"


def provenance(kept, arguments):
    """Machine, versions and the command of each part."""
    java = subprocess.run(["java", "-version"], capture_output=True, text=True).stderr
    lines = [
        f"- machine: {machine_line()}; generator and servers on it",
        f"- disk: {disk(arguments.directory)}",
        f"- Java: {java.splitlines()[0] if java else 'none'}",
    ]
    for name in KINDS:
        versions = sorted({it["version"] for (part, kind), it in kept.items()
                           if kind == name and part != "growth"})
        if versions:
            lines.append(f"- {name}: {'; '.join(versions)}")
    commands = {}
    for (part, name), it in kept.items():
        about = (f"{it['date']}, commit {it['commit']}, {len(it['rounds'])} rounds, load average "
                 f"before {it['load']:.1f}, heap at most {it['heap']}: `{it['command']}`")
        commands.setdefault(about, set()).add(part)
    for about, parts in commands.items():
        lines.append(f"- {', '.join(sorted(parts))}: {about}")
    return "\n".join(lines)


def disk(directory):
    """The file system of `directory`."""
    text = subprocess.run(
        ["df", "--output=source,fstype", directory], capture_output=True, text=True
    ).stdout
    return " ".join(text.splitlines()[-1].split())
