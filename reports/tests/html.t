#!/bin/sh
# The HTML page, as a reader meets it in a browser: what it shows, that it loads nothing and runs
# nothing of what logs hold, that clicks and filters do what they should, on a phone too.
set -u
. "$SRCDIR/ci/tests/tap.sh"

page=${scratch:?}/page.html
hostile='<script>window.hacked=1</script>"><img src=x onerror=window.hacked=2>'
bidi=$(printf 'a\342\200\256b') # RIGHT-TO-LEFT OVERRIDE
escape=$(printf '\033')

# unit CELL NAME MEMBERS: how a unit ended
unit() {
    mkdir -p "results/$1/units/$2"
    echo "{\"cell\": \"$1\", \"unit\": \"$2\", \"seconds\": 1.5, \"time_limit\": 60, $3}" \
        >"results/$1/units/$2/unit.json"
}

# asan PID FUNCTION FILE
asan() {
    cat <<END
==$1==ERROR: AddressSanitizer: heap-use-after-free on address 0x602000000010 at pc 0x5 bp 0x7 sp 0x7
READ of size 8 at 0x602000000010 thread T0
    #0 0x54 in __interceptor_memcpy /llvm/asan.cpp:3:5
    #1 0x55 in $2 $3:3:5
    #2 0x56 in _PyEval_EvalFrameDefault /src/ceval.c:9:2
    #3 0x57 in main /src/main.c:9:2
0x602000000010 is located 0 bytes inside of 16-byte region [0x602000000010,0x602000000020)
freed by thread T0 here:
    #0 0x58 in free /llvm/asan.cpp:3:5
    #1 0x59 in dropped /src/b.c:4:1

SUMMARY: AddressSanitizer: heap-use-after-free $3:3:5 in $2
==$1==ABORTING
END
}

cd "$scratch" || exit 1
mkdir -p results/asan results/tsan results/blind
cat >results/run.json <<END
{"schema": "sanmatrix-run/1", "runtime": "toy-1", "version": "1.0", "suite": "smoke", "hashseed": "1",
 "hostname": "<b>host</b>", "started": "2026-11-20T06:00:00", "partition": "hash:1/1", "cells": [
 {"name": "asan", "requested": true, "units": ["good", "bad", "worse", "fails", "absent"]},
 {"name": "tsan", "requested": true, "units": ["good", "bad", "fails"]},
 {"name": "blind", "requested": true, "units": []}]}
END
for cell in asan tsan blind; do
    seen=true
    [ $cell != blind ] || seen=false
    cat >results/$cell/cell.json <<END
{"schema": "sanmatrix-cell/1", "cell": "$cell", "state": "ready", "requested": true, "seconds": 12.5,
 "properties": {"compiler": "cc", "flags": "-g & <i>"},
 "controls": [{"name": "double-free", "summary": "twice", "seen": $seen,
  "expected": {"tool": "asan", "kind": "double-free", "category": "invalid-free"}, "found": []}]}
END
done
for cell in asan tsan; do
    unit $cell good '"exit_code": 0'
    unit $cell bad '"exit_code": 1'
    unit $cell fails '"exit_code": 1'
    cat >results/$cell/units/fails/junit.xml <<END
<testsuite><testcase classname="fails.T" name="test_${bidi}"><failure message="1 is not 2">$(
    printf 'Traceback &lt;script&gt;window.hacked=3&lt;/script&gt;')</failure></testcase></testsuite>
