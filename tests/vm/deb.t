#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# make deb on clean machines, lintian, and the life of the packages on a machine of
# each suite: installed, the kernel upgraded, upgraded themselves, removed. What DKMS
# put there loads by modprobe in guests of both kernels. Of bookworm, and with STALL_ALL=1
# of trixie and bullseye, too.
. "$(dirname "$0")/test.sh"
. "$VM_DIR/suite.sh"
. "$VM_DIR/root.sh"

version=$(cat "$TOP_DIR/VERSION")
next=$version.1

# part NAME CMD...: runs in the background until join; its TAP goes to $work/NAME.tap.
declare -A parts
part() {
	("${@:2}") > "$work/$1.tap" &
	parts[$1]=$!
}

join() {
	local name
	for name in "${!parts[@]}"; do
		wait "${parts[$name]}" || echo "not ok 0 - $name: ended before its end" >> "$work/$name.tap"
	done
	parts=()
}

# keep CMD...: its output is in $log, and shown if it fails.
keep() { "$@" > "$log" 2>&1 || { tail -n 60 "$log"; return 1; }; }

# on_builder SUITE: make deb and lintian, in a checkout without .git, as from a tarball.
on_builder() {
	local suite=$1 tree=$work/build-$1/stallmeter log=$work/builder-$1.log
	copy_sources "$TOP_DIR" "$tree"
	open_root "$suite-builder" "$work/build-$suite"
	not_ok "$suite: make deb needs root to install what it needs" \
		keep in_root setpriv --reuid=65534 --regid=65534 --clear-groups make -C /src/stallmeter deb
	like "$suite: and says what that is" "$(cat "$log")" '^stallmeter: error: .* dh-sequence-dkms; .*apt-get build-dep'
	ok "$suite: make deb" keep in_root make -C /src/stallmeter deb
	is "$suite: lintian is content" \
		"$(in_root sh -c 'lintian --allow-root --pedantic /src/stallmeter/dist/*.changes && echo clean' 2>&1)" clean
	mkdir -p "$work/$suite"
	cp "$tree"/dist/*.deb "$work/$suite/"
	close_root
}

# build_next SUITE...: the next version, for these suites.
build_next() {
	local tree=$work/build-bookworm/stallmeter log=$work/next.log suite
	sed -i "s/$version/$next/" "$tree"/{VERSION,dkms.conf,debian/changelog}
	open_root bookworm-builder "$work/build-bookworm"
	ok 'make deb of the next version' keep in_root make -C /src/stallmeter deb
	for suite; do cp "$tree"/dist/*.deb "$work/$suite/"; done
	close_root
}

# What there is of the module: one line for each thing, in no order that matters.
state() {
	in_root dkms status 2>&1 | grep -v '^readelf:' | sed -E 's,^stallmeter[/,] ?([^,]*)\, ([^,]*)\, x86_64: installed$,dkms \2 \1,'
	in_root sh -c 'ls -d /usr/src/stallmeter* /var/lib/dkms/stallmeter/[0-9]*
		find /lib/modules -name "stallmeter*" | while read -r file; do
			echo "$file $(modinfo -F version "$file")"
		done' 2>/dev/null | sed 's/\.ko\.xz /.ko /'
}

state_is() {	# NAME VERSION KERNEL...
	local name=$1 version=$2 kernel
	shift 2
	is "$name" "$(state | sort)" "$(
		for kernel; do
			echo "dkms $kernel $version"
			echo "/lib/modules/$kernel/updates/dkms/stallmeter.ko $version"
		done | cat - <(printf '%s\n' "/usr/src/stallmeter-$version" "/var/lib/dkms/stallmeter/$version") | sort)"
}

# bullseye's libraries are too old for a reporter that was built on bookworm.
install() {	# SUITE VERSION
	local packages="/src/stallmeter-dkms_$2_all.deb"
	[ "$1" = bullseye ] || packages="$packages /src/stallmeter_$2_amd64.deb"
	# shellcheck disable=SC2086  # file names
	keep in_root apt-get -y install $packages
}

# dkms asks readelf for the compiler of a kernel, and bookworm's readelf grumbles.
complaints() { grep -v '^readelf:' "$log" | grep -iE 'warning|error|deprecated|obsolete'; }

# take_for_guest SUITE KERNEL...: what dkms installed, so that modprobe finds it.
take_for_guest() {
	local to=$work/guest-$1 kernel
	shift
	for kernel; do
		mkdir -p "$to/lib/modules/$kernel/updates"
		cp -r "$(root_dir)/lib/modules/$kernel/updates/dkms" "$to/lib/modules/$kernel/updates/"
		depmod -b "$to" "$kernel" 2>/dev/null
	done
}

# loads SUITE KERNEL-NAME: the reporter is that of bookworm, as the guest's libraries are.
loads() {
	local suite=$1 kernel=$2
	ok "$suite: on $kernel it loads by modprobe, and the reporter finds all attached" \
		"$VM_DIR/boot" -k "$kernel" -s 1 -f "$work/guest-$suite/lib" -f "$work/reporter/usr/sbin/stallmeter" -- \
		'modprobe -d "$PWD" stallmeter && ./stallmeter status && modprobe -r -d "$PWD" stallmeter &&
			! grep "^stallmeter " /proc/modules'
}

life() {	# SUITE
	local suite=$1 log=$work/$1.log old new
	old=$(cat "$CACHE/root/$suite/old")
	new=$(cat "$CACHE/root/$suite/new")
	open_root "$suite" "$work/$suite"
	ok "$suite: the packages install" install "$suite" "$version"
	is "$suite: and say no word of warning" "$(complaints)" ''
	state_is "$suite: the module is there for $old" "$version" "$old"

	ok "$suite: a kernel without headers installs" keep in_root apt-get -y install "linux-image-$new"
	like "$suite: with a line about that" "$(cat "$log")" \
		"kernel ${new//[+.]/.} (was skipped since the kernel headers .* not seem to be installed|cannot be found)"
	state_is "$suite: and changes nothing" "$version" "$old"
	ok "$suite: its headers install" keep in_root apt-get -y install "linux-headers-$new"
	state_is "$suite: the module is there for $new too" "$version" "$old" "$new"
	take_for_guest "$suite" "$old" "$new"

	ok "$suite: the next version installs" install "$suite" "$next"
	is "$suite: and says no word of warning" "$(complaints)" ''
	state_is "$suite: instead of the old one, for both kernels" "$next" "$old" "$new"
	[ "$suite" = bullseye ] ||
		like "$suite: the reporter runs" "$(in_root stallmeter --version)" "${next//./\\.}\$"
	ok "$suite: the packages can be removed" keep in_root apt-get -y remove stallmeter-dkms
	is "$suite: nothing of the module is left" "$(state)" ''
	is "$suite: nor would modprobe find it" "$(in_root sh -c 'grep -l stallmeter /lib/modules/*/modules.dep')" ''
	ok "$suite: and purged" keep in_root dpkg --purge stallmeter-dkms stallmeter
	is "$suite: nothing of it is left" "$(state; in_root dpkg-query -W 'stallmeter*' 2>&1 | grep -v '^dpkg-query: no packages')" ''
	close_root
}

