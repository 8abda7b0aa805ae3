#!/usr/bin/env bash
# Three servers of Apache ZooKeeper become ZKNode and Apache's again, one by one, under load.
# `tools/demo-migration.sh --between 5`; the options are migration_demo.py's: --help.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[ -x .venv/bin/python ] || { echo "no .venv: run tools/test.sh interop once" >&2; exit 1; }
exec .venv/bin/python Tests/interop/migration_demo.py "$@"
