#!/bin/bash
# usage: xenolith-load
#
# What a machine does that unpacks packages and keeps a journal, until it is stopped. After each file that the disk has
# said to be stored, with its folder, a line: "ACK path sha256". Whoever reads such a line may hold the disk to it.
set -u
dir=/var/tmp/load
rm -rf "$dir"
mkdir -p "$dir/acked"
sync

churn() {
    while :; do
        mkdir -p "$dir/unpack.$1"
        tar -C /usr -cf - bin/systemctl share/perl5 share/zoneinfo lib/systemd 2>/dev/null | tar -C "$dir/unpack.$1" -xf -
        [ $((RANDOM % 3)) -ne 0 ] || sync
        find "$dir/unpack.$1" -name '*[ab]*' -type f -delete
        mv "$dir/unpack.$1" "$dir/old.$1"
        rm -rf "$dir/old.$1"
    done
}

churn 1 &
churn 2 &
trap 'kill $(jobs -p) 2>/dev/null' EXIT
trap 'exit 0' TERM INT HUP

n=0
while :; do
    n=$((n + 1))
    # None is ever replaced, as what was acknowledged is promised for good; so there is an end to it.
    [ "$n" -le 3000 ] || { wait; exit; }
    file=$dir/acked/$n
    head -c $((RANDOM * 4 + 1)) /dev/urandom >"$file.new"
    sum=$(sha256sum <"$file.new")
    sync "$file.new"
    mv "$file.new" "$file"
    sync "$dir/acked"
    echo "ACK $file ${sum%% *}"
done