live_and_load() {	# SUITE KERNEL-NAME...
	local kernel
	life "$1"
	for kernel in "${@:2}"; do loads "$1" "$kernel"; done
}

suites=(bookworm)
"$VM_DIR/kernel" fetch 6.1 6.12-bpo
if [ "${STALL_ALL:-}" = 1 ]; then
	suites+=(trixie)
	"$VM_DIR/kernel" fetch 5.10 6.12 7.x
fi
for suite in "${suites[@]}"; do
	(fetch_root "$suite")
	(fetch_builder "$suite")
done
ok 'debian/changelog and VERSION agree' grep -q "^stallmeter ($version) " <(head -n 1 "$TOP_DIR/debian/changelog") > "$work/0.tap"
for suite in "${suites[@]}"; do part "1-$suite" on_builder "$suite"; done
join
part 2-next build_next "${suites[@]}"
join
dpkg-deb -x "$work/bookworm/stallmeter_${version}_amd64.deb" "$work/reporter"
part 3-bookworm live_and_load bookworm 6.1 6.12-bpo
[ "${STALL_ALL:-}" != 1 ] || part 3-trixie live_and_load trixie 6.12 7.x
join
if [ "${STALL_ALL:-}" = 1 ]; then
	(fetch_root bullseye)
	mkdir "$work/bullseye"
	cp "$work"/bookworm/stallmeter-dkms_* "$work/bullseye/"
	part 4-bullseye live_and_load bullseye 5.10
	join
fi
cat "$work"/*.tap | awk '
	/^(not )?ok / { sub(/ok [0-9]+/, "ok " ++n); failed += /^not/ }
	{ print }
	END { print "1.." n; exit failed > 0 }'
