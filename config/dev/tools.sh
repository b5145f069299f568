# strace and gdb for guests, as Debian ships them: the programs with the shared libraries that they name, and no more.

# Unpacks them into $tools: bin/, lib/x86_64-linux-gnu/, lib64/.
setup_tools() {
    tools=$cache/tools
    [ ! -r "$tools/versions" ] || return 0
    apt_lists gdb-minimal strace
    say "downloading strace and gdb"
    rm -rf "$tools" "$tools.part"
    mkdir -p "$tools.part/debs" "$tools.part/all" "$tools.part/tree/bin"
    # What these depend on, and what that does, but for what only installs packages.
    packages=$(apt-cache depends --recurse --important gdb-minimal strace | grep '^[a-z0-9]' | sort -u \
        | grep -vE '^(debconf.*|cdebconf.*|dpkg|install-info|sensible-utils|tar|ucf|perl.*)$')
    # shellcheck disable=SC2086 # a list of names
    (cd "$tools.part/debs" && apt-get download -q -o APT::Sandbox::User=root $packages >&2) || fail "could not download gdb and strace"
    for deb in "$tools.part"/debs/*.deb; do
        dpkg-deb --fsys-tarfile "$deb" | tar -xf - -C "$tools.part/all" --keep-directory-symlink
    done
    for name in gdb strace; do
        cp "$tools.part/all/usr/bin/$name" "$tools.part/tree/bin/$name"
        needed_libraries "$tools.part/all/usr/bin/$name"
    done
    mkdir "$tools.part/tree/lib64"
    library ld-linux-x86-64.so.2 || true # most name it themselves
    ln -s ../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 "$tools.part/tree/lib64/ld-linux-x86-64.so.2"
    (cd "$tools.part/debs" && ls) >"$tools.part/tree/versions"
    mv "$tools.part/tree" "$tools"
    rm -rf "$tools.part"
}

# Copies the library called $1, unless it is there already; says whether it copied one.
library() {
    to=$tools.part/tree/lib/x86_64-linux-gnu
    [ ! -e "$to/$1" ] || return 1
    found=$(find "$tools.part/all/lib" "$tools.part/all/usr/lib" -name "$1" | head -n 1)
    [ -n "$found" ] || fail "no package that gdb or strace depends on holds $1"
    mkdir -p "$to"
    cp -L "$found" "$to/$1"
}

# Copies all that $1 names, and what those name.
needed_libraries() {
    for soname in $(readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p'); do
        if library "$soname"; then
            needed_libraries "$tools.part/tree/lib/x86_64-linux-gnu/$soname"
        fi
    done
}
