# SPDX-License-Identifier: GPL-2.0
# test-bfd-matrix.sh - stallmeter beside the daemons' own commands and tcpdump: BIRD and
# FRR, in eleven sessions at a time; see lab-frr.sh. In a deterministic guest.
#
# usage: test-bfd-matrix.sh bird-bird|frr-frr|bird-frr
# shellcheck shell=bash

set -uo pipefail
# shellcheck source=tap.sh
. /run/guest/tap.sh
# shellcheck source=lab-frr.sh
. /run/guest/lab-frr.sh
# shellcheck source=table.sh
. /run/guest/table.sh
PATH=$PWD:$PATH

inode() { ip netns exec "$1" readlink /proc/self/ns/net | tr -dc 0-9; }

late() { columns bfd/late direction source verdict reason | sort; }

# What the module says of a side's sessions, in the words of matrix_told.
we_tell() {
	columns bfd/protocol netns destination state tx_interval_ns tx_detection_ns rx_detection_ns \
		discriminator peer_discriminator flaps | sed -n "s/^$(inode "$1") //p" | sort
}

# same_as_told WHEN: what the daemon does not tell is not compared.
same_as_told() {
	local side
	for side in a b; do
		matrix_told $side | sort > told
		is "$pair: $1, $(matrix_kind $side) of $side and we tell the same of all sessions" \
			"$(we_tell $side | awk '
				FILENAME == "told" { split($0, told); for (i in told) theirs[told[1], i] = told[i]; next }
				{
					for (i = 3; i <= NF; i++)
						if (theirs[$1, i] == "-")
							$i = "-"
					print
				}' told -)" "$(cat told)"
	done
}

# same_as_agreed WHEN: with the timers that they were given.
same_as_agreed() {
	local side
	for side in a b; do
		matrix_agreed $side | sort
	done > agreed
	is "$pair: $1, all agreed what their timers say" "$(for side in a b; do
		we_tell $side | cut -d ' ' -f 1,3-5
	done)" "$(cat agreed)"
	same_as_told "$1"
}

# Gaps of what tcpdump saw of a side's sessions, "Out|In OWN-ADDRESS NS". What passes two
# devices counts at the one that has the address, and what comes in from when on we sent.
tcpdump_gaps() {	# SIDE
	ip netns exec "$1" tcpdump -q -tt -n -r "$MATRIX/$1.pcap" --time-stamp-precision=nano 2>/dev/null |
		awk -v sessions="$(of_side "$1" | awk '{ print $3, $2 == "-" ? "eth0" : $2 }')" '
			function host(name) { sub(/\.[0-9]+:?$/, "", name); return name }
			BEGIN {
				nr = split(sessions, word)
				for (i = 1; i < nr; i += 2)
					device[word[i]] = word[i + 1]
			}
			{
				ours = host($3 == "Out" ? $5 : $7)
				key = $3 " " ours
				if (device[ours] != $2)
					next
				if ($3 == "In" && !(("Out " ours) in seconds))
					next
				split($1, time, ".")
				if (key in seconds)
					printf "%s %.0f\n", key, (time[1] - seconds[key]) * 1e9 + time[2] - rest[key]
				seconds[key] = time[1]
				rest[key] = time[2]
			}'
}

# same_gaps GAPS BUCKETS: of the gaps ("KEY NS"), as many lie below each bound ("KEY LE
# COUNT"), give or take those within 1 ms of it: each quantile is the same within 1 ms.
same_gaps() {
	sort -k 1,1 -k 2,2n "$1" > sorted
	awk '
		FILENAME == "sorted" { gap[$1, ++nr[$1]] = $2; next }
		{
			sum[$1] += $3
			while (least[$1] < nr[$1] && gap[$1, least[$1] + 1] <= $2 - 1e6)
				least[$1]++
			while (most[$1] < nr[$1] && gap[$1, most[$1] + 1] <= $2 + 1e6)
				most[$1]++
			if (sum[$1] < least[$1] || sum[$1] > most[$1]) {
				printf "%s: %d of ours up to %.0f ns, %d to %d of tcpdump\n", $1, sum[$1], $2,
					least[$1], most[$1]
				bad = 1
			}
		}
		END {
			for (key in nr) {
				keys++
				if (sum[key] == nr[key])
					continue
				printf "%s: %d gaps of ours, %d of tcpdump\n", key, sum[key], nr[key]
				bad = 1
			}
			exit bad || !keys
		}' sorted "$2"
}

