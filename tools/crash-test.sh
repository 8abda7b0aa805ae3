#!/usr/bin/env bash
# Kills a server under load, again and again, and checks that nothing answered was lost.
# `tools/crash-test.sh --rounds 50`; the options are crash_test.py's: --help.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[ -x .venv/bin/python ] || { echo "no .venv: run tools/test.sh interop once" >&2; exit 1; }
exec .venv/bin/python Tests/interop/crash_test.py "$@"
