# ./dev bench: measures. Nothing here fails for being slow; the machine should be doing nothing else.

verb_bench() {
    name=${1:-}
    [ $# -eq 0 ] || shift
    case $name in
        block) bench_block "$@" ;;
        boot) bench_boot "$@" ;;
        debian-cycles) bench_debian_cycles "$@" ;;
        guest) bench_guest "$@" ;;
        hotplug) bench_hotplug "$@" ;;
        jmh) bench_jmh "$@" ;;
        kills) bench_kills "$@" ;;
        net) bench_net "$@" ;;
        netsoak) bench_netsoak "$@" ;;
        smp) bench_smp ;;
        soak) bench_soak "$@" ;;
        *)
            echo "usage: ./dev bench <name>"
            echo "  block [VCPUS [TEST...]]"
            echo "                   a disk's speed in a guest, on the host and with virtio in QEMU's emulator, and what events it cost"
            echo "  boot [N]         boot both kernels N times (default 5), beside QEMU's emulator where that is installed"
            echo "  debian-cycles [N]"
            echo "                   N times (default 20) a Debian under load, powered off; N times killed; its disk afterwards"
            echo "  guest [TEST...]  guestbench on this host and in a guest: CPU, system calls, processes, memory"
            echo "  hotplug [N]      attach and detach a disk and an interface and load the drivers anew N times (default 100), and look"
            echo "                   what is left in our process; takes root"
            echo "  jmh [NAME...]    the hypercall path and the validator in Java alone, with what they allocate"
            echo "  kills [N]        kill the hypervisor N times (default 10) under a guest that writes to qcow2, and look what is left"
            echo "  net [N]          a network interface's speed in a guest, on the host and with virtio in QEMU's emulator, N times"
            echo "                   (default 5), and what events it cost; takes root"
            echo "  netsoak [SECONDS] [VCPUS]"
            echo "                   TCP and floods both ways through a network interface (default 600 seconds, 1 vcpu)"
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

# Makes $work/initrd: the test image, whose first process runs $work/script, with the named files of $work.
image_with_script() {
    { cat "$test_image" && (cd "$work" && printf '%s\n' script "$@" | "$busybox" cpio -o -H newc 2>/dev/null \
        | gzip -n); } >"$work/initrd"
}

# The modules of the guest's kernel for virtio, in the order in which they need each other; $1 are more of them, behind
# those of all devices. Puts them into $work, and their names into virtio, which is empty without QEMU.
virtio_modules() {
    virtio=
    command -v qemu-system-x86_64 >/dev/null || return 0
    read -r package _ <"$kernels/cloud/version"
    if fetch_from_package "$package" "$work/package" './lib/modules/*/virtio*.ko' './lib/modules/*/*failover.ko'; then
        for name in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci $1; do
            find "$work/package" -name "$name.ko" -exec cp {} "$work/" \;
            virtio="$virtio $name.ko"
        done
    fi
    rm -rf "$work/package"
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

# What ImagesIT does twice, as often as one likes: nothing that the guest has synced may be gone.
bench_kills() {
    bench_ready
    XENOLITH_KILLS=${1:-10} XENOLITH_REQUIRE_GUESTS=1 maven -q -pl integration -am verify -Dtest=None \
        -Dit.test='ImagesIT#whatAGuestHasSynced*' -Dsurefire.failIfNoSpecifiedTests=false
    say "killed ${1:-10} times; the image was sound each time, and held what the guest had synced"
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

bench_debian_cycles() {
    bench_ready
    XENOLITH_CYCLES=${1:-20} maven -q verify -Dit.test=DebianCrashIT -Dtest=None -Dsurefire.failIfNoSpecifiedTests=false
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
