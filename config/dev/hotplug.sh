# ./dev bench hotplug: attaches and detaches a disk and an interface again and again, has the guest load its drivers anew
# each time, and looks what is left behind in our process.

bench_hotplug() {
    bench_ready
    net_host
    cycles=${1:-100}
    name=hotplug-$$
    guest=
    trap hotplug_end EXIT
    cp "$root/bench/hotplug.sh" "$work/script"
    cp "$kernels/cloud/modules/xen-blkfront.ko" "$kernels/cloud/modules/xen-netfront.ko" "$work/"
    image_with_script xen-blkfront.ko xen-netfront.ko
    truncate -s 4M "$work/disk.img"
    : >"$work/console"
    ip netns exec "$namespace" "$root/xenolith" run --name "$name" --vcpus 2 --audit --kernel "$kernels/cloud/vmlinuz" \
        --initrd "$work/initrd" --cmdline "console=hvc0 quiet" \
        --nic tap=xlb0,hostip=10.9.0.1/24 </dev/null 2>"$work/errors" >"$work/console" &
    guest=$!
    hotplug_await ready
    # The first few load and compile what later ones use.
    hotplug_cycles 1 5
    hotplug_count before
    hotplug_cycles 6 $((cycles + 5))
    hotplug_count after
    "$root/xenolith" shutdown "$name" --wait --timeout 60
    wait "$guest" || fail "xenolith ended with status $?: $(cat "$work/errors")"
    guest=
    grep -q 'audit: clean' "$work/errors" || fail "the audit is not clean: $(cat "$work/errors")"
    ! grep -E -B 3 "trouble|KERNEL TROUBLE" "$work/console" || fail "the guest is in trouble"
    [ "$(cut -d' ' -f1,2 "$work/before")" = "$(cut -d' ' -f1,2 "$work/after")" ] || fail "threads or descriptors are left"
    say "$cycles times attached, used, detached, and drivers loaded anew; nothing is left, and the audit is clean"
}

hotplug_end() {
    [ -z "$guest" ] || kill "$guest" 2>/dev/null || true
    net_clean
}

# Waits for a word of the guest's, as a whole line.
hotplug_await() {
    tries=0
    until tr -d '\r' <"$work/console" | grep -qx "$1"; do
        tries=$((tries + 1))
        [ "$tries" -lt 1500 ] || fail "the guest never said '$1'"
        sleep 0.02
    done
}

hotplug_cycles() {
    cycle=$1
    while [ "$cycle" -le "$2" ]; do
        "$root/xenolith" disk-attach "$name" "path=$work/disk.img,dev=xvdb" || fail "cannot attach"
        "$root/xenolith" nic-attach "$name" tap=xlb1,hostip=10.9.1.1/24 || fail "cannot attach an interface"
        hotplug_await "used $cycle"
        "$root/xenolith" disk-detach "$name" xvdb || fail "cannot detach"
        "$root/xenolith" nic-detach "$name" 1 || fail "cannot detach the interface"
        hotplug_await "gone $cycle"
        cycle=$((cycle + 1))
    done
}

# Threads, descriptors and the heap after a collection, in KiB, into $work/$1. Threads for requests and for watches
# go by themselves some time after their last work.
hotplug_count() {
    sleep 15
    heap=$("$JAVA_HOME/bin/jcmd" "$guest" GC.run >/dev/null && "$JAVA_HOME/bin/jcmd" "$guest" GC.heap_info | sed -n 's/.* used \([0-9]*\)K.*/\1/p' | awk '{ sum += $1 } END { print sum }')
    echo "$(sed -n 's/^Threads:\t//p' "/proc/$guest/status") $(ls "/proc/$guest/fd" | wc -l) $heap" >"$work/$1"
    say "$1: $(awk '{ print $1 " threads, " $2 " descriptors, " $3 " KiB of heap and classes" }' "$work/$1"), $(sed -n 's/^RssAnon:[ \t]*//p' "/proc/$guest/status") resident"
}
