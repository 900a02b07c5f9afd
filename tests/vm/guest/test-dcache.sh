# SPDX-License-Identifier: GPL-2.0
# test-dcache.sh - what dcache and reclaim count, beside what was done and what the
# kernel says itself: dentry-state, ftrace's events of the shrinkers, pressure stall
# information. In a guest with 2 CPUs, booted with psi=1. A duration is only compared
# with the kernel's own of the same moment.
# shellcheck shell=bash

set -uo pipefail
# shellcheck source=tap.sh
. /run/guest/tap.sh
# shellcheck source=ext4.sh
. /run/guest/ext4.sh
PATH=$PWD:$PATH

FILES=/sys/kernel/debug/stallmeter
PARAMS=/sys/module/stallmeter/parameters
TRACE=/sys/kernel/tracing
CGROUPS=/sys/fs/cgroup

# Missing names and created files, of both CPUs together.
MISSING=20000 CREATED=5000

exec 9<> <(:)
nap() { read -rt "$1" -u 9; }

# From the files, by awk: jq takes a third of a second to start.
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

# is_near GOT WANTED [PERCENT]: within 1 %.
is_near() {
	local off=$((${1:-0} - ${2:-0}))
	[ -n "$1" ] && [ -n "$2" ] && [ $((${off#-} * 100)) -le $(($2 * ${3:-1})) ]
}

# near NAME GOT WANTED [PERCENT]
near() {
	if is_near "${@:2}"; then
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
		jq -r 'select(.type == "row").row | select(.name | IN("dcache", "reclaim")) |
			"\(.name) \(.dropped) \(.missed)"' | paste -sd,)" 'dcache 0 0,reclaim 0 0'
}

begin_anew() {
	nothing_lost
	drop_caches
	echo dcache,reclaim > $PARAMS/reset
}

trace_shrinkers() {
	echo > $TRACE/trace
	echo 1 > $TRACE/events/vmscan/mm_shrink_slab_start/enable
	echo 1 > $TRACE/events/vmscan/mm_shrink_slab_end/enable
}

# Leaves "RUNS FREED NS" of each shrinker in the file "traced", the busiest first.
trace_ends() {
	echo 0 > $TRACE/events/vmscan/enable
	awk '{ for (n = 1; n <= NF && $n !~ /^mm_shrink_slab_/; n++) time = $n + 0; event = $n; one = $(n + 2) }
		event == "mm_shrink_slab_start:" { runs[one]++; began[one] = time }
		event == "mm_shrink_slab_end:" {
			took[one] += time - began[one]
			sub(/.*return val /, "")
			freed[one] += $1
		}
		END { for (one in runs) printf "%d %d %.0f\n", runs[one], freed[one], took[one] * 1e9 }' \
		$TRACE/trace | sort -k 2nr > traced
}

test_load() {
	ok 'an ext4 is there' ext4_up
	mkdir mnt/{haystack,made,doomed} scanned
	mount -t tmpfs tmpfs scanned
	# all that is loaded or done once
	dentryload missing mnt/haystack 10
	dentryload create mnt/made 10
	dentryload scan /proc 10
	rmdir mnt/none 2>/dev/null
	ok 'loads' insmod stallmeter.ko
	ok 'all hooks are there' stallmeter status
}

# Nobody does anything, and so nobody is said to have done anything.
test_quiet() {
	begin_anew
	look begin
	nap 3
	look end
	is 'a quiet guest reclaims nothing' "$(for series in {direct,memcg,kswapd,run,object}_ns run_freed; do
		count "reclaim/$series"; done | xargs)" '0 0 0 0 0 0'
	is 'nobody lost time' "$(rows reclaim/victims total_ns | sum)" 0
	is 'no shrinker ran' "$(rows reclaim/shrinkers runs | sum)" 0
	ok 'and makes no dentries' test "$(since begin end allocated)" -le 100
	is 'live is what was allocated and not freed' "$(since begin end live)" \
		"$(($(since begin end allocated) - $(since begin end freed)))"
	ok 'no dentry is in a burst that was not allocated' test \
		"$(total dcache/burst_dentries)" -le "$(<$FILES/dcache/allocated)"
	ok 'none was freed in a batch that was not freed' test \
		"$(total dcache/batch_dentries)" -le "$(<$FILES/dcache/freed)"
	is 'no tree was walked' "$(count dcache/walk_ns)" 0
}

# missing_names DIR: MISSING of them, on two CPUs; moments "begin" and "missed".
missing_names() {
	look begin
	dentryload missing "$1" $((MISSING / 2)) 2
	look missed
	near "$1: each missing name is allocated" "$(since begin missed allocated)" $MISSING
	near "$1: the kernel keeps what was not freed" "$(since begin missed dentries)" \
		"$(since begin missed live)"
}

test_ext4() {
	missing_names mnt/haystack
	near 'each is a negative dentry' "$(since begin missed negative_made)" $MISSING
	near 'the kernel has them' "$(since begin missed negative)" $MISSING
	dentryload create mnt/made $((CREATED / 2)) 2
	look created
	near 'each file that is created is allocated' "$(since missed created allocated)" $CREATED
	near 'and turns positive' "$(since missed created turned_positive)" $CREATED
	near 'it is negative before and after that' "$(since missed created negative_made)" $((2 * CREATED))
	near 'and stays as one dentry' "$(since missed created negative)" $CREATED
	near 'live agrees with the kernel' "$(since begin created live)" "$(since begin created dentries)"
	test_makers
	test_drop
}

test_makers() {
	local made negative retained retained_negative
	rows dcache/makers comm filesystem directory made negative retained retained_negative > makers
	like 'makers name the program, the file system and the directory first' "$(sed -n 1p makers)" \
		'^dentryload ext4:loop0 (.*/)?haystack '
	read -r _ _ _ made negative retained retained_negative < makers
	near 'with as many as it made' "$made" $MISSING
	near 'of them negative' "$negative" $MISSING
	near 'that are still there' "$retained" $MISSING
	near 'and still negative' "$retained_negative" $MISSING
	like 'then those of the files' "$(sed -n 2p makers)" '^dentryload ext4:loop0 (.*/)?made '
	read -r _ _ _ made negative _ retained_negative < <(sed -n 2p makers)
	near 'with as many as it created' "$made" $CREATED
	near 'that unlink made negative' "$negative" $CREATED
	near 'and left so' "$retained_negative" $CREATED
	near 'makers are all that was allocated' "$(grep -v '^(other)' makers | sum 4)" \
		"$(<$FILES/dcache/allocated)" 2
	near 'so are bursts' "$(total dcache/burst_dentries)" "$(<$FILES/dcache/allocated)"
	near 'state shows what the kernel says' "$(rows dcache/state kernel_dentries)" "${at[created.dentries]}"
	near 'and what it was when we came' "$(rows dcache/state kernel_dentries_since)" "$(rows dcache/state live)"
}

# All that was made is freed, by one shrinker. Who made it can still be seen.
test_drop() {
	local runs freed took
	trace_shrinkers
	look full
	drop_caches
	look dropped
	trace_ends
	near 'what drop_caches frees was counted' "$(since full dropped freed)" "$(lost full dropped dentries)"
	near 'that is all that was made' "$(since full dropped freed)" $((MISSING + CREATED))
	near 'in batches' "$(total dcache/batch_dentries)" "$(<$FILES/dcache/freed)"
	is 'the shrinker is named, its owner, and who wrote to drop_caches' \
		"$(rows reclaim/shrinkers shrinker owner contexts longest_context comm | grep ext4)" \
		'super_cache_scan ext4:loop0 drop_caches drop_caches bash'
	read -r _ runs freed took < <(rows reclaim/shrinkers owner runs freed total_ns | grep ext4)
	near 'it freed what dentry-state lost' "$freed" "$(lost full dropped dentries)"
	is 'it ran as often as ftrace saw, and freed as many' "$runs $freed" "$(head -n 1 traced | cut -d' ' -f1,2)"
	near 'and took as long' "$took" "$(head -n 1 traced | cut -d' ' -f3)" 10
	is 'so did all shrinkers together' "$(count reclaim/run_ns)" "$(sum 1 < traced)"
	near 'in the time that ftrace saw' "$(total reclaim/run_ns)" "$(sum 3 < traced)" 10
	near 'makers name who it was' "$(rows dcache/makers comm filesystem retained | grep '^dentryload ext4' | sum 3)" \
		$((MISSING + CREATED))
}

# From 5.15 on, sysfs keeps the dentries of missing names.
test_sysfs() {
	missing_names /sys/kernel
	case $(uname -r) in
	5.10.*)
		ok 'this kernel makes none of them negative' test "$(since begin missed negative_made)" -le $((MISSING / 100))
		near 'but frees each' "$(since begin missed freed)" $MISSING;;
	*)
		near 'each is a negative dentry' "$(since begin missed negative_made)" $MISSING
		near 'the kernel has them' "$(since begin missed negative)" $MISSING
		look full
		drop_caches
		look dropped
		near 'makers name the program and sysfs' "$(rows dcache/makers comm filesystem retained_negative |
			grep '^dentryload sysfs:' | sum 3)" $MISSING
		near 'what drop_caches frees was counted' "$(since full dropped freed)" "$(lost full dropped dentries)"
		near 'it was the shrinker of sysfs' "$(rows reclaim/shrinkers owner freed | grep ^sysfs: | sum 2)" $MISSING;;
	esac
}

