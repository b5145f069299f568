# ./dev bench: measures. Nothing here fails for being slow; the machine should be doing nothing else.

verb_bench() {
    name=${1:-}
    [ $# -eq 0 ] || shift
    case $name in
        boot) bench_boot "$@" ;;
        guest) bench_guest "$@" ;;
        hotplug) bench_hotplug "$@" ;;
        jmh) bench_jmh "$@" ;;
        smp) bench_smp ;;
        soak) bench_soak "$@" ;;
        *)
            echo "usage: ./dev bench <name>"
            echo "  boot [N]         boot both kernels N times (default 5), beside QEMU's emulator where that is installed"
            echo "  guest [TEST...]  guestbench on this host and in a guest: CPU, system calls, processes, memory"
            echo "  hotplug [N]      attach and detach a disk N times (default 100) and look what is left in our process"
            echo "  jmh [NAME...]    the hypercall path and the validator in Java alone, with what they allocate"
            echo "  smp              two jobs of computing at once against one after the other, on 1 and 2 vcpus and on the host"
            echo "  soak [SECONDS] [VCPUS]"
            echo "                   stress several vcpus (default 300 seconds, 4 vcpus) and say whether all held"
            ;;
    esac
}

bench_ready() {
    verb_setup
    build_if_changed
    trouble=$(kvm_trouble)
    [ -z "$trouble" ] || fail "no guest can run here: $trouble"
}

bench_boot() {
    bench_ready
    "$JAVA_HOME/bin/java" -XX:+UseSerialGC "$root/bench/BootTime.java" "${1:-5}" "$root/xenolith" "$kernels" "$guest_image"
}

# Makes $work/initrd: the test image, whose first process runs $work/script.
image_with_script() {
    { cat "$test_image" && (cd "$work" && echo script | "$busybox" cpio -o -H newc 2>/dev/null | gzip -n); } >"$work/initrd"
}

# The same static binary on the host and in the guest; values side by side.
bench_guest() {
    bench_ready
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT INT TERM
    gcc -O2 -static -o "$work/guestbench" "$root/bench/guestbench.c"
    say "on the host"
    "$work/guestbench" -b "$busybox" "$@" | tee "$work/host"
    say "in the guest"
    echo "guestbench $*" >"$work/script"
    image_with_script
    "$root/xenolith" run --kernel "$kernels/cloud/vmlinuz" --initrd "$work/initrd" --cmdline "console=hvc0 quiet" \
        </dev/null | tr -d '\r' | tee "$work/guest"
    awk 'FNR == NR { host[$1] = $2; next }
         $1 in host && $3 ~ /[a-zA-Z]/ && $1 != "#" { printf "%-26s host %10s  guest %10s  %s\n", $1, host[$1], $2, $3 }' \
        "$work/host" "$work/guest"
}

# No guest runs. The classes are on the class path, not in modules: benchmarks share the packages of what they measure.
bench_jmh() {
    find_jdk
    maven -q -pl vmm -am -Pjmh -DskipTests process-test-classes
    "$JAVA_HOME/bin/java" -XX:+UseSerialGC --enable-native-access=ALL-UNNAMED \
        -cp "$root/vmm/target/test-classes:$root/vmm/target/classes:$(cat "$root/vmm/target/jmh.classpath")" \
        xenolith.vmm.bench.Benchmarks "$@"
}

# How much of the time of one after the other two jobs take at once: 0.5 is perfect on two processors, 1 on one.
bench_smp() {
    bench_ready
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT INT TERM
    say "on the host"
    "$busybox" sh "$root/bench/smp.sh" | smp_medians host
    cp "$root/bench/smp.sh" "$work/script"
    image_with_script
    for vcpus in 1 2; do
        say "in a guest with $vcpus vcpus"
        "$root/xenolith" run --vcpus "$vcpus" --kernel "$kernels/cloud/vmlinuz" --initrd "$work/initrd" \
            --cmdline "console=hvc0 quiet" </dev/null 2>/dev/null | tr -d '\r' | smp_medians "guest, $vcpus vcpus"
    done
}

smp_medians() {
    sed -n 's/^smp //p' | sort -k1,1 -k2n | awk -v who="$1" '
        { ms[$1, ++n[$1]] = $2 }
        END {
            turn = ms["in-turn", int((n["in-turn"] + 1) / 2)]
            once = ms["at-once", int((n["at-once"] + 1) / 2)]
            printf "%-16s in turn %5d ms (%d-%d)  at once %5d ms (%d-%d)  ratio %.2f\n", who, turn, ms["in-turn", 1],
                ms["in-turn", n["in-turn"]], once, ms["at-once", 1], ms["at-once", n["at-once"]], once / turn
        }'
}

