#!/bin/sh
# usage: build.sh OUTPUT_DIRECTORY
#
# Builds each guest of guests/ as OUTPUT_DIRECTORY/GUEST-IMAGE.elf. An image is a way to be a Xen PV kernel; which images
# a guest is built as stands in its line "images:", else it is plain. Needs gcc, binutils and Xen's public headers.
# Nothing is done if nothing has changed since the last time.
set -eu

out=$1
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out"

inputs=$(cat "$here"/build.sh "$here"/lib/* "$here"/guests/* | sha256sum)
if [ -r "$out/inputs" ] && [ "$(cat "$out/inputs")" = "$inputs" ]; then
    exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
rm -f "$out"/*.elf "$out/inputs"

high=0xffffffff80000000
one_mib=0x100000
notes="-DNOTE_SEGMENT -DNOTE_PHDR=:note"

# Where the image $1 lies and what it says of itself, as macros of start.S and micro.lds.S.
image_macros() {
    case $1 in
        # notes in a segment, VIRT_BASE 0, a hypercall page: as XTF is
        plain) echo "$notes -DBASE=0 -DFIRST=$one_mib -DPADDR_OFFSET=0 -DVIRT_BASE -DHYPERCALL_PAGE" ;;
        # as Linux 6 is: high, no hypercall page, initrd by pfn, the P2M list apart
        linux)
            echo "$notes -DBASE=$high -DFIRST=$one_mib -DPADDR_OFFSET=0 -DVIRT_BASE -DMOD_START_PFN" \
                "-DINIT_P2M=0x8000000000"
            ;;
        # as older Linuxes are: high, a hypercall page, the initrd and the P2M list mapped; p_paddr counts from BASE
        high) echo "$notes -DBASE=$high -DFIRST=$one_mib -DPADDR_OFFSET=$high -DVIRT_BASE -DHYPERCALL_PAGE" ;;
        # no VIRT_BASE, no PADDR_OFFSET: both are 0
        nobase) echo "$notes -DBASE=0 -DFIRST=$one_mib -DPADDR_OFFSET=0 -DHYPERCALL_PAGE" ;;
        # notes in a section of type SHT_NOTE alone
        section) echo "-DNOTE_PHDR= -DBASE=0 -DFIRST=0 -DPADDR_OFFSET=0 -DVIRT_BASE -DHYPERCALL_PAGE" ;;
        # as GRUB is: a PT_NOTE of no size in memory, no section header, no hypercall page, entered at 0
        grub) echo "$notes -DBASE=0 -DFIRST=0 -DPADDR_OFFSET=0 -DVIRT_BASE" ;;
        # as Mini-OS is: the section __xen_guest instead of notes
        legacy) echo "-DNOTE_PHDR= -DBASE=0 -DFIRST=0 -DPADDR_OFFSET=0 -DHYPERCALL_PAGE -DLEGACY" ;;
        # the same, high, as Linux 2.6 for Xen 3.0 was
        legacyhigh)
            echo "-DNOTE_PHDR= -DBASE=$high -DFIRST=0 -DPADDR_OFFSET=$high -DHYPERCALL_PAGE -DLEGACY_HIGH"
            ;;
        *)
            echo "build.sh: no image is called $1" >&2
            exit 1
            ;;
    esac
}

compile() {
    gcc -std=gnu11 -O2 -Wall -Wextra -Werror -ffreestanding -fpie -fvisibility=hidden -mgeneral-regs-only -mno-red-zone \
        -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns \
        -I"$here/lib" -c "$@"
}

# Writes the bytes $3 (as printf has them) over those at offset $2 of file $1.
patch_bytes() {
    # shellcheck disable=SC2059 # the format is the bytes
    printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# The second program header is the note's. Its size in memory is cleared, and so are e_shoff, e_shnum and e_shstrndx.
like_grub() {
    patch_bytes "$1" $((64 + 56 + 40)) '\0\0\0\0\0\0\0\0'
    patch_bytes "$1" 40 '\0\0\0\0\0\0\0\0'
    patch_bytes "$1" 60 '\0\0\0\0'
}

mkdir "$work/lib" "$work/guests"
for source in "$here"/lib/*.c; do
    compile -o "$work/lib/$(basename "$source" .c).o" "$source"
done
for source in "$here"/guests/*.c; do
    compile -o "$work/guests/$(basename "$source" .c).o" "$source"
done
compile -o "$work/lib/stubs.o" "$here/lib/stubs.S"

for source in "$here"/guests/*.c; do
    guest=$(basename "$source" .c)
    images=$(sed -n 's/^ *images: *\([a-z ]*[a-z]\).*/\1/p' "$source")
    for image in ${images:-plain}; do
        macros=$(image_macros "$image")
        # shellcheck disable=SC2086 # a list of options
        gcc -E -P -x assembler-with-cpp $macros -o "$work/micro.lds" "$here/lib/micro.lds.S"
        # shellcheck disable=SC2086
        compile $macros -o "$work/start.o" "$here/lib/start.S"
        ld -static -nostdlib -z max-page-size=4096 -z noexecstack -T "$work/micro.lds" -o "$work/guest.elf" "$work/start.o" \
            "$work/guests/$guest.o" "$work/lib"/*.o
        [ "$image" != grub ] || like_grub "$work/guest.elf"
        mv "$work/guest.elf" "$out/$guest-$image.elf"
    done
done
echo "$inputs" >"$out/inputs"