# Many missing names that nobody keeps are no pollution, though they are four times as many.
test_scanners() {
	local fs made retained_negative many=$((MISSING / 2))
	begin_anew
	dentryload missing mnt/haystack $((many / 4)) &
	dentryload scan /proc $((many / 2)) 2
	dentryload scan scanned $((many / 2)) 2
	wait $!
	rows dcache/makers comm filesystem made retained_negative > makers
	like 'who pollutes is first, not who scans' "$(head -n 1 makers)" "^dentryload ext4:loop0 "
	for fs in proc tmpfs; do
		read -r made retained_negative < <(awk -v fs="$fs" \
			'$1 == "dentryload" && $2 ~ "^" fs ":" { print $3, $4 }' makers | sort -nr)
		near "$fs: a scanner made as many" "${made:-0}" $many 2
		ok "$fs: and leaves no negative ones" test "${retained_negative:-$many}" -le $((many / 100))
	done
}

# What has no name is never kept, whoever closes it, and when.
test_unnamed() {
	local fs
	begin_anew
	dentryload unnamed mnt/made 1000
	rows dcache/makers comm filesystem made retained > makers
	for fs in pipefs ext4; do
		like "$fs: what has no name is made, and does not stay" "$(grep "^dentryload $fs:" makers)" \
			"^dentryload $fs:[^ ]* 100. [0-9]$"
	done
}

