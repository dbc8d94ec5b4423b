#!/bin/sh
# The shim in a CPython without the GIL, which needs its objects where mimalloc put them: the cell asan-pool
# with --disable-gil, of RUNTIME (default cpython-3.13; there is none before). What is planted behind the 40
# bytes that readers without a lock may look at is seen, and CPython's own tests are not reported. (Leaks are
# not asked for: objects with deferred counts are not freed at the end.)
set -u
. "$SRCDIR/ci/tests/tap.sh"

runtime=${RUNTIME:-cpython-3.13}
case $runtime in
*-3.[89] | *-3.[89].* | *-3.1[0-2] | *-3.1[0-2].*)
    echo "1..0 # SKIP $runtime has no build without the GIL"
    exit 0
    ;;
esac
# a folder for good: the builds' name depends on where the cell's file is
cells=${XDG_CACHE_HOME:-$HOME/.cache}/sanmatrix/free-threaded-cells
mkdir -p "$cells"
cat >"$cells/asan-pool-ft.conf" <<'END'
summary = "asan-pool without the GIL"
like = "asan-pool"
env = {
	"ASAN_OPTIONS=log_path={dir}/asan:detect_leaks=0:exitcode=0:external_symbolizer_path={symbolizer}"
}
runtime cpython {
	configure = {"--disable-gil"}
	fact Py_GIL_DISABLED { value = "1" }
	fact gil { value = "off" }
}
END
export SANMATRIX_CELLS="$cells"

# The cell misses planted faults, which are in those 40 bytes, or are leaks; commands are run all the same.
in_cell() { # OUT ARG...
    out=$scratch/$1
    shift
    "$SANMATRIX" exec --cell asan-pool-ft --runtime "$runtime" --out "$out" --progress none -- \
        '{python}' "$@" >"$scratch/log" 2>&1
    cat "$out"/*/units/*/output.txt
    tail -n 20 "$scratch/log"
    [ -s "$out/findings.json" ]
}
# DOMAIN OFFSET: a byte of a block of 100 that was freed is written to
after_free='import ctypes, sys
api = ctypes.pythonapi
malloc, free = (getattr(api, sys.argv[1] + name) for name in ("_Malloc", "_Free"))
malloc.restype = ctypes.c_void_p
block = malloc(100)
free(ctypes.c_void_p(block))
ctypes.memset(block + int(sys.argv[2]), 0, 1)'
twice='import ctypes
api = ctypes.pythonapi
api.PyObject_Malloc.restype = ctypes.c_void_p
block = ctypes.c_void_p(api.PyObject_Malloc(100))
api.PyObject_Free(block)
api.PyObject_Free(block)'
mismatch='import ctypes
api = ctypes.pythonapi
api.PyMem_Malloc.restype = ctypes.c_void_p
api.PyObject_Free(ctypes.c_void_p(api.PyMem_Malloc(100)))'

finds() { # KIND OUT ARG...
    kind=$1
    shift
    in_cell "$@"
    jq -e --arg kind "$kind" 'any(.findings[]; .tool == "asan" and .kind == $kind and
        any(.stacks[]; .role == "alloc" and .python[0].file == "<string>"))' "$out/findings.json" >/dev/null
}
# What the interpreter itself prints is not asked for: with and without the shim, callbacks of weak references
# recurse in test_weakref as deep as the threads happen to take turns, and too deep at times.
finds_nothing() { # OUT ARG...
    in_cell "$@" && grep -q '^Result: SUCCESS' "$out"/*/units/*/output.txt &&
        jq -e '[.findings[] | select(.tool != "cpython")] == []' "$out/findings.json" >/dev/null
}

check 'an object after it was freed' finds heap-use-after-free object -c "$after_free" PyObject 60
check 'a buffer after it was freed' finds heap-use-after-free buffer -c "$after_free" PyMem 3
check 'a double free' finds double-free twice -c "$twice"
check 'a free in another domain' finds alloc-dealloc-mismatch mismatch -c "$mismatch"
check "CPython's tests of the collector, of threads and weak references" finds_nothing sound \
    -m test test_gc test_thread test_weakref test_list
done_testing
