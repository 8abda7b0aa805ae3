#!/usr/bin/env bash
# Measures Apache ZooKeeper and this server, one after the other in turns, and writes the table of
# docs/benchmarks.md. Arguments: see compare.py --help.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
cd "$root"
swift build --configuration release --product zkbench
if [[ " $* " != *" --only apache "* ]]; then
    swift build --configuration release --product zknode
fi
exec python3 tools/bench/compare.py "$@"
