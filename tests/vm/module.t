#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The module on a stock kernel: what it counts, what it refuses, what it does where
# a hook is missing, and that a collector more costs one file and two lines.
. "$(dirname "$0")/test.sh"

put_programs
put_module 6.1

# Kernels in which one hook, or the one that is required, does not exist.
variant no-send6
sed -i 's/"udpv6_sendmsg"/"udpv6_sendmsg_gone"/' "$work/no-send6/module/collectors/bfd.c"
put_variant 6.1 no-send6
variant no-xmit
sed -i 's/\.targets = { #_tp }/.targets = { #_tp "_gone" }/' "$work/no-xmit/module/probe.h"
put_variant 6.1 no-xmit
variant second-name
sed -i 's/"udp_sendmsg"/"udp_sendmsg.isra.0", "udp_sendmsg"/' "$work/second-name/module/collectors/bfd.c"
put_variant 6.1 second-name

# The whole cost of another collector: a file, a Kbuild line, a line in the list.
variant another
cp "$VM_DIR/fixtures/statfs.c" "$work/another/module/collectors/"
echo 'stallmeter-y += module/collectors/statfs.o' >> "$work/another/Kbuild"
echo 'STALL_LISTED(statfs),' >> "$work/another/module/collectors/list.h"
put_variant 6.1 another

in_guest 6.1 test-module.sh -M '8021q macvlan'
