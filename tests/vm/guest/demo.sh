# SPDX-License-Identifier: GPL-2.0
# demo.sh - what "make demo" runs in the guest, with stallmeter.ko and the reporter
# in the current folder.
# shellcheck shell=bash

set -euo pipefail
# shellcheck source=lib.sh
. /run/guest/lib.sh

DIFFERENT=3	# what demo tries again
DEBUGFS=/sys/kernel/debug/stallmeter

step() { printf '\n==> %s\n' "$*"; }
show() { printf '\n# %s\n' "$*"; "$@"; }

PATH=$PWD:$PATH

step "uname -r: $(uname -r); insmod stallmeter.ko"
[ ! -e /proc/config.gz ] || show zgrep BPF_SYSCALL /proc/config.gz
insmod stallmeter.ko

step "two BIRD daemons, BFD at 400 ms x 3 between the network namespaces a and b"
lab_up v4
lab_wait_up 60
lab_sessions a
lab_capture_start
sleep 5

step "stopping the BIRD of a for 1.3 s (SIGSTOP, SIGCONT)"
lab_stall a 1.3
sleep 3
lab_wait_up 60
sleep 3

step "taking its CPU for 1.5 s (two real-time tasks)"
lab_starve a 1.5
sleep 3
lab_wait_up 60
sleep 3
lab_capture_stop

show stallmeter report
show stallmeter status || true
show cat $DEBUGFS/bfd/tx_gap_ns
show cat $DEBUGFS/bfd/sessions

step "every gap over 1 s: stallmeter beside tcpdump on the same link"
lab_gaps 0.5 > gaps
stallmeter show stallmeter/events --json > events.json
bash /run/guest/compare.sh gaps events.json || exit "$DIFFERENT"
stallmeter report | head -n 1 | grep -q '^hello from 10\.0\.0\.1 ' || {
	echo "the session that was stalled is not named first"
	exit "$DIFFERENT"
}

step "rmmod stallmeter"
rmmod stallmeter
