#!/usr/bin/env bash
# Runs seeds of simulated ensembles in release mode; what CI runs. Arguments go to zksim.
set -euo pipefail
cd "$(dirname "$0")/.."

swift build --configuration release --product zksim
.build/release/zksim --par
exec .build/release/zksim --first-seed 1 --seeds 500 --jobs "$(nproc)" "$@"
