"""Results, a file for each part and kind of server, so that a table can be made of several runs."""

import datetime
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def path(arguments, part, name):
    return pathlib.Path(arguments.results) / f"{part}-{name}-{arguments.servers}.json"


def add(arguments, part, one, version, result, is_first):
    """Keeps the result of a round; the first of a run takes the place of an earlier run's."""
    name, title = (one.name, one.title) if one else ("none", "")
    file = path(arguments, part, name)
    kept = {} if is_first else json.loads(file.read_text())
    kept |= {
        "title": title, "version": version, "date": str(datetime.date.today()),
        "commit": commit(), "load": arguments.load_before, "heap": arguments.heap,
        "command": "tools/bench/compare.sh " + " ".join(own_arguments()),
        "settings": {key: getattr(arguments, key) for key in [
            "seconds", "warmup", "znodes", "snap_count", "rate", "kills", "missed", "sessions",
            "watches", "slow_clients"]},
        "rounds": [*kept.get("rounds", []), result],
    }
    file.write_text(json.dumps(kept, indent=1))


def own_arguments():
    """As they were given, without paths of this machine."""
    words, given = [], sys.argv[1:]
    while given:
        word = given.pop(0)
        if word in ("--directory", "--results", "--zkbench", "--zknode"):
            given = given[1:]
        elif word not in ("--write", "--report"):
            words.append(word)
    return words


def load(arguments):
    """Everything that is kept of this number of servers, by part and name."""
    kept = {}
    for file in sorted(pathlib.Path(arguments.results).glob(f"*-{arguments.servers}.json")):
        part, name, _ = file.stem.split("-")
        kept[part, name] = json.loads(file.read_text())
    return kept


def commit():
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, cwd=ROOT)
    return done.stdout.strip() or "unknown"
