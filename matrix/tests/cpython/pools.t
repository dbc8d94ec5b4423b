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
done_testing
