# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# lib.sh - running the reporter. Sourced, and brings tap.sh with it.
#
# Needs BUILD, the folder with what was built.

: "${BUILD:?is not set}"

# shellcheck source=../vm/guest/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/../vm/guest/tap.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# run ARGS...: run the reporter; leaves $work/out, $work/err and $code.
run() {
	code=0
	# shellcheck disable=SC2034 # the tests read it
	"$BUILD/asan/stallmeter" "$@" >"$work/out" 2>"$work/err" || code=$?
}

# run_bounded ARGS...: the same in 192 MiB of memory and 10 s of CPU time, for
# 64 MiB of output. The sanitizer takes terabytes of address space, so the plain
# program it is.
run_bounded() {
	code=0
	# shellcheck disable=SC2034 # the tests read it
	(
		ulimit -v 196608 -t 10 -f 65536
		exec "$BUILD/plain/stallmeter" "$@"
	) >"$work/out" 2>"$work/err" || code=$?
}

sample() {
	local file=$1
	shift
	"$BUILD/mksnapshot" "$@" >"$file"
}
