# SPDX-License-Identifier: GPL-2.0
# lib.sh - what every script of the VM harness shares. Sourced, never run.
#
# The cache holds all that is fetched or built, so that the tree stays clean:
#   apt/SUITE      private apt state          pool/SUITE    the packages (.deb)
#   suite/SUITE    unpacked Debian tree       kernel/NAME   a kernel, unpacked or built
#   build/NAME     modules built for NAME     lock/         one file a lock
# Deleting it is always safe: everything is fetched again.
# shellcheck shell=bash

VM_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP_DIR=$(cd "$VM_DIR/../.." && pwd)
CACHE=${STALLMETER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/stallmeter}

say() { echo "stallmeter: $*" >&2; }
die() { say "error: $*"; exit 1; }
usage() { sed -n '/^# usage:/,/^$/{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2; }

# The words of a list file, without its comments.
list_words() { sed 's/#.*//' "$1" | tr -s ' \n' '\n' | sed '/^$/d'; }

# kernel_field NAME suite|match: one field of the kernel's line in kernels.list.
kernel_field() {
	awk -v name="$1" -v field="$2" '
		$1 == name { print field == "suite" ? $2 : $3; found = 1 }
		END { exit !found }' "$VM_DIR/kernels.list" ||
		die "no kernel named '$1'; known: $(kernel_names | paste -sd' ')"
}

kernel_names() { sed 's/#.*//' "$VM_DIR/kernels.list" | awk 'NF { print $1 }'; }

# lock NAME: one script at a time; held until the script and its children end.
lock() {
	local fd
	mkdir -p "$CACHE/lock"
	exec {fd}>>"$CACHE/lock/$1"
	flock -n "$fd" && return
	say "waiting for another run ($1) ..."
	flock "$fd"
}

# take_turn: guests run at a time, as many as there are CPUs. Held until the script and
# its children end.
take_turn() {
	local fd n told=''
	mkdir -p "$CACHE/lock"
	while :; do
		for ((n = 0; n < $(nproc); n++)); do
			exec {fd}>>"$CACHE/lock/guest-$n"
			! flock -n "$fd" || return 0
			exec {fd}>&-
		done
		[ -n "$told" ] || say "waiting for other guests ..."
		told=yes
		sleep 1
	done
}

# use_tree TREE: as long as the script and its children live, TREE is not deleted,
# though a newer one may take its name.
use_tree() {
	local fd
	while :; do
		exec {fd}<"$1/in-use" || die "not in the cache: $1"
		flock -s "$fd"
		[ ! "$1/in-use" -ef "/proc/self/fd/$fd" ] || return 0
		exec {fd}<&-
	done
}

# replace TREE: TREE.new becomes TREE. The old one goes once nobody uses it, at the
# latest when the next one comes.
replace() {
	local old
	touch "$1.new/in-use"
	[ ! -e "$1" ] || mv "$1" "$1.old-$(date +%s%N)"
	mv "$1.new" "$1"
	for old in "$1".old-*; do
		[ ! -e "$old/in-use" ] || flock -n "$old/in-use" rm -rf "$old" || true
	done
}

# sources DIR: its files, as git sees them (new ones too, ignored ones not).
sources() {
	if git -c safe.directory='*' -C "$1" rev-parse --git-dir >/dev/null 2>&1; then
		git -c safe.directory='*' -C "$1" ls-files -co --exclude-standard --deduplicate .
	else
		(cd "$1" && find . -type f ! -path './.git/*')
	fi
}

# pack_sources DIR [OPTION...]: as tar makes it with these.
pack_sources() {
	local file
	sources "$1" | LC_ALL=C sort | while read -r file; do
		[ ! -e "$1/$file" ] || printf '%s\0' "$file"	# deleted, and not yet in git
	done | tar -c -C "$1" "${@:2}" --null -T -
}

# copy_sources FROM TO
copy_sources() {
	rm -rf "$2"
	mkdir -p "$2"
	pack_sources "$1" | tar -x -C "$2"
}

need_root() { [ "$(id -u)" = 0 ] || die "needs root (chroot, mount): run as root or with sudo"; }
