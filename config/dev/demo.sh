# ./dev demo: a stock Debian kernel to a shell on this terminal; without a terminal, to a short script and off again.

verb_demo() {
    verb_setup
    build_if_changed
    trouble=$(kvm_trouble)
    [ -z "$trouble" ] || fail "no guest can run here: $trouble"
    flavour=${1:-cloud}
    kernel=$kernels/$flavour/vmlinuz
    [ -r "$kernel" ] || fail "there is no kernel '$flavour'; choose cloud or generic"
    say "booting $(cat "$kernels/$flavour/version"), as Debian ships it"
    cmdline="console=hvc0 quiet xl.start=$(($(date +%s%N) / 1000))"
    if [ -t 0 ] && [ -t 1 ]; then
        say "poweroff ends the guest; Ctrl-] ends it at once"
        exec "$root/xenolith" run --kernel "$kernel" --initrd "$guest_image" \
            --cmdline "$cmdline xl.size=$(stty size | tr ' ' x)"
    fi
    exec "$root/xenolith" run --kernel "$kernel" --initrd "$guest_image" --cmdline "$cmdline xl.script=demo"
}
