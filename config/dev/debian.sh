# A Debian with systemd for guests to boot from a disk: what integration/guests/debian makes, once.

debian=$cache/debian

setup_debian() {
    missing=
    command -v mmdebstrap >/dev/null || missing="$missing mmdebstrap"
    command -v mkfs.ext4 >/dev/null || missing="$missing e2fsprogs"
    command -v ssh-keygen >/dev/null || missing="$missing openssh-client"
    [ "$(id -u)" = 0 ] || command -v fakeroot >/dev/null || missing="$missing fakeroot"
    # shellcheck disable=SC2086 # a list of names
    [ -z "$missing" ] || install_packages $missing
    [ -r "$debian/inputs" ] || apt_lists fio
    "$root/integration/guests/debian/build.sh" "$debian"
}

verb_debian_image() {
    setup_debian
    echo "$debian/root.img"
}
