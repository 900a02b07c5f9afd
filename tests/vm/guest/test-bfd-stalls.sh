# SPDX-License-Identifier: GPL-2.0
# test-bfd-stalls.sh - hellos are made late in all the ways that there are, in a
# deterministic guest: where they lost their time, what the daemon was at, and who had its
# CPU. Nobody else is blamed.
#
# usage: test-bfd-stalls.sh daemon|peer|dentries|control [RUNS [CASE...]]
#
# daemon     stops, starves and cuts off BIRD
# peer       bfdload is the sender: BIRD itself writes to no disk between two hellos
# dentries   what holds the CPU in the kernel; wants a slow CPU, so that a long walk
#            becomes a long stall
# control    a million dentries are reclaimed, and nothing is late
# shellcheck shell=bash

set -uo pipefail
# shellcheck source=tap.sh
. /run/guest/tap.sh
# shellcheck source=ext4.sh
. /run/guest/ext4.sh
# shellcheck source=lib.sh
. /run/guest/lib.sh
# shellcheck source=table.sh
. /run/guest/table.sh
PATH=$PWD:$PATH
CGROUPS=/sys/fs/cgroup
LAB_LINK=bridge

# Programs from tmpfs: to wait for 9p, while something is stopped, lets the clock jump.
mkdir bin lib
for program in awk bash birdc cat chrt cut fsfreeze grep ip paste sed sleep sort tail taskset tc tcpdump; do
	cp -L "$(command -v $program)" "bin/$program"
	ldd "bin/$program" | awk '$3 ~ /^\// { print $3 }' | xargs -r cp -Lut lib
done
PATH=$PWD/bin:$PATH
export LD_LIBRARY_PATH=$PWD/lib

mkfifo never && exec 9<>never
pause() { read -r -t "$1" <&9; }	# without a process more
now_ns() { echo "${EPOCHREALTIME/./}000"; }

# late NAME...: the same of what is late in this run.
late() {
	columns bfd/late at_ns "$@" | awk -v since="$since" '$1 > since' | cut -d' ' -f2-
}

PARTS='on_cpu_ns waiting_ns blocked_ns reclaim_ns stopped_ns frozen_ns asleep_ns kernel_ns rest_ns'

# late_hello WANTED FIELD: of the longest gap that is WANTED, "DIRECTION SOURCE VERDICT REASON".
late_hello() {
	late direction source verdict reason "$2" gap_ns | grep -E "^$1 " |
		sort -k 6,6n | tail -n 1 | cut -d' ' -f5
}

# What is late and by what, each once.
blamed() { late direction source verdict reason | sort -u; }

not_whole() {
	# shellcheck disable=SC2086  # names of columns
	late gap_ns ended $PARTS | awk '
		{ sum = 0; for (i = 3; i <= NF; i++) sum += $i }
		sum != $1 || $2 != 1 { print "not whole:", $0 }'
}

# near GOT WANTED: within 10 %.
near() { awk -v got="${1:-0}" -v wanted="$2" 'BEGIN { d = got - wanted; exit !((d < 0 ? -d : d) <= wanted / 10) }'; }

# judge WANTED PART TRUTH_NS [REGEX]: what is wrong with the tables. WANTED is a regular
# expression; what is blamed beside it has to match the other.
judge() {
	local part
	part=$(late_hello "$1" "$2")
	[ -n "$part" ] || echo "no row says '$1'"
	near "$part" "$3" || echo "$2 is ${part:-none}, not $3"
	blamed | grep -vxE -- "$1" | grep -vxE -- "${4:-}" | sed 's/^/blamed: /'
	not_whole
	measured="${2%_ns} ${part:-none} of $(late_hello "$1" gap_ns), truth $3"
}

# The task that had most of the CPU, for the longest of what is WANTED.
top_holder() {
	local at
	at=$(late_hello "$1" at_ns)
	columns bfd/holders at_ns direction source samples comm policy user_ppm function stack |
		grep "^$at ${1% * *} " | sort -k 4,4n | tail -n 1 | cut -d' ' -f5-
}
held_by() {	# WANTED REGEX
	top_holder "$1" | grep -qE "$2" || echo "held by: $(top_holder "$1")"
}