# What procfs has for files goes with a process: it does not hide who leaves less behind.
test_procfs() {
	begin_anew
	dentryload scan /proc 1
	dentryload missing mnt/haystack 20
	rows dcache/makers comm filesystem retained > makers
	ok 'procfs has dentries for files' test "$(grep '^dentryload proc:' makers | sum 3)" -ge 30
	like 'and comes after who leaves negative ones' "$(head -n 1 makers)" '^dentryload ext4:loop0 20$'
}

# Who writes the same files anew again and again leaves one dentry for each.
test_rewriting() {
	local made retained negative
	begin_anew
	mkdir mnt/made/state
	dentryload rewrite mnt/made/state 1000 2
	dentryload missing mnt/haystack 800
	rows dcache/makers comm directory made retained retained_negative > makers
	read -r _ _ made retained negative < <(grep '/state ' makers)
	ok 'files are written anew' test "$made" -ge 2000
	diag "of $made dentries $retained are retained, $negative negative"
	ok 'no more are retained than there are, but for a few' test "$retained" -le 600	# RCU frees when it will
	is 'and who leaves more behind comes first' "$(head -n 1 makers | cut -d ' ' -f 1,3-)" 'dentryload 800 800 800'
}

# tmpfs keeps nothing of a file that was created, renamed and unlinked.
test_spooling() {
	begin_anew
	mkdir -p spool/in spool/out
	dentryload spool spool 1000 2
	rows dcache/makers directory filesystem made retained retained_negative | grep tmpfs > makers
	like 'files are created in one directory, and looked up in the other' "$(cut -d ' ' -f 1,3 makers | sort | paste -sd,)" \
		'/spool/in 200.,.*/spool/out 200.$'
	ok 'and nothing stays in either, but for a few' test "$(sum 4 < makers)" -le 200 -a "$(sum 5 < makers)" -le 200
}

