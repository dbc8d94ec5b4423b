#!/bin/sh
# For each cell of real CPython: what its configure finds with the autoconf cache of each other cell
# of the same compiler is what it finds with none: the same pyconfig.h, the same Makefile variables.
# Only configure is run, two at once. RUNTIMES: for which versions.
set -u
. "$SRCDIR/ci/tests/tap.sh"
: "${scratch:?}"
unset MAKEFLAGS MFLAGS MAKELEVEL
command -v jq >/dev/null || { echo '1..0 # SKIP no jq here'; exit 0; }

runtime='' source=''
kept=${XDG_CACHE_HOME:-$HOME/.cache}/sanmatrix
mkdir "$scratch/runtimes"
cp -R "$SRCDIR/matrix/runtimes/cpython" "$scratch/runtimes/"
sed 's/^make-command = .*/make-command = {"false"}/' "$SRCDIR/matrix/runtimes/cpython.conf" \
    >"$scratch/runtimes/cpython.conf"
SANMATRIX_RUNTIMES=$scratch/runtimes
CCACHE_DISABLE=1
export SANMATRIX_RUNTIMES CCACHE_DISABLE

# configured CACHE CELL: configures in a cache folder of its own; there make fails at once
configured() {
    mkdir -p "$1"
    XDG_CACHE_HOME=$1 "$SANMATRIX" run -j 1 --runtime "$runtime" --runtime-src "$source" \
        --suite smoke --progress plain --out "$1/$2.out" --cell "$2" >"$1/$2.log" 2>&1
}

# result CACHE CELL: what was found, without the names of folders
result() {
    folder=$(echo "$1"/sanmatrix/builds/*/"$2")
    { grep '^#define' "$folder/pyconfig.h"; grep -E '^[A-Za-z0-9_]+[[:space:]]*=' "$folder/Makefile"; } |
        sed "s|$1/sanmatrix/builds/[^/]*/|BUILDS/|g; s|$1/|CACHE/|g"
}

# cached CACHE CELL: how many answers were; configure asks some things twice itself
cached() {
    grep -cF '(cached)' "$1/$2.out/$2/build/configure/output.txt"
}

same() {
    result "$1" "$3" >"$scratch/alone"
    result "$2" "$3" >"$scratch/shared"
    [ "$(wc -l <"$scratch/alone")" -gt 500 ] && diff "$scratch/alone" "$scratch/shared"
}

compiler() {
    jq -r .properties.compiler "$scratch/$1/$1.out/$1/cell.json"
}

# two_at_once FUNCTION ARGUMENTS-IN-ONE-WORD...
two_at_once() {
    function=$1
    shift
    while [ $# -gt 0 ]; do
        # shellcheck disable=SC2086
        $function $1 &
        first=$!
        # shellcheck disable=SC2086
        [ $# -lt 2 ] || $function $2
        wait $first
        shift
        [ $# -eq 0 ] || shift
    done
}

cells='debug asan valgrind tsan'
# In a copy of the cache that the first cell left, and nothing of what it built.
second() {
    mkdir -p "$scratch/$1-then-$2/sanmatrix"
    cp -R "$scratch/$1/sanmatrix/confcache" "$scratch/$1-then-$2/sanmatrix/" 2>/dev/null
    configured "$scratch/$1-then-$2" "$2"
}
alone() {
    configured "$scratch/$1" "$1"
}

for runtime in ${RUNTIMES:-cpython-3.13 cpython-3.11}; do
    check "$runtime: its source is here" "$SANMATRIX" units --runtime "$runtime" --cell debug
    source=$kept/sources/$(cat "$kept/sources/$runtime.choice")
    rm -rf "$scratch"/debug* "$scratch"/asan* "$scratch"/valgrind* "$scratch"/tsan*
    # shellcheck disable=SC2086
    two_at_once alone $cells
    set --
    for one in $cells; do
        check "$runtime: $one was configured without a cache" \
            test "$(cached "$scratch/$one" "$one")" -lt 50
        for other in $cells; do
            [ "$one" = "$other" ] || [ "$(compiler "$one")" != "$(compiler "$other")" ] ||
                set -- "$@" "$one $other"
        done
    done
    two_at_once second "$@"
    for pair in "$@"; do
        one=${pair% *} other=${pair#* }
        check "$runtime: $other was configured with the cache of $one" \
            test "$(cached "$scratch/$one-then-$other" "$other")" -gt 300
        check "$runtime: $other finds with the cache of $one what it finds without" \
            same "$scratch/$other" "$scratch/$one-then-$other" "$other"
    done
done

done_testing
