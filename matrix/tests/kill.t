#!/bin/sh
# A run that is killed at any moment is completed by the next one, and leaves no process behind.
# KILLS: how many moments (10).
set -u
. "$SRCDIR/matrix/tests/toy.sh"

source=$scratch/src
suite="--suite smoke --cell debug,asan"
check 'the fixture has a configure' toy_source "$source"

# The words of the outcome, without what differs from run to run: times, paths of the cache.
cases() {
    xmllint --xpath '//testcase' "$1/junit.xml" | tr '\n' ' ' | sed 's|<testcase|\n<testcase|g' |
        sed -n 's|^<testcase classname="\([^"]*\)" name="\([^"]*\)"[^>]*> *<\([a-z]*\).*|\1 \2 \3|p
            t
            s|^<testcase classname="\([^"]*\)" name="\([^"]*\)".*|\1 \2 passed|p' | sort
}
fingerprints() {
    jq -r '.findings[] | "\(.fingerprint) \(.tool) \(.kind) \([.occurrences[] | "\(.cell)/\(.unit)"]
        | sort | unique | join(" "))"' "$1/findings.json" | sort
}

# What runs that nobody disturbs give, and how long they take: with the build, and without.
began=$(date +%s.%N)
# shellcheck disable=SC2086
check 'an undisturbed run' exits 1 toy run --out "$scratch/calm" $suite
built=$(date +%s.%N)
# shellcheck disable=SC2086
check 'and another, of what is built' exits 1 toy run --out "$scratch/calm" $suite
ended=$(date +%s.%N)
cases "$scratch/calm" >"$scratch/cases"
fingerprints "$scratch/calm" >"$scratch/fingerprints"
check 'it has test cases and findings' test -s "$scratch/cases" -a -s "$scratch/fingerprints"

# moment FROM TO: some part of the time between, in seconds
moment() {
    awk -v from="$1" -v to="$2" -v random="$(od -An -N4 -tu4 /dev/urandom)" \
        'BEGIN { printf "%.3f", (to - from) * random / 4294967296 }'
}

# disturb SIGNAL SECONDS OUT: starts a run in a session of its own, and sends its driver a signal then
disturb() {
    # shellcheck disable=SC2086
    setsid "$SANMATRIX" run --runtime toy --runtime-src "$source" --progress plain --out "$3" \
        $suite >"$scratch/disturbed" 2>&1 &
    driver=$!
    sleep "$2"
    kill "-$1" $driver 2>/dev/null
    wait $driver
    status=$?
}

# resumes OUT: the next run ends as the undisturbed one, with the same cases and findings
resumes() {
    # shellcheck disable=SC2086
    exits 1 toy run --out "$1" $suite || return 1
    cases "$1" | diff "$scratch/cases" - || return 1
    fingerprints "$1" | diff "$scratch/fingerprints" -
}

number=0
while [ $number -lt "${KILLS:-10}" ]; do
    number=$((number + 1))
    # Every other one from an empty cache: the build is killed as well.
    if [ $((number % 2)) -eq 0 ]; then
        seconds=$(moment "$built" "$ended")
    else
        rm -rf "$XDG_CACHE_HOME/sanmatrix/builds" "$XDG_CACHE_HOME/sanmatrix/confcache"
        seconds=$(moment "$began" "$built")
    fi
    disturb KILL "$seconds" "$scratch/killed" 2>/dev/null
    echo "# status $status: $(tail -n 1 "$scratch/disturbed")"
    check "killed after $seconds s: no process is left" gone "$scratch"
    check "killed after $seconds s: the next run completes it" resumes "$scratch/killed"
    rm -rf "$scratch/killed"
done

# What would run for hours, and hears no signal but SIGKILL; a child without environment; a daemon.
printf 'case waits\ndaemon hang\nchild child hang\nsleep 10000\n' >"$source/tests/waits.toy"
setsid "$SANMATRIX" run --runtime toy --runtime-src "$source" --progress plain -j 4 \
    --out "$scratch/deaf" --unit hangs,waits --cell debug,asan >"$scratch/disturbed" 2>&1 &
driver=$!
deaf() {
    grep -lqs 'deaf from now on' "$scratch"/deaf/debug/units/hangs/output.txt &&
        test -e "$scratch/deaf/debug/units/waits/output.txt"
}
for _ in $(seq 300); do
    if deaf; then break; fi
    sleep 0.1
done
sleep 0.5
check 'units that hang are running' deaf
check 'the processes of a run can be found' test -n "$(marked "$scratch")"
kill -KILL $driver
wait $driver 2>/dev/null
check 'killed while units hang: no process is left' gone "$scratch"

# SIGINT: the reports of what has run are written. With -j 4 the rest runs while two units wait.
printf 'case waits\nsleep 100\n' >"$source/tests/waits.toy"
suite='--unit arith,child,waits --cell debug,asan'
# shellcheck disable=SC2086
setsid "$SANMATRIX" run --runtime toy --runtime-src "$source" --progress plain \
    -j 4 --out "$scratch/stopped" $suite >"$scratch/disturbed" 2>&1 &
driver=$!
for _ in $(seq 300); do
    [ "$(grep -c -e ':arith ' -e ':child ' "$scratch/disturbed")" -lt 4 ] || break
    sleep 0.1
done
kill -INT $driver
wait $driver
status=$?
check 'SIGINT: it exits with 130' test $status -eq 130
check 'SIGINT: no process is left' gone "$scratch"
check 'SIGINT: the JUnit has what has run' equals 6 xpath "$scratch/stopped/junit.xml" \
    "count(//testcase[@classname='asan.arith' or @classname='debug.arith'])"
check 'SIGINT: and is well-formed' xmllint --noout "$scratch/stopped/junit.xml"
check 'SIGINT: the findings too' equals 1 found "$scratch/stopped" asan asan heap-use-after-free
check 'SIGINT: a unit that was running has no result' \
    test ! -e "$scratch/stopped/asan/units/waits/unit.json"
printf 'case waits\n' >"$source/tests/waits.toy"

done_testing
