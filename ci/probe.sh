# The probes of configure, which sources this: a checker counts as working when a program with a
# planted fault was compiled, linked and run with it, and the fault was reported.
# shellcheck shell=sh
# shellcheck disable=SC2154 # srcdir, checkers and VALGRIND are configure's

probe_source=$srcdir/ci/probe.c # without an argument it is clean; with one it commits that fault

bounded=
! command -v timeout >/dev/null || bounded='timeout -k 1 30'

reported_by() {
    case $1 in
    address) echo 'AddressSanitizer: heap-use-after-free' ;;
    undefined) echo 'runtime error: signed integer overflow' ;;
    leak) echo 'LeakSanitizer: detected memory leaks' ;;
    thread) echo 'ThreadSanitizer: data race' ;;
    memory) echo 'MemorySanitizer: use-of-uninitialized-value' ;;
    esac
}

# probe_runs PROGRAM FAULT [WRAPPER...]: 0 when the clean run is clean and the fault is reported
probe_runs() {
    program=$1 fault=$2
    shift 2
    # shellcheck disable=SC2086
    log env ASAN_OPTIONS=detect_leaks=1 $bounded "$@" "$program" || return 1
    echo "+ $* $program $fault" >&5
    # shellcheck disable=SC2086
    env ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 $bounded "$@" \
        "$program" "$fault" >"$program.$fault" 2>&1
    cat "$program.$fault" >&5
    grep -q "$(reported_by "$fault")" "$program.$fault"
}

# The lines that a probe leaves in $tmp/N/CHECKER: "yes" or "no REASON". Its log is beside it.
probe_sanitizer() {
    cc=$1 checker=$2 base=$3/$2
    exec 5>"$base.log"
    if ! log "$cc" -g -O1 "-fsanitize=$checker" -fno-sanitize-recover=undefined \
        -o "$base.program" "$probe_source" -pthread; then
        echo "no it cannot be compiled and linked" >"$base"
        return
    fi
    for fault in $(echo "$checker" | tr , ' '); do
        if probe_runs "$base.program" "$fault"; then
            echo yes >"$base"
        elif [ "$fault" = thread ] && probe_runs "$base.program" "$fault" setarch -R; then
            echo "no it works without address randomisation only: sysctl vm.mmap_rnd_bits=28" \
                >"$base"
        else
            echo "no a program that it was linked into does not run, or does not report" >"$base"
            return
        fi
    done
}

# Which debug format Valgrind can read is found out by its naming function and line.
probe_valgrind() {
    cc=$1 base=$2/valgrind
    exec 5>"$base.log"
    line=$(sed -n '/& 1/=' "$probe_source")
    for flag in '' -gdwarf-4; do
        # shellcheck disable=SC2086
        log "$cc" -g $flag -O1 -o "$base.program" "$probe_source" -pthread || break
        # shellcheck disable=SC2086
        log $bounded "$VALGRIND" -q --error-exitcode=9 "$base.program" || continue
        echo "+ $VALGRIND -q --error-exitcode=9 $base.program memory" >&5
        $bounded "$VALGRIND" -q --error-exitcode=9 "$base.program" memory >"$base.out" 2>&1
        status=$?
        cat "$base.out" >&5
        # it may go on without the names that it could not read, and name this one
        ! grep -q 'reading debug info\|unhandled' "$base.out" || continue
        if [ $status -eq 9 ] && grep -q "planted_memory (probe.c:$line)" "$base.out"; then
            echo "yes $flag" >"$base"
            return
        fi
    done
    echo "no it reports nothing, or without names, with either debug format" >"$base"
}

# probe_compiler NAME FOLDER: all checkers at once
probe_compiler() {
    for checker in $checkers; do
        (probe_sanitizer "$1" "$checker" "$2") &
    done
    [ -z "$VALGRIND" ] || (probe_valgrind "$1" "$2") &
    wait
    cat "$2"/*.log >&5
}

works() {
    [ "$(cut -d' ' -f1 "$1" 2>/dev/null)" = yes ]
}
