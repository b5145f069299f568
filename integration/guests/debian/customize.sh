#!/bin/sh
# usage: customize.sh ROOT PUBLIC_KEY
#
# What makes a test image of the Debian unpacked at ROOT. Anyone at its console is root, without a password: not for use
# where it matters. No name of the mirror that it was made from stays in it.
set -eu

target=$1
key=$2

echo debian >"$target/etc/hostname"
echo '127.0.0.1 localhost debian' >"$target/etc/hosts"
echo '/dev/xvda / ext4 errors=remount-ro 0 1' >"$target/etc/fstab"
chroot "$target" passwd -q -d root

install -m 755 "$(dirname "$0")/load.sh" "$target/usr/local/bin/xenolith-load"

install -d -m 700 "$target/root/.ssh"
install -m 600 "$key" "$target/root/.ssh/authorized_keys"

# An address comes from the kernel's command line (ip=…) through systemd's own generator, else by DHCP.
cat >"$target/etc/systemd/network/99-any.network" <<'END'
[Match]
Type=ether

[Network]
DHCP=yes
END
chroot "$target" systemctl -q enable systemd-networkd systemd-network-generator
# It would hold up the boot of a guest without a network.
chroot "$target" systemctl -q disable systemd-networkd-wait-online
# Nothing fetches by itself in a guest of the tests.
chroot "$target" systemctl -q mask apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer e2scrub_reap.service

# Debian has no rule that starts a virtual CPU which the guest is given back.
echo 'ACTION=="add", SUBSYSTEM=="cpu", ATTR{online}=="0", ATTR{online}="1"' >"$target/etc/udev/rules.d/80-vcpu.rules"

: >"$target/etc/apt/sources.list"
rm -f "$target"/etc/apt/sources.list.d/* "$target/etc/apt/apt.conf.d/99mmdebstrap"
rm -f "$target/etc/resolv.conf" "$target"/var/cache/debconf/*-old "$target"/var/log/*.log "$target"/var/log/apt/*
