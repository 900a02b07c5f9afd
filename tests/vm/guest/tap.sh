# SPDX-License-Identifier: GPL-2.0
# tap.sh - TAP for shell tests, in guests and on the host. Sourced.
#
#   plan N              first, or done_testing last
#   ok NAME CMD...      passes when CMD succeeds; what it prints shows on failure
#   not_ok NAME CMD...  passes when CMD fails
#   is NAME GOT WANTED  passes when both are the same text
#   like NAME GOT REGEX passes when GOT matches the extended regular expression
#   skip NAME WHY       counts as passed, and says why
#   diag TEXT           a remark
#   done_testing        the plan, if there was none; its status is the verdict
# shellcheck shell=bash

tap_count=0 tap_failed=0 tap_plan=''

plan() { tap_plan=$1; echo "1..$1"; }
diag() { echo "# ${*//$'\n'/$'\n'# }"; }

tap_result() {	# "ok"|"not ok" NAME [OUTPUT]
	tap_count=$((tap_count + 1))
	echo "$1 $tap_count - $2"
	[ "$1" = ok ] && return
	tap_failed=$((tap_failed + 1))
	[ -z "${3:-}" ] || diag "$3"
}

ok() {
	local name=$1 output
	shift
	if output=$("$@" 2>&1); then tap_result ok "$name"; else tap_result 'not ok' "$name" "$* : $output"; fi
}

not_ok() {
	local name=$1 output
	shift
	if output=$("$@" 2>&1); then tap_result 'not ok' "$name" "$* succeeded: $output"; else tap_result ok "$name"; fi
}

is() {
	if [ "$2" = "$3" ]; then tap_result ok "$1"; else tap_result 'not ok' "$1" "got '$2', wanted '$3'"; fi
}

like() {
	if grep -qE -- "$3" <<<"$2"; then tap_result ok "$1"; else tap_result 'not ok' "$1" "got '$2', wanted a match of /$3/"; fi
}

skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

done_testing() {
	[ -n "$tap_plan" ] || echo "1..$tap_count"
	[ "$tap_count" -gt 0 ] && [ "$tap_count" = "${tap_plan:-$tap_count}" ] && [ "$tap_failed" = 0 ]
}
