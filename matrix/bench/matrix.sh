#!/bin/sh
# `make bench-matrix`: the whole of `make matrix`, cold and without ccache, against the sequential
# recipe for the same cells and tests: configure, make -j2, the runtime's test runner with -j2, one
# cell after the other. Both start from the same unpacked source, in turn, in one go.
#
# BASELINE=documented (default): configured as CPython's documentation and its build bots do it.
# BASELINE=same: with exactly the configure arguments and flags of the cells.
# JOBS (default: all cores), SUITE (smoke), RUNTIME, CELLS as for `make matrix`.
set -eu
jobs=${JOBS:-$(nproc)}
suite=${SUITE:-smoke}
runtime=${RUNTIME:-cpython}
cells=${CELLS:-debug,asan,valgrind,tsan}
baseline=${BASELINE:-documented}
real_cache=${XDG_CACHE_HOME:-$HOME/.cache}/sanmatrix
work=$(mktemp -d "${TMPDIR:-/var/tmp}/bench-matrix.XXXXXX")
trap 'rm -rf "$work"' EXIT

# timed NAME COMMAND...: runs it, keeps wall and CPU seconds in $work/NAME.
timed() {
    name=$1
    shift
    # shellcheck disable=SC2016 # for bash, whose `time' tells what the children used too
    bash -c 'TIMEFORMAT="%R %U %S"; log=$1; shift; time "$@" >"$log" 2>&1' - "$work/$name.log" "$@" \
        2>"$work/$name" || true
    awk -v name="$name" -v cores="$(nproc)" '{
        printf "%-12s %8.1f s wall %8.1f s CPU, %3.0f %% of %d cores busy\n",
            name, $1, $2 + $3, 100 * ($2 + $3) / ($1 * cores), cores }' "$work/$name"
}

# The sources are fetched and unpacked before anything is timed: both sides use the same tree.
"$SANMATRIX" units --cell debug --runtime "$runtime" >/dev/null
mkdir -p "$work/cache/sanmatrix"
for shared in "$real_cache"/*; do
    case ${shared##*/} in
    builds | confcache | tmp | times.tsv) ;;
    *) ln -s "$shared" "$work/cache/sanmatrix/" ;;
    esac
done

ours() {
    XDG_CACHE_HOME=$work/cache "$SANMATRIX" run --cell "$cells" --suite "$suite" --runtime "$runtime" \
        -j "$jobs" --out "$work/out" --no-ccache --progress plain
}

# The configure arguments of one cell, one a line.
configure_arguments() {
    if [ "$baseline" = same ]; then
        jq -r '.command[1:][] | select(startswith("--cache-file") | not)' \
            "$work/out/$1/build/configure/unit.json"
        return
    fi
    cc=$(jq -r '.command[] | select(startswith("CC="))' "$work/out/$1/build/configure/unit.json")
    case $1 in
    debug) printf '%s\n' "$cc" --with-pydebug ;;
    asan)
        printf '%s\n' "$cc" --with-address-sanitizer --with-undefined-behavior-sanitizer \
            --without-freelists
        ;;
    valgrind) printf '%s\n' "$cc" --with-pydebug --with-valgrind --without-pymalloc ;;
    tsan) printf '%s\n' "$cc" --with-thread-sanitizer --with-pydebug --disable-gil ;;
    esac
}

wrapper_of() {
    [ "$1" = valgrind ] || return 0
    echo valgrind --tool=memcheck --quiet --leak-check=full --show-leak-kinds=definite \
        --errors-for-leak-kinds=definite --track-origins=yes --trace-children=yes --num-callers=30 \
        "--suppressions=$SRCDIR/suppressions/valgrind-cpython.supp" \
        --xml=yes "--xml-file=$work/memcheck.%p.xml"
}

sequential_cell() {
    mkdir -p "$work/seq/$1"
    cd "$work/seq/$1"
    configure_arguments "$1" >../arguments
    set --
    while read -r argument; do set -- "$@" "$argument"; done <../arguments
    cell=${PWD##*/}
    export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:handle_segv=0
    export UBSAN_OPTIONS=halt_on_error=0 TSAN_OPTIONS=exitcode=0
    "$work/source/configure" "$@" -q
    make "-j$jobs"
    units=$(jq -r --arg cell "$cell" '.cells[] | select(.name == $cell) | .units[]' \
        "$work/out/run.json")
    export PYTHONMALLOC=
    [ "$cell" = valgrind ] && export PYTHONMALLOC=malloc
    # shellcheck disable=SC2046,SC2086 # options and names of units, without blanks
    $(wrapper_of "$cell") ./python -m test "-j$jobs" --timeout 1200 $units || true
}

sequential() {
    for cell in $(echo "$cells" | tr , ' '); do
        (sequential_cell "$cell")
    done
}

if [ "${1:-}" = sequential ]; then
    work=$2
    trap - EXIT
    sequential
    exit
fi
if [ "${1:-}" = ours ]; then
    work=$2
    trap - EXIT
    ours
    exit
fi
timed ours sh "$0" ours "$work"
tail -n 3 "$work/ours.log"
# A tree of its own: by hand, Python writes what it compiles beside the source.
first=${cells%%,*}
cp -a "$(dirname "$(jq -r '.command[0]' "$work/out/$first/build/configure/unit.json")")" "$work/source"
chmod -R u+w "$work/source"
timed sequential sh "$0" sequential "$work"
awk 'NR == FNR { ours = $1; next } { printf "ours / sequential: %.2f of the wall time\n", ours / $1 }' \
    "$work/ours" "$work/sequential"
