# SPDX-License-Identifier: GPL-2.0
# debug-kernel.sh - our own kernel: Debian's source, debug.config, KUnit, no BPF.
# Sourced by "kernel", after suite.sh.
#
# It is built inside the suite's tree, so with the compiler that will build the
# module, at a fixed path (DEBUG_SRC), so that external modules find its source
# wherever the cache is. What modules do not need is deleted after the build.
# shellcheck shell=bash

DEBUG_SRC=/usr/src/linux-debug

debug_key() {	# SUITE DEB
	{
		echo "$2"
		cat "$VM_DIR/debug.config" "$VM_DIR/debug-kernel.sh"
		find "$CACHE/pool/$1" -name 'gcc-[0-9]*_*.deb' -printf '%f\n' | sort
	} | sha256sum | cut -c1-16
}

fetch_debug() {
	local name=$1 tree=$CACHE/kernel/$1 suite deb key kver

	suite=$(kernel_field "$name" suite)
	lock build-debug
	(fetch_source "$name" "$suite")
	deb=$(cat "$tree.new/want" 2>/dev/null) || return 0
	key=$(debug_key "$suite" "$deb")

	mkdir -p "$tree.new/root$DEBUG_SRC/out" "$tree.new/root/boot" "$tree.new/root/usr/lib/modules"
	ln -s usr/lib "$tree.new/root/lib"
	echo "$suite" > "$tree.new/suite"
	say "unpacking $deb ..."
	unpack_source "$CACHE/pool/$suite/$deb" "$tree.new/root$DEBUG_SRC"
	say "building the debug kernel (about 5 minutes on 2 cores; log: $tree.new/build.log) ..."
	cp "$VM_DIR/debug.config" "$tree.new/root$DEBUG_SRC/"
	use_tree "$CACHE/suite/$suite"
	build_debug "$CACHE/suite/$suite" "$tree.new/root" > "$tree.new/build.log" 2>&1 ||
		{ tail -n 30 "$tree.new/build.log" >&2; die "the debug kernel did not build"; }
	install_debug "$tree.new/root"
	kver=$(cat "$tree.new/root$DEBUG_SRC/out/include/config/kernel.release")
	echo "$kver" > "$tree.new/kver"
	prune_debug "$tree.new/root$DEBUG_SRC"
	echo "$key" > "$tree.new/key"
	replace "$tree"
}

# fetch_source NAME SUITE: the newest source package, its file name in want of a
# new tree; no tree when the kernel that is there is made of it.
fetch_source() {
	local name=$1 suite=$2 tree=$CACHE/kernel/$1 package plan deb

	package=$(kernel_field "$name" match)
	rm -rf "$tree.new"
	deb=$(cat "$tree/want" 2>/dev/null || true)
	if lists_are_fresh "$suite" && debug_is_current "$tree" "$suite" "$deb"; then return; fi
	lock "apt-$suite"
	use_apt "$suite"
	update_lists "$suite"
	plan=$(plan_download "$package")
	deb=${plan% *}
	if debug_is_current "$tree" "$suite" "$deb"; then return; fi
	download "$suite" "the source of the debug kernel" "$plan" "$package"
	mkdir -p "$tree.new"
	echo "$deb" > "$tree.new/want"
	prune_pool "$suite"
}

debug_is_current() { [ "$(cat "$1/key" 2>/dev/null)" = "$(debug_key "$2" "$3")" ]; }

unpack_source() {	# DEB DIR
	mkdir -p "$2/source"
	dpkg-deb --fsys-tarfile "$1" | tar -xO --wildcards './usr/src/linux-source-*.tar.xz' |
		xz -dc | tar -x -C "$2/source" --strip-components=1
}

# build_debug SUITE-TREE KERNEL-ROOT: configure, check the configuration, build.
build_debug() {
	in_tree "$1" "$2$DEBUG_SRC" "$DEBUG_SRC" bash -euc '
		cd "$1"
		export KBUILD_BUILD_TIMESTAMP=1970-01-01 KBUILD_BUILD_USER=stallmeter KBUILD_BUILD_HOST=stallmeter
		kmake() { make -s -C source O="$PWD/out" ARCH=x86_64 "$@"; }
		kmake KCONFIG_ALLCONFIG="$PWD/debug.config" allnoconfig
		# kconfig drops silently what it cannot set: a debug option lost is a test lost
		lost=$(grep -E "^CONFIG_[A-Z0-9_]+=" debug.config | grep -vxF -f out/.config) || true
		[ -z "$lost" ] || { echo "options not taken: $lost"; exit 1; }
		if grep -q "^CONFIG_BPF_SYSCALL=y" out/.config; then echo "BPF is on"; exit 1; fi
		kmake -j"$(nproc)" bzImage modules
		kmake INSTALL_MOD_PATH="$PWD/out/install" DEPMOD=true modules_install
	' _ "$DEBUG_SRC"
}

install_debug() {	# KERNEL-ROOT
	local root=$1 out=$1$DEBUG_SRC/out kver
	kver=$(cat "$out/include/config/kernel.release")
	mv "$out/install/lib/modules/$kver" "$root/usr/lib/modules/"
	rm -rf "$out/install"
	cp "$out/arch/x86/boot/bzImage" "$root/boot/vmlinuz-$kver"
	ln -sfn "$DEBUG_SRC/out" "$root/usr/lib/modules/$kver/build"
	ln -sfn "$DEBUG_SRC/source" "$root/usr/lib/modules/$kver/source"
	depmod -b "$root" "$kver"
}

# Keep what Debian keeps in its headers packages: makefiles, Kconfig, headers, scripts.
prune_debug() {
	local dir=$1
	(
		cd "$dir/source" || exit
		find arch -mindepth 1 -maxdepth 1 -type d ! -name x86 -exec rm -rf {} +
		find . ! -type d ! -path './scripts/*' ! -path './include/*' ! -path './arch/x86/include/*' \
			! -path './tools/include/*' ! -path './tools/objtool/*' \
			! -name 'Makefile*' ! -name 'Kconfig*' ! -name 'Kbuild*' -delete
		find . -depth -type d -empty -delete
	)
	(
		cd "$dir/out" || exit
		find . -type f ! -path './scripts/*' ! -path './tools/*' ! -name module.lds \
			\( -name '*.o' -o -name '*.a' -o -name '*.cmd' -o -name '*.ko' -o -name '*.mod' \
			-o -name '*.mod.c' -o -name 'vmlinux*' -o -name '.tmp_*' -o -name bzImage \) -delete
		find . -depth -type d -empty -delete
	)
}
