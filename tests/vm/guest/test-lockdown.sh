# SPDX-License-Identifier: GPL-2.0
# test-lockdown.sh - who may load the module into a locked kernel, and what it does
# there. In a guest with Secure Boot and lockdown=integrity or =confidentiality.
# shellcheck shell=bash

set -uo pipefail
# shellcheck source=tap.sh
. /run/guest/tap.sh
PATH=$PWD:$PATH

FILES=/sys/kernel/debug/stallmeter
PARAMS=/sys/module/stallmeter/parameters
LEVEL=$(sed 's/.*lockdown=\([a-z]*\).*/\1/' /proc/cmdline)

rows() { stallmeter show "$1" --json | gojq -r "select(.type == \"row\").row | $2"; }
value() { stallmeter show "$1" --json | gojq -r 'select(.type == "counter").value'; }
set_param() { echo "$2" > "$PARAMS/$1"; }
probe() { rows stallmeter/probes "select(.wanted == \"$1\") | [.state, .hook, .reason] | join(\" \")"; }

# refused NAME FILE WORDS: not loaded, and WORDS are said by insmod or the log.
refused() {
	local said
	dmesg -C
	said=$(insmod "$2" 2>&1; dmesg)
	not_ok "$1 is refused" grep '^stallmeter ' /proc/modules
	like '  in words' "$said" "$3"
	diag "$said"
}

test_lock() {
	like 'Secure Boot is on' "$(dmesg | grep secureboot:)" 'Secure boot enabled'
	like "lockdown is $LEVEL" "$(cat /sys/kernel/security/lockdown)" "\\[$LEVEL\\]"
	like 'a file with a write bit cannot be read' \
		"$(cat /sys/kernel/debug/dynamic_debug/control 2>&1)" 'Operation not permitted'
}

test_signatures() {
	[ "$LEVEL" != integrity ] ||
		is 'signatures are enforced' "$(cat /sys/module/module/parameters/sig_enforce)" Y
	refused 'an unsigned module' stallmeter.ko '[Uu]nsigned module'
	refused 'one that a stranger signed' stranger.ko 'unavailable key|unsigned module'
	refused 'one that was changed since' changed.ko 'Key was rejected'
	ok "the owner's loads" insmod owner.ko
}

test_files() {
	is 'all files can be read' "$(find $FILES -type f -exec cat {} + 2>&1 >/dev/null)" ''
	ok 'there are some' test "$(find $FILES -type f | wc -l)" -ge 15
	ok 'the reporter shows' stallmeter show
	ok 'it reports' stallmeter report
	ok 'it takes a snapshot' stallmeter snapshot -o snapshot
	ok 'which can be read' stallmeter show --input snapshot
}

# changes PARAM VALUE REFUSED: the one is taken, the other is not.
changes() {
	local before
	before=$(cat "$PARAMS/$1" 2>/dev/null)
	not_ok "$1='$3' is refused" set_param "$1" "$3"
	ok "$1 can be set to $2" set_param "$1" "$2"
	if [ -n "$before" ]; then
		is '  and is' "$(cat "$PARAMS/$1")" "$2"
		set_param "$1" "$before"
	fi
	changed="$changed$1 "
}

test_controls() {
	local changed=''
	changes bfd_overdue_percent 100 101
	changes bfd_ports 3784,5000 70000
	changes bfd_threshold_ms 1000 3600001
	changes collectors none nosuch
	changes cost_limit_ppm 0 1000001
	changes epoll_check_ms 500 9
	changes epoll_lost_ms 2000 3600001
	changes reset all nosuch
	changes udp_check_ms 500 9
	changes udp_full_ms 2000 9
	changes udp_ports 5000 70000
	is 'these are all controls' "$changed" \
		"$(find $PARAMS -type f -perm -200 -printf '%f\n' | sort | paste -sd' ') "
}

tracefs_probe() { echo 'p udp_sendmsg' >> /sys/kernel/tracing/kprobe_events; }

test_integrity() {
	ok 'status is content' stallmeter status
	udpload v4 4784 50
	udpload v6 4784 50
	is 'all hooks count' "$(value bfd/sends) $(value bfd/packets) $(value bfd/senders_unknown)" '100 100 0'
	stat -f / > /dev/null
	ok 'so does a collector of function entries' test "$(value statfs/calls)" -ge 1
	ok 'root may probe a function by tracefs' tracefs_probe
	echo confidentiality > /sys/kernel/security/lockdown
	not_ok 'not so when the kernel is locked further' tracefs_probe
	udpload v4 4784 50
	is 'what hangs stays' "$(value bfd/sends)" 150
	set_param reset all
	like 'until it is hung anew' "$(probe udp_sendmsg)" '^failed - locked down'
}

test_confidentiality() {
	is 'function entries are refused' "$(probe udp_sendmsg)" 'failed - locked down: functions may not be probed'
	is 'so they are for IPv6' "$(probe udpv6_sendmsg)" 'failed - locked down: functions may not be probed'
	like 'the tracepoint hangs' "$(probe net_dev_start_xmit)" '^on tracepoint '
	is 'a collector that can do without is on' \
		"$(rows stallmeter/collectors 'select(.name == "bfd") | .state')" on
	udpload v4 4784 50
	udpload v6 4784 50
	is 'it counts packets, and says that it knows no sender' \
		"$(value bfd/sends) $(value bfd/packets) $(value bfd/senders_unknown)" '0 100 100'
	is 'of each session' "$(rows bfd/sessions '[.source, .packets] | join(" ")' | sort | paste -sd,)" \
		'127.0.0.1 50,::1 50'
	is 'one that cannot is unavailable, and says why' \
		"$(rows stallmeter/collectors 'select(.name == "statfs") | [.state, .reason] | join(": ")')" \
		'unavailable: required probe vfs_statfs_gone: locked down: functions may not be probed'
	like 'its files say so' "$(cat $FILES/statfs/calls)" 'statfs is unavailable: .*locked down'
	like 'the file status says so' "$(cat $FILES/status)" 'optional +failed .*"locked down: functions may not be probed"'
	not_ok 'status is not content' stallmeter status
	like 'it says why' "$(stallmeter status 2>&1)" \
		'probe udp_sendmsg is failed \(locked down: functions may not be probed\)'
}

test_lock
test_signatures
[ -e $PARAMS ] || { done_testing; exit; }
test_files
test_controls
"test_$LEVEL"
ok 'unloads' rmmod stallmeter
done_testing
