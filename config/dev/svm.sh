# ./dev svm: Xenolith on hardware KVM, as far as that can be had without the hardware. QEMU emulates a processor with SVM,
# on it runs Debian's kernel with its kvm-amd, and there Xenolith boots a guest. Behaviour is that of kvm-amd, times
# mean nothing. One run takes one to ten minutes.

verb_svm() {
    case ${1:-} in
        "" | 0 | 1) ;;
        *)
            echo "usage: ./dev svm [NPT [SCRIPT [OPTION...]]]"
            echo "  NPT     1: nested paging (default); 0: shadow page tables"
            echo "  SCRIPT  what the guest runs: hello (default), or all for every test program"
            echo "  OPTION  of xenolith run; default --no-poller, for the emulated cores are slow pollers"
            exit 2
            ;;
    esac
    npt=${1:-1}
    script=${2:-hello}
    [ $# -eq 0 ] || shift
    [ $# -eq 0 ] || shift
    [ $# -gt 0 ] || set -- --no-poller
    verb_setup
    setup_qemu
    setup_svm_modules
    build_if_changed
    svm_image
    say "booting Debian's kernel with kvm-amd, npt=$npt, on an emulated processor"
    svm_run "$npt" "$script" "$(echo "$*" | tr ' ' ,)" | tr -d '\r' | tee "$cache/svm.log"
    grep -q '^XENOLITH STATUS 0$' "$cache/svm.log" && grep -q '^XENOLITH SCRIPT EXIT 0$' "$cache/svm.log" \
        || fail "the guest did not come through; what it said is in $cache/svm.log"
    say "the guest came through"
}

setup_qemu() {
    command -v qemu-system-x86_64 >/dev/null || install_packages qemu-system-x86
}

# The modules that belong to the generic kernel, out of its package.
setup_svm_modules() {
    read -r package version <"$kernels/generic/version"
    modules=$cache/svm/$package-$version
    [ ! -r "$modules/kvm-amd.ko" ] || return 0
    say "downloading $package for its KVM modules"
    fetch_from_package "$package=$version" "$modules.part" '*.ko'
    mkdir -p "$modules"
    for module in ccp irqbypass kvm kvm-amd; do
        find "$modules.part" -name "$module.ko" -exec mv {} "$modules/" \;
    done
    rm -rf "$modules.part"
    [ -r "$modules/kvm-amd.ko" ] || fail "the package $package holds no kvm-amd"
}

# A RAM disk with a Java runtime, Xenolith and a guest.
svm_image() {
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT INT TERM
    tree=$work/tree
    mkdir -p "$tree/bin" "$tree/proc" "$tree/sys" "$tree/dev" "$tree/tmp" "$tree/root" "$tree/lib64" \
        "$tree/lib/x86_64-linux-gnu" "$tree/xenolith" "$tree/guest"
    cp "$busybox" "$tree/bin/busybox"
    install -m 755 "$root/integration/svm/init" "$tree/init"
    cp -r "$modules" "$tree/modules"
    "$JAVA_HOME/bin/jlink" --add-modules java.base,java.logging,java.management,java.xml,java.desktop,jdk.unsupported \
        --strip-debug --no-man-pages --no-header-files --output "$tree/jre"
    ldd "$tree/jre/bin/java" "$tree/jre/lib/server/libjvm.so" "$tree/jre/lib/libnet.so" "$tree/jre/lib/libnio.so" \
        | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p' | grep -v "^$tree" | sort -u \
        | while read -r library; do cp -L "$library" "$tree/lib/x86_64-linux-gnu/"; done
    cp -L /lib64/ld-linux-x86-64.so.2 "$tree/lib64/"
    cp -r "$dist/lib" "$tree/xenolith/"
    cp "$kernels/cloud/vmlinuz" "$tree/guest/"
    cp "$test_image" "$tree/guest/initrd.gz"
    (cd "$tree" && find . | "$busybox" cpio -o -H newc 2>/dev/null) | gzip -1 >"$work/initrd.gz"
}

# $1: npt, $2: the guest's script, $3: options of xenolith run with commas.
svm_run() {
    timeout 1800 qemu-system-x86_64 -accel tcg,thread=multi -cpu EPYC,+svm,+npt -M q35 -smp 2 -m 4096 \
        -nographic -no-reboot -kernel "$kernels/generic/vmlinuz" -initrd "$work/initrd.gz" \
        -append "console=ttyS0 quiet mitigations=off svm.npt=$1 svm.script=$2 svm.run=$3" </dev/null 2>/dev/null
}