# A directory gets the inode number of one that is gone, if both are in one second.
test_directories() {
	local number new try
	begin_anew
	for try in {1..8}; do
		mkdir "mnt/made/gone-$try"
		number=$(stat -c %i "mnt/made/gone-$try")
		dentryload missing "mnt/made/gone-$try" 1000
		rmdir "mnt/made/gone-$try"
		mkdir "mnt/made/new-$try"
		new=$(stat -c %i "mnt/made/new-$try")
		[ "$new" != "$number" ] || break
	done
	is 'a directory has the number of another that is gone' "$new" "$number"
	dentryload missing "mnt/made/new-$try" 500
	rows dcache/makers comm directory made | grep "^dentryload .*-$try " > makers
	like 'each has a row, and its name' "$(paste -sd, makers)" \
		"^dentryload (/.*)?/gone-$try 100.,dentryload (/.*)?/new-$try 50.\$"
}

# Up to v5.16, the end of a longer name stays behind that of the program.
test_commands() {
	begin_anew
	dentryload missing mnt/haystack 100
	(printf aaaaaaaaaaaaaaa > /proc/$BASHPID/comm && exec dentryload missing mnt/haystack 100)
	like 'a command has one row, whoever started it' "$(rows dcache/makers comm directory made |
		grep '^dentryload .*/haystack ')" '^dentryload (/.*)?/haystack 200$'
}

test_walks() {
	local walks
	drop_caches
	dentryload missing mnt/doomed 5000
	look full
	walks=$(count dcache/walk_ns)
	rmdir mnt/doomed
	look removed
	ok 'rmdir walks through the dentries below' test "$(count dcache/walk_ns)" -gt "$walks"
	near 'and frees them' "$(since full removed freed)" 5000
	dentryload missing mnt/haystack 5000
	look full
	walks=$(count dcache/walk_ns)
	umount mnt
	look unmounted
	ok 'umount walks through all of a file system' test "$(count dcache/walk_ns)" -gt "$walks"
	near 'and frees them' "$(since full unmounted freed)" 5000 2
	mount -t ext4 /dev/loop0 mnt
}

# in_cgroup NAME CMD...
in_cgroup() { (echo $BASHPID > "$CGROUPS/$1/cgroup.procs" && exec "${@:2}"); }

# Who lowers a limit has to reclaim. One process that becomes another program is two.
test_victims() {
	(
		printf first > /proc/$BASHPID/comm
		echo 2M > $CGROUPS/warm/memory.high
		printf second > /proc/$BASHPID/comm
		echo 0 > $CGROUPS/warm/memory.high
	)
	is 'victims are commands of a process' "$(rows reclaim/victims comm tgid count |
		awk '$3 { print $1 }' | sort | paste -sd,)" first,second
	is 'here of one' "$(rows reclaim/victims tgid count | awk '$2 { print $1 }' | uniq | wc -l)" 1
}

