#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The KUnit suites of kunit/, on the debug kernel: KASAN, lockdep, kmemleak, no BPF.
#
# usage: kunit.t [debug]

set -euo pipefail
. "$(dirname "$0")/lib.sh"

work=$(mktemp -d "${TMPDIR:-/tmp}/stallmeter-kunit.XXXXXX")
trap 'rm -rf "$work"' EXIT

# The suites that the sources define: each has to be seen.
suites() { sed -n 's/^[[:space:]]*\.name = "\(stallmeter_[a-z0-9_]*\)",$/\1/p' "$TOP_DIR"/kunit/*_test.c; }

"$VM_DIR/build" debug "$work" modules STALL_KUNIT=y

status=0
"$VM_DIR/boot" -k debug -s 2 -P -t 900 -f "$work/stallmeter-kunit.ko" -o "$work/out" -- \
	'modprobe kunit && insmod stallmeter-kunit.ko && rmmod stallmeter-kunit' > "$work/log" 2>&1 || status=$?

mapfile -t wanted < <(suites)
"$VM_DIR/ktap2tap" no_plan "${wanted[@]}" < "$work/out/dmesg" | tee "$work/tap" || true
count=$(($(grep -cE '^(not )?ok ' "$work/tap") + 1))
if [ "$status" = 0 ]; then
	echo "ok $count - the guest ended well, without a report"
else
	sed 's/^/# /' "$work/log"
	echo "not ok $count - the guest ended with status $status"
fi
echo "1..$count"
