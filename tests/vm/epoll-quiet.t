#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Of programs that lose no wakeup, epoll reports none: the kernel's own tests of epoll,
# stress-ng, nginx, haproxy and redis under load, while they are stopped, frozen and starved.
#
# usage: epoll-quiet.t [KERNEL...]

. "$(dirname "$0")/test.sh"

# Of stress-ng and of each daemon.
TIMES='10 10'
[ -z "${STALL_ALL:-}" ] || TIMES='300 120'

# The kernel's tests, from the source of the debug kernel. Two of them play ping-pong
# between CPUs that take turns here, and take half a minute and more: "make check" has less
# rounds of them, check-all more time.
put_selftest() {
	local source selftests=$work/selftests
	[ -e "$CACHE/kernel/debug/want" ] || "$VM_DIR/kernel" fetch debug >&2
	source=$CACHE/pool/$(kernel_field debug suite)/$(cat "$("$VM_DIR/kernel" dir debug)/want")
	mkdir "$selftests"
	dpkg-deb --fsys-tarfile "$source" | tar -xO --wildcards './usr/src/linux-source-*.tar.xz' |
		xz -dcT0 | tar -x -C "$selftests" --strip-components=4 --wildcards \
		'*/selftests/filesystems/epoll/*.c' '*/selftests/kselftest*.h'
	if [ -n "${STALL_ALL:-}" ]; then
		sed -i 's/\(TEST_TIMEOUT_DEFAULT\) 30$/\1 300/' "$selftests/kselftest_harness.h"
	else
		sed -i 's/i < 100000;/i < 2000;/; s/i < 300;/i < 30;/' \
			"$selftests"/filesystems/epoll/*.c
	fi
	"$VM_DIR/kernel" run 6.1 "$selftests" gcc -O2 -pthread -static -o epoll_wakeup_test \
		filesystems/epoll/epoll_wakeup_test.c >&2
}

quiet() {
	put_module "$1" || return
	ARGS=$TIMES in_guest "$1" test-epoll-quiet.sh -t 3000 -f "$work/selftests/epoll_wakeup_test"
}

put_programs
put_selftest
run_on "$(nproc)" quiet "${@:-6.1}"
