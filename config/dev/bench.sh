# ./dev bench: measures. Nothing here fails for being slow; the machine should be doing nothing else.

verb_bench() {
    name=${1:-}
    [ $# -eq 0 ] || shift
    case $name in
        boot) bench_boot "$@" ;;
        guest) bench_guest "$@" ;;
        jmh) bench_jmh "$@" ;;
        soak) bench_soak "$@" ;;
        *)
            echo "usage: ./dev bench <name>"
            echo "  boot [N]         boot both kernels N times (default 5), beside QEMU's emulator where that is installed"
            echo "  guest [TEST...]  guestbench on this host and in a guest: CPU, system calls, processes, memory"
            echo "  jmh [NAME...]    the hypercall path and the validator in Java alone, with what they allocate"
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

# The same static binary on the host and in the guest; values side by side.
bench_guest() {
    bench_ready
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT INT TERM
    gcc -O2 -static -o "$work/guestbench" "$root/bench/guestbench.c"
    say "on the host"
    "$work/guestbench" -b "$busybox" "$@" | tee "$work/host"
    say "in the guest"
    mkdir "$work/image"
    echo "guestbench $*" >"$work/image/script"
    { cat "$test_image" && (cd "$work/image" && echo script | "$busybox" cpio -o -H newc 2>/dev/null | gzip -n); } >"$work/initrd"
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
