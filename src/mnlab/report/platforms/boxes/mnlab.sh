#!/bin/sh
# What a grading platform calls: `mnlab.sh unpack` once, `mnlab.sh grade SUBMISSION PLATFORM FILE` for each hand-in.
#
# mnlab.tar.gz brings its own Python and QEMU. Of the box this needs sh, tar, gzip, coreutils and util-linux; curl or
# wget if mnlab.tar.gz is to be fetched. No network afterwards, no rights, no /dev/kvm; 768 MB of memory.
set -eu

labs="{{labs}}"
url="{{url}}"
sha256="{{sha256}}"
visibility="{{visibility}}"
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
home=${MNLAB_HOME:-/opt}
mnlab=$home/mnlab/bin/mnlab

say() { printf 'mnlab: %s\n' "$*" >&2; }

fetch() {
    say "fetching $url"
    if command -v curl >/dev/null; then
        curl --fail --silent --show-error --location --output "$1" "$url"
    elif command -v wget >/dev/null; then
        wget --quiet --output-document="$1" "$url"
    else
        say "neither curl nor wget is here: install one, or put mnlab.tar.gz beside this file"
        exit 3
    fi
}

unpack() {
    [ ! -x "$mnlab" ] || return 0
    archive=$here/mnlab.tar.gz
    mkdir -p "$home"
    if [ ! -f "$archive" ]; then
        [ -n "$url" ] || { say "$archive is not there"; exit 3; }
        archive=$home/mnlab.tar.gz
        fetch "$archive"
    fi
    echo "$sha256  $archive" | sha256sum --check --quiet -
    tar -xzf "$archive" -C "$home" --no-same-owner
    [ -n "$url" ] || return 0
    rm -f "$archive"
}

# Less time than the platform gives (MNLAB_TIME, in seconds; Gradescope: 10 minutes), and then no result: a platform that
# stops it would give 0 points. One processor: two machines at once would need the memory of two.
grade() {
    unpack
    rm -f "$3"
    processor=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*\([0-9]*\).*/\1/p' /proc/self/status)
    status=0
    # shellcheck disable=SC2086  # a list of names
    timeout --kill-after=10 "${MNLAB_TIME:-540}" taskset -c "$processor" "$mnlab" check $labs --submission "$1" --only-points --quiet \
        --out "${TMPDIR:-/tmp}/mnlab-runs" --platform "$2:$3" --visibility "$visibility" >&2 || status=$?
    [ "$status" -ne 124 ] || say "stopped after ${MNLAB_TIME:-540} s: nobody knows what it would have been"
    [ -s "$3" ] || { say "there is no result (status $status)"; exit 3; }
}

case ${1:-} in
unpack) unpack ;;
grade) grade "$2" "$3" "$4" ;;
*)
    say "use: mnlab.sh unpack, or mnlab.sh grade SUBMISSION PLATFORM FILE"
    exit 2
    ;;
esac
