#!/bin/sh
# The cells that keep CPython's pools, in programs that start the interpreter several times and in
# subinterpreters: Programs/_testembed of the real CPython (RUNTIME, default cpython-3.13), where the shim is
# linked in. What is planted in the last one is seen, and the pools of sound ones are not reported. (CPython
# itself loses memory with each start: leaks are not asked for.)
set -u
. "$SRCDIR/ci/tests/tap.sh"

runtime=${RUNTIME:-cpython-3.13}
sound='import json, ast; [json.loads(json.dumps(list(range(n)))) for n in range(200)]; ast.parse("a+b*c")'
overflow='import _testcapi; _testcapi.pymem_buffer_overflow()'
in_sub="import _testcapi; _testcapi.run_in_subinterp('''$overflow''')"

# embed CELL OUT ARG...: _testembed with the modules of the build
embed() {
    cell=$1 out=$scratch/$2
    shift 2
    "$SANMATRIX" exec --cell "$cell" --runtime "$runtime" --out "$out" --progress none -- '{python}' -c \
        'import os, sys
os.environ["PYTHONPATH"] = ":".join(sys.path[1:])
os.execv(sys.argv[1], sys.argv[1:])' '{build}/Programs/_testembed' "$@" >"$scratch/log" 2>&1
    tail -n 20 "$scratch/log"
    [ -s "$out/findings.json" ] || return 1
    jq -r '.findings[] | "\(.tool) \(.kind) \(.category)"' "$out/findings.json"
}
no_false_report() {
    embed "$@" && grep -qF -e "$ends" "$out"/*/units/*/output.txt && jq -e 'all(.findings[];
        .category == "leak" or .tool == "ubsan")' "$out/findings.json" >/dev/null
}
finds() { # CELL TOOL OUT ARG...
    cell=$1 tool=$2
    shift 2
    embed "$cell" "$@" && jq -e --arg tool "$tool" 'any(.findings[]; .tool == $tool and
        .category == "out-of-bounds" and any(.stacks[]; .role == "access" and
            any(.frames[]; .function == "pymem_buffer_overflow")))' "$out/findings.json" >/dev/null
}

for tool in asan memcheck; do
    cell=$([ $tool = asan ] && echo asan-pool || echo valgrind-pool)
    ends='--- Loop #3'
    check "$cell: started three times" no_false_report "$cell" "$tool-sound" test_repeated_init_exec \
        "$sound" "$sound" "$sound"
    ends='interp 0 '
    check "$cell: started several times, with subinterpreters" no_false_report "$cell" "$tool-subs" \
        test_repeated_init_and_subinterpreters
    check "$cell: overflow in the third start" finds "$cell" "$tool" "$tool-third" test_repeated_init_exec \
        "$sound" "$sound" "$overflow"
    check "$cell: overflow in a subinterpreter of the second start" finds "$cell" "$tool" "$tool-sub" \
        test_repeated_init_exec "$sound" "$in_sub"
done
done_testing
