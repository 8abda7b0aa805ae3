# What run.sh and test.sh share: finding out what the machine lacks, and installing it.
# Sourced, not run.

say() { printf '\n==> %s\n' "$*"; }

fail() {
    printf '\nFAILED: %s\n' "$*" >&2
    exit 1
}

need_swift() {
    command -v swift >/dev/null ||
        fail "there is no swift here: install Swift 6.1 or later, https://www.swift.org/install"
}

# need_packages WHY PACKAGE...: installs the Debian packages that are missing, and says so.
need_packages() {
    local why=$1 package missing=()
    shift
    if ! command -v dpkg-query >/dev/null; then
        say "not a Debian: $why needs what Debian calls $*. Going on as if it were there"
        return
    fi
    for package in "$@"; do
        is_installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    say "installing ${missing[*]}: $why"
    as_root apt-get update --quiet --quiet ||
        say "apt-get update failed; trying with the package lists that are here"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install --quiet --yes \
        --no-install-recommends "${missing[@]}" ||
        fail "could not install ${missing[*]}, needed for $why"
}

is_installed() {
    [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

as_root() {
    if [ "$(id --user)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "neither root nor sudo: run as root: $*"
    fi
}

# need_apache_3_9: Apache ZooKeeper 3.9 as Debian 13 has it, for mixed ensembles. Unpacked in
# .apache-3.9 and not installed, beside the 3.8 of Debian 12. What needs it is skipped without it.
need_apache_3_9() {
    local directory=$PWD/.apache-3.9 archive
    [ -d "$directory/usr" ] && return
    command -v apt-get >/dev/null || return 0
    say "fetching Apache ZooKeeper 3.9 of Debian 13: mixed ensembles"
    # The mirror that this machine uses.
    archive=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
        grep --invert-match security | head --lines 1) || true
    mkdir --parents "$directory/lists/partial" "$directory/cache/archives/partial"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
        "$archive trixie main" >"$directory/sources.list"
    cat >"$directory/apt.conf" <<CONFIG
Dir::Etc::sourcelist "$directory/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State::lists "$directory/lists";
Dir::Cache "$directory/cache";
APT::Sandbox::User "";
CONFIG
    (
        cd "$directory"
        export APT_CONFIG=$directory/apt.conf
        apt-get update --quiet --quiet && apt-get download --quiet --quiet libzookeeper-java &&
            dpkg-deb --extract libzookeeper-java_*.deb .
    ) || say "Apache ZooKeeper 3.9 is not to be had: tests with it are skipped"
}

need_build_packages() {
    need_swift
    need_packages "the build (lz4 and zlib, with their headers)" liblz4-dev zlib1g-dev pkg-config
}

build_release() {
    say "building zknode and zkdump in release mode (a few minutes the first time)"
    swift build --configuration release --product zknode &&
        swift build --configuration release --product zkdump
}
