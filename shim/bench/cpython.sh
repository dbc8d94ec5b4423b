#!/bin/sh
# What the shim costs CPython: allocation-heavy scripts with pools kept and watched, against blocks from
# malloc, in turn in one go; medians. One script keeps much of what it allocates, the other one little.
# `make bench-cpython', and part of `make bench-shim'. Needs BUILD, SRCDIR, SANMATRIX.
# ROUNDS (5), SMOKE_ROUNDS (1) of units of the smoke suite, RUNTIME (cpython). The cells asan, asan-pool and
# valgrind-pool are built first where they are not yet.
set -eu

rounds=${ROUNDS:-5} runtime=${RUNTIME:-cpython}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
${CC:-cc} -O2 -o "$work/measure" "$SRCDIR/shim/bench/measure.c"

# interpreter CELL: builds it, prints its path
interpreter() {
    "$SANMATRIX" exec --cell "$1" --runtime "$runtime" --out "$work/out" --progress none -- \
        '{python}' -c 'import sys; open(sys.argv[1], "w").write(sys.executable)' "$work/$1" \
        >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 3; }
    cat "$work/$1"
}

asan=$(interpreter asan) pool=$(interpreter asan-pool) plain=$(interpreter valgrind-pool)
export ASAN_OPTIONS=detect_leaks=0 PYTHONHASHSEED=1 PYTHONDONTWRITEBYTECODE=1

# once MODE: one figure more in $work/MODE
once() {
    case $1 in
    floor) set -- "$1" env POOLSHIM_OPTIONS=enabled=0 "$pool" ;;
    shim) set -- "$1" "$pool" ;;
    malloc) set -- "$1" env POOLSHIM_OPTIONS=enabled=0 PYTHONMALLOC=malloc "$pool" ;;
    passthrough) set -- "$1" "$asan" ;;
    memcheck-shim) set -- "$1" valgrind -q "$plain" ;;
    memcheck-malloc) set -- "$1" env POOLSHIM_OPTIONS=enabled=0 PYTHONMALLOC=malloc valgrind -q "$plain" ;;
    esac
    mode=$1
    shift
    "$work/measure" "$@" -S "$script" >>"$work/$mode.figures"
}

# The smoke suite's units that start few other processes, in one process.
smoke_units='test_grammar test_tokenize test_fstring test_ast test_dict test_list test_set test_tuple
    test_struct test_json test_queue'

# smoke MODE INTERPRETER: one figure more of all of these units
smoke() {
    # shellcheck disable=SC2016,SC2086 # for the inner shell; words
    "$work/measure" sh -c 'exec "$@" >/dev/null 2>&1' sh "$2" -m test -q $smoke_units >>"$work/$1.figures"
}

# median MODE COLUMN
median() {
    sort -n -k "$2,$2" "$work/$1.figures" | awk -v c="$2" '{ v[NR] = $c } END { print v[int((NR + 1) / 2)] }'
}

# compare TITLE AGAINST MODE...
compare() {
    title=$1 against=$2
    shift 2
    echo "$title"
    i=0
    while [ $i -lt "$rounds" ]; do
        for m in "$@"; do once "$m"; done
        i=$((i + 1))
    done
    print "$against" "$@"
}

# print AGAINST MODE...
print() {
    against=$1
    shift
    for m in "$@"; do
        echo "$m $(median "$m" 1) $(median "$m" 2) $(median "$against" 1) $(median "$against" 2)"
    done | awk '{ printf "  %-16s %8.2f s CPU %7.0f MB   %.2f of the time, %.2f of the memory\n",
        $1, $2, $3, $2 / $4, $3 / $5 }'
}

for script in "$SRCDIR/shim/bench/churn.py" "$SRCDIR/shim/bench/allocations.py"; do
    rm -f "$work"/*.figures
    compare "ASan, ${script##*/}; against PYTHONMALLOC=malloc on the same build" \
        malloc floor shim malloc passthrough
done
compare "ASan, ${script##*/}; against the cell asan (--with-address-sanitizer)" passthrough shim passthrough
compare "Memcheck, ${script##*/}; against PYTHONMALLOC=malloc" memcheck-malloc memcheck-shim memcheck-malloc
i=0
while [ $i -lt "${SMOKE_ROUNDS:-1}" ]; do
    smoke smoke-shim "$pool"
    smoke smoke-passthrough "$asan"
    i=$((i + 1))
done
echo "The smoke suite, ASan; against the cell asan"
print smoke-passthrough smoke-shim smoke-passthrough