END
done
unit asan worse '"exit_code": 1'
asan 7 list_dealloc "$scratch/<b>.c" >results/asan/units/bad/asan.7
asan 8 "${hostile}${escape}[31m" /src/x.c >results/asan/units/worse/asan.8
head -c 200000 /dev/zero | tr '\0' 'w' >>results/asan/units/worse/asan.8
# the same defect as in asan's unit bad, as another tool tells of it
cat >results/tsan/units/good/memcheck.11 <<END
==11== Memcheck, a memory error detector
==11== Invalid read of size 8
==11==    at 0x55: list_dealloc (b.c:3)
==11==    by 0x56: _PyEval_EvalFrameDefault (ceval.c:9)
==11==    by 0x57: main (main.c:9)
==11==  Address 0x4a is 0 bytes inside a block of size 16 free'd
==11==    at 0x58: free (vg_replace_malloc.c:872)
==11==    by 0x59: dropped (b.c:4)
==11==
==11== ERROR SUMMARY: 1 errors from 1 contexts (suppressed: 0 from 0)
END
echo 'WARNING: ThreadSanitizer: data race (pid=9)
  Write of size 8 at 0x7b0400000010 by thread T1:
    #0 racer /src/race.c:3:5 (toy+0x10)

  Previous read of size 8 at 0x7b0400000010 by main thread:
    #0 other /src/race.c:8:5 (toy+0x20)

SUMMARY: ThreadSanitizer: data race /src/race.c:3:5 in racer' >results/tsan/units/bad/tsan.9

check 'the page is written' exits 3 "$SANMATRIX" report --html "$page" results
"$SANMATRIX" report --html again.html --out views results >/dev/null
check 'the same twice' cmp "$page" again.html
check 'it is among the views' cmp "$page" views/report.html
check 'no markup of names or logs' lacks "$page" '<img'
check 'no code of names or logs' lacks "$page" '<script>window'
check 'no character that turns the direction' lacks "$page" "$bidi"
check 'it is shown instead' has "$page" 'test_a[U+202E]b'
check 'no terminal sequence' lacks "$page" "$escape"
# of links there are those within the page, and those of the guide, which a reader may follow
stays() {
    ! sed 's|<a href="https://[^"]*" rel="noreferrer">||g' "$1" |
        grep -oE '(href|src|action)="[^#]|url[(]|@import'
}
check 'nothing is loaded from elsewhere' stays "$page"
check 'Python is where it should be' lacks "$page" 'Traceback (most'
if command -v xmllint >/dev/null; then
    check 'its markup is balanced' xmllint --noout "$page"
else
    skip 'its markup is balanced' 'no xmllint here'
fi
echo 'nothing to see' >plain.log
check 'a page of nothing' exits 0 "$SANMATRIX" report --html empty.html plain.log
check 'says so' has empty.html 'No defect'

if ! command -v chromium >/dev/null && ! command -v google-chrome >/dev/null; then
    skip 'in a browser' 'no Chromium here: apt-get install --no-install-recommends chromium'
    done_testing
    exit 0
fi

# browse STEP...: what a reader does and sees; printed, and kept in $scratch/out
browse() {
    timeout 60 perl "$SRCDIR/reports/tests/browser.pl" "$@" >"$scratch/out" 2>&1
    status=$?
    cat "$scratch/out"
    return $status
}

# shows WANTED STEP...: just that is printed: no request, nothing on the console besides
shows() {
    wanted=$1
    shift
    browse "$@" && [ "$(cat "$scratch/out")" = "$wanted" ]
}

shown='[...document.querySelectorAll(".card, .failed")].filter((e) => e.offsetHeight).length'
unfold='document.querySelectorAll("details").forEach((d) => { d.open = true; }), undefined'
width='[document.documentElement.scrollWidth, innerWidth].join(" ")'

# Each of these is one reader: a line for each thing that was looked at.
check 'the verdict tells of what is missing, which comes first; nothing of a log was run' shows \
    '3 defects and 2 failed tests, and the run is not whole: 1 missing result, 1 blind cell
gaps
undefined' "open=$page" 'eval=document.querySelector("h1").textContent' \
    'eval=document.querySelector("section").className' "eval=$unfold; String(window.hacked)"
check 'not even if it were markup' browse "open=$page" 'eval=(() => {
    const s = document.createElement("script"); s.textContent = "window.hacked = 4"; document.body.append(s);
    const i = new Image(); i.src = "https://example.org/x.png"; document.body.append(i);
    return String(window.hacked); })()'
check 'the policy is what forbids it' says 'Content Security Policy'
check 'it did not run' says undefined
point='document.getElementById("point").textContent'
check 'squares: a click leads to the defect, to the failed test, says what it is; arrows move' shows \
    'true heap-use-after-free
