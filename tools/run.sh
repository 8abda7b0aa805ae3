#!/usr/bin/env bash
# Builds zknode and runs an ensemble of three servers in the foreground. See --help.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/setup.sh

usage() {
    cat <<'HELP'
tools/run.sh [--data DIR] [--first-port N]
tools/run.sh --standalone [zoo.cfg]

Builds zknode and runs three servers on this machine, until Ctrl-C: an ensemble that goes on when
any one of them dies. Clients connect to ports 2181 to 2183. Each server has its data, its zoo.cfg
and its myid in ./data/1, ./data/2 and ./data/3; they are written once and used again afterwards,
with what you have changed in them. Packages that the build lacks are installed with apt-get, as
root or through sudo.

Options:
  --standalone    one server; without a configuration file on port 2181, with its data in ./data
  --data DIR      in place of ./data
  --first-port N  in place of 2181: N to N+2 are for clients, N+707 to N+709 and N+1707 to N+1709
                  for the servers among themselves. Only read when the configuration is written
  --help          this text

ZKNODE=/path/to/zknode runs that program, and builds nothing.
HELP
}

numbers=(1 2 3)
data=./data
first_port=2181
standalone=
configuration=()
while [ $# -gt 0 ]; do
    case $1 in
        --help | -h) usage && exit ;;
        --standalone) standalone=yes ;;
        --data) data=${2:?--data needs a directory} && shift ;;
        --first-port) first_port=${2:?--first-port needs a number} && shift ;;
        -*) usage >&2 && exit 2 ;;
        *) configuration+=("$1") ;;
    esac
    shift
done

build() {
    zknode=${ZKNODE:-.build/release/zknode}
    [ -z "${ZKNODE:-}" ] || return 0
    need_build_packages
    build_release || fail "the build; the errors are above"
}

# show_clients ADDRESSES ADDRESS: how to connect.
show_clients() {
    cat <<HINT
    zkCli.sh -server $1
                                             # Debian: /usr/share/zookeeper/bin/zkCli.sh
    python3                                  # with pip install kazoo
    >>> from kazoo.client import KazooClient
    >>> zk = KazooClient("$1")
    >>> zk.start(); zk.get_children("/")
HINT
}

