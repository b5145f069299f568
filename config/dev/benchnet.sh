# ./dev bench net: what a guest's network interface carries, and how fast.

# The same program talks to the same server on a host of its own (a network namespace): from another namespace through a
# pair of virtual Ethernet interfaces, from guests of ours, and from an emulated machine with virtio, both through a TAP.
bench_net() {
    bench_ready
    net_host
    repeats=${1:-5}
    echo "medians of $repeats (least-most): TCP out, TCP in, one byte there and back, datagrams of 64 bytes out"
    net_native | net_medians "host, veth"
    for vcpus in 1 2; do
        net_guest "$vcpus" "$(net_tests)" | net_medians "guest, $vcpus vcpus"
    done
    net_pair | net_medians "guest to guest"
    virtio_modules "failover net_failover virtio_net"
    [ -z "$virtio" ] || net_emulated | net_medians "qemu tcg, virtio"
    echo "events at rising load, 1 vcpu: datagrams of 64 bytes out for 3 seconds"
    for rate in 500 1000 2000 4000 8000 0; do
        net_guest 1 "netbench flood 10.9.0.1 5001 3 64 $rate" >"$work/lines"
        net_events
    done
}

# A host of its own with the server on it.
net_host() {
    [ "$(id -u)" = 0 ] || fail "network namespaces are made by root"
    command -v ip >/dev/null || fail "there is no program ip (iproute2)"
    work=$(mktemp -d)
    namespace=xl-bench-$$
    server=
    trap net_clean EXIT
    trap 'exit 1' INT TERM
    gcc -O2 -Wall -Wextra -static -s -o "$work/netbench" "$root/bench/netbench.c"
    for each in "$namespace" "$namespace-native"; do
        ip netns add "$each"
        ip netns exec "$each" ip link set lo up
    done
    ip netns exec "$namespace" "$work/netbench" serve 5001 >/dev/null &
    server=$!
}

# TCP both ways and small datagrams both ways, those to the guest 5000 a second, lest they leave no room for TCP in the
# queue of its TAP; for so many seconds (default 600): every byte of TCP is compared,
# nothing may stall, and our process may not grow.
bench_netsoak() {
    bench_ready
    net_host
    seconds=${1:-600}
    limit=$((seconds + 120))
    # shellcheck disable=SC2016 # for the guest's shell
    net_guest "${2:-1}" 'netbench serve 5002 & end=$(($(date +%s) + '"$seconds"'))
        while [ $(date +%s) -lt $end ]; do
            netbench send 10.9.0.1 5001 5 && netbench receive 10.9.0.1 5001 5 && netbench flood 10.9.0.1 5001 5 64 || exit 1
        done' >"$work/console" &
    guest=$!
    grown=
    while kill -0 "$guest" 2>/dev/null; do
        ip netns exec "$namespace" timeout 15 "$work/netbench" flood 10.9.0.2 5002 3 64 5000 >>"$work/flood" 2>/dev/null || sleep 1
        for process in $(pgrep -f "java.*--stats $work/stats"); do
            grown="$grown $({ awk '/^(RssAnon|Threads)/ { printf "%s/", $2 }' "/proc/$process/status" 2>/dev/null || true; })"
        done
    done
    wait "$guest" || fail "the guest ended badly"
    grep -q 'XENOLITH SCRIPT EXIT 0' "$work/console" || fail "netbench failed in the guest: $(tail -n 5 "$work/console")"
    for name in send receive flood-received; do
        tr -d '\r' <"$work/console" | awk -v name="$name" '$1 == "netbench" && $2 == name { sum += $3; n++; unit = $4; if (n == 1 || $3 < least) least = $3 }
            END { printf "%s: %d times, %.0f %s on average, %.0f at least\n", name, n, sum / n, unit, least }'
    done
    awk '$2 == "flood-received" { sum += $3; n++ } END { if (n) printf "floods to the guest: %d, %.0f datagrams/s\n", n, sum / n }' "$work/flood"
    # shellcheck disable=SC2086 # numbers
    echo "resident KiB of our own, without the guest's memory, and threads, each minute or so:" $(echo $grown | tr ' ' '\n' | grep / | awk 'NR % 20 == 1 { print }')
    tr -d ' \n' <"$work/stats" | sed 's/.*"nics"://; s/},"times.*//'
    echo
}

net_clean() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    server=
    for each in "$namespace" "$namespace-native"; do
        ip netns del "$each" 2>/dev/null || true
    done
    rm -rf "$work"
}

# What is measured, as a script; the program lies in the test image.
net_tests() {
    echo "N=netbench; [ ! -x $work/netbench ] || N=$work/netbench"
    echo "for i in \$(seq $repeats); do"
    echo "\$N rr 10.9.0.1 5001 1000; \$N send 10.9.0.1 5001 2; \$N receive 10.9.0.1 5001 2; \$N flood 10.9.0.1 5001 1 64"
    echo "done"
}