true
asan: good: passed, 1 test, 1.50 s
tsan: bad' "open=$page" 'click=.squares .s-find' \
    'until=document.querySelector(".card:target details[open]")' 'eval=(() => {
    const c = document.querySelector(".card:target");
    return c.querySelector("details").open + " " + c.querySelector("h3 b").textContent; })()' \
    'click=.squares .s-fail' 'until=document.querySelector(".failed:target details[open]")' \
    'eval=document.querySelector(".failed:target details").open' \
    'click=.squares .s-pass' "eval=$point" \
    'eval=document.querySelector(".squares .s-find").focus(), undefined' \
    key=ArrowDown key=ArrowDown "eval=$point.slice(0, 9)"
check 'a card: a click unfolds it, a link in it explains the category, frames, how to see it again' shows \
    'true
1 true
list_dealloc 7
sanmatrix run --runtime toy-1 --cell tsan --unit=bad --out out/again' "open=$page" 'click=.card summary' \
    'eval=document.querySelector(".card details").open' 'click=.card .about a' 'eval=(() => {
    const g = document.querySelectorAll(".card .guide");
    return g.length + " " + (g[0].textContent.length > 200); })()' 'eval=(() => {
    const c = [...document.querySelectorAll(".card")].find((e) => e.textContent.includes("list_dealloc"));
    return c.querySelector(".top span").textContent + " " + c.querySelectorAll(".common").length; })()' \
    'eval=document.querySelector(".card[data-tool=\"|tsan|\"] .rerun code").textContent' \
    'click=.card .copy' 'until=document.querySelector(".card .copy").textContent !== "copy"'
check 'a defect that two tools report is one card, with both beside each other' shows \
    'asan tsan | asan memcheck | true' "open=$page" 'eval=(() => {
    const c = [...document.querySelectorAll(".card")].find((e) => e.textContent.includes("list_dealloc"));
    c.querySelector("details").open = true;
    const texts = (css) => [...c.querySelectorAll(css)].map((e) => e.firstChild.textContent.trim()).join(" ");
    const tops = [...c.querySelectorAll(".tool")].map((e) => e.getBoundingClientRect().top);
    return texts(".meta .tag") + " | " + texts(".tool h4") + " | " + (tops[0] === tops[1]); })()'
check 'the filter: typing, what it puts into the link, clearing' shows '4
1 #q=racer
4 ' "open=$page" "eval=$shown" 'click=#filter input' type=racer \
    'until=location.hash' "eval=$shown"' + " " + location.hash' \
    'click=#filter button' 'until=!location.hash' "eval=$shown"' + " " + location.hash'
check 'a link brings the filter along; by cell, the strips too' shows \
    '1 of 3 defects, 0 of 1 failed tests
1 3' "open=$page#tool=tsan" 'eval=document.getElementById("shown").textContent' \
    'eval=location.hash = "#cell=asan&category=race", undefined' \
    'until=document.querySelector(".strip.off")' \
    'eval=[...document.querySelectorAll(".strip")].filter((e) => e.offsetHeight).length + " " +
    document.querySelectorAll(".strip").length'
check 'a phone: nothing beyond its sides, all unfolded, and it is not zoomed out' shows '360 360 360' \
    size=360x740 "open=$page" "eval=$unfold; $width"' + " " + visualViewport.width'
check 'dark, for who prefers that' shows 'true' dark "open=$page" \
    'eval=getComputedStyle(document.body).backgroundColor.match(/\d+/g).every((n) => n < 60)'
check 'without scripts: all is there but the filter, and cards unfold' shows '4 none
true' noscript "open=$page" \
    "eval=$shown"' + " " + getComputedStyle(document.getElementById("filter")).display' \
    'click=.card summary' 'eval=document.querySelector(".card details").open'
check 'a page of nothing' shows 'No defect' "open=$scratch/empty.html" \
    'eval=document.querySelector("h1").textContent'
done_testing
