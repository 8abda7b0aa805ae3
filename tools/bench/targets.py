"""The rows of the table, and what is asked of each."""

import dataclasses
import statistics
from collections.abc import Callable


@dataclasses.dataclass
class Row:
    part: str
    title: str
    # From one round to a number; None where it cannot be told.
    value: Callable[[dict], float | None]
    text: Callable[[float], str]
    # What is asked: of the ratio to Apache's, or of the number itself.
    asked: str = ""
    # Of ours and Apache's; None where that needs Apache's and there is none.
    is_met: Callable[[float, float | None], bool | None] | None = None
    combine: Callable[[list], float] = statistics.median
    is_more_better: bool = False


def per_second(number):
    return f"{number:,.0f}/s"


def milliseconds(number):
    return f"{number:,.3f} ms" if number < 1 else f"{number:,.1f} ms"


def mebibytes(number):
    return f"{number / 2**20:,.0f} MiB"


def times(factor):
    """At least so many times Apache's rate."""
    return {"asked": f"{factor:g}x", "is_more_better": True,
            "is_met": lambda ours, apache: None if apache is None else ours >= factor * apache}


def fraction(factor):
    """At most this part of Apache's time."""
    return {"asked": f"{factor:g}x the time",
            "is_met": lambda ours, apache: None if apache is None else ours <= factor * apache}


def at_most(limit, text):
    return {"asked": f"at most {text}", "is_met": lambda ours, _: ours <= limit}


def workload(name, **asked):
    return Row("throughput", name, lambda it: it[name]["rate"], per_second, **asked)


def quantile(name, key, title, **asked):
    return Row("throughput", f"{name}: {title}", lambda it: it[name][key], milliseconds, **asked)



def snapshots(kind, name, title, text=milliseconds, combine=max, **asked):
    return Row("snapshots", title, lambda it: it[kind][name], text, combine=combine, **asked)


def rows():
    """What is asked is asked of three servers."""
    return [
        workload("pipelined sets", **times(6)),
        quantile("pipelined sets", "p999", "p99.9", **fraction(0.1)),
        workload("pipelined gets", **times(7)),
        workload("pipelined, 50 % gets", **times(6)),
        workload("pipelined, 90 % gets", **times(10)),
        workload("pipelined creates", **times(6)),
        workload("64 synchronous clients, sets", **times(2.2)),
        workload("64 synchronous clients, gets", **times(2.5)),
        quantile("1 synchronous client, sets", "p50", "p50", **fraction(0.5)),
        quantile("1 synchronous client, gets", "p50", "p50", **fraction(0.45)),
        *tree_rows(),
        Row("failover", "leader killed: no acknowledged write for",
            lambda it: statistics.median(it["small"]), milliseconds, **at_most(150, "150 ms")),
        Row("failover", "the same, longest", lambda it: max(it["small"]), milliseconds,
            combine=max),
        Row("failover", "leader of many znodes killed: no acknowledged write for",
            lambda it: statistics.median(it["large"]) if "large" in it else None, milliseconds,
            **at_most(250, "250 ms")),
        Row("failover", "the same, longest", lambda it: max(it.get("large", [0])) or None,
            milliseconds, combine=max),
        Row("rejoin", "a follower that missed many transactions has them after",
            lambda it: it["seconds"] * 1000, milliseconds),
        Row("rejoin", "p99 of paced sets meanwhile", lambda it: it["p99 during"], milliseconds),
        Row("rejoin", "p99 of paced sets before", lambda it: it["p99 before"], milliseconds),
        *session_rows(),
    ]


def tree_rows():
    return [
        Row("tree", "many znodes: memory (RSS) of a server after the load",
            lambda it: it["RSS after load"], mebibytes, **at_most(260e6, "260 MB")),
        Row("tree", "many znodes: memory (RSS) after a start",
            lambda it: it["RSS after restart"], mebibytes, **at_most(260e6, "260 MB")),
        Row("tree", "of it live heap", lambda it: it["live heap"], mebibytes),
        Row("tree", "cold start of a server to serving",
            lambda it: it["one start seconds"] * 1000, milliseconds, **at_most(1000, "1 s")),
        Row("tree", "cold start of all servers to serving",
            lambda it: it["start seconds"] * 1000, milliseconds),
        Row("tree", "log and snapshots of a server on the disk after the load",
            lambda it: it["disk"], mebibytes, **at_most(600e6, "0.6 GB")),
        snapshots("full", "rate", "sets under snapshots of many znodes", per_second,
                  statistics.median, is_more_better=True),
        Row("snapshots", "the same: worst window of 100 ms, of the median window",
            lambda it: it["full"]["worst window"] / max(it["full"]["median window"], 1),
            "{:.0%}".format, "at least half", lambda ours, _: ours >= 0.5, min, True),
        snapshots("full", "max", "the same: longest latency", **at_most(50, "50 ms")),
        snapshots("full", "longest silence", "the same: longest silence"),
        snapshots("paced", "p99", "paced sets under snapshots: p99", combine=statistics.median),
        snapshots("paced", "max", "the same: longest latency"),
    ]


def session_rows():
    return [
        Row("idle", "idle sessions: memory each, of all servers",
            lambda it: it["bytes per session"] / 1024, "{:.1f} KiB".format,
            **at_most(4, "4 KiB")),
        Row("idle", "idle sessions: the busiest server's share of a core",
            lambda it: it["cores"], "{:.1%}".format, **at_most(0.02, "2 %")),
        Row("fanout", "many watches fired by one change: until the last client has its event",
            lambda it: it["last"], milliseconds, **fraction(1 / 3) | {"asked": "3x faster"}),
        Row("slow", "beside clients that do not read: fast clients' p99, of that without",
            lambda it: it["full p99 ratio"], "{:.2f}x".format, **at_most(1.2, "1.2x")),
        Row("slow", "the same at a fixed rate",
            lambda it: it["paced p99 ratio"], "{:.2f}x".format, **at_most(1.2, "1.2x")),
        Row("slow", "the same: p50 at full speed, of that without",
            lambda it: it["full p50 ratio"], "{:.2f}x".format),
        Row("slow", "the same: fast clients' requests a second, of those without",
            lambda it: it["full with"]["rate"] / it["full without"]["rate"], "{:.0%}".format,
            is_more_better=True),
        Row("growth", "sets a second with the most znodes, of those with the fewest",
            lambda it: it["znodes"][-1][1] / it["znodes"][0][1], "{:.0%}".format, "flat: at least "
            "90 %", lambda ours, _: ours >= 0.9, is_more_better=True),
    ]
