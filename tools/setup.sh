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

need_build_packages() {
    need_swift
    need_packages "the build (lz4 and zlib, with their headers)" liblz4-dev zlib1g-dev pkg-config
}

build_release() {
    say "building zknode and zkdump in release mode (a few minutes the first time)"
    swift build --configuration release --product zknode &&
        swift build --configuration release --product zkdump
}