flaps() { columns bfd/protocol flaps source | grep -v '^0' | sort | paste -sd,; }
thread() { columns bfd/sessions source pid | awk -v source="$1" '$1 == source { print $2 }'; }

# Two hogs; and how long a thread waited for a CPU, by the scheduler: at least since they
# began, at most since before they were prepared. The gap begins in between.
starve() {	# SIDE SOURCE SECONDS
	local tid before after
	tid=$(thread "$2")
	read -r _ before _ < "/proc/$tid/schedstat"
	after_hello "$1"
	LAB_WATCH=$tid lab_conduct 0 "$3" 2
	pause 0.3
	read -r _ after _ < "/proc/$tid/schedstat"
	waited_most_ns=$((after - before))
	read -r before < "$LAB/waited"
	waited_ns=$((after - before))
	sleep 1
}

# starved WANTED [REGEX]: judge what starve() did. Who loses its CPU may have called send.
starved() {
	local part truth=$waited_ns
	part=$(late_hello "$1" waiting_ns)
	[ "${part:-0}" -lt "$truth" ] || truth=$((part < waited_most_ns ? part : waited_most_ns))
	judge "$1" waiting_ns "$truth" "$2"
	measured="$measured, $waited_ns to $waited_most_ns"
	held_by "$1" '^rt-hog rr (9[0-9]{5}|1000000) '
}

# To attach probes holds a slow CPU for a second.
reset() {
	echo bfd > /sys/module/stallmeter/parameters/reset
	sleep 3
	from_now
}

# What is late from now on belongs to this run.
from_now() {
	since=$(columns bfd/late at_ns | sort -n | tail -n 1)
	: "${since:=0}"
}

# After the next hello of that side, with as little delay as can be.
after_hello() { ip netns exec "$1" tcpdump -c 1 -Q out -i "veth-$1" --immediate-mode "$LAB_PORTS" > /dev/null 2>&1; }

stop() {	# SIDE SECONDS; sets stopped_ns
	local pid begin
	pid=$(lab_pid "$1")
	after_hello "$1"
	kill -STOP "$pid"
	begin=$(now_ns)
	pause "$2"
	kill -CONT "$pid"
	stopped_ns=$(($(now_ns) - begin))
	sleep 1
}

daemon_stopped_flap() {
	stop a 1.6
	judge 'tx 10.0.0.1 called_late stopped' stopped_ns $stopped_ns \
		'rx 10.0.0.1 read_late stopped|rx 10.0.0.2 came_late -'
	[ -n "$(flaps)" ] || echo 'no flap'
}

daemon_stopped() {
	stop a 0.9
	judge 'tx 10.0.0.1 called_late stopped' stopped_ns $stopped_ns \
		'rx 10.0.0.1 read_late stopped|rx 10.0.0.2 came_late -'
	[ -z "$(flaps)" ] || echo "flaps: $(flaps)"
}

# One CPU: the other daemon is starved as well, and so is ksoftirqd.
all_starved='tx 10.0.0.[12] (called|left)_late cpu|rx 10.0.0.[12] (came_late (-|thread)|read_late cpu)'

daemon_starved() {
	starve a 10.0.0.1 2
	starved 'tx 10.0.0.1 (called|left)_late cpu' "$all_starved"
}

daemon_frozen() {
	mkdir -p $CGROUPS/ice
	lab_pid a > $CGROUPS/ice/cgroup.procs
	after_hello a
	echo 1 > $CGROUPS/ice/cgroup.freeze
	pause 0.9
	echo 0 > $CGROUPS/ice/cgroup.freeze
	sleep 1
	judge 'tx 10.0.0.1 called_late frozen' frozen_ns 900000000 'rx 10.0.0.1 read_late frozen|rx 10.0.0.2 came_late -'
}

daemon_queued() {
	tc -n a qdisc add dev veth-a root netem delay 700ms
	sleep 3
	tc -n a qdisc delete dev veth-a root
	judge 'tx 10.0.0.1 left_late -' kernel_ns 700000000 'rx 10.0.0.2 came_late -'
}

daemon_delayed() {
	tc qdisc add dev link-b root netem delay 1500ms
	sleep 4
	tc qdisc delete dev link-b root
	judge 'rx 10.0.0.2 came_late -' rest_ns 1850000000
}

