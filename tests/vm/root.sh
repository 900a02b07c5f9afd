# SPDX-License-Identifier: GPL-2.0
# root.sh - real Debian systems to install packages in: dpkg with its database,
# maintainer scripts, kernels from packages. Sourced, after lib.sh and suite.sh.
#
# root/NAME/tree in the cache is a system that nothing was done with yet. Its apt has
# in stock what tests install, so that they need no network.
# shellcheck shell=bash

# root_kernels SUITE: "OLD NEW": the kernel that is installed, and the one that it
# is upgraded to, as regular expressions of the release.
root_kernels() {
	case $1 in
	bullseye) echo "5\.10\.0-3[0-9]-amd64 $(release 5.10)";;	# the last before LTS
	bookworm) echo "$(release 6.1) $(release 6.12-bpo)";;
	trixie) echo "$(release 6.12) $(release 7.x)";;
	esac
}

# The release of a kernel of kernels.list, as a regular expression.
release() { "$VM_DIR/kernel" release "$1" | sed 's/[.+]/\\&/g'; }

# root_key SUITE FUNCTION WORDS: changes when the root that FUNCTION makes has to be
# made anew: for our own reasons, or as the suite has newer packages.
root_key() { { declare -f make_root "$2"; echo "$3"; cat "$CACHE/suite/$1/want"; } | sha256sum | cut -c1-16; }

use_suite() { lock "apt-$1"; use_apt "$1"; update_lists "$1"; }

# fetch_root SUITE: a machine: the suite's smallest system and a kernel with headers.
fetch_root() {
	local suite=$1 tree=$CACHE/root/$1 key kernels old new
	kernels=$(root_kernels "$suite")
	key=$(root_key "$suite" fetch_root "$kernels")
	[ "$(cat "$tree/key" 2>/dev/null)" != "$key" ] || return 0
	use_suite "$suite"
	[ "$(cat "$tree/key" 2>/dev/null)" != "$key" ] || return 0	# another run made it
	old=$(newest_kernel "${kernels% *}")
	new=$(newest_kernel "${kernels#* }")
	if [ -z "$old" ] || [ -z "$new" ]; then die "$suite has no kernel packages for '$kernels'"; fi
	make_root "$suite" "$suite" "linux-image-$old linux-headers-$old tiny-initramfs" \
		"dkms libjson-c5 linux-image-$new linux-headers-$new"
	# The system thinks that it runs the old kernel.
	mv "$tree.new/tree/bin/uname" "$tree.new/tree/bin/uname.coreutils"
	printf '%s\n' '#!/bin/sh' "[ \"\$*\" != -r ] || exec echo $old" 'exec uname.coreutils "$@"' \
		> "$tree.new/tree/bin/uname"
	chmod +x "$tree.new/tree/bin/uname"
	echo "$old" > "$tree.new/old"
	echo "$new" > "$tree.new/new"
	echo "$key" > "$tree.new/key"
	replace "$tree"
}

# fetch_builder SUITE: what builds packages and checks them, without one thing that
# "make deb" has to install.
fetch_builder() {
	local suite=$1 tree=$CACHE/root/$1-builder packages key
	packages=$(list_words "$VM_DIR/packages/deb" | paste -sd' ')
	key=$(root_key "$suite" fetch_builder "$packages")
	[ "$(cat "$tree/key" 2>/dev/null)" != "$key" ] || return 0
	use_suite "$suite"
	[ "$(cat "$tree/key" 2>/dev/null)" != "$key" ] || return 0
	make_root "$suite" "$suite-builder" "$packages" dh-dkms
	echo "$key" > "$tree.new/key"
	replace "$tree"
}

# make_root SUITE NAME PACKAGES LATER: root/NAME.new, with PACKAGES installed; LATER
# and all it depends on is downloaded. linux-base is pinned as use_apt() has it.
make_root() {
	local suite=$1 new=$CACHE/root/$2.new packages=$3 later=$4 apt=$CACHE/apt/$1
	say "making a Debian to install packages in: $2 ..."
	rm -rf "$new"
	mkdir -p "$new"
	grep -i '^Acquire' "$apt/apt.conf" > "$new/apt.conf"
	env -u APT_CONFIG mmdebstrap --quiet --mode=root --variant=apt --include="$packages" \
		--skip=cleanup/apt/lists,cleanup/apt/cache --dpkgopt=force-unsafe-io \
		--aptopt="$new/apt.conf" --aptopt='APT::Install-Recommends "false"' \
		--setup-hook="copy-in $apt/etc/preferences.d/linux-base /etc/apt/preferences.d" \
		--customize-hook='export APT_CONFIG=$MMDEBSTRAP_APT_CONFIG; apt-get clean &&
			apt-get -qq -y --download-only install '"$later" \
		"$suite" "$new/tree" "$apt/etc/sources.list" > "$new/log" 2>&1 ||
		{ tail -n 20 "$new/log" >&2; die "no Debian $suite could be made (log: $new/log)"; }
}

# open_root NAME DIR: root/NAME for in_root, without network, with DIR at /src. What
# is written elsewhere goes to a tmpfs, and away with close_root, or when the calling
# shell dies. Sets root_pid.
open_root() {
	need_root
	use_tree "$CACHE/root/$1"
	unshare -m -n setpriv --pdeathsig KILL bash -euc '
		mount --make-rprivate /
		mount -t tmpfs tree /mnt
		mkdir /mnt/{upper,work,tree}
		mount -t overlay -o "lowerdir=$1/tree,upperdir=/mnt/upper,workdir=/mnt/work" tree /mnt/tree
		mkdir /mnt/tree/src
		mount --bind "$2" /mnt/tree/src
		mount -t proc proc /mnt/tree/proc
		mount --rbind /dev /mnt/tree/dev
		touch /mnt/open
		exec sleep infinity
	' _ "$CACHE/root/$1" "$(realpath "$2")" &
	root_pid=$!
	while [ ! -e "$(root_dir)/../open" ]; do
		kill -0 "$root_pid" || die "root/$1 could not be opened"
		sleep 0.05
	done
}

close_root() { kill "$root_pid"; wait "$root_pid" 2>/dev/null || true; }

# The open root, as seen from outside.
root_dir() { echo "/proc/$root_pid/root/mnt/tree"; }

in_root() {
	nsenter -t "$root_pid" -m -n chroot /mnt/tree /usr/bin/env -i LC_ALL=C.UTF-8 HOME=/root \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		DEBIAN_FRONTEND=noninteractive "$@"
}