# What SmpIT does for seconds, for as long as one likes: the guest's programs, its kernel's log, and our own counts.
bench_soak() {
    bench_ready
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT INT TERM
    status=0
    "$root/xenolith" run --memory 512M --vcpus "${2:-4}" --audit --kernel "$kernels/cloud/vmlinuz" --initrd "$test_image" \
        --cmdline "console=hvc0 quiet xl.script=soak xl.stress=${1:-300}" </dev/null 2>"$work/errors" >"$work/console" || status=$?
    tr -d '\r' <"$work/console" | grep -E '^(smp|XENOLITH)' || true
    cat "$work/errors" >&2
    [ "$status" -eq 0 ] || fail "xenolith ended with status $status"
    grep -q 'XENOLITH SCRIPT EXIT 0' "$work/console" || fail "a program in the guest failed"
    ! grep -q 'XENOLITH KERNEL TROUBLE' "$work/console" || fail "the guest's kernel is in trouble"
    grep -q 'audit: clean' "$work/errors" || fail "the audit is not clean"
    say "all held"
}

# Sequential and random requests of the same program on a file of the host, on a disk of a guest made of that file, and on
# one of an emulated machine with virtio; all past the page cache of who asks. A guest is started for each test, so that
# what its disk counted is the test's own.
bench_block() {
    bench_ready
    work=$(mktemp -d "${TMPDIR:-/var/tmp}/xenolith-block.XXXXXX")
    trap 'rm -rf "$work"' EXIT INT TERM
    gcc -O2 -Wall -Wextra -static -s -o "$work/blkbench" "$root/bench/blkbench.c"
    vcpus=${1:-1}
    [ $# -eq 0 ] || shift
    dd if=/dev/urandom of="$work/disk" bs=1M count=512 status=none
    sync "$work/disk"
    printf '%-18s %-16s %10s %20s %12s %20s  %s\n' test who MiB/s '(least-most)' requests/s '(least-most)' 'events to and from the guest, host calls, each per request'
    for test in ${*:-read-1m-1 read-1m-4 write-1m-1 write-1m-4 randread-4k-1 randread-4k-4 randread-4k-32 randwrite-4k-32 randmix-4k-32}; do
        cat "$work/disk" >/dev/null
        "$work/blkbench" "$work/disk" 1.5 5 "$test" | block_medians host
        for poller in "" --no-poller; do
            block_guest "$test" "$poller" | block_medians "xenolith $poller" "$work/stats"
        done
        if command -v qemu-system-x86_64 >/dev/null && [ -r "$kernels/virtio/vmlinuz" ]; then
            block_emulated "$test" | block_medians "qemu tcg"
        fi
    done
}

# Runs test $1 in a guest, with option $2 if it is not empty.
block_guest() {
    cp "$kernels/cloud/modules/xen-blkfront.ko" "$work/module.ko"
    block_image /dev/xvda "$1"
    "$root/xenolith" run --memory 512M --vcpus "$vcpus" --kernel "$kernels/cloud/vmlinuz" --initrd "$work/initrd" \
        --cmdline "console=hvc0 quiet" --disk "path=$work/disk,dev=xvda,rw" --stats "$work/stats" ${2:+"$2"} </dev/null 2>/dev/null
}

# Makes $work/initrd: loads $work/module.ko and runs test $2 on device $1.
block_image() {
    printf '%s\n' "insmod /module.ko" "while [ ! -e $1 ]; do sleep 0.1; done" "/blkbench $1 1.5 5 $2" >"$work/script"
    { cat "$test_image" && (cd "$work" && printf '%s\n' script blkbench module.ko | "$busybox" cpio -o -H newc 2>/dev/null \
        | gzip -n); } >"$work/initrd"
}

# Medians of lines "blk TEST MIB_S REQUESTS_S"; $1 says whose, $2 may be a guest's statistics.
block_medians() {
    events=
    lines=$(tr -d '\r' | grep '^blk ') || true
    if [ -n "${2:-}" ] && [ -r "$2" ]; then
        events=$(awk '/"(requests|events|events_from_guest|transfers)"/ { gsub(/[",]/, ""); n[$1] = $3 }
            END { if (n["requests"]) printf "%.2f %.2f %.2f", n["events"] / n["requests"], n["events_from_guest"] / n["requests"],
                n["transfers"] / n["requests"] }' "$2")
    fi
    echo "$lines" | sort -k3n | awk -v who="$1" -v events="$events" 'NF == 4 { name = $2; rate[++n] = $3; count[n] = $4 }
        END { if (n) { m = int((n + 1) / 2); printf "%-18s %-22s %8.0f (%.0f-%.0f) MiB/s %8.0f (%.0f-%.0f) /s  %s\n", name, who,
            rate[m], rate[1], rate[n], count[m], count[1], count[n], events } }'
}
