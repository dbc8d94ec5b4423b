#!/bin/sh
# Real bugs of CPython, each run by `sanmatrix exec` in the cells whose tools saw it, on the version
# that it is for: is it reported, with the right category and, where there is a C stack, the right
# frame? BUGS is the folder with cases.tsv (default: the shared corpus); CASES, VERSIONS and
# CELLS limit the run to some (extended regular expressions over the first column, the version, the cell).
set -u
bugs=${BUGS:-$SRCDIR/../shared/corpus/cpython-bugs}
if [ ! -r "$bugs/cases.tsv" ]; then
    echo "1..0 # SKIP no reproducers in $bugs"
    exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tab=$(printf '\t')
count=0

# category_of TOOL WORDS: the categories that may stand for what a row says, as a regular expression.
category_of() {
    case "$1: $2" in
    *use-after-free*) echo 'use-after-free' ;;
    *overflow*grow* | *'stack-overflow'*) echo 'crash|out-of-memory|resource' ;;
    *buffer-overflow*) echo 'out-of-bounds' ;;
    *SEGV* | *': crash'*) echo 'crash' ;;
    *'Invalid read'* | *'Invalid write'*) echo 'use-after-free|out-of-bounds|crash' ;;
    *uninit* | *'Conditional jump'*) echo 'uninitialised' ;;
    *'reference leak'*) echo 'refleak' ;;
    *leak*) echo 'leak' ;;
    *assertion*) echo 'assertion' ;;
    *'negative refcount'*) echo 'use-after-free|allocator-misuse|api-misuse' ;;
    *'fatal error'* | *'Fatal Python error'*) echo 'api-misuse|crash|use-after-free' ;;
    *race*) echo 'race' ;;
    *) echo 'use-after-free' ;; # hidden elsewhere: the whole set of hid_ is that
    esac
}

cell_of() {
    case $1 in
    asan | lsan) echo asan ;;
    memcheck) echo valgrind ;;
    pydebug | 'any build') echo debug ;;
    tsan) echo tsan ;;
    none) echo asan ;; # hidden by free lists: the cell is built without them
    esac
}

runtime_of() {
    case $1 in
    3.11*) echo cpython-3.11 ;;
    3.13*) echo cpython-3.13 ;;
    esac
}

# earlier ID-CELL FRAMES: where a cell sees the same defect at an access before that of the row, the
# frames of that one too. The rows were recorded with free lists; the cell asan has none.
earlier() {
    case $1 in
    uaf_zoneinfo_weak_cache-asan-pool) earlier uaf_zoneinfo_weak_cache-asan "$2" ;;
    # the freed dict is not kept in a list: asking for its type already is a use after free
    uaf_zoneinfo_weak_cache-asan) echo "$2|PyObject_GetAttrString" ;;
    # Memcheck cannot walk up from the end of a full stack when the call that met it was malloc's
    stk_et_deepcopy-valgrind) echo "$2|malloc" ;;
    *) echo "$2" ;;
    esac
}

# seen JSON CATEGORIES FRAMES: a finding of such a category, one of FRAMES (joined by |; none: any will
# do) among the first of a stack. Ahead of them may stand interceptors and allocators.
seen() {
    jq -e --arg categories "^($2)\$" --arg frames "^($3)\$" '
        any(.findings[]; (.category | test($categories)) and ($frames == "^()$" or
            any(.stacks[]; .frames[:8] | any((.function // "") | test($frames)))))' \
        "$1" >"$work/jq" 2>&1
}

# one NAME FILE RUNTIME CELL CATEGORIES FRAME
one() {
    count=$((count + 1))
    out=$work/$1-$4
    tries=1
    [ "$4" = tsan ] && tries=3
    while [ $tries -gt 0 ]; do
        tries=$((tries - 1))
        "$SANMATRIX" exec --cell "$4" --runtime "$3" --out "$out" --progress none --timeout 300 -- \
            "{python}" "$bugs/$2" >"$work/output" 2>"$work/errors" </dev/null
        if seen "$out/findings.json" "$5" "$(earlier "$1-$4" "$6")"; then
            echo "ok $count - $1 in $4: $5 $6"
            return
        fi
    done
    echo "not ok $count - $1 in $4: $5 $6"
    jq -r '.findings[] | "# found \(.tool) \(.kind) \(.category): " +
        ([.stacks[0].frames[]?.function // "?"][:6] | join(" < "))' "$out/findings.json" 2>&1 |
        head -n 20
    tail -n 3 "$work/errors" | sed 's/^/# /'
}

# Each row's tools are separated by "; ", each "TOOL: WORDS"; "none" stands alone.
rows() {
    tail -n +2 "$bugs/cases.tsv" | grep -E "^(${CASES:-.*})$tab" |
        while IFS=$tab read -r id file version _ tools frames bytes with_malloc with_pools _; do
        echo "$version" | grep -qE "^(${VERSIONS:-.*})" || continue
        [ "$frames" = - ] && frames=
        any=$(echo "$frames" | sed 's/ < /|/g')
        printf '%s\n' "$tools" | sed 's/; /\n/g' | while read -r tool; do
            name=${tool%%:*}
            # the frames are those of ASan, or TSan; elsewhere another helper may be inlined on top
            case $(cell_of "$name") in
            asan | tsan) frame=${frames%% <*} ;;
            valgrind) frame=$any ;;
            *) frame= ;;
            esac
            printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$id" "$file" "$(runtime_of "$version")" \
                "$(cell_of "$name")" "$(category_of "$name" "${tool#*: }")" "$frame"
        done
        # what ASan sees in malloc's blocks and not in pools is the shim's to show, with the same frames
        case $bytes:$with_malloc:$with_pools in
        [0-9]*:y:\ *:n*) [ "$bytes" -gt 512 ] || printf '%s\t%s\t%s\tasan-pool\t%s\t%s\n' "$id" "$file" \
            "$(runtime_of "$version")" "$(category_of asan "$with_malloc")" "${frames%% <*}" ;;
        esac
    done
}

rows | awk -F "$tab" -v cells="^(${CELLS:-.*})\$" '$4 ~ cells' | sort -t "$tab" -k 3,4 >"$work/rows"
while IFS=$tab read -r id file runtime cell categories frame; do
    one "$id" "$file" "$runtime" "$cell" "$categories" "$frame"
done <"$work/rows"
echo "1..$count"
