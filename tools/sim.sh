#!/usr/bin/env bash
# Runs seeds of simulated ensembles in release mode, and looks for every known bug that is put back;
# what CI runs. With arguments: zksim with these and nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."

swift build --configuration release --product zksim
[ $# -eq 0 ] || exec .build/release/zksim "$@"
.build/release/zksim --first-seed 1 --seeds 500 --jobs "$(nproc)"
.build/release/zksim --rot --first-seed 1 --seeds 100 --jobs "$(nproc)"
.build/release/zksim --par
.build/release/zksim --canaries --jobs "$(nproc)"
