#!/bin/sh
# Installs the packages that ci/packages/*.txt name. Nothing is printed, and apt is not asked,
# when all of them are there. Where there is no apt-get, or no way to become root, the list is
# printed instead.
set -eu

dir=$(dirname "$0")
preferred_clang=19 # the oldest whose checkers work on kernels with many random address bits

# names: the packages, the version of clang filled in
names() {
    sed 's/[[:space:]]*#.*//; /^[[:space:]]*$/d' "$dir"/packages/*.txt | sed "s/-N\(-dev\)\{0,1\}\$/-$1\1/"
}

installed() {
    dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' 2>/dev/null | sed -n 's/^ii *//p' | sort -u
}

# known: the clang to install: the preferred one, else the newest that apt knows
clang_version() {
    if dpkg-query -W -f '${db:Status-Abbrev}' "clang-$preferred_clang" 2>/dev/null | grep -q '^ii'; then
        echo "$preferred_clang"
        return
    fi
    versions=$(apt-cache pkgnames clang- 2>/dev/null | sed -n 's/^clang-\([0-9][0-9]*\)$/\1/p' | sort -n)
    case "
$versions
" in
    *"
$preferred_clang
"*) echo "$preferred_clang" ;;
    *) echo "$versions" | tail -n 1 ;;
    esac
}

# missing VERSION: what is named but not installed
missing() {
    scratch=$(mktemp -d "${TMPDIR:-/tmp}/bootstrap.XXXXXX")
    installed >"$scratch/have"
    names "$1" | sort -u | grep -vxF -f "$scratch/have" || :
    rm -rf "$scratch"
}

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "no apt-get here: install what these Debian packages hold (N: a version of clang)" >&2
    names N | tr '\n' ' ' >&2
    echo >&2
    exit 0
fi

version=$(clang_version)
wanted=$(missing "${version:-$preferred_clang}")
[ -n "$wanted" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
    as_root=sudo
    # without a terminal nobody can type a password
    [ -t 0 ] || as_root='sudo -n'
    if ! command -v sudo >/dev/null || ! $as_root true; then
        echo "packages are missing; run as root:" >&2
        echo "  apt-get install --no-install-recommends" "$(echo "$wanted" | tr '\n' ' ')" >&2
        exit 1
    fi
fi

$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update
version=$(clang_version)
wanted=
for p in $(missing "${version:-$preferred_clang}"); do
    if apt-cache show "$p" >/dev/null 2>&1; then
        wanted="$wanted $p"
    else
        echo "no package '$p' here: going on without it" >&2
    fi
done
# shellcheck disable=SC2086 # a list of words
[ -z "$wanted" ] || $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
    -o Dpkg::Use-Pty=0 --no-install-recommends install $wanted </dev/null