net_native() {
    ip -n "$namespace" link add veth0 type veth peer name veth1 netns "$namespace-native"
    ip -n "$namespace" addr add 10.9.0.1/24 dev veth0
    ip -n "$namespace" link set veth0 up
    ip -n "$namespace-native" addr add 10.9.0.2/24 dev veth1
    ip -n "$namespace-native" link set veth1 up
    net_tests | ip netns exec "$namespace-native" sh
    ip -n "$namespace" link del veth0
}

# The same between two guests with a vcpu each, on a switch. The first repeat is a machine's that has just been started.
net_pair() {
    cp "$kernels/cloud/modules/xen-netfront.ko" "$work/"
    (net_address=10.9.0.1 && net_image "netbench serve 5001 & netbench await 5003; sleep 1" xen-netfront.ko)
    net_switched server >/dev/null &
    first=$!
    while [ ! -s "$work/server.started" ]; do sleep 0.1; done
    net_image "$(net_tests); echo | nc 10.9.0.1 5003" xen-netfront.ko
    net_switched client
    wait "$first" || true
}

# Runs $work/initrd in a guest on the switch.
net_switched() {
    cp "$work/initrd" "$work/$1.initrd"
    echo yes >"$work/$1.started"
    timeout "${limit:-300}" "$root/xenolith" run --name "bench-$1-$$" --memory 256M --kernel "$kernels/cloud/vmlinuz" \
        --initrd "$work/$1.initrd" --cmdline "console=hvc0 quiet" --nic "switch=bench-$$" --stats "$work/$1.stats" \
        </dev/null 2>"$work/$1.errors" || cat "$work/$1.errors" >&2
}

# Makes $work/initrd: loads the modules that are named behind script $1, brings its interface up and runs the script.
net_image() {
    tests=$1
    shift
    {
        for name; do echo "insmod /$name"; done
        echo "for i in \$(seq 50); do [ ! -e /sys/class/net/eth0 ] || break; sleep 0.1; done"
        echo "ip addr add ${net_address:-10.9.0.2}/24 dev eth0; ip link set eth0 up; ip link set lo up"
        echo "for i in \$(seq 20); do ! ping -c 1 -W 1 10.9.0.1 >/dev/null 2>&1 || break; done"
        echo "$tests"
    } >"$work/script"
    image_with_script "$@"
}

# Runs script $2 in a guest with $1 vcpus.
net_guest() {
    cp "$kernels/cloud/modules/xen-netfront.ko" "$work/"
    net_image "$2" xen-netfront.ko
    rm -f "$work/stats"
    timeout "${limit:-300}" ip netns exec "$namespace" "$root/xenolith" run --memory 512M --vcpus "$1" \
        --kernel "$kernels/cloud/vmlinuz" --initrd "$work/initrd" --cmdline "console=hvc0 quiet" \
        --nic tap=xlb0,hostip=10.9.0.1/24 --stats "$work/stats" </dev/null 2>"$work/errors" || cat "$work/errors" >&2
}

net_emulated() {
    # shellcheck disable=SC2086 # a list of names
    net_image "$(net_tests)" $virtio
    ip -n "$namespace" tuntap add dev xlq0 mode tap vnet_hdr
    ip -n "$namespace" addr add 10.9.0.1/24 dev xlq0
    ip -n "$namespace" link set xlq0 up
    timeout 300 ip netns exec "$namespace" qemu-system-x86_64 -accel tcg -m 512 -nographic -no-reboot \
        -kernel "$kernels/cloud/vmlinuz" -initrd "$work/initrd" -append "console=ttyS0 quiet net.ifnames=0" \
        -netdev tap,id=n,ifname=xlq0,script=no,downscript=no -device virtio-net-pci,netdev=n </dev/null 2>&1 || true
    ip -n "$namespace" link del xlq0
}

# Medians of lines "netbench NAME VALUE UNIT"; $1 says whose they are.
net_medians() {
    tr -d '\r' | sed -n 's/^netbench //p' | sort -k1,1 -k2n | awk -v who="$1" '
        { value[$1, ++n[$1]] = $2; unit[$1] = $3 }
        function show(name) {
            if (n[name] > 0)
                printf "%-18s %-15s %8.1f %s (%.1f-%.1f, %d)\n", who, name, value[name, int((n[name] + 1) / 2)], unit[name],
                    value[name, 1], value[name, n[name]], n[name]
        }
        END { show("send"); show("receive"); show("rr-median"); show("rr-p90"); show("flood-sent"); show("flood-received") }'
}

# How many events the last guest's interface cost for each frame, from its statistics.
net_events() {
    awk -v rate="$(tr -d '\r' <"$work/lines" | sed -n 's/^netbench flood-received //p')" '
        /"(tx_frames|rx_frames|tx_events_to_guest|rx_events_to_guest|events_from_guest|naps)"/ { gsub(/[",:]/, " "); n[$1] = $2 }
        END {
            frames = n["tx_frames"] + n["rx_frames"]
            if (frames > 0)
                printf "%22s received: %.3f events to the guest and %.3f from it for each frame, %d naps, %d frames\n", rate,
                    (n["tx_events_to_guest"] + n["rx_events_to_guest"]) / frames, n["events_from_guest"] / frames, n["naps"], frames
        }' "$work/stats"
}
