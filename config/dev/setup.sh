# ./dev setup: everything that is not in the repository. Quick when all is there; safe to run again.

verb_setup() {
    find_jdk
    setup_packages
    setup_busybox
    setup_tools
    setup_kernel cloud linux-image-cloud-amd64
    setup_kernel generic linux-image-amd64
    (setup_grub) || say "there is no GRUB for Xen: its test will be skipped"
    (setup_xenstore_utils) || say "there are no xenstore-utils: their test will be skipped"
    (setup_passt) || say "there is no passt: its test will be skipped"
    setup_guest_images
    (setup_debian) || say "there is no Debian on a disk: its tests will be skipped"
}

verb_kernels() {
    for flavour in cloud generic; do
        [ ! -r "$kernels/$flavour/vmlinuz" ] || echo "$kernels/$flavour/vmlinuz"
    done
}

# Debian packages by the file that shows each to be there.
setup_packages() {
    missing=
    [ -x /usr/bin/gcc ] || missing="$missing gcc"
    [ -x /usr/bin/as ] || missing="$missing binutils"
    [ -e /usr/include/stdio.h ] || missing="$missing libc6-dev"
    [ -e /usr/include/linux/kvm.h ] || missing="$missing linux-libc-dev"
    [ -e /usr/include/xen/xen.h ] || missing="$missing libxen-dev"
    command -v ip >/dev/null || missing="$missing iproute2"
    command -v mvn >/dev/null || missing="$missing maven"
    [ -x /usr/bin/qemu-io ] || missing="$missing qemu-utils"
    # shellcheck disable=SC2086 # a list of names
    [ -z "$missing" ] || install_packages $missing
}

install_packages() {
    [ "$(id -u)" = 0 ] || fail "packages are missing; run: sudo apt-get install $*"
    say "installing $*"
    apt_lists "$@"
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >&2
}

# Fetches apt's package lists when one of the named packages has no candidate.
apt_lists() {
    command -v apt-get >/dev/null || fail "this needs Debian's apt-get, which is not here"
    for name; do
        if ! apt-cache show "$name" >/dev/null 2>&1; then
            [ "$(id -u)" = 0 ] || fail "apt knows no package $name; run: sudo apt-get update"
            say "fetching apt's package lists"
            apt-get update -q >&2
            return
        fi
    done
}

# Downloads package $1 without installing it and unpacks into directory $2 its files that match the patterns that follow.
fetch_from_package() {
    rm -rf "$2"
    mkdir -p "$2"
    (cd "$2" && apt-get download -q -o APT::Sandbox::User=root "$1" >&2) || fail "could not download the package $1"
    into=$2
    shift 2
    dpkg-deb --fsys-tarfile "$into"/*.deb | tar -xf - -C "$into" --wildcards "$@"
}

# The static busybox: the installed one, or one taken out of its package.
setup_busybox() {
    if [ -x /bin/busybox ] && [ -d /usr/share/doc/busybox-static ]; then
        busybox=/bin/busybox
        return
    fi
    busybox=$cache/busybox/busybox
    [ ! -x "$busybox" ] || return 0
    say "downloading busybox-static"
    apt_lists busybox-static
    fetch_from_package busybox-static "$cache/busybox.part" '*/busybox'
    mkdir -p "$cache/busybox"
    find "$cache/busybox.part" -type f -name busybox -exec mv {} "$busybox" \;
    rm -rf "$cache/busybox.part"
    [ -x "$busybox" ] || fail "the package busybox-static holds no busybox"
}

# A stock kernel with the modules that tests load: $1 is our name for it, $2 the package that depends on the current one.
setup_kernel() {
    target=$kernels/$1
    [ ! -r "$target/vmlinuz" ] || [ ! -r "$target/version" ] || [ ! -r "$target/modules/xen-netfront.ko" ] || return 0
    apt_lists "$2"
    package=$(apt-cache depends --important "$2" | sed -n 's/^ *Depends: \(linux-image-[0-9][^ ]*\)$/\1/p' | head -n 1)
    [ -n "$package" ] || fail "apt names no kernel for $2 (is this Debian?)"
    say "downloading the $1 kernel, $package"
    fetch_from_package "$package" "$target.part" './boot/vmlinuz-*' './lib/modules/*/xen-blkfront.ko' './lib/modules/*/xen-netfront.ko'
    mv "$target.part"/boot/vmlinuz-* "$target.part/vmlinuz"
    mkdir "$target.part/modules"
    find "$target.part/lib" -name '*.ko' -exec mv {} "$target.part/modules/" \;
    rm -r "$target.part/lib"
    for deb in "$target.part"/*.deb; do
        dpkg-deb -W --showformat='${Package} ${Version}\n' "$deb" >"$target.part/version"
        rm "$deb"
    done
    rmdir "$target.part/boot"
    rm -rf "$target"
    mv "$target.part" "$target"
}

# GRUB as a Xen PV kernel: one with all its modules in it, and what makes one of a choice of modules and files.
setup_grub() {
    target=$cache/grub
    [ ! -r "$target/grub-x86_64-xen.bin" ] || [ ! -x "$target/grub-mkimage" ] || [ ! -d "$target/modules" ] || return 0
    say "downloading grub-xen-host, grub-xen-bin and grub-common"
    apt_lists grub-xen-host grub-xen-bin grub-common
    mkdir -p "$target"
    fetch_from_package grub-xen-host "$target.part" './usr/lib/grub-xen/grub-x86_64-xen.bin'
    mv "$target.part/usr/lib/grub-xen/grub-x86_64-xen.bin" "$target/"
    fetch_from_package grub-common "$target.part" './usr/bin/grub-mkimage'
    mv "$target.part/usr/bin/grub-mkimage" "$target/"
    fetch_from_package grub-xen-bin "$target.part" './usr/lib/grub/x86_64-xen/*'
    rm -rf "$target/modules"
    mv "$target.part/usr/lib/grub/x86_64-xen" "$target/modules"
    rm -rf "$target.part"
}

# passt, for tests; users of --nic user install their own.
setup_passt() {
    target=$cache/passt
    [ ! -x "$target/passt" ] || return 0
    say "downloading passt"
    apt_lists passt
    fetch_from_package passt "$target.part" './usr/bin/passt*'
    rm -rf "$target"
    mv "$target.part/usr/bin" "$target"
    rm -rf "$target.part"
}

# Xen's own tools for the store, which work over our socket too.
setup_xenstore_utils() {
    target=$cache/xenstore-utils
    [ ! -x "$target/usr/bin/xenstore-ls" ] || return 0
    say "downloading xenstore-utils"
    apt_lists xenstore-utils
    rm -rf "$target.all" "$target"
    mkdir -p "$target.all"
    for package in xenstore-utils libxenstore4 libxentoolcore1; do
        fetch_from_package "$package" "$target.part" './usr/*/*xen*'
        cp -a "$target.part/usr" "$target.all/"
        rm -rf "$target.part"
    done
    mv "$target.all" "$target"
}

setup_guest_images() {
    "$root/integration/guests/busybox/build.sh" "$busybox" "$cache/guests" "$tools"
}
