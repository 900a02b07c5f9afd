# SPDX-License-Identifier: GPL-2.0
# test-reclaim.sh - how often and how long reclaim ran is what the kernel says itself:
# ftrace's events of the shrinkers, pressure stall information; and for whom. In a
# deterministic guest, booted with psi=1.
# shellcheck shell=bash

set -uo pipefail
# shellcheck source=tap.sh
. /run/guest/tap.sh
# shellcheck source=ext4.sh
. /run/guest/ext4.sh
# shellcheck source=dcache.sh
. /run/guest/dcache.sh
PATH=$PWD:$PATH

TRACE=/sys/kernel/tracing
CGROUPS=/sys/fs/cgroup

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
	mkdir mnt/haystack
	dentryload missing mnt/haystack 10	# all that is loaded or done once
	ok 'loads' insmod stallmeter.ko
	ok 'all hooks are there' stallmeter status
}

# One shrinker frees all names, at once, of a program that has ended.
test_drop() {
	local runs freed took
	begin_anew
	dentryload missing mnt/haystack 20000
	trace_shrinkers
	drop_caches
	trace_ends
	read -r _ runs freed took < <(rows reclaim/shrinkers owner runs freed total_ns | grep ext4)
	is 'it ran as often as ftrace saw, and freed as many' "$runs $freed" "$(head -n 1 traced | cut -d' ' -f1,2)"
	near 'and took as long' "$took" "$(head -n 1 traced | cut -d' ' -f3)" 10
	is 'so did all shrinkers together' "$(count reclaim/run_ns)" "$(sum 1 < traced)"
	near 'in the time that ftrace saw' "$(total reclaim/run_ns)" "$(sum 3 < traced)" 10
}

# in_cgroup NAME CMD...
in_cgroup() { (echo $BASHPID > "$CGROUPS/$1/cgroup.procs" && exec "${@:2}"); }

# Who lowers a limit has to reclaim, on 6.12 all that there is, before RCU gives any of it
# back. One process that becomes another program is two.
test_victims() {
	(
		printf first > /proc/$BASHPID/comm
		echo 2M > $CGROUPS/warm/memory.high
		echo max > $CGROUPS/warm/memory.high
		in_cgroup warm dentryload missing mnt/haystack 2000
		printf second > /proc/$BASHPID/comm
		echo 0 > $CGROUPS/warm/memory.high
	)
	is 'victims are commands of a process' "$(rows reclaim/victims comm tgid count |
		awk '$3 { print $1 }' | sort | paste -sd,)" first,second
	is 'here of one' "$(rows reclaim/victims tgid count | awk '$2 { print $1 }' | uniq | wc -l)" 1
}

# Two cgroups with dentries of programs that have ended. To free those of the first is to
# run for the first time what is measured in the other.
cgroups_up() {
	echo +memory > $CGROUPS/cgroup.subtree_control
	mkdir $CGROUPS/{warm,pressed}
	in_cgroup warm dentryload missing mnt/haystack 20000
	nothing_lost
	test_victims
	curl -s "file://$PWD/mnt/haystack/warm-[1-3]"
}

# curl looks up each name that a pattern stands for, in one process: the program that did
# this to many hosts, through its library for certificates. Dentries are charged to its
# cgroup, so it has to free them. There are many more, as the kernel kills who waits for
# memory before RCU has given it back.
press() {
	local status
	echo max > $CGROUPS/pressed/memory.max
	in_cgroup pressed dentryload missing mnt/haystack 25000
	echo $(($(<$CGROUPS/pressed/memory.current) + 2000000)) > $CGROUPS/pressed/memory.max
	echo dcache,reclaim > $PARAMS/reset
	psi_us=-$(pressure)
	look begin
	in_cgroup pressed curl -s "file://$PWD/mnt/haystack/missing-[1-$names]" > /dev/null
	status=$?
	look end
	is 'curl ran to its end' "$status" 37
	psi_us=$((psi_us + $(pressure)))
	diag "$(count reclaim/memcg_ns) reclaims in $(total reclaim/memcg_ns) ns, PSI $psi_us us"
}

# For how long all of the tasks of the cgroup together waited for memory, in us.
pressure() { sed -n 's/^some.*total=//p' $CGROUPS/pressed/memory.pressure; }

test_curl() {
	local names=12000 psi_us total memcg count
	cgroups_up
	press
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
	near 'reclaim took as long as PSI says' "$(total reclaim/memcg_ns)" "${psi_us}000" 10
}

diag "$(uname -r)"
test_load
test_drop
test_curl
nothing_lost
ok 'unloads' rmmod stallmeter
done_testing
