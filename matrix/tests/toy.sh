# Sourced by tests that run sanmatrix on the fixture runtime. Everything they write is in $scratch.
# shellcheck shell=sh
: "${source:=}"
. "$SRCDIR/ci/tests/tap.sh"
: "${scratch:?}"

unset MAKEFLAGS MFLAGS MAKELEVEL CELLS SUITE UNITS OUT PARTITION JOBS RUNTIME RUNTIME_SRC BASELINE RETRIES IN
XDG_CACHE_HOME=$scratch/cache
SANMATRIX_RUNTIMES=$SRCDIR/matrix/tests/fixtures/runtimes
SANMATRIX_CELLS=$scratch/cells
CCACHE_DISABLE=1
export XDG_CACHE_HOME SANMATRIX_RUNTIMES SANMATRIX_CELLS CCACHE_DISABLE
mkdir -p "$scratch/cells"

for tool in autoconf jq xmllint; do
    command -v $tool >/dev/null || { echo "1..0 # SKIP no $tool here"; exit 0; }
done

# toy_source DIR: the runtime's source, with the configure that its authors would ship
toy_source() {
    cp -R "$SRCDIR/matrix/tests/fixtures/toy" "$1" &&
        (cd "$1" && autoconf -o configure configure.ac && rm -rf autom4te.cache)
}

# toy COMMAND ARGUMENT...: sanmatrix on the source in $source; lines of progress go to $scratch/err
toy() {
    command=$1
    shift
    "$SANMATRIX" "$command" --runtime toy --runtime-src "$source" --progress plain "$@" \
        2>"$scratch/err"
    toy_status=$?
    cat "$scratch/err"
    return $toy_status
}

# progressed PATTERN: how many lines of the last run's progress match
progressed() {
    grep -cE -e "$1" "$scratch/err"
}

# xpath FILE EXPRESSION
xpath() {
    xmllint --xpath "$2" "$1" 2>/dev/null
}

# entries DIR: how many there are
entries() {
    find "$1" -mindepth 1 -maxdepth 1 | wc -l
}

# equals WANTED COMMAND...: the command prints just that
equals() {
    wanted=$1
    shift
    got=$("$@")
    [ "$got" = "$wanted" ] || { printf '<%s> is not <%s>\n' "$got" "$wanted"; return 1; }
}

# found OUT CELL TOOL KIND: how many findings there are of this kind in this cell
found() {
    jq --arg cell "$2" --arg tool "$3" --arg kind "$4" '[.findings[]
        | select(.tool == $tool and .kind == $kind)
        | select(any(.occurrences[]; .cell == $cell))] | length' "$1/findings.json"
}

# marked TEXT: the processes, still alive, that have this in their environment, that run in such a
# folder (compilers do), or whose program is there
marked() {
    for process in /proc/[0-9]*; do
        if { tr '\0' '\n' <"$process/environ"; readlink "$process/cwd" "$process/exe"; } 2>/dev/null |
            grep -qF -e "$1"; then
            echo "${process#/proc/} $(tr '\0' ' ' 2>/dev/null <"$process/cmdline")"
        fi
    done
}

# gone TEXT: within some seconds no process of that mark is left; those that are left are ended then
gone() {
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        [ -n "$(marked "$1")" ] || return 0
        sleep 0.25
    done
    marked "$1" | while read -r pid command; do
        echo "$pid $command"
        kill -KILL "$pid"
    done
    return 1
}
