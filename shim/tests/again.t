#!/bin/sh
# The shim in programs that start CPython several times, and subinterpreters: a second Py_Initialize() may put
# other allocators in the place of the wrappers, and blocks of an interpreter that ended have no pymalloc that
# they could go back to. Sound programs end, and what is planted in the last interpreter is seen.
set -u
. "$SRCDIR/ci/tests/tap.sh"
. "$SRCDIR/shim/tests/python.sh"

other=$scratch/again.so
# more than the quarantine holds, of all sizes
options=quarantine_kb=32
work="
import json
for i in range(3):
    json.loads(json.dumps({str(n): list(range(n)) for n in range(40)}))
"
fault() { # NAME
    printf '%s\nimport ctypes\nctypes.PyDLL("%s").%s()\n' "$work" "$scratch/faults.so" "$1"
}

sound() { # MALLOC PYTHON CODE...
    in_python "$@" >"$scratch/out" 2>&1
    status=$?
    cat "$scratch/out"
    [ $status -eq 0 ] && [ "$(cat "$scratch/out")" = 'all runs ended' ]
}
faulty() { # KIND POOL MALLOC PYTHON CODE...
    kind=$1 pool=$2
    shift 2
    in_python "$@" >"$scratch/out" 2>&1
    status=$?
    cat "$scratch/out"
    [ $status -eq 23 ] && grep -q "SUMMARY: poolshim: $kind (pool '$pool')" "$scratch/out"
}

# has_own_gils, runs_ctypes_there PYTHON
has_own_gils() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 12))'
}
runs_ctypes_there() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 13))'
}

initialised_again() { # PYTHON
    for malloc in '' $modes; do
        check "$1: started three times, PYTHONMALLOC=$malloc" sound "$malloc" "$1" "$work" "$work" "$work"
        check "... overflow in the third" faulty heap-buffer-overflow PyMem "$malloc" \
            "$1" "$work" "$work" "$(fault overflow)"
    done
    set -- "$1" "$work" "$work" "$work" "$work" "$work"
    check "$1: started eleven times" sound '' "$@" "$2" "$2" "$2" "$2" "$2" "$2"
    check '... double free in the eleventh' faulty double-free PyObject '' \
        "$@" "$2" "$2" "$2" "$2" "$2" "$(fault double_free)"
}

subinterpreters() { # PYTHON
    for malloc in '' $modes; do
        check "$1: a subinterpreter in each of two starts, PYTHONMALLOC=$malloc" \
            sound "$malloc" "$1" "sub:$work" "sub:$work"
        check "... overflow in the second" faulty heap-buffer-overflow PyMem "$malloc" \
            "$1" "sub:$work" "sub:$(fault overflow)"
        check "$1: two subinterpreters in turn, PYTHONMALLOC=$malloc" sound "$malloc" "$1" "both:$work"
    done
    check "$1: double free in a subinterpreter" faulty double-free PyObject '' "$1" "sub:$(fault double_free)"
    check "$1: wrong domain in a subinterpreter" \
        faulty alloc-dealloc-mismatch PyObject '' "$1" "sub:$(fault wrong_domain)"
    check "$1: double free after two subinterpreters" \
        faulty double-free PyObject '' "$1" "both:$work" "$(fault double_free)"
    check "$1: forty subinterpreters at once" sound '' "$1" 'all:import json; json.dumps(list(range(3000)))'
    check "$1: forty subinterpreters, one after the other" sound '' "$1" "each:$work"
    check '... double free after them' faulty double-free PyObject '' "$1" "each:$work" "$(fault double_free)"
}

own_gils() { # PYTHON
    if ! has_own_gils "$1"; then
        skip "$1: a subinterpreter with its own GIL" 'there are none before 3.12'
        return
    fi
    check "$1: a subinterpreter with its own GIL in each of two starts" \
        sound '' "$1" "own:$work" "own:$work"
    if runs_ctypes_there "$1"; then
        check '... overflow in the second' \
            faulty heap-buffer-overflow PyMem '' "$1" "own:$work" "own:$(fault overflow)"
        check '... double free' faulty double-free PyObject '' "$1" "own:$work" "own:$(fault double_free)"
    else
        skip '... overflow in the second' 'no ctypes there before 3.13'
    fi
}

# under_memcheck OUT PYTHON CODE...
under_memcheck() {
    out=$1 python=$2
    shift 2
    "$SANMATRIX" exec --cell valgrind-pool --python "$python" --out "$out" --progress none -- \
        env LD_PRELOAD="$other:$preload" '{python}' "$@" >"$scratch/out" 2>&1
    cat "$scratch/out"
    [ -s "$out/findings.json" ]
}
# What is left of the block of an interpreter that ended would be one. (Undefined values are found in 3.11,
# gh-102509, and they are as they are.)
no_bad_access() { # OUT
    ! grep -e '"kind": *"Invalid' -e '"kind": *"Mismatched' "$1/findings.json"
}
overflow_found() { # OUT
    grep -q '"kind": "InvalidWrite"' "$1/findings.json" && grep -q 'python_faults.c' "$1/findings.json"
}

prepare
check 'the program that starts CPython builds' "$cc" -O1 -g -fPIC -D_GNU_SOURCE -Wall -Wextra -Werror \
    -shared -o "$other" "$here/python_again.c"
modes='debug malloc' # with the first one
while read -r python; do
    initialised_again "$python"
    subinterpreters "$python"
    own_gils "$python"
    modes=
done <"$scratch/pythons"
if command -v valgrind >/dev/null; then
    python=$(head -n 1 "$scratch/pythons")
    check "$python under Memcheck: started twice" \
        under_memcheck "$scratch/twice" "$python" 'import json' 'import re'
    check '... no bad access is found' no_bad_access "$scratch/twice"
    check "$python under Memcheck: overflow in the second start" \
        under_memcheck "$scratch/second" "$python" pass "$(fault overflow)"
    check '... it is found' overflow_found "$scratch/second"
    check "$python under Memcheck: overflow in a subinterpreter" \
        under_memcheck "$scratch/sub" "$python" "sub:$(fault overflow)"
    check '... it is found' overflow_found "$scratch/sub"
else
    skip 'under Memcheck' 'no valgrind'
fi
done_testing
