# SPDX-License-Identifier: GPL-2.0
# suite.sh - Debian packages, unpacked (never installed) into trees. Sourced by
# "kernel", after lib.sh.
#
# Each suite gets an apt of its own: own state, own lists, an empty status file.
# It resolves and downloads; dpkg-deb and tar unpack. No maintainer script runs,
# so it needs no second Debian, and the few things they would have made are made
# by finish_tree().
# shellcheck shell=bash

KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# Dependencies that only a maintainer script or a machine that boots by itself uses.
UNWANTED='systemd.*|udev|initramfs-tools.*|klibc-utils|libklibc|dracut.*|linux-base|dmsetup|tzdata|passwd|login|logsave|sudo'

# What no guest here reads: half of a kernel package is drivers for hardware.
UNPACK_EXCLUDE=(
	'./usr/share/doc/*' './usr/share/man/*' './usr/share/info/*' './usr/share/locale/*'
	'*/kernel/sound/*'
	'*/kernel/drivers/gpu/*' '*/kernel/drivers/media/*' '*/kernel/drivers/infiniband/*'
	'*/kernel/drivers/scsi/*' '*/kernel/drivers/staging/*' '*/kernel/drivers/iio/*'
	'*/kernel/drivers/net/wireless/*' '*/kernel/drivers/net/ethernet/*'
)

# host_archive: where this machine gets its Debian from: "MAIN-URI SECURITY-URI".
host_archive() {
	local targets main security

	targets=$(host_targets)
	[ -n "$targets" ] || { apt-get -qq update || true; targets=$(host_targets); }
	main=$(awk '$1 !~ /-/ { print $2; exit }' <<<"$targets")
	security=$(awk '$1 ~ /-security$/ { print $2; exit }' <<<"$targets")
	[ -n "$main" ] || die "apt knows no Debian archive here (apt-get indextargets is empty)"
	main=${main%/}
	security=${security%/}
	echo "$main ${security:-${main%/*}/debian-security}"
}

# One line "RELEASE URI" for each of Debian's own archives that apt knows.
host_targets() {
	local codename
	# shellcheck source=/dev/null
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	apt-get indextargets --format '$(CODENAME) $(RELEASE) $(REPO_URI) $(IDENTIFIER)' |
		awk -v us="$codename" '
			$4 == "Packages" && ($1 == us || $1 == us "-security") { print $1, $3 }
			$4 == "Packages" && ($2 == us || $2 == us "-security") { print $2, $3 }' |
		awk '!seen[$0]++'
}