daemon_lost() {
	local gap
	after_hello a
	tc qdisc add dev link-b root netem loss 100%
	pause 0.7
	tc qdisc delete dev link-b root
	sleep 1
	gap=$(late_hello 'rx 10.0.0.2 came_late -' gap_ns)
	judge 'rx 10.0.0.2 came_late -' rest_ns "$gap"
	[ "$gap" -gt 800000000 ] && [ "$gap" -lt 1300000000 ] || echo "the gap is $gap"
}

# The sender has a higher priority than those who starve the other, and so has what hands
# packets over.
receiver() {	# SECONDS
	chrt -a -f -p 60 "$(lab_pid a)"
	chrt -f -p 60 "$(pgrep -x ksoftirqd/0)"
	starve b 10.0.0.2 "$1"
	chrt -a -o -p 0 "$(lab_pid a)"
	chrt -o -p 0 "$(pgrep -x ksoftirqd/0)"
	starved 'rx 10.0.0.2 read_late cpu' \
		'tx 10.0.0.2 (called|left)_late cpu|rx 10.0.0.1 came_late (-|thread)'
}

# Where in its interval it is starved tells if it is for longer than the detection time.
daemon_receiver() {
	receiver 0.9
	late gap_ns detection_ns | awk '$1 >= $2 { exit 1 }' || return
	[ -z "$(flaps)" ] || echo "flaps: $(flaps)"
}

daemon_receiver_flap() {
	receiver 2
	[ -n "$(flaps)" ] || echo 'no flap'
}

# peers OPTION...: two bfdloads until they are Up; c has the options.
peers() {
	ip netns exec c bfdload peer "$@" 10.2.0.1 10.2.0.2 > c.told &
	pids=($!)
	ip netns exec d bfdload peer "${d_options[@]}" 10.2.0.2 10.2.0.1 > d.told &
	pids+=($!)
	lab_wait 20 grep -q 'state Up' c.told
	sleep 1
}
d_options=()

peers_up() {
	ip netns add c
	ip netns add d
	ip link add veth-c netns c type veth peer name veth-d netns d
	ip -n c address add 10.2.0.1/24 dev veth-c
	ip -n d address add 10.2.0.2/24 dev veth-d
	ip -n c link set veth-c up
	ip -n d link set veth-d up
	ext4_up
	echo '+io +memory' > $CGROUPS/cgroup.subtree_control
	mkdir $CGROUPS/slow $CGROUPS/small
	modprobe zram
	echo 256M > /sys/block/zram0/disksize
	mkswap /dev/zram0 > /dev/null
	swapon /dev/zram0
	echo 8M > $CGROUPS/small/memory.max
}

# The longest that it told itself: WHAT BEGIN END.
longest() { awk -v what="$2" '$1 == what && $3 - $2 > most { most = $3 - $2 } END { printf "%.0f\n", most }' "$1.told"; }

blocked() {
	judge 'tx 10.2.0.1 called_late blocked' blocked_ns "$(longest c blocked)" \
		'rx 10.2.0.2 came_late -|rx 10.2.0.1 read_late blocked'
}

peer_frozen_fs() {
	peers --write mnt/log
	fsfreeze -f mnt
	pause 1.6
	fsfreeze -u mnt
	sleep 1
	blocked
}

peer_slow_fsync() {
	peers --write mnt/log
	echo "${pids[0]}" > $CGROUPS/slow/cgroup.procs
	echo '7:0 wbps=10' > $CGROUPS/slow/io.max
	pause 1.6
	echo '7:0 wbps=max' > $CGROUPS/slow/io.max
	sleep 1
	blocked
}

pressure_us() { sed -n 's/^full .*total=//p' $CGROUPS/small/memory.pressure; }

peer_reclaim() {
	local before
	peers --touch 24 --every 25	# the next stall comes when this one was judged
	echo "${pids[0]}" > $CGROUPS/small/cgroup.procs
	before=$(pressure_us)
	lab_wait 30 grep -q touched c.told
	sleep 1
	judge 'tx 10.2.0.1 called_late reclaim' reclaim_ns $((($(pressure_us) - before) * 1000)) \
		'rx 10.2.0.2 came_late -|rx 10.2.0.1 read_late reclaim'
}

