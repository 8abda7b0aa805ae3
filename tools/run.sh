#!/usr/bin/env bash
# Builds zknode and runs one server in the foreground. See --help.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/setup.sh

usage() {
    cat <<'HELP'
tools/run.sh [zoo.cfg]

Builds zknode and runs it in the foreground until Ctrl-C. Without a configuration file it is a
standalone server on port 2181 that keeps its data in ./data. Packages that the build lacks are
installed with apt-get, as root or through sudo.

Options:
  --help  this text
HELP
}

case ${1:-} in
    --help | -h) usage && exit ;;
    -*) usage >&2 && exit 2 ;;
esac

need_build_packages
build_release || fail "the build; the errors are above"
if [ $# -eq 0 ]; then
    say "data in $PWD/data. Connect with"
    cat <<'HINT'
    zkCli.sh -server 127.0.0.1:2181          # Debian: /usr/share/zookeeper/bin/zkCli.sh
    python3                                  # with pip install kazoo
    >>> from kazoo.client import KazooClient
    >>> zk = KazooClient("127.0.0.1:2181"); zk.start(); zk.get_children("/")
HINT
fi
say "starting the server; Ctrl-C stops it"
exec .build/release/zknode serve "$@"
