#!/bin/sh
# The library under each checker, with each compiler: the calls one by one, the generated faults, the
# stress test. STRESS is the number of operations (10 million by `make check-shim`).
set -u
. "$SRCDIR/ci/tests/tap.sh"

operations=${STRESS:-200000}
flags="-O1 -g -fno-omit-frame-pointer -std=c11 -D_GNU_SOURCE -Wall -Wextra -I$SRCDIR/shim"
ASAN_OPTIONS=symbolize=0
MSAN_OPTIONS=symbolize=0
TSAN_OPTIONS=symbolize=0:report_thread_leaks=0 # of a child of one thread of many
export ASAN_OPTIONS MSAN_OPTIONS TSAN_OPTIONS
unset POOLSHIM_OPTIONS

build() { # COMPILER CHECKER FLAG...
    folder=$scratch/$1-$2
    mkdir -p "$folder"
    compiler=$1
    shift 2
    "$compiler" -O1 -std=c11 -c -o "$folder/plain.o" "$SRCDIR/shim/tests/plain.c" || return 1
    for program in calls faults stress; do
        # shellcheck disable=SC2086 # words
        "$compiler" $flags "$@" -pthread -o "$folder/$program" "$SRCDIR/shim/tests/$program.c" \
            "$folder/plain.o" "$BUILD/shim/libpoolshim.a" || return 1
    done
}

faults() { # COMMAND...
    "$@" >"$scratch/faults" 2>&1
    status=$?
    grep '^# .* faults' "$scratch/faults" >"$scratch/summary"
    grep -e '^not ok' -e '^# missed' "$scratch/faults"
    [ $status -eq 0 ] && ! grep -q '^not ok' "$scratch/faults" && [ -s "$scratch/summary" ]
}

programs() { # NAME FOLDER COMMAND...
    label=$1

    folder=$2
    shift 2
    check "$label: the calls" "$@" "$folder/calls"
    check "$label: generated faults" faults "$@" "$folder/faults"
    cat "$scratch/summary"
    check "$label: no false report, $operations operations" "$@" "$folder/stress" 8 "$operations"
}

# quiet COMMAND...: fails when it prints more than its results
quiet() {
    "$@" >"$scratch/quiet" 2>"$scratch/errors" && cat "$scratch/errors" && [ ! -s "$scratch/errors" ]
}

sanitizer() { # COMPILER CHECKER FLAG
    if build "$1" "$2" "$3" >"$scratch/build" 2>&1 && [ ! -s "$scratch/build" ]; then
        programs "$1, $2" "$scratch/$1-$2"
        check "$1, $2: nothing is printed" quiet "$scratch/$1-$2/stress" 4 20000
    elif echo 'int main(void) { return 0; }' | "$1" -xc "$3" -o "$scratch/probe" - 2>/dev/null; then
        check "$1, $2: builds" sh -c "cat '$scratch/build'; false"
    else
        skip "$1, $2" "$1 has no $3 here"
    fi
}

# ASan told by its own calls, as where its shadow has another scale: it sees the same, and says
# use-after-poison of all that is read or written (faults.c expects just that)
by_calls() { # COMPILER
    [ -x "$scratch/$1-asan/stress" ] || return
    POOLSHIM_OPTIONS=direct=0
    export POOLSHIM_OPTIONS
    programs "$1, asan, direct=0" "$scratch/$1-asan"
    check "$1, asan, direct=0: nothing is printed" quiet "$scratch/$1-asan/stress" 4 20000
    unset POOLSHIM_OPTIONS
}

for compiler in $(printf '%s\n' "$CC" "${SANITIZING_CC:-$CC}" | sort -u); do
    sanitizer "$compiler" asan -fsanitize=address
    by_calls "$compiler"
    sanitizer "$compiler" tsan -fsanitize=thread
    case $compiler in
    *clang*) sanitizer "$compiler" msan -fsanitize=memory ;;
    *) skip "$compiler, msan" 'only clang has MemorySanitizer' ;;
    esac
    check "$compiler, plain: builds" build "$compiler" plain
    check "$compiler, no checker: the calls" "$scratch/$compiler-plain/calls"
    POOLSHIM_OPTIONS=check=1
    export POOLSHIM_OPTIONS
    programs "$compiler, check=1" "$scratch/$compiler-plain"
    unset POOLSHIM_OPTIONS
done
if command -v valgrind >/dev/null; then
    operations=$((operations / 10))
    # 20 MB there, as Memcheck's own
    POOLSHIM_OPTIONS=quarantine_kb=1024
    export POOLSHIM_OPTIONS
    programs 'memcheck' "$scratch/$CC-plain" valgrind -q --error-exitcode=98
    check 'memcheck: nothing is printed' quiet valgrind -q "$scratch/$CC-plain/stress" 4 10000
else
    skip 'memcheck' 'no valgrind here'
fi

done_testing
