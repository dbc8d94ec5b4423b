#!/bin/sh
# The README's first command on a machine where nothing has been done yet: a chroot made by debootstrap
# (minbase: no compiler, no make, no git) from the mirror that apt knows, with a fresh clone of HEAD and
# an empty cache.
#
#     sh ci/bare-debian.sh FOLDER [COMMAND]      as root, on Debian with debootstrap and git
#
# COMMAND (default: ./configure --bootstrap && make matrix) runs in the clone; its status is ours.
# FOLDER is kept: FOLDER/src/out has the results. If it exists already it is used as it is.
set -eu
if [ $# -lt 1 ] || [ "$(id -u)" -ne 0 ]; then
    echo "usage, as root: sh ci/bare-debian.sh FOLDER [COMMAND]" >&2
    exit 2
fi
mkdir -p "$1"
folder=$(cd "$1" && pwd)
command=${2:-./configure --bootstrap && make matrix}
here=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=/dev/null
release=$(. /etc/os-release && echo "$VERSION_CODENAME")

if [ ! -x "$folder/bin/sh" ]; then
    # shellcheck disable=SC2016 # the names are apt's
    mirror=$(apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        awk -v release="$release" '$2 == release && $3 == "main" { print $1; exit }')
    debootstrap --variant=minbase "$release" "$folder" "$mirror"
fi
[ -d "$folder/src" ] || git clone -q "$here" "$folder/src"
cp /etc/resolv.conf /etc/hosts "$folder/etc/"
trap 'umount "$folder/proc" "$folder/dev/shm" 2>/dev/null || true' EXIT
mkdir -p "$folder/dev/shm"
mountpoint -q "$folder/proc" || mount -t proc proc "$folder/proc"
mountpoint -q "$folder/dev/shm" || mount -t tmpfs tmpfs "$folder/dev/shm"
started=$(date +%s)
status=0
env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM="${TERM:-dumb}" \
    chroot "$folder" sh -c "cd /src && $command" || status=$?
echo "bare-debian: status $status after $(($(date +%s) - started)) s"
exit $status
