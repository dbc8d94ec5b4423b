#!/bin/sh
# libpoolshim-cpython.so in interpreters that nobody rebuilt. Sound programs are left alone however CPython
# is told to allocate; planted faults are seen, without a checker as far as the checks at free go, and under
# Memcheck all of them.
set -u
. "$SRCDIR/ci/tests/tap.sh"
. "$SRCDIR/shim/tests/python.sh"

sound() { # MALLOC PYTHON ARG...
    in_python "$@" -W ignore "$here/python_workout.py" quick >"$scratch/out" 2>&1
    status=$?
    cat "$scratch/out"
    [ $status -eq 0 ] && [ "$(cat "$scratch/out")" = "checker: none" ]
}

# faulty FAULT KIND POOL MALLOC PYTHON ARG...
faulty() {
    fault=$1 kind=$2 pool=$3
    shift 3
    in_python "$@" "$here/python_faults.py" "$scratch/faults.so" "$fault" >"$scratch/out" 2>&1
    status=$?
    cat "$scratch/out"
    [ $status -eq 23 ] && grep -q "SUMMARY: poolshim: $kind (pool '$pool')" "$scratch/out"
}

# The report before told of the Python program too: the lines of python_faults.py.
lines_known() { # PYTHON
    if "$1" -c 'import sys; sys.exit(sys.version_info[:2] == (3, 12))'; then
        check "$1: ... the line of the function" says 'python_faults.py", line 9 in main'
        check "$1: ... the line of its caller" says 'python_faults.py", line 12 in <module>'
    else
        skip "$1: the lines of the Python program" 'this version does not tell where its frames are'
    fi
}

in_modes() { # PYTHON
    for malloc in '' debug malloc pymalloc_debug; do
        check "$1: a sound program, PYTHONMALLOC=$malloc" sound "$malloc" "$1"
        check "$1: overflow, PYTHONMALLOC=$malloc" \
            faulty overflow heap-buffer-overflow PyMem "$malloc" "$1"
    done
    lines_known "$1"
    check "$1: a sound program, -X dev" sound '' "$1" -X dev
    check "$1: overflow, -X dev" faulty overflow heap-buffer-overflow PyMem '' "$1" -X dev
    check "$1: a sound program, -X tracemalloc" sound '' "$1" -X tracemalloc
    check "$1: overflow of a large block" faulty overflow_large heap-buffer-overflow PyMem '' "$1"
    check "$1: overflow of a block of 512 bytes" faulty overflow_middle heap-buffer-overflow PyObject '' "$1"
    check "$1: underflow of a large block" faulty underflow_large "[a-z-]*" PyMem '' "$1"
    check "$1: overflow of a block in its second life" faulty overflow_reused heap-buffer-overflow \
        PyObject '' "$1"
    check "$1: overflow of a raw block" faulty overflow_raw heap-buffer-overflow PyMem_Raw '' "$1"
    check "$1: underflow" faulty underflow "[a-z-]*" PyObject '' "$1"
    check "$1: double free" faulty double_free double-free PyObject '' "$1"
    check "$1: wrong domain" faulty wrong_domain alloc-dealloc-mismatch PyObject '' "$1"
    check "$1: foreign pointer" faulty foreign_pointer bad-free PyObject '' "$1"
}

# under_memcheck OUT PYTHON ARG...: findings go to OUT/findings.json
under_memcheck() {
    out=$1 python=$2
    shift 2
    "$SANMATRIX" exec --cell valgrind-pool --python "$python" --out "$out" --progress none -- \
        '{python}' -S "$@"
    [ -s "$out/findings.json" ]
}

# found OUT KIND CATEGORY FUNCTION ROLES: a finding whose stacks of these roles all have FUNCTION
found() {
    /usr/bin/env python3 - "$@" <<'END'
import json, sys
out, kind, category, function, roles = sys.argv[1:]
for f in json.load(open(out + "/findings.json"))["findings"]:
    print(f["kind"], f["category"], [s["role"] for s in f["stacks"]])
    if f["kind"] == kind and f["category"] == category and all(
            any(s["role"] == role and any(x.get("function") == function for x in s["frames"])
                for s in f["stacks"]) for role in roles.split()):
        sys.exit(0)
sys.exit(1)
END
}

memcheck() { # PYTHON
    faults=$scratch/memcheck-faults
    under_memcheck "$faults" "$1" "$here/python_faults.py" "$scratch/faults.so" overflow underflow \
        overflow_large overflow_raw use_after_free double_free wrong_domain foreign_pointer \
        uninitialised leak >"$scratch/out" 2>&1
    while read -r kind category function roles; do
        check "$1 under Memcheck: $function" found "$faults" "$kind" "$category" "$function" "$roles"
    done <<'END'
InvalidWrite out-of-bounds overflow access alloc
InvalidWrite out-of-bounds underflow access alloc
InvalidWrite out-of-bounds overflow_large access alloc
InvalidWrite out-of-bounds overflow_raw access alloc
InvalidRead use-after-free use_after_free access free alloc
InvalidFree invalid-free double_free access free alloc
InvalidFree invalid-free foreign_pointer access
MismatchedFree allocator-misuse wrong_domain access alloc
UninitCondition uninitialised uninitialised access origin
Leak_DefinitelyLost leak leak alloc
END
    check "$1 under Memcheck: a sound program runs" exits 0 under_memcheck "$scratch/memcheck-sound" "$1" \
        "$here/python_workout.py" sound
    check "... nothing is found" no_finding
}

prepare
while read -r python; do
    in_modes "$python"
done <"$scratch/pythons"
if command -v valgrind >/dev/null; then
    memcheck "$(head -n 1 "$scratch/pythons")"
else
    skip 'under Memcheck' 'no valgrind'
fi
done_testing