# use_apt SUITE: from here on apt works for SUITE, not for this machine.
use_apt() {
	local suite=$1 dir=$CACHE/apt/$1 uris main security

	mkdir -p "$dir"/etc/{apt.conf.d,preferences.d} "$dir/state/lists/partial" "$dir/cache/archives/partial"
	: > "$dir/status"
	uris=$(unset APT_CONFIG; host_archive)
	main=${uris% *} security=${uris#* }
	{
		echo "deb [signed-by=$KEYRING] $main $suite main"
		echo "deb [signed-by=$KEYRING] $security $suite-security main"
		# bullseye's backports have left the archive
		[ "$suite" = bullseye ] || echo "deb [signed-by=$KEYRING] $main $suite-backports main"
	} > "$dir/etc/sources.list"
	# kernels from backports want its linux-base; nothing else is taken from there unasked
	printf '%s\n' 'Package: linux-base' "Pin: release n=$suite-backports" 'Pin-Priority: 900' \
		> "$dir/etc/preferences.d/linux-base"
	{
		(unset APT_CONFIG; apt-config dump | grep -iE '^Acquire::(http|https|ftp|proxy)') || true
		cat <<-CONF
			Dir "$dir"; Dir::Etc "$dir/etc"; Dir::Etc::sourcelist "sources.list";
			Dir::Etc::sourceparts "/dev/null"; Dir::State "$dir/state";
			Dir::State::status "$dir/status"; Dir::Cache "$dir/cache";
			APT::Architecture "amd64"; APT::Architectures { "amd64"; };
			APT::Install-Recommends "false"; APT::Sandbox::User "root";
			Acquire::Languages "none"; Acquire::Check-Valid-Until "false";
			Acquire::Retries "3";
		CONF
	} > "$dir/apt.conf"
	export APT_CONFIG=$dir/apt.conf
}

# The package lists are looked at once a day, or when asked for (kernel fetch -u).
lists_are_fresh() { [ -n "$(find "$CACHE/apt/$1/updated" -mmin -1440 2>/dev/null)" ]; }

update_lists() {
	local suite=$1
	lists_are_fresh "$suite" && return
	say "updating the package lists of $suite ..."
	if apt-get -qq -o APT::Update::Error-Mode=any update; then
		touch "$CACHE/apt/$suite/updated"
	else
		[ -e "$CACHE/suite/$suite/want" ] || die "cannot reach the archive of $suite, and nothing is cached"
		say "cannot reach the archive of $suite: going on with what is cached"
	fi
}

# resolve PACKAGE...: all they depend on, one name a line.
resolve() {
	local plan
	plan=$(apt-get -s install "$@" 2>&1) || { tail -n 5 <<<"$plan" >&2; die "cannot resolve: $*"; }
	awk '/^Inst/ { print $2 }' <<<"$plan" | grep -vxE "$UNWANTED" | sort -u
}

# newest_kernel REGEX: the newest release that matches and has headers and an image. For
# some hours the archive may have the one and not the other.
newest_kernel() {
	local kver
	for kver in $(apt-cache search --names-only "^linux-headers-$1\$" |
			sed 's/^linux-headers-//; s/ .*//' | sort -rV); do
		[ -z "$(image_packages "$kver")" ] || { echo "$kver"; return; }
	done
}

# Of a name that only others depend on, apt-cache succeeds and shows nothing.
have_package() { [ -n "$(apt-cache show "$1" 2>/dev/null)" ]; }

# plan_download PACKAGE...: "FILE BYTES" of each. From an empty folder, as apt
# leaves out the files that are already in the current one.
plan_download() {
	local empty
	empty=$(mktemp -d)
	(cd "$empty" && apt-get -qq --print-uris download "$@") | awk '{ print $2, $3 }' | sort -u
	rmdir "$empty"
}

# download SUITE LABEL PLAN PACKAGE...: into the pool; what is there stays.
download() {
	local suite=$1 label=$2 plan=$3 pool=$CACHE/pool/$1 file bytes count=0 total=0
	shift 3
	mkdir -p "$pool"
	while read -r file bytes; do
		[ -e "$pool/$file" ] || { count=$((count + 1)); total=$((total + bytes)); }
	done <<<"$plan"
	say "fetching $label: $(wc -l <<<"$plan") packages, $count to download ($((total / 1000000)) MB) ..."
	(cd "$pool" && apt-get -qq download "$@") || die "download failed: $label"
}

# Drop the packages that no tree of this suite is made of any more.
prune_pool() {
	local suite=$1 file
	cat "$CACHE/suite/$suite/want" "$CACHE"/kernel/*/want 2>/dev/null | sort -u > "$CACHE/pool/$suite.want"
	for file in "$CACHE/pool/$suite"/*.deb; do
		grep -qxF "${file##*/}" "$CACHE/pool/$suite.want" || rm -f "$file"
	done
	rm -f "$CACHE/pool/$suite.want"
}

# unpack SUITE TREE FILE...: into TREE, laid out as a merged /usr.
unpack() {
	local suite=$1 tree=$2 dir
	shift 2
	for dir in bin sbin lib lib64 lib32 libx32; do
		mkdir -p "$tree/usr/$dir"
		ln -sfn "usr/$dir" "$tree/$dir"
	done
	export -f unpack_one
	printf '%s\0' "$@" | xargs -0 -P "$(nproc)" -I{} \
		bash -c 'unpack_one "$@"' _ "$CACHE/pool/$suite/{}" "$tree" "${UNPACK_EXCLUDE[@]/#/--exclude=}"
}

unpack_one() {
	local deb=$1 tree=$2
	shift 2
	set -o pipefail
	dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$tree" --keep-directory-symlink "$@"
}

# finish_tree TREE: what maintainer scripts would have made.
finish_tree() {
	local tree=$1 file
	mkdir -p "$tree"/{etc,root,home,mnt,opt,srv,run,host,proc,sys,dev,src,tmp,var/lib,var/log}
	for file in passwd group; do
		cp "$tree/usr/share/base-passwd/$file.master" "$tree/etc/$file" 2>/dev/null ||
			printf '%s\n' 'root:x:0:0:root:/root:/bin/bash' > "$tree/etc/$file"
	done
	# daemons that give up root want an account; they do not need a real one
	for file in bird tcpdump; do
		echo "$file:x:900:900::/nonexistent:/usr/sbin/nologin" >> "$tree/etc/passwd"
		echo "$file:x:900:" >> "$tree/etc/group"
	done
	ln -sf mawk "$tree/usr/bin/awk"
	ln -sf gcc "$tree/usr/bin/cc"
	[ -e "$tree/usr/bin/sh" ] || ln -sf dash "$tree/usr/bin/sh"
	chroot "$tree" /usr/sbin/ldconfig
}

