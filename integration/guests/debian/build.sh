#!/bin/sh
# usage: build.sh OUTPUT_DIRECTORY
#
# Makes a Debian for guests from packages of the mirror that this machine's apt uses, when something that goes into it has
# changed:
#   root.img             an ext4 file system, for /dev/xvda
#   vmlinuz, initrd.img  its own kernel and initramfs, for the options --kernel and --initrd
#   id_ed25519           a key that its sshd takes for root; known_hosts has the key of the sshd, for the host "debian"
#   versions             its packages
# Neither a loop device nor a mount is needed. Without root it is made under fakeroot and a user namespace.
set -eu

out=$1
here=$(cd "$(dirname "$0")" && pwd)
suite=bookworm
size=1536M

inputs=$(cat "$0" "$here/customize.sh" "$here/load.sh" "$here/packages" | sha256sum)
[ ! -r "$out/inputs" ] || [ "$(cat "$out/inputs")" != "$inputs" ] || exit 0

say() {
    echo "dev: $*" >&2
}

# Where this machine's apt gets the suite, else where it gets another Debian; "deb" lines.
sources() {
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN) $(CODENAME)' 'Created-By: Packages' | awk -v suite="$suite" '
        $4 == "Debian" && $3 == "main" {
            if (index($5, suite) == 1) { print "deb", $1, $2, $3; found = 1 } else if (!other) other = $1
        }
        END { if (!found && other) print "deb", other, suite, "main" }'
}

# $1: a tree in a tar file, as root or as good as.
to_file_system() {
    mkdir "$work/tree"
    # shellcheck disable=SC2016 # for the other shell
    ${as_root:-} sh -euc '
        tar -C "$1/tree" --numeric-owner -xf "$2"
        cp -L "$1/tree/vmlinuz" "$1/tree/initrd.img" "$3/"
        chmod 644 "$3/vmlinuz" "$3/initrd.img"
        echo "debian $(cat "$1/tree/etc/ssh/ssh_host_ed25519_key.pub")" >"$3/known_hosts"
        mkfs.ext4 -q -L root -d "$1/tree" "$3/root.img" "$4"
    ' sh "$work" "$1" "$out.part" "$size"
}

rm -rf "$out.part"
mkdir -p "$out.part"
work=$(mktemp -d)
trap 'rm -rf "$work" "$out.part"' EXIT INT TERM
begin=$(date +%s)

sources >"$work/sources.list"
[ -s "$work/sources.list" ] || { say "apt knows no Debian to make a guest from"; exit 1; }
apt-config dump --format '%f "%v";%n' Acquire::http Acquire::https >"$work/apt.conf"
ssh-keygen -q -t ed25519 -N '' -C xenolith-test -f "$out.part/id_ed25519"

say "making a Debian $suite for guests; this takes a minute"
include=$(tr -s '[:space:]' , <"$here/packages")
mmdebstrap --variant=minbase --format=tar --include="${include%,}" --aptopt="$work/apt.conf" \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --customize-hook="$here/customize.sh \"\$1\" '$out.part/id_ed25519.pub'" \
    --customize-hook="chroot \"\$1\" dpkg-query -W >'$out.part/versions'" \
    "$suite" "$work/root.tar" "$work/sources.list" 2>"$work/log" || {
    tail -n 40 "$work/log" >&2
    exit 1
}
say "packages unpacked after $(($(date +%s) - begin)) s; making the file system"
as_root=
[ "$(id -u)" = 0 ] || as_root=fakeroot
to_file_system "$work/root.tar"
echo "$inputs" >"$out.part/inputs"
rm -rf "$out"
mv "$out.part" "$out"
say "built $out/root.img in $(($(date +%s) - begin)) s: $(du -m "$out/root.img" | cut -f 1) MiB of $size in use"
