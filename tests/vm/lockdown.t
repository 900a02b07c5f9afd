#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The module under Secure Boot, signed by a key of the machine's owner: who else is
# refused, and what lockdown leaves of it.
#
# usage: lockdown.t [KERNEL...]

. "$(dirname "$0")/test.sh"

# key NAME: a key that nobody knows, NAME.pem, and its certificate, NAME.der.
key() {
	openssl req -new -x509 -newkey rsa:2048 -nodes -sha256 -days 3650 -subj "/CN=stallmeter $1/" \
		-keyout "$1.pem" -outform DER -out "$1.der"
}

# stallmeter.ko is unsigned; owner.ko is as DKMS signs it, with a key that is enrolled;
# stranger.ko with one that is not; changed.ko was the owner's.
sign_all() {
	local name
	for name in owner stranger; do
		key "$name"
		cp stallmeter.ko "$name.ko"
		"$KDIR/scripts/sign-file" sha256 "$name.pem" "$name.der" "$name.ko"
	done
	sed 's/what stalled this machine/what started this machine/' owner.ko > changed.ko
}

# With a collector that needs the entry of a function, and can do nothing without.
variant entry
one_more_collector entry

prepare() {	# KERNEL
	put_variant "$1" entry
	mv "$work/$1/entry.ko" "$work/$1/stallmeter.ko"
	"$VM_DIR/kernel" run "$1" "$work/$1" bash -euc "$(declare -f key sign_all); sign_all" 2> "$work/sign.log" ||
		{ cat "$work/sign.log" >&2; die "cannot sign the module"; }
}

# Each level as a person asks for it; Secure Boot alone brings integrity.
lockdown() {	# KERNEL/LEVEL
	local kernel=${1%/*} level=${1#*/} words
	words="lockdown=$level"
	[ "$level" != integrity ] || words="$words module.sig_enforce=1"
	in_guest "$kernel" test-lockdown.sh -s 1 -K "$work/$kernel/owner.der" -a "$words"
}

put_programs
guests=()
for kernel in "${@:-6.1}"; do
	prepare "$kernel"
	guests+=("$kernel/integrity" "$kernel/confidentiality")
done
run_on "$(nproc)" lockdown "${guests[@]}"
