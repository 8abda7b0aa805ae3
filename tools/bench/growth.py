"""Part `growth`: how sets a second and their p99 change with znodes, servers and connections."""

import ensembles
import throughput
from zkbench import announce


def measure(make, bench, arguments):
    """`make(count)` is an ensemble of so many servers. Lists of [x, sets/s, p99 in ms] by axis."""
    return {
        "servers": by_servers(make, bench, arguments),
        "connections": by_connections(make(arguments.servers), bench, arguments),
        "znodes": by_znodes(make(arguments.servers), bench, arguments),
    }


def point(server, bench, arguments, x, *options):
    run = bench(server, "run", "--op", "set", "--value-bytes", "100", *options,
                *throughput.timing(arguments))
    announce(server, f"{x:,}", run)
    return [x, run["repliesPerSecond"], run["latencyMilliseconds"]["p99"]]


def by_servers(make, bench, arguments):
    points = []
    for count in arguments.growth_servers:
        with ensembles.running(make(count)) as server:
            throughput.warm_up(server, bench, arguments)
            points.append(point(server, bench, arguments, count, *throughput.PIPELINED))
    return points


def by_connections(server, bench, arguments):
    """Four requests in flight on each."""
    with ensembles.running(server):
        throughput.warm_up(server, bench, arguments)
        return [
            point(server, bench, arguments, count, "--connections", count, "--in-flight", "4")
            for count in arguments.growth_connections]


def by_znodes(server, bench, arguments):
    """Sets at random among the znodes that were loaded last, beside the ones before."""
    points = []
    with ensembles.running(server):
        throughput.warm_up(server, bench, arguments)
        for count in arguments.growth_znodes:
            root = f"/load{count}"
            have = sum(it for it in arguments.growth_znodes if it < count)
            bench(server, "load", "--root", root, "--count", count - have, "--value-bytes", "100")
            points.append(point(server, bench, arguments, count, "--loaded", root, "--keys",
                                count - have, *throughput.PIPELINED))
    return points


AXES = {
    "znodes": ("znodes", True),
    "servers": ("servers", False),
    "connections": ("connections, 4 sets in flight on each", True),
}


def charts(results, subtitle):
    """A figure for each axis, by name; `results` by title of the server."""
    figures = {}
    for axis, (label, is_logarithmic) in AXES.items():
        def panel(title, column, **more):
            return {"title": title, "xLabel": label, "isXLogarithmic": is_logarithmic,
                    "hasMarks": True, **more,
                    "series": [{"name": name, "points": [[it[0], it[column]] for it in each[axis]]}
                               for name, each in results.items()]}
        figures[f"growth-{axis}"] = {
            "title": f"Sets of 100 B by {axis}", "subtitle": subtitle,
            "panels": [panel("sets a second", 1), panel("p99, ms", 2, isYLogarithmic=True)]}
    return figures
