# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# lib.sh - Test Anything Protocol for shell tests, and running the reporter
#
# Needs BUILD, the folder with what was built.

nr_tests=0
nr_failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# ok STATUS NAME: tell the result of one test.
ok() {
	nr_tests=$((nr_tests + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $nr_tests - $2"
	else
		nr_failed=$((nr_failed + 1))
		echo "not ok $nr_tests - $2"
	fi
}

skip() {
	nr_tests=$((nr_tests + 1))
	echo "ok $nr_tests - $1 # SKIP $2"
}

done_testing() {
	echo "1..$nr_tests"
	[ "$nr_failed" -eq 0 ]
}

# check NAME COMMAND...: the command succeeds; its output explains a failure.
check() {
	local name=$1 status=0
	shift
	"$@" >"$work/check" 2>&1 || status=$?
	[ "$status" -eq 0 ] || sed 's/^/# /' "$work/check"
	ok "$status" "$name"
}

# run ARGS...: run the reporter; leaves $work/out, $work/err and $code.
run() {
	code=0
	# shellcheck disable=SC2034 # the tests read it
	"$BUILD/asan/stallmeter" "$@" >"$work/out" 2>"$work/err" || code=$?
}

sample() {
	local file=$1
	shift
	"$BUILD/mksnapshot" "$@" >"$file"
}