same_as_tcpdump() {
	local side
	for side in a b; do
		tcpdump_gaps $side
	done > gaps
	stallmeter show bfd/sessions --json | gojq -r 'select(.type == "row").row |
		.source as $source | .gap_ns.buckets[] | "\($source) \(.le) \(.count)"' > buckets
	ok "$pair: gaps are those of tcpdump, within 1 ms" same_gaps <(sed -n 's/^Out //p' gaps) buckets
	is "$pair: as many packets went out" "$(columns bfd/sessions source packets | sort)" "$(count_packets Out)"
	is "$pair: and came in" "$(columns bfd/protocol source received | sort)" "$(count_packets In)"
	stallmeter show bfd/rx_gap_ns --json |
		gojq -r 'select(.type == "histogram").buckets[] | "all \(.le) \(.count)"' > buckets
	ok "$pair: the gaps of what came in are those of tcpdump" same_gaps <(sed -n 's/^In [^ ]*/all/p' gaps) buckets
	diag "$pair: $(wc -l < gaps) gaps"
}
count_packets() { awk -v way="$1" '$1 == way { n[$2]++ } END { for (i in n) print i, n[i] + 1 }' gaps | sort; }

# From here on one end of "middle" hears nothing for six seconds.
test_loss() {
	tc qdisc add dev middle-a root netem loss 100%
	sleep 6
	tc qdisc delete dev middle-a root
	matrix_wait_up 60
	same_as_told 'after a flap'
	is "$pair: what was lost in the network came late, and nobody is to blame" "$(late)" \
		'rx 10.1.0.1 came_late -
rx fd01::1 came_late -'
	# Of another session, FRR takes one down itself, at times, as its timers change.
	is "$pair: both ends suffered the flap" \
		"$(columns bfd/protocol flaps source flaps_caused flaps_suffered | grep -E '^1 (10\.1\.0\.|fd01::)' | sort)" \
		'1 10.1.0.1 0 1
1 10.1.0.2 0 1
1 fd01::1 0 1
1 fd01::2 0 1'
}

# BIRD 2.0 just falls silent.
test_shutdown() {
	local before side=b
	[ "$(matrix_kind $side)" = frr ] || return 0
	before=$(late)
	matrix_shutdown $side
	sleep 5
	is "$pair: AdminDown" "$(columns bfd/protocol source state peer_state | grep '^10\.5\.' | sort)" \
		'10.5.0.1 Down AdminDown
10.5.0.2 AdminDown Down'
	is "$pair: is not late" "$(late)" "$before"
	for side in a b; do
		is "$pair: AdminDown, $(matrix_kind $side) of $side and we tell the same states and flaps" \
			"$(we_tell $side | awk '{ print $1, $2, $NF }')" \
			"$(matrix_told $side | awk '{ print $1, $2, $NF }' | sort)"
	done
}

test_rows() {
	local netns
	is "$pair: a row a session, with its device and port" \
		"$(columns bfd/protocol source device port | sort)" \
		"$({ of_side a; of_side b; } | awk '{ print $3, $2 == "-" ? "eth0 4784" : $2 " 3784" }' | sort)"
	is "$pair: nothing was late, nobody flapped" "$(late) $(columns bfd/protocol flaps | sort -u)" ' 0'
	netns=$(inode a)
	is "$pair: both ends know the same discriminators" \
		"$(columns bfd/protocol netns discriminator peer_discriminator | sed -n "s/^$netns //p" | sort)" \
		"$(columns bfd/protocol netns peer_discriminator discriminator | sed "/^$netns /d; s/^[0-9]* //" | sort)"
}

dropped_and_missed() {
	stallmeter show stallmeter/collectors --json |
		gojq -r 'select(.type == "row").row | select(.name == "bfd") | "\(.dropped) \(.missed)"'
}

test_pair() {
	pair=$1-$2
	matrix_links "$1" "$2"
	matrix_capture_start
	matrix_start
	matrix_wait_up 120
	sleep 10
	test_rows
	same_as_agreed 'Up'
	for phase in 1 2; do
		matrix_change $phase
		sleep 10
		same_as_agreed "after change $phase of timers"
	done
	is "$pair: a change of timers makes nothing late" "$(late)" ''
	test_loss
	test_shutdown
	matrix_signal STOP
	sleep 2	# until tcpdump has all
	matrix_capture_stop
	same_as_tcpdump
	is "$pair: nothing was dropped or missed" \
		"$(dropped_and_missed)" '0 0'
	matrix_down
}

insmod stallmeter.ko
test_pair "${1%-*}" "${1#*-}"
ok 'unloads' rmmod stallmeter
done_testing