suite_packages() {
	list_words "$VM_DIR/packages/build"
	[ "$1" != bookworm ] || list_words "$VM_DIR/packages/guest"
}

# suite_key SUITE: changes when the tree has to be made anew for our own reasons.
suite_key() { { suite_packages "$1"; cat "$VM_DIR/suite.sh"; } | sha256sum | cut -c1-16; }

# fetch_suite SUITE: the tree suite/SUITE: userland and toolchain, no kernel.
fetch_suite() {
	local suite=$1 tree=$CACHE/suite/$1 packages plan key files

	key=$(suite_key "$suite")
	if lists_are_fresh "$suite" && [ "$(cat "$tree/key" 2>/dev/null)" = "$key" ]; then return; fi
	lock "apt-$suite"
	use_apt "$suite"
	update_lists "$suite"
	packages=$(suite_packages "$suite")
	# shellcheck disable=SC2086  # lists of package names, here and below
	packages=$(resolve $packages)
	# shellcheck disable=SC2086
	plan=$(plan_download $packages)
	if [ "$(cat "$tree/key" 2>/dev/null)" = "$key" ] && cut -d' ' -f1 <<<"$plan" | cmp -s - "$tree/want"; then return; fi
	# shellcheck disable=SC2086
	download "$suite" "$suite" "$plan" $packages
	say "unpacking $suite ..."
	rm -rf "$tree.new"
	mkdir -p "$tree.new"
	mapfile -t files < <(cut -d' ' -f1 <<<"$plan")
	unpack "$suite" "$tree.new" "${files[@]}"
	finish_tree "$tree.new"
	printf '%s\n' "${files[@]}" > "$tree.new/want"
	echo "$key" > "$tree.new/key"
	replace "$tree"
}

# fetch_stock NAME: kernel/NAME: image, modules and headers of a Debian kernel.
# Its root/ lies over the suite's tree when something is built or booted.
fetch_stock() {
	local name=$1 tree=$CACHE/kernel/$1 suite match key kver packages base all plan files

	suite=$(kernel_field "$name" suite)
	match=$(kernel_field "$name" match)
	key=$(echo "$suite $match $(suite_key "$suite")" | sha256sum | cut -c1-16)
	if lists_are_fresh "$suite" && [ "$(cat "$tree/key" 2>/dev/null)" = "$key" ]; then return; fi
	lock "apt-$suite"
	use_apt "$suite"
	update_lists "$suite"
	kver=$(newest_kernel "$match")
	[ -n "$kver" ] || die "$suite has no packages linux-headers-$match and linux-image of the same"
	packages="linux-headers-$kver $(image_packages "$kver")"
	# what the kernel needs beyond the suite's own tree
	# shellcheck disable=SC2046
	base=$(resolve $(suite_packages "$suite"))
	# shellcheck disable=SC2086
	all=$(resolve $base $packages)
	packages=$(comm -13 <(echo "$base") <(echo "$all"))
	# shellcheck disable=SC2086
	plan=$(plan_download $packages)
	if [ "$(cat "$tree/key" 2>/dev/null)" = "$key" ] && cut -d' ' -f1 <<<"$plan" | cmp -s - "$tree/want"; then return; fi
	# shellcheck disable=SC2086
	download "$suite" "kernel $name ($kver)" "$plan" $packages
	rm -rf "$tree.new"
	mkdir -p "$tree.new/root"
	mapfile -t files < <(cut -d' ' -f1 <<<"$plan")
	unpack "$suite" "$tree.new/root" "${files[@]}"
	depmod -b "$tree.new/root" "$kver"
	echo "$kver" > "$tree.new/kver"
	echo "$suite" > "$tree.new/suite"
	printf '%s\n' "${files[@]}" > "$tree.new/want"
	echo "$key" > "$tree.new/key"
	replace "$tree"
	prune_pool "$suite"
}

# image_packages KVER: the packages that hold vmlinuz and the modules; nothing if there is
# no vmlinuz. A kernel that has just come to backports has only the unsigned binary; from
# 7.x on the modules are a package of their own.
image_packages() {
	local kver=$1 package image=''
	for package in "linux-image-$kver" "linux-binary-unsigned-$kver"; do
		have_package "$package" && { image=$package; break; }
	done
	[ -n "$image" ] || return 0
	echo "$image"
	for package in "linux-modules-$kver" "linux-binary-$kver"; do
		have_package "$package" && echo "$package"
	done
	return 0
}