run_standalone() {
    if [ ${#configuration[@]} -eq 0 ] && [ -d "$data/1" ] && [ ! -d "$data/zknode" ]; then
        fail "$data has the data of an ensemble. Start that with tools/run.sh, or move it away."
    fi
    build
    if [ ${#configuration[@]} -eq 0 ]; then
        say "data in $data. Connect with"
        show_clients 127.0.0.1:2181
    fi
    say "starting the server; Ctrl-C stops it"
    exec "$zknode" serve "${configuration[@]}"
}

# --- three servers

write_configuration() {
    local number=$1 other
    mkdir --parents "$data/$number"
    echo "$number" >"$data/$number/myid"
    {
        printf '# Written by tools/run.sh, which leaves it alone from now on.\n'
        printf '# Keys: docs/operating/configure.md\n'
        printf 'dataDir=%s\nclientPort=%d\n' "$data/$number" $((first_port + number - 1))
        printf 'clientPortAddress=127.0.0.1\n4lw.commands.whitelist=srvr,mntr,ruok,stat,isro\n'
        printf '# A member that is silent for initLimit or syncLimit ticks is given up.\n'
        printf 'tickTime=1000\ninitLimit=10\nsyncLimit=5\n'
        for other in "${numbers[@]}"; do
            printf 'server.%d=127.0.0.1:%d:%d\n' "$other" $((first_port + 706 + other)) \
                $((first_port + 1706 + other))
        done
    } >"$data/$number/zoo.cfg.new"
    mv "$data/$number/zoo.cfg.new" "$data/$number/zoo.cfg"
}

client_port() { sed --quiet 's/^clientPort=//p' "$data/$1/zoo.cfg"; }

# The ports that a server itself listens on: for clients, for its learners, for elections.
ports_of() {
    client_port "$1"
    sed --quiet "s/^server\\.$1=[^:]*:\\([0-9]*\\):\\([0-9]*\\).*/\\1 \\2/p" "$data/$1/zoo.cfg"
}

check_ports() {
    local number port
    for number in "${numbers[@]}"; do
        for port in $(ports_of "$number"); do
            if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
                fail "port $port, which server $number needs, is in use. Stop what has it" \
                    "(ss --listening --tcp --processes shows what), or change $data/*/zoo.cfg."
            fi
        done
    done
}

# role_of NUMBER: leader, follower, or nothing while it does not serve.
role_of() {
    timeout 2 bash -c "exec 3<>/dev/tcp/127.0.0.1/$(client_port "$1")
        printf srvr >&3; cat <&3" 2>/dev/null | sed --quiet 's/^Mode: //p' || true
}

declare -A number_of # by process id
declare -A process_of # by number
interrupted=130

start_server() {
    # Ctrl-C reaches this script alone, in a session of which the servers are not, so that they stop
    # in order. What prefixes the log does not hear it either: the log goes on while they stop.
    setsid "$zknode" serve "$data/$1/zoo.cfg" \
        > >(trap '' INT TERM && exec sed --unbuffered "s/^/server $1| /") 2>&1 &
    number_of[$!]=$1
    process_of[$1]=$!
}

# The servers' ends, however the script's came; its exit code is the last bad one of all.
stop_servers() {
    local code=$? pid leader=
    trap '' INT TERM HUP
    [ $code -ne $interrupted ] || code=0
    say "stopping the servers"
    for pid in "${!number_of[@]}"; do
        [ "$(role_of "${number_of[$pid]}")" != leader ] || leader=$pid
    done
    # The leader last: it would look for a successor among those that are about to stop.
    for pid in "${!number_of[@]}"; do
        [ "$pid" = "$leader" ] || kill -TERM "$pid" 2>/dev/null || true
    done
    for pid in "${!number_of[@]}"; do [ "$pid" = "$leader" ] || wait_for_end "$pid" || code=$?; done
    if [ -n "$leader" ]; then
        kill -TERM "$leader" 2>/dev/null || true
        wait_for_end "$leader" || code=$?
    fi
    say "stopped; the data is in $data"
    exit $code
}

# wait_for_end PID: its exit code, which is said if it is a bad one.
wait_for_end() {
    local code=0
    wait "$1" || code=$?
    [ $code -eq 0 ] || say "server ${number_of[$1]} stopped with exit code $code"
    return $code
}

# report_end PID CODE: of a server that ended by itself.
report_end() {
    local number=${number_of[$1]}
    unset "number_of[$1]"
    say "server $number ended by itself with exit code $2 (docs/operating/exit-codes.md)"
    case ${#number_of[@]} in
        2) printf '    The other two go on. To have it back, from another terminal:\n' ;;
        1) printf '    The last one alone is no quorum and serves nobody. Bring one back:\n' ;;
        0) fail "no server is left" ;;
    esac
    printf '    %s serve %s/%d/zoo.cfg\n' "$zknode" "$data" "$number"
}

# roles: a line for each server.
roles() {
    local number role
    for number in "${numbers[@]}"; do
        role=$(role_of "$number")
        printf 'server %d: %s, process %d\n' "$number" "${role:-does not serve yet}" \
            "${process_of[$number]}"
    done
}

# Says who does what once there is a quorum; all the while, servers may end.
show_quorum() {
    local number roles deadline=$((SECONDS + 60)) patience=
    while true; do
        reap
        roles=$(roles)
        if [[ $roles == *leader* && $roles == *follower* ]]; then
            # The third gets a moment to join the two.
            : "${patience:=$((SECONDS + 3))}"
            [[ $roles == *not* && $SECONDS -lt $patience ]] || break
        fi
        [ $SECONDS -lt $deadline ] || fail "no quorum after 60 s; what the servers say is above"
        sleep 0.1
    done
    say "the ensemble serves"
    sed 's/^/    /' <<<"$roles"
    local hosts=
    for number in "${numbers[@]}"; do hosts+=,127.0.0.1:$(client_port "$number"); done
    say "connect with"
    show_clients "${hosts#,}"
    say "kill -9 one of them and see the other two go on; Ctrl-C stops all"
}

# Reports servers that have ended, without waiting for any.
reap() {
    local pid code
    for pid in "${!number_of[@]}"; do
        if ! kill -0 "$pid" 2>/dev/null; then
            code=0
            wait "$pid" || code=$?
            report_end "$pid" $code
        fi
    done
}

run_ensemble() {
    [ ! -d "$data/zknode" ] ||
        fail "$data has the data of a standalone server. Start that with" \
            "tools/run.sh --standalone, or move it away (mv $data $data.standalone)."
    build
    local number ended code
    for number in "${numbers[@]}"; do
        [ -e "$data/$number/zoo.cfg" ] || write_configuration "$number"
    done
    check_ports
    trap "exit $interrupted" INT TERM HUP
    trap stop_servers EXIT
    say "starting three servers, with their data in $data"
    for number in "${numbers[@]}"; do start_server "$number"; done
    show_quorum
    while true; do
        code=0
        # Bash says "Killed" itself; the report says which server it was.
        wait -n -p ended "${!number_of[@]}" 2>/dev/null || code=$?
        report_end "$ended" $code
    done
}

if [ -n "$standalone" ]; then
    run_standalone
elif [ ${#configuration[@]} -gt 0 ]; then
    fail "a configuration file is for one server: tools/run.sh --standalone ${configuration[*]}"
else
    run_ensemble
fi
