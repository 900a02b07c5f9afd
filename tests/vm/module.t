#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The module in full: what it counts, what it refuses, what it does where a hook is
# missing, and that a collector more costs one file and two lines.
#
# usage: module.t [KERNEL...]

. "$(dirname "$0")/test.sh"

# Sources for kernels in which one hook, or the one that is required, does not exist.
variant no-send6
sed -i 's/"udpv6_sendmsg"/"udpv6_sendmsg_gone"/' "$work/no-send6/module/collectors/bfd.c"
variant no-xmit
sed -i 's/\.targets = { #_tp }/.targets = { #_tp "_gone" }/' "$work/no-xmit/module/probe.h"
variant second-name
sed -i 's/"udp_sendmsg"/"udp_sendmsg.isra.0", "udp_sendmsg"/' "$work/second-name/module/collectors/bfd.c"

variant another
one_more_collector another

module() {
	local name
	put_module "$1" || return
	for name in no-send6 no-xmit second-name another; do
		put_variant "$1" "$name" || return
	done
	in_guest "$1" test-module.sh -P -M '8021q macvlan' -t 600
}

put_programs
run_on 1 module "${@:-6.1}"
