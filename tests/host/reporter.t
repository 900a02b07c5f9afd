#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# reporter.t - the reporter's verbs, outputs, exit codes and messages
#
# What is expected stands in golden/. After a change that was meant, write it
# anew with UPDATE_GOLDEN=1 and read the difference.

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib.sh
. "$here/lib.sh"

# ended CODE [WORDS]: how the last run ended; a failure is one line.
ended() {
	cat "$work/err"
	echo "exit code $code"
	if [ $# -lt 2 ]; then
		[ "$code" -eq "$1" ] && [ ! -s "$work/err" ]
	else
		[ "$code" -eq "$1" ] && [ "$(wc -l <"$work/err")" -eq 1 ] &&
			grep -qF -- "$2" "$work/err" &&
			grep -q '^stallmeter: [^;]*: [^;]*; .' "$work/err"
	fi
}

# exits NAME CODE [WORDS]: the same as a test.
exits() {
	ok "$1" ended "${@:2}"
}

silent() {
	ok "$1: nothing on standard output" test ! -s "$work/out"
}

# golden NAME: the last output is what it should be.
golden() {
	if [ -n "$UPDATE_GOLDEN" ]; then
		cp "$work/out" "$here/golden/$1"
	fi
	ok "output is golden/$1" diff -u "$here/golden/$1" "$work/out"
}

ndjson() {
	ok "$1: each line is JSON with its version and type" python3 -c '
import json, sys
for line in open(sys.argv[1]):
    o = json.loads(line)
    assert o["schema_version"] == 1 and o["type"], line
' "$work/out"
}

verbs_as_text() {
	run show -i "$work/full"
	exits "show" 0
	golden show.txt
	run show -i "$work/full" bfd/sessions
	exits "show of one table" 0
	golden show-sessions.txt
	run show reclaim/balance -i "$work/full"
	exits "show of one gauge" 0
	ok "a gauge can be negative" grep -qx -- -5 "$work/out"
	run show bfd -i "$work/full"
	ok "show of a collector has only its series" \
		test "$(grep -c '^# bfd/' "$work/out")" -eq 5 -a \
		"$(grep -c '^# reclaim/' "$work/out")" -eq 0
	run show -i "$work/full" stallmeter
	exits "show of what the module says of itself" 0
	golden show-stallmeter.txt
	run status -i "$work/full"
	exits "status" 0
	golden status.txt
	run report -i "$work/full"
	exits "report" 0
	golden report.txt
}

verbs_as_json() {
	local what
	for what in "show" "show bfd/sessions" "show stallmeter" "status" \
		"report"; do
		# shellcheck disable=SC2086
		run --json -i "$work/full" $what
		exits "$what --json" 0
		ndjson "$what --json"
		golden "$(echo "$what" | tr ' /' '--').json"
	done
	run show --json -i "$work/evil"
	ndjson "show --json of evil text"
	run report --json -i "$work/evil"
	ndjson "report --json of evil text"
}

# Sentences are ordered: certain before doubtful, then longest first.
reports() {
	run report -i "$work/full"
	like "the longest certain stall comes first" \
		"$(head -n 1 "$work/out")" \
		'^direct reclaim of postgres late: 5.04 s'
	like "what is in doubt comes last of what was late and names nobody" \
		"$(sed -n 3p "$work/out")" \
		'probably no stall: 9.00 s [^/]*; 1 more, 10.0 s in all$'
	run report -i "$work/no-events"
	exits "report without events" 0
	is "without events it is no stall, of what was watched until when" \
		"$(head -n 1 "$work/out")" "no stall; watched until \
2026-11-21 12:00:00.123 UTC: bfd, reclaim; not watched: epoll, off"
	run report -i "$work/doubtful"
	exits "report with nothing certain" 0
	golden report-doubtful.txt
	run report -i "$work/lost"
	ok "lost events are told" \
		grep -qx '17 more records were lost: this is not all' "$work/out"
	run report -i "$work/nothing-on"
	ok "if nobody looked, no stall says so" \
		grep -q '^no stall; watched.*: nothing, no collector is on; not' \
		"$work/out"
	run report -i "$work/unavailable"
	golden report-unavailable.txt
	run report -i "$work/evil"
	ok "control bytes of a command name are escaped" \
		grep -qF 'by a\012b"\\015/2200 on CPU 0' "$work/out"
}

# What was not seen is told, be there stalls or not.
losses() {
	local line="bfd: 100 observations dropped, 3 missed: this is not all"
	local what
	for what in dropped dropped-idle; do
		run report -i "$work/$what"
		is "report of $what says what is not in it" \
			"$(tail -n 1 "$work/out")" "$line"
		run report --json -i "$work/$what"
		like "report of $what says it as JSON" \
			"$(head -n 1 "$work/out")" \
			'"collector":"bfd",[^}]*"dropped":100,"missed":3}'
	done
	run report -i "$work/degraded"
	ok "stalls of one collector do not hide that others do not watch" \
		grep -qx "not watched: reclaim, unavailable: no tracepoint \
mm_vmscan_direct_reclaim_begin" "$work/out"
	for what in "" bfd bfd/sends bfd/sessions; do
		# shellcheck disable=SC2086
		run show -i "$work/dropped" $what
		is "show ${what:-of all} ends with what is not in it" \
			"$(tail -n 1 "$work/out")" "# $line"
		# shellcheck disable=SC2086
		run show --json -i "$work/dropped" $what
		is "show --json ${what:-of all} does, too" \
			"$(tail -n 1 "$work/out")" '{"schema_version":1,"type":"losses",'\
'"collector":"bfd","dropped":100,"missed":3}'
	done
	for what in reclaim reclaim/balance stallmeter; do
		run show -i "$work/dropped" "$what"
		not_ok "show $what has nothing of it" grep "not all" "$work/out"
	done
	run show -i "$work/no-tables"
	exits "show where nobody says it" 0
}

statuses() {
	run status -i "$work/degraded"
	exits "status of a degraded module" 1 "status: degraded: collector \
reclaim is unavailable (no tracepoint mm_vmscan_direct_reclaim_begin), \
collector bfd probe net_dev_xmit,net_dev_start_xmit is missing (none of these \
is there); "
	golden status-degraded.txt
	run status --json -i "$work/degraded"
	exits "status --json of a degraded module" 1 "status: degraded: "
	ndjson "status --json of a degraded module"
	golden status-degraded.json
	run status -i "$work/nothing-on"
	exits "status if nothing is asked for" 0
}

inputs() {
	run show -i - <"$work/full"
	exits "show from standard input" 0
	golden show.txt
	"$BUILD/asan/stallmeter" -i - show <"$work/full" 2>&1 | cat >"$work/out"
	ok "show from standard input into a pipe" \
		cmp "$work/out" "$here/golden/show.txt"
	run -i "$work/newer-minor" show
	exits "a newer minor version is read" 0
	golden show.txt
	run -i "$work/newer-minor" report
	golden report.txt
	run -i "$work/full" snapshot -o "$work/copy"
	exits "snapshot" 0
	ok "snapshot writes the same bytes" cmp "$work/full" "$work/copy"
	run -i "$work/full" snapshot -o -
	ok "snapshot to standard output" cmp "$work/full" "$work/out"
	echo old >"$work/copy"
	run -i "$work/cut" snapshot -o "$work/copy"
	exits "snapshot of a corrupt file" 1 "corrupt"
	ok "it leaves the old file alone" test "$(cat "$work/copy")" = old
}

# What is no regular file keeps its name, and a link stays one.
special_outputs() {
	mkfifo "$work/fifo"
	timeout 10 cat "$work/fifo" >"$work/copy" &
	run -i "$work/full" snapshot -o "$work/fifo"
	exits "snapshot into a pipe with a name" 0
	wait $!
	ok "it gets the same bytes" cmp "$work/full" "$work/copy"
	ok "and is still there" test -p "$work/fifo"

	echo old >"$work/copy"
	ln -s copy "$work/link"
	run -i "$work/full" snapshot -o "$work/link"
	exits "snapshot to what a link leads to" 0
	ok "the file is replaced" cmp "$work/full" "$work/copy"
	is "and the link still leads to it" "$(readlink "$work/link")" copy

	ln -s nowhere "$work/dangling"
	run -i "$work/full" snapshot -o "$work/dangling"
	exits "snapshot to a link that leads nowhere" 1 \
		"a link to a file that is not there"
	is "it is left alone" "$(readlink "$work/dangling")" nowhere

	if ! mknod "$work/null" c 1 3 2>"$work/err" ||
		! : 2>"$work/err" >"$work/null"; then
		skip "snapshot to a device" "cannot make one: $(cat "$work/err")"
		return
	fi
	run -i "$work/full" snapshot -o "$work/null"
	exits "snapshot to a device" 0
	ok "it is still one" test -c "$work/null"
}

refusals() {
	local verb
	for verb in status show report "snapshot -o $work/no"; do
		# shellcheck disable=SC2086
		run -i "$work/newer-major" $verb
		exits "${verb%% *} of a newer major version" 5 "update stallmeter"
		silent "${verb%% *} of a newer major version"
		# shellcheck disable=SC2086
		run -i "$work/cut" $verb
		exits "${verb%% *} of a cut file" 1 "corrupt snapshot"
		silent "${verb%% *} of a cut file"
	done
	for length in 0 1 5 6 207 208 5000; do
		head -c "$length" "$work/full" >"$work/short"
		run -i "$work/short" show
		exits "the first $length bytes" 1 "corrupt snapshot"
		silent "the first $length bytes"
	done
	run -i "$work/flipped" show
	exits "a flipped byte" 1 "corrupt snapshot: checksum"
	run -i "$work/swapped" show
	exits "the other byte order" 1 "other byte order"
	run -i "$here/reporter.t" show
	exits "a file of another kind" 1 "not a stallmeter snapshot"
	run -i "$work" show
	exits "a folder" 1 "Is a directory"
	run -i "$work/no-such-file" show
	exits "no file" 1 "No such file or directory"
	run -i "$work/no-tables" report
	exits "report without table" 1 "no table stallmeter/events"
	run -i "$work/no-tables" status
	exits "status without table" 1 "no table stallmeter/collectors"
}

misuses() {
	run -i "$work/full" show nobody
	exits "show of an unknown collector" 2 \
		"show nobody: no such collector; there are: bfd reclaim stallmeter"
	silent "show of an unknown collector"
	run -i "$work/full" show bfd/nothing
	exits "show of an unknown series" 2 "show bfd/nothing: no such series; \
there are: sends packets tx_gap_ns tx_delay_ns sessions"
	run
	exits "no verb" 2 "none given; try --help"
	run frobnicate
	exits "an unknown verb" 2 "frobnicate: no such command; try --help"
	run show a b
	exits "two arguments" 2 "b: one argument too many; try --help"
	run status bfd
	exits "an argument for status" 2 "bfd: one argument too many"
	run snapshot
	exits "snapshot without file" 2 "add -o FILE"
	run status -o x
	exits "status with output file" 2 "takes no --output"
	run snapshot --json -o x
	exits "snapshot with --json" 2 "takes no --json"
	run --frobnicate
	ok "an unknown option is wrong use" test "$code" -eq 2
	ok "and is named" grep -q "^stallmeter: .*'--frobnicate'" "$work/err"
}

helps() {
	run --help
	exits "--help" 0
	ok "--help has all verbs" test \
		"$(grep -cE '^  (status|show|report|snapshot) ' "$work/out")" -eq 4
	run --version
	exits "--version" 0
	ok "--version is the project's" test "$(cat "$work/out")" = \
		"stallmeter $(cat "$here/../../VERSION")"
}

# As root, file modes do not count: then somebody else has to try.
permissions() {
	local user=()
	if [ "$(id -u)" -eq 0 ]; then
		if ! setpriv --reuid 65534 test -x "$BUILD/plain/stallmeter"; then
			skip "no permission" "nobody cannot run the build"
			return
		fi
		user=(setpriv --reuid 65534)
		chmod 711 "$work"
	fi
	chmod 0 "$work/secret"
	code=0
	"${user[@]}" "$BUILD/plain/stallmeter" -i "$work/secret" show \
		>"$work/out" 2>"$work/err" || code=$?
	exits "no permission" 4 "Permission denied; run it as root"
}

absence() {
	if [ -e /sys/kernel/debug/stallmeter ] || [ "$(id -u)" -ne 0 ]; then
		skip "module absent" "it is here, or we cannot see"
		return
	fi
	run status
	exits "module absent" 3 "/sys/kernel/debug"
	silent "module absent"
}

failures_of_output() {
	code=0
	"$BUILD/asan/stallmeter" -i "$work/full" show >/dev/full \
		2>"$work/err" || code=$?
	exits "a full disk" 1 "standard output: "
}

# A file may claim anything, and a large one may be made to be hard to print.
bounds() {
	local what
	run_bounded -i "$work/claim" show
	exits "a claim of a GiB" 1 "corrupt snapshot"
	for what in show "show --json"; do
		# shellcheck disable=SC2086
		run_bounded -i "$work/wide" $what
		exits "$what of a table of 1000 columns" 1 "corrupt snapshot: \
vast/row has 1000 columns, at most 64 are read; "
		silent "$what of a table of 1000 columns"
	done
	for what in report "report --json" status "status --json"; do
		# shellcheck disable=SC2086
		run_bounded -i "$work/long" $what
		exits "$what of too many collectors" 1 \
			" has 16385 rows, at most 16384 are read; "
		silent "$what of too many collectors"
	done
	for what in show "show vast/row" "show stallmeter" report; do
		# shellcheck disable=SC2086
		run_bounded -i "$work/vast" $what
		exits "$what of a vast snapshot" 0
		# shellcheck disable=SC2086
		run_bounded --json -i "$work/vast" $what
		exits "$what --json of a vast snapshot" 0
		ndjson "$what --json of a vast snapshot"
	done
	for what in status "status --json"; do
		# shellcheck disable=SC2086
		run_bounded -i "$work/vast" $what
		exits "$what of a vast snapshot" 1 " and 16378 more; "
	done
}

samples() {
	local what
	sample "$work/full"
	for what in no-events doubtful degraded newer-minor newer-major lost \
		no-tables dropped vast wide long; do
		sample "$work/$what" "$what"
	done
	sample "$work/nothing-on" nothing-on no-events
	sample "$work/unavailable" degraded no-events
	sample "$work/dropped-idle" dropped no-events
	sample "$work/evil" evil-text
	cp "$work/full" "$work/secret"
	head -c 20000 "$work/full" >"$work/cut"
	cp "$work/full" "$work/flipped"
	printf '\377' | dd of="$work/flipped" bs=1 seek=20001 conv=notrunc \
		status=none
	cp "$work/full" "$work/swapped"
	printf LLTS | dd of="$work/swapped" bs=1 conv=notrunc status=none
	# header.total_size
	cp "$work/full" "$work/claim"
	printf '\0\0\0\100\0\0\0\0' | dd of="$work/claim" bs=1 seek=56 \
		conv=notrunc status=none
}

samples
verbs_as_text
verbs_as_json
reports
losses
statuses
inputs
special_outputs
refusals
misuses
helps
permissions
absence
failures_of_output
bounds
done_testing
