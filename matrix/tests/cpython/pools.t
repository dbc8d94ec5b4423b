#!/bin/sh
# The cells that keep CPython's pools, on the real CPython (RUNTIME, default cpython-3.13): all that they
# claim to see is seen, and misuse of the allocators by CPython's own test module, which is not found, or
# not as early, when every block comes from malloc.
set -u
. "$SRCDIR/ci/tests/tap.sh"

runtime=${RUNTIME:-cpython-3.13}

# misuse FUNCTION TOOL CATEGORY [ROLE]: found, and with ROLE's stack in it
misuse() {
    out=$scratch/$1
    "$SANMATRIX" exec --cell asan-pool --runtime "$runtime" --out "$out" --progress none -- \
        '{python}' -c "import _testcapi; _testcapi.$1()" >"$scratch/log" 2>&1
    jq -r '.findings[] | "\(.tool) \(.kind) \(.category)", (.stacks[] | "  \(.role) " +
        ([.frames[]?.function // "?"][:8] | join(" < ")))' "$out/findings.json"
    jq -e --arg tool "$2" --arg category "$3" --arg role "${4-}" --arg function "$1" '
        any(.findings[]; .tool == $tool and .category == $category and ($role == "" or
            any(.stacks[]; .role == $role and any(.frames[]; .function == $function))))' \
        "$out/findings.json" >/dev/null
}

# A block of so many bytes is written to after it was freed, in its last byte.
after_free='import ctypes, sys
api, size = ctypes.pythonapi, int(sys.argv[1])
api.PyObject_Malloc.restype = ctypes.c_void_p
block = api.PyObject_Malloc(size)
api.PyObject_Free(ctypes.c_void_p(block))
ctypes.memset(block + size - 1, 0, 1)'
freed() { # SIZE
    out=$scratch/freed-$1
    "$SANMATRIX" exec --cell asan-pool --runtime "$runtime" --out "$out" --progress none -- \
        '{python}' -c "$after_free" "$1" >"$scratch/log" 2>&1
    jq -r '.findings[] | "\(.tool) \(.kind)"' "$out/findings.json"
    jq -e 'any(.findings[]; .tool == "asan" and .kind == "heap-use-after-free" and
        ([.stacks[].role] | index("free") and index("alloc")))' "$out/findings.json" >/dev/null
}

# told COMMAND...: ends with 0, or with 1 for findings; a fault that is missed is a 3
told() {
    "$@" >"$scratch/log" 2>&1
    [ $? -le 1 ] || { tail -n 30 "$scratch/log"; return 1; }
}

check 'both cells see all that they claim to' told "$SANMATRIX" run --cell asan-pool,valgrind-pool \
    --runtime "$runtime" --unit test_bool --out "$scratch/run" --progress none
check 'pymem_buffer_overflow, at the access' misuse pymem_buffer_overflow asan out-of-bounds access
check '... and the Python line that allocated it' jq -e 'any(.findings[].stacks[]; .role == "alloc" and
    .python[0].file == "<string>" and .python[0].line == 1)' "$scratch/pymem_buffer_overflow/findings.json"
check 'pymem_api_misuse' misuse pymem_api_misuse asan allocator-misuse alloc
check 'pymem_malloc_without_gil' misuse pymem_malloc_without_gil cpython api-misuse
for size in 1 480 512 513 5000; do # small, the largest of those, of what pymalloc is for, and larger
    check "use of $size bytes after they were freed" freed $size
done
done_testing
