"""Runs zkbench against a server and reads what it measured."""

import json
import subprocess
import time


class ZKBench:
    def __init__(self, program, directory):
        self.program, self.directory = program, directory

    def __call__(self, server, command, *options):
        """The JSON of `zkbench COMMAND` against the server; the comparison ends if it fails."""
        output = self.directory / "result.json"
        output.unlink(missing_ok=True)
        words = [self.program, command, "--servers", server.address, "--json", output, *options]
        done = subprocess.run([str(word) for word in words], stdout=subprocess.DEVNULL)
        if done.returncode != 0:
            raise SystemExit(
                f"zkbench {command} {' '.join(map(str, options))} failed on {server.name}")
        return json.loads(output.read_text())

    def plot(self, chart, path):
        """Draws a chart (see `zkbench plot --help`) as SVG."""
        source = self.directory / "chart.json"
        source.write_text(json.dumps(chart))
        subprocess.run([self.program, "plot", source, path], check=True)


def announce(server, name, result):
    latency = result["latencyMilliseconds"]
    say(server, f"{name:30} {result['repliesPerSecond']:10,.0f}/s  p50 {latency['p50']:.3f} ms  "
        f"p99 {latency['p99']:.3f} ms  max {latency['max']:.1f} ms  "
        f"generator {result['generatorCores']:.2f}")


def say(server, text):
    print(f"{time.strftime('%H:%M:%S')} {server.name:7} {text}", flush=True)