# Two cgroups with dentries of programs that have ended. To free those of the first is to
# run for the first time what is measured in the other: where code is translated, that is
# slow, and PSI begins and ends a little outside of what the module sees.
cgroups_up() {
	echo +memory > $CGROUPS/cgroup.subtree_control
	mkdir $CGROUPS/{warm,pressed}
	in_cgroup warm dentryload missing mnt/haystack 20000
	nothing_lost
	test_victims
	curl -s "file://$PWD/mnt/haystack/warm-[1-3]"
	taskset -c 1 true
}

# press NAMES: curl looks up each name that a pattern stands for, in one process: the
# program that did this to many hosts, through its library for certificates. Dentries are
# charged to its cgroup, so it has to free them. There are many more, as the kernel kills
# who waits for memory before RCU has given it back. On one CPU, as PSI averages over CPUs.
press() {
	local status
	echo max > $CGROUPS/pressed/memory.max
	in_cgroup pressed dentryload missing mnt/haystack 25000
	echo $(($(<$CGROUPS/pressed/memory.current) + 2000000)) > $CGROUPS/pressed/memory.max
	echo dcache,reclaim > $PARAMS/reset
	psi_us=-$(pressure)
	look begin
	in_cgroup pressed taskset -c 1 curl -s "file://$PWD/mnt/haystack/missing-$1" > /dev/null
	status=$?
	look end
	is "curl ran to its end: $1" "$status" 37
	psi_us=$((psi_us + $(pressure)))
	diag "$(count reclaim/memcg_ns) reclaims in $(total reclaim/memcg_ns) ns, PSI $psi_us us"
}

# For how long all of the tasks of the cgroup together waited for memory, in us.
pressure() { sed -n 's/^some.*total=//p' $CGROUPS/pressed/memory.pressure; }

# Where the host takes the CPU away in that little outside, for longer than all of it
# takes, PSI is right and no measure: again, with other names.
test_pressure() {
	local names
	for names in '[20001-32000]' '[40001-52000]'; do
		is_near "$(total reclaim/memcg_ns)" "${psi_us}000" 10 && break
		press "$names"
	done
	near 'reclaim took as long as PSI says' "$(total reclaim/memcg_ns)" "${psi_us}000" 10
}

test_curl() {
	local names=12000 psi_us total memcg count
	cgroups_up
	press "[1-$names]"
	near 'curl made a dentry for each name' "$(since begin end negative_made)" $names 2
	like 'makers name curl' "$(rows dcache/makers comm directory | head -n 1)" '^curl (.*/)?haystack$'
	rows reclaim/victims comm cgroup_id total_ns memcg_ns count > victims
	like 'victims name curl in its cgroup first' "$(head -n 1 victims)" "^curl $(stat -c %i $CGROUPS/pressed) "
	read -r _ _ total memcg count < victims
	is 'all of it for the limit of the cgroup' "$memcg" "$total"
	ok 'which it met' test "$count" -ge 1
	is 'memcg_ns has the same' "$(count reclaim/memcg_ns) $(total reclaim/memcg_ns)" \
		"$(rows reclaim/victims count | sum) $(rows reclaim/victims memcg_ns | sum)"
	is 'nobody else waited' "$(count reclaim/direct_ns)" 0
	is 'the shrinker of ext4 worked for the cgroup, and for nobody else' \
		"$(rows reclaim/shrinkers owner contexts comm | grep ext4)" 'ext4:loop0 memcg curl'
	is 'each time' "$(rows reclaim/shrinkers owner memcg_runs | grep ext4)" "$(rows reclaim/shrinkers owner runs | grep ext4)"
	test_pressure
}

diag "$(uname -r)"
test_load
test_quiet
test_ext4
test_sysfs
test_scanners
test_unnamed
test_procfs
test_rewriting
test_spooling
test_directories
test_commands
test_walks
test_curl
nothing_lost
ok 'unloads' rmmod stallmeter
done_testing
