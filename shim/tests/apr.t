#!/bin/sh
# A second user: the pools of the Apache Portable Runtime, Debian's source package with the calls put in
# by apr/pools.patch. Faults planted in programs that use them are found, and correct use is not reported.
# The package is fetched and configured once for each build folder.
set -u
. "$SRCDIR/ci/tests/tap.sh"

folder=$BUILD/shim-apr
ASAN_OPTIONS=symbolize=1
ASAN_SYMBOLIZER_PATH=${SYMBOLIZER:-}
export ASAN_OPTIONS ASAN_SYMBOLIZER_PATH
unset POOLSHIM_OPTIONS MAKEFLAGS MFLAGS MAKELEVEL

# apt's own list of sources, asked for source packages
ask_apt() {
    timeout 100 apt-get -q -o Dir::Etc::sourceparts="$folder/apt/parts" \
        -o Dir::Etc::sourcelist="$folder/apt/list" \
        -o Dir::State::lists="$folder/apt/lists" -o Dir::Cache="$folder/apt/cache" "$@"
}

fetch() {
    mkdir -p "$folder/apt/parts" "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial"
    sed -n 's/^deb /deb-src /p' /etc/apt/sources.list >"$folder/apt/list" 2>/dev/null
    for f in /etc/apt/sources.list.d/*.sources; do
        [ ! -f "$f" ] || sed 's/^Types:.*/Types: deb-src/' "$f" >"$folder/apt/parts/$(basename "$f")"
    done
    ask_apt update && cd "$folder" && ask_apt source --download-only --tar-only apr
}

configure() {
    cd "$folder" && tar xf apr_*.orig.tar.* && mv apr-*/ source && cd source &&
        patch -b -p1 <"$SRCDIR/shim/tests/apr/pools.patch" && ./configure CC="$CC" CFLAGS=-O1 &&
        mv memory/unix/apr_pools.c patched.c && cp memory/unix/apr_pools.c.orig memory/unix/apr_pools.c &&
        make -j2 libapr-1.la && cp .libs/libapr-1.a "$folder/"
}

build() { # NAME FLAG...
    output=$scratch/$1
    shift
    cd "$folder/source" && "$CC" -O1 -g -w -fno-omit-frame-pointer "$@" -DHAVE_CONFIG_H -DLINUX \
        -D_REENTRANT -D_GNU_SOURCE -Iinclude -Iinclude/arch/unix -Iinclude/private -Imemory/unix \
        -I"$SRCDIR/shim" -o "$output" patched.c "$SRCDIR/shim/tests/apr/faults.c" "$folder/libapr-1.a" \
        "$BUILD/shim/libpoolshim.a" -lcrypt -lpthread -luuid
}

if ! command -v apt-get >/dev/null || ! command -v patch >/dev/null; then
    echo '1..0 # SKIP no apt-get or no patch here'
    exit 0
fi
if [ ! -f "$folder/libapr-1.a" ]; then
    rm -rf "$folder"
    mkdir -p "$folder"
    if ! (fetch) >"$scratch/fetch" 2>&1; then
        echo "1..0 # SKIP the source package of apr cannot be fetched here"
        sed 's/^/# /' "$scratch/fetch" | tail -n 3
        exit 0
    fi
    if ! (configure) >"$folder/log" 2>&1; then
        rm -f "$folder/libapr-1.a"
        check 'APR builds' sh -c "tail -n 20 '$folder/log'; false"
        done_testing
        exit 0
    fi
fi

finds() { # PROGRAM NUMBER TEXT...
    timeout 60 "$scratch/$1" "$2" >"$scratch/report" 2>&1
    shift 2
    for text in "$@"; do
        grep -qF -e "$text" "$scratch/report" || { cat "$scratch/report"; echo "no '$text'"; return 1; }
    done
}
memcheck() { # NUMBER TEXT...
    number=$1
    shift
    timeout 120 valgrind -q "$scratch/plain" "$number" >"$scratch/report" 2>&1
    for text in "$@"; do
        grep -qF -e "$text" "$scratch/report" || { cat "$scratch/report"; echo "no '$text'"; return 1; }
    done
}
silent() {
    timeout 120 "$@" >"$scratch/report" 2>&1 && cat "$scratch/report" && [ ! -s "$scratch/report" ]
}

if build asan -fsanitize=address 2>/dev/null; then
    check 'ASan: correct use' silent "$scratch/asan" 0
    check 'ASan: behind the end' finds asan 1 'SUMMARY: AddressSanitizer: heap-buffer-overflow' \
        'is located 0 bytes after 24-byte region' "of pool 'apr'"
    check 'ASan: behind the end of a full block' finds asan 2 'heap-buffer-overflow' \
        'is located 0 bytes after 32-byte region'
    check 'ASan: before the start' finds asan 3 'heap-buffer-overflow' \
        'is located 1 bytes before 32-byte region'
    check 'ASan: after apr_pool_clear' finds asan 4 'SUMMARY: AddressSanitizer: heap-use-after-free' \
        'is located 3 bytes inside of 24-byte region' 'in apr_pool_clear ' 'in make ' "of pool 'apr'"
    check 'ASan: after apr_pool_destroy' finds asan 5 'SUMMARY: AddressSanitizer: heap-use-after-free' \
        'is located 3 bytes inside of 24-byte region' 'in apr_pool_destroy ' 'in make '
else
    skip 'ASan' "$CC cannot link -fsanitize=address here"
fi
check 'builds without a checker' build plain
check 'no checker: correct use' silent "$scratch/plain" 0
if command -v valgrind >/dev/null; then
    check 'Memcheck: correct use' silent valgrind -q "$scratch/plain" 0
    for number in 1 2 3 4 5; do
        check "Memcheck: fault $number" memcheck $number 'Invalid read of size 1'
    done
    check 'Memcheck: bytes never written' memcheck 6 'Conditional jump or move depends on uninitialised'
else
    skip 'Memcheck' 'no valgrind here'
fi

done_testing
