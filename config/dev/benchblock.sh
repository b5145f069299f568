# ./dev bench block: how fast disks are.

# The same program reads and writes, in order and anywhere, a file of the host's, a disk of a guest made of that file, and
# one of an emulated machine with virtio; always past the page cache of its own kernel. A guest is started for each test, so
# that what its disk counted is that test's.
bench_block() {
    bench_ready
    work=$(mktemp -d "${TMPDIR:-/var/tmp}/xenolith-block.XXXXXX")
    trap 'rm -rf "$work"' EXIT INT TERM
    gcc -O2 -Wall -Wextra -static -s -o "$work/blkbench" "$root/bench/blkbench.c"
    vcpus=${1:-1}
    [ $# -eq 0 ] || shift
    virtio_modules virtio_blk
    dd if=/dev/urandom of="$work/disk" bs=1M count=512 status=none
    sync "$work/disk"
    echo "medians of 5 (least-most); for guests of ours also events to the guest, events from it, and calls of the host's" \
        "file system, all for each request of its ring"
    for test in ${*:-read-1m-1 read-1m-4 write-1m-1 write-1m-4 randread-4k-1 randread-4k-4 randread-4k-32 randwrite-4k-32 randmix-4k-32}; do
        cat "$work/disk" >/dev/null
        "$work/blkbench" "$work/disk" 1 5 "$test" | block_medians host
        block_guest "" | block_medians xenolith "$work/stats"
        block_guest direct | block_medians "xenolith, direct" "$work/stats"
        block_guest --no-poller | block_medians "xenolith --no-poller" "$work/stats"
        [ -z "$virtio" ] || block_emulated | block_medians "qemu tcg, virtio"
    done
}

# Makes $work/initrd: loads the modules that are named behind device $1, and runs $test on it.
block_image() {
    device=$1
    shift
    {
        for name; do echo "insmod /$name"; done
        echo "while [ ! -e $device ]; do sleep 0.1; done"
        echo "/blkbench $device 1 5 $test"
    } >"$work/script"
    image_with_script blkbench "$@"
}

# Runs $test in a guest; $1 is an option of xenolith's, a word of its disk's, or empty.
block_guest() {
    cp "$kernels/cloud/modules/xen-blkfront.ko" "$work/"
    block_image /dev/xvda xen-blkfront.ko
    words=rw
    option=
    case $1 in
        --*) option=$1 ;;
        ?*) words=rw,$1 ;;
    esac
    rm -f "$work/stats"
    # shellcheck disable=SC2086 # an option or nothing
    timeout 120 "$root/xenolith" run --memory 512M --vcpus "$vcpus" --kernel "$kernels/cloud/vmlinuz" \
        --initrd "$work/initrd" --cmdline "console=hvc0 quiet" --disk "path=$work/disk,dev=xvda,$words" \
        --stats "$work/stats" $option </dev/null 2>"$work/errors" || cat "$work/errors" >&2
}

block_emulated() {
    # shellcheck disable=SC2086 # a list of names
    block_image /dev/vda $virtio
    timeout 180 qemu-system-x86_64 -accel tcg -m 512 -smp "$vcpus" -nographic -no-reboot -kernel "$kernels/cloud/vmlinuz" \
        -initrd "$work/initrd" -append "console=ttyS0 quiet" -drive "file=$work/disk,if=virtio,format=raw" </dev/null 2>&1 || true
}

# Medians of lines "blk TEST MIB_S REQUESTS_S"; $1 says whose they are, $2 may be a guest's statistics.
block_medians() {
    tr -d '\r' | sed -n 's/^blk //p' | sort -k2n >"$work/lines"
    events=
    if [ -n "${2:-}" ] && [ -r "$2" ]; then
        events=$(awk '/"(requests|events|events_from_guest|transfers)"/ { gsub(/[",:]/, " "); n[$1] = $2 }
            END {
                if (n["requests"] > 0)
                    printf "%.3f %.3f %.3f", n["events"] / n["requests"], n["events_from_guest"] / n["requests"],
                        n["transfers"] / n["requests"]
            }' "$2")
    fi
    awk -v who="$1" -v events="$events" '
        { name = $1; rate[++n] = $2; count[n] = $3 }
        END {
            m = int((n + 1) / 2)
            if (n > 0)
                printf "%-16s %-22s %5.0f MiB/s (%.0f-%.0f) %7.0f /s (%.0f-%.0f)  %s\n", name, who, rate[m], rate[1], rate[n],
                    count[m], count[1], count[n], events
        }' "$work/lines"
}
