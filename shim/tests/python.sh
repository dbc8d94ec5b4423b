# Sourced after tap.sh by the tests of libpoolshim-cpython.so in interpreters that nobody rebuilt: those of
# PYTHONS (paths; default: each python3 that is found).
# shellcheck shell=sh disable=SC2034,SC2154 # here is for who sources it, scratch from there

here=$SRCDIR/shim/tests
preload=$BUILD/shim/libpoolshim-cpython.so
other='' options=''
unset PYTHONMALLOC PYTHONDEVMODE PYTHONTRACEMALLOC POOLSHIM_OPTIONS PYTHONPATH

# A python3 may be a script that finds the real one.
pythons() {
    for python in ${PYTHONS-$(command -v python3) /usr/bin/python3 /usr/local/bin/python3}; do
        "$python" -I -c 'import ctypes, os, sys
print(os.path.realpath(sys.executable))' 2>/dev/null
    done | sort -u
}

# in_python MALLOC PYTHON ARG...: with the shim, which checks at free alone, and the object OTHER
in_python() {
    malloc=$1
    shift
    timeout 100 env LD_PRELOAD="${other:+$other:}$preload" POOLSHIM_OPTIONS="check=1:exitcode=23:$options" \
        ${malloc:+"PYTHONMALLOC=$malloc"} "$@"
}

no_finding() {
    tail -n 40 "$scratch/out"
    grep -q '; 0 findings' "$scratch/out"
}

# Builds the planted faults and lists the interpreters, in $scratch/pythons; without either nothing is tested.
prepare() {
    if ! cc=$(command -v "${CC:-cc}") || ! "$cc" -O1 -g -fPIC -shared -o "$scratch/faults.so" \
        "$here/python_faults.c" 2>"$scratch/out"; then
        echo "1..0 # SKIP no compiler for the planted faults"
        exit 0
    fi
    pythons >"$scratch/pythons"
    if [ ! -s "$scratch/pythons" ]; then
        echo "1..0 # SKIP no python3 with ctypes"
        exit 0
    fi
}
