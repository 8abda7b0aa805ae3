#!/usr/bin/env bash
# An ensemble of real servers under load and random faults; nothing acknowledged may be lost.
# `tools/ensemble-test.sh --minutes 10 --servers 5`; options are ensemble_test.py's: --help.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[ -x .venv/bin/python ] || { echo "no .venv: run tools/test.sh interop once" >&2; exit 1; }
exec .venv/bin/python Tests/interop/ensemble_test.py "$@"
