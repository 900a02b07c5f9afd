# SPDX-License-Identifier: GPL-2.0
# test-cost.sh - guest instructions of a UDP send over loopback, with and without
# the module. The gates are the figures that were measured, and a tenth.
# shellcheck shell=bash

set -uo pipefail
# shellcheck source=tap.sh
. /run/guest/tap.sh
PATH=$PWD:$PATH

cost() { udpload cost "$1" 5000; }

udpload cost 5353 1000 > /dev/null	# all that is done once
base=$(cost 5353)
insmod stallmeter.ko
other=$(cost 5353)
bfd=$(cost 3784)
rmmod stallmeter
again=$(cost 5353)

diag "a send without the module: $base, after it: $again"
diag "with it, not BFD: $((other - base)) more, BFD: $((bfd - base)) more"
ok 'the baseline comes back' test $((again - base)) -le 20 -a $((base - again)) -le 20
ok 'a datagram that is not BFD pays at most 175' test $((other - base)) -le 175
ok 'a BFD packet pays at most 1250' test $((bfd - base)) -le 1250
done_testing
