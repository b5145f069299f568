#!/bin/sh
# usage: train.sh JAVA_HOME DIST
#
# Makes DIST ready for the launcher: notes which JVM runs it, and trains that JVM's ahead-of-time cache (JDK 25 on) on
# the work of a real start: a short boot where this machine can run guests, else the commands that need none. Without a
# cache the launcher works just as well, only later.
set -eu

java=$1/bin/java
dist=$2
cache=$dist/xenolith.aot
kernel=${XENOLITH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/xenolith}/kernels/cloud/vmlinuz
image=${XENOLITH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/xenolith}/guests/busybox.cpio.gz

if [ -r "$cache" ] && [ "$(cat "$dist/jdk")" = "$java" ] && [ -z "$(find "$dist/lib" -newer "$cache")" ]; then
    touch "$dist/jdk" # says when the build last looked at its sources
    exit 0
fi
rm -f "$cache"
echo "$java" >"$dist/jdk"
if ! "$java" -XX:AOTCacheOutput="$cache" -version >/dev/null 2>&1; then
    exit 0
fi
rm -f "$cache"

# The launcher's own options, so that the cache fits what it will start; the limit is for a guest that hangs.
train() {
    XENOLITH_JAVA_OPTS="-XX:AOTCacheOutput=$cache" timeout 60 "$dist/../../../xenolith" "$@" </dev/null >/dev/null 2>&1
}

# Most starts find the host's profile remembered, so the one that is trained on shall too.
if [ -w /dev/kvm ]; then
    timeout 60 "$dist/../../../xenolith" info </dev/null >/dev/null 2>&1 || true
fi

if [ -w /dev/kvm ] && [ -r "$kernel" ] && [ -r "$image" ] && train run --kernel "$kernel" --initrd "$image" \
    --memory 256M --cmdline "console=hvc0 xl.script=hello"; then
    exit 0
fi
rm -f "$cache"
train version || true
