#!/bin/sh
# usage: build.sh BUSYBOX OUTPUT_DIRECTORY TOOLS_DIRECTORY
#
# Makes three initramfs images, each only when something that goes into it has changed:
#   busybox.cpio.gz  busybox, the first process and ../scripts, nothing else: what demo and boot benchmarks run
#   tests.cpio.gz    the same with the C programs of ../src, ../src32 and ../tools and the benchmarks
#   debug.cpio.gz    the first with strace, gdb and the programs of ../debug for them to look at
# Another cpio archive may be appended to either (the kernel unpacks one after the other); a file /script in it is
# run by the first process.
set -eu

busybox=$1
out=$2
tools=$3
here=$(cd "$(dirname "$0")" && pwd)
guests=$(dirname "$here")
root=$(dirname "$(dirname "$guests")")
mkdir -p "$out"

# $1: image name, rest: the files that it is made of. True when the image of just these contents is there.
is_current() {
    image=$out/$1
    shift
    inputs=$(cat "$@" | sha256sum)
    [ -r "$image" ] && [ -r "$image.inputs" ] && [ "$(cat "$image.inputs")" = "$inputs" ]
}

base_tree() {
    mkdir -p "$1/bin" "$1/sbin" "$1/dev" "$1/proc" "$1/sys" "$1/tmp" "$1/root" "$1/etc"
    cp "$busybox" "$1/bin/busybox"
    for applet in $("$busybox" --list); do
        [ "$applet" = busybox ] || ln -s /bin/busybox "$1/bin/$applet"
    done
    # What the kernel runs when it is asked from outside to shut down; the first process may be busy with a script.
    for verb in poweroff reboot; do
        printf '#!/bin/busybox sh\nexec /bin/busybox %s -f\n' $verb >"$1/sbin/$verb"
        chmod 755 "$1/sbin/$verb"
    done
    install -m 755 "$here/init" "$1/init"
    mkdir "$1/scripts"
    cp "$guests"/scripts/* "$1/scripts/"
    echo "PS1='xenolith:\\w\\\$ '" >"$1/etc/profile"
}

# $1: tree, $2: image name. Same tree, same bytes: fixed order, owner and times.
pack() {
    find "$1" -exec touch -h -d @0 {} +
    (cd "$1" && find . | LC_ALL=C sort | "$busybox" cpio -o -H newc -R 0:0 2>/dev/null) | gzip -n -6 >"$out/$2.part"
    mv "$out/$2.part" "$out/$2"
    echo "$inputs" >"$out/$2.inputs"
    echo "dev: built $out/$2" >&2
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

if ! is_current busybox.cpio.gz "$0" "$here/init" "$busybox" "$guests"/scripts/*; then
    base_tree "$work/busybox"
    pack "$work/busybox" busybox.cpio.gz
fi

set -- "$guests"/src/*.[ch] "$guests"/src32/*.c "$guests"/tools/*.c
bench=$root/bench/guestbench.c
netbench=$root/bench/netbench.c
blkbench=$root/bench/blkbench.c
if ! is_current tests.cpio.gz "$0" "$here/init" "$busybox" "$bench" "$netbench" "$blkbench" "$@" "$guests"/scripts/*; then
    base_tree "$work/tests"
    gcc -O2 -Wall -Wextra -Werror -static -pthread -s -o "$work/tests/bin/guesttest" "$guests"/src/*.c -lm
    for tool in "$guests"/tools/*.c; do
        gcc -O2 -Wall -Wextra -Werror -static -s -o "$work/tests/bin/$(basename "$tool" .c)" "$tool"
    done
    gcc -O2 -static -s -o "$work/tests/bin/guestbench" "$bench"
    gcc -O2 -Wall -Wextra -Werror -static -s -o "$work/tests/bin/netbench" "$netbench"
    gcc -O2 -Wall -Wextra -Werror -static -s -o "$work/tests/bin/blkbench" "$blkbench"
    # Needs no 32-bit library: there is none on most machines.
    gcc -m32 -O2 -Wall -Wextra -Werror -ffreestanding -fno-stack-protector -fno-pic -no-pie -nostdlib -static -s \
        -o "$work/tests/bin/guest32" "$guests"/src32/guest32.c
    pack "$work/tests" tests.cpio.gz
fi

set -- "$guests"/debug/*
if ! is_current debug.cpio.gz "$0" "$here/init" "$busybox" "$tools/versions" "$@" "$guests"/scripts/*; then
    base_tree "$work/debug"
    cp -a "$tools/bin" "$tools/lib" "$tools/lib64" "$work/debug/"
    mkdir "$work/debug/debug"
    cp "$guests"/debug/* "$work/debug/debug/"
    (cd "$work/debug/debug" && gcc -O0 -g -static -o debuggee debuggee.c)
    pack "$work/debug" debug.cpio.gz
fi
