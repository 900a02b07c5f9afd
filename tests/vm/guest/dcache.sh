# SPDX-License-Identifier: GPL-2.0
# dcache.sh - what dcache and reclaim have counted, for tests. Sourced, after tap.sh and
# ext4.sh.
# shellcheck shell=bash

FILES=/sys/kernel/debug/stallmeter
PARAMS=/sys/module/stallmeter/parameters

# From the files, by awk: it starts sooner than the reporter and gojq.
# rows TABLE COLUMN...: these columns; none of them has blanks here.
rows() {
	awk -v columns="${*:2}" '
		sub(/^# */, "") { for (n = 1; n <= NF; n++) at[$n] = n; next }
		{
			line = ""
			for (n = 1; n <= split(columns, column, " "); n++)
				line = line (n > 1 ? " " : "") $at[column[n]]
			print line
		}' "$FILES/$1"
}

# of HISTOGRAM, how many and their sum; the first line begins with "# unit ns count 1 sum 2".
count() { local head; read -ra head < "$FILES/$1"; echo "${head[4]}"; }
total() { local head; read -ra head < "$FILES/$1"; echo "${head[6]}"; }

sum() { awk -v column="${1:-1}" '{ n += $column } END { printf "%.0f", n }'; }

# near NAME GOT WANTED [PERCENT]: within 1 %.
near() {
	local off=$((${2:-0} - ${3:-0}))
	if [ -n "$2" ] && [ -n "$3" ] && [ $((${off#-} * 100)) -le $(($3 * ${4:-1})) ]; then
		tap_result ok "$1"
	else
		tap_result 'not ok' "$1" "got '$2', wanted '$3', give or take ${4:-1} %"
	fi
}

# look MOMENT: what has been counted so far. By the shell alone: a program makes
# dentries itself.
declare -A at
look() {
	local series dentries negative
	for series in allocated freed negative_made turned_positive live; do
		read -r "at[$1.$series]" < $FILES/dcache/$series
	done
	read -r dentries _ _ _ negative _ < /proc/sys/fs/dentry-state
	at[$1.dentries]=$dentries at[$1.negative]=$negative
}

# since BEFORE AFTER SERIES, and how much less it became
since() { echo $((at[$2.$3] - at[$1.$3])); }
lost() { since "$2" "$1" "$3"; }

nothing_lost() {
	is 'nothing was dropped or missed' "$(stallmeter show stallmeter/collectors --json |
		gojq -r 'select(.type == "row").row | select(.name | IN("dcache", "reclaim")) |
			"\(.name) \(.dropped) \(.missed)"' | paste -sd,)" 'dcache 0 0,reclaim 0 0'
}

begin_anew() {
	nothing_lost
	drop_caches
	echo dcache,reclaim > $PARAMS/reset
}
