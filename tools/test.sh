#!/usr/bin/env bash
# Runs every test: the Swift ones, then on the release build the counts per operation, simulated
# ensembles and the interop tests. See --help.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/setup.sh

usage() {
    cat <<'HELP'
tools/test.sh                       everything
tools/test.sh swift [ARGUMENT...]   only the Swift tests; arguments go to `swift test`
tools/test.sh micro [ARGUMENT...]   only the counts per operation; arguments go to zkmicro
tools/test.sh sim [ARGUMENT...]     only simulated ensembles; arguments go to zksim
tools/test.sh interop [ARGUMENT...] only the interop tests; arguments go to pytest

    tools/test.sh swift --filter TxnLogTests
    tools/test.sh interop -k watches
    tools/test.sh interop --server apache      the same tests against Apache ZooKeeper

Packages that the tests lack are installed with apt-get, as root or through sudo.
HELP
}

results=()
failed=0

# stage NAME COMMAND...: runs it, and remembers how it ended and how long it took.
stage() {
    local name=$1 begun=$SECONDS outcome=passed
    shift
    say "$name"
    "$@" || outcome=FAILED
    results+=("$(printf '%-7s %4d s  %s' $outcome $((SECONDS - begun)) "$name")")
    [ $outcome = passed ] || { failed=1 && return 1; }
}

prepare_interop() {
    need_packages "the interop tests (Apache's server and clients to compare with, lz4, Python)" \
        zookeeper zookeeper-bin lz4 python3 python3-venv
    need_apache_3_9
    local requirements=Tests/interop/requirements.txt installed=.venv/requirements.txt
    cmp --silent $requirements $installed && return
    say "installing kazoo and pytest in .venv"
    rm --recursive --force .venv
    python3 -m venv .venv || fail "python3 -m venv"
    .venv/bin/pip install --quiet --disable-pip-version-check --requirement $requirements ||
        fail "pip could not install what $requirements names"
    cp $requirements $installed
}

swift_tests() { stage "swift test" swift test "$@"; }

simulations() { stage "simulated ensembles" tools/sim.sh "$@"; }

# Instructions and allocations of the inner parts, held to committed thresholds.
micro_tests() {
    need_packages "counting instructions" valgrind
    stage "build of zkmicro" swift build --configuration release --product zkmicro || return
    stage "counts per operation" "$(swift build --configuration release --show-bin-path)/zkmicro" "$@"
}

interop_tests() {
    prepare_interop
    if [[ " $* " != *" --server apache "* ]]; then
        stage "release build" build_release || return
    fi
    stage "interop tests" .venv/bin/python -m pytest Tests/interop "$@"
}

what=${1:-all}
[ $# -eq 0 ] || shift
case $what in
    --help | -h) usage && exit ;;
    all | swift | micro | sim | interop) ;;
    *) usage >&2 && exit 2 ;;
esac

need_build_packages
# A stage that fails does not keep the others from being run; the summary and exit code tell.
wanted() { [ "$what" = all ] || [ "$what" = "$1" ]; }
if wanted swift; then swift_tests "$@" || true; fi
if wanted micro; then micro_tests "$@" || true; fi
if wanted sim; then simulations "$@" || true; fi
if wanted interop; then interop_tests "$@" || true; fi

say "summary"
printf '%s\n' "${results[@]}"
exit $failed