# Between two reads, the longest time.
read_gap() { awk '$1 == "read" { if (last && $2 - last > most) most = $2 - last; last = $2 } END { printf "%.0f\n", most }' d.told; }

peer_not_reading() {
	local wanted='rx 10.2.0.2 read_late (asleep|-)' part=asleep_ns
	d_options=(--no-read 0.8 --every 25 --trace)
	peers
	lab_wait 30 grep -q unread d.told
	sleep 1
	# What it sleeps in while no hello of its own is due, nobody looks at.
	[ "$(late_hello "$wanted" reason)" != - ] || part=rest_ns
	judge "$wanted" $part "$(read_gap)"
	d_options=()
}

# While something holds the CPU, BIRD waits for it: no longer than the scheduler tells, and
# for all of the gap but what it sleeps by itself, 361 ms at most. On so slow a CPU, so does
# everybody for a while around the stall.
held() {	# HOLDER WHAT...
	local wanted='tx 10.0.0.1 (called|left)_late cpu' tid before gap took part truth holder=$1
	tid=$(thread 10.0.0.1)
	after_hello a
	read -r _ before _ < "/proc/$tid/schedstat"
	pause 0.1
	took=$("${@:2}")
	pause 0.3
	read -r _ waited_ns _ < "/proc/$tid/schedstat"
	sleep 2
	gap=$(late_hello "$wanted" gap_ns)
	part=$(late_hello "$wanted" waiting_ns)
	truth=$((gap - 361000000))
	[ "${part:-0}" -lt "$truth" ] || truth=$part
	[ "$truth" -lt $((waited_ns - before)) ] || truth=$((waited_ns - before))
	judge "$wanted" waiting_ns "$truth" "$all_starved"
	[ "${gap:-0}" -ge $((took - 400000000)) ] && [ "${gap:-0}" -le $((took + 700000000)) ] || echo "the gap is $gap, the stall $took"
	held_by "$wanted" "$holder"
}

dentries_drop() {
	echo 2 > /proc/sys/vm/drop_caches
	dentryload missing mnt/dropped 12000
	sleep 2
	from_now
	held '^dentryload fifo [0-9]+ .*(super_cache_scan|prune_dcache_sb|drop_slab)' \
		dentryload drop mnt 50
}

dentries_watch() {
	held '^dentryload normal [0-9]+ .*fsnotify' dentryload watch mnt/polluted
}

# A batch of those that normal tasks reclaim is too short to make anybody late.
control_reclaim() {
	dentryload missing mnt 1000000
	echo 2 > /proc/sys/vm/drop_caches
	[ "$(cut -f5 /proc/sys/fs/dentry-state)" -lt 10000 ] || echo 'the dentries are still there'
	sleep 1
	[ -z "$(blamed)$(flaps)" ] || echo "blamed: $(blamed); flaps: $(flaps)"
	measured='nothing is late'
}

dentries_up() {
	ext4_up
	mkdir mnt/polluted mnt/dropped
	dentryload missing mnt/polluted $((runs > 1 ? 600000 : 300000))
}

daemon_cases='stopped_flap stopped frozen starved queued delayed lost receiver receiver_flap'
peer_cases='frozen_fs slow_fsync reclaim not_reading'
dentries_cases='watch drop'
control_cases=reclaim

what=$1 runs=${2:-1} all_cases=${1}_cases
cases=("${@:3}")
[ ${#cases[@]} -gt 0 ] || read -ra cases <<< "${!all_cases}"
insmod stallmeter.ko
if [ "$what" = peer ]; then
	peers_up
else
	lab_up v4
	lab_wait_up 60
fi
[ "$what" != control ] || ext4_up
[ "$what" != dentries ] || dentries_up
lab_no_throttling
lab_conduct 0 0.01 1
for case in "${cases[@]}"; do
	for ((run = 1; run <= runs; run++)); do
		pids=()
		[ "$what" = peer ] || lab_wait_up 60
		reset
		"${what}_$case" > problems
		is "$case, run $run" "$(cat problems)" ''
		diag "$case: $measured"
		[ ! -s problems ] || diag "$(cat $FILES/bfd/late $FILES/bfd/holders)"
		[ ${#pids[@]} = 0 ] || { kill "${pids[@]}"; wait "${pids[@]}"; }
	done
done
ok 'unloads' rmmod stallmeter
done_testing
