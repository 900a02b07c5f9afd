# SPDX-License-Identifier: GPL-2.0
# lib.sh - the BIRD lab: two routers that watch each other with BFD, in two network
# namespaces of one guest. Sourced by the commands that guests run.
#
#   lab_up [v4] [v6] [multihop]   namespaces a and b, veth-a <-> veth-b, a BIRD in each;
#                                 BFD at 400 ms x 3 over what is named (v4)
#                                 LAB_LINK=bridge: the link is a bridge of the guest's
#                                 own namespace, with the ports link-a and link-b
#   lab_wait_up SECONDS           until all sessions are Up on both sides
#   lab_sessions SIDE             birdc's table
#   lab_stall SIDE SECONDS        that BIRD is stopped so long (SIGSTOP, SIGCONT)
#   lab_starve SIDE SECONDS [N]   N (2) real-time tasks take its CPU so long
#   lab_capture_start, _stop      tcpdump of what each end sends, to $LAB/SIDE.pcap
#   lab_gaps SECONDS              what tcpdump saw; see there
#   lab_down                      end of all of it
#
# With two CPUs, a runs on CPU 1 and b on CPU 0; with one, starving hits both.
#
#            a            b
#   v4       10.0.0.1     10.0.0.2      single hop, UDP port 3784
#   v6       fd00::1      fd00::2       single hop, UDP port 3784
#   multihop 10.1.0.1     10.1.0.2      on dummy interfaces, UDP port 4784
# shellcheck shell=bash

LAB=/tmp/lab
LAB_PORTS='udp dst port 3784 or udp dst port 4784'

lab_die() { echo "lab: $*" >&2; exit 1; }
lab_pid() { cat "$LAB/$1.pid"; }
lab_number() { case $1 in a) echo 1;; *) echo 2;; esac; }
lab_peer() { case $1 in a) echo b;; *) echo a;; esac; }
lab_cpu() { case $1 in a) echo $(($(nproc --all) > 1));; *) echo 0;; esac; }
lab_birdc() { birdc -r -s "$LAB/$1.ctl" "${@:2}"; }
lab_sessions() { lab_birdc "$1" show bfd sessions | sed '/^BIRD/d; /^Access/d'; }

lab_up() {
	local side
	[ $# -gt 0 ] || set -- v4
	lab_wanted=("$@")
	mkdir -p "$LAB" /run/bird
	ip netns add a
	ip netns add b
	lab_link
	for side in a b; do
		lab_links "$side"
		lab_bird_config "$side" > "$LAB/$side.conf"
	done
	for side in a b; do
		lab_bird_start "$side"
	done
}

lab_link() {
	local side
	if [ "${LAB_LINK:-}" != bridge ]; then
		ip link add veth-a netns a type veth peer name veth-b netns b
		return
	fi
	ip link add between type bridge
	for side in a b; do
		ip link add link-$side type veth peer name veth-$side netns $side
		ip link set link-$side master between up
	done
	ip link set between up
}

lab_links() {
	local side=$1 me peer
	me=$(lab_number "$side")
	peer=$(lab_number "$(lab_peer "$side")")
	ip -n "$side" -batch - <<-IP
		link set lo up
		address add 10.0.0.$me/24 dev veth-$side
		address add fd00::$me/64 dev veth-$side nodad
		link set veth-$side up
		link add dummy-$side type dummy
		address add 10.1.0.$me/32 dev dummy-$side
		link set dummy-$side up
		route add 10.1.0.$peer/32 via 10.0.0.$peer src 10.1.0.$me
	IP
}

lab_bird_config() {
	local side=$1 me peer kind
	local timers="min rx interval 400 ms; min tx interval 400 ms; multiplier 3; idle tx interval 1 s;"
	me=$(lab_number "$side")
	peer=$(lab_number "$(lab_peer "$side")")
	cat <<-CONF
		log "$LAB/$side.log" all;
		router id 10.0.0.$me;
		protocol device {}
		protocol bfd {
			interface "*" { $timers };
			multihop { $timers };
	CONF
	for kind in "${lab_wanted[@]}"; do
		case $kind in
		v4) echo "	neighbor 10.0.0.$peer dev \"veth-$side\";";;
		v6) echo "	neighbor fd00::$peer dev \"veth-$side\";";;
		multihop) echo "	neighbor 10.1.0.$peer local 10.1.0.$me multihop on;";;
		*) lab_die "no such session: $kind";;
		esac
	done
	echo "}"
}

lab_bird_start() {
	ip netns exec "$1" taskset -c "$(lab_cpu "$1")" \
		bird -c "$LAB/$1.conf" -s "$LAB/$1.ctl" -P "$LAB/$1.pid" ||
		lab_die "bird of side $1 does not start: $(cat "$LAB/$1.log" 2>/dev/null)"
}

# lab_all_up: as many sessions Up as were asked for, on both sides.
lab_all_up() {
	local side
	for side in a b; do
		[ "$(lab_sessions "$side" 2>/dev/null | grep -cw Up)" = ${#lab_wanted[@]} ] || return
	done
}

lab_wait_up() {
	local end=$((SECONDS + $1))
	until lab_all_up; do
		[ "$SECONDS" -lt "$end" ] ||
			lab_die "BFD is not Up after $1 s: $(lab_sessions a 2>&1; lab_sessions b 2>&1)"
		sleep 0.5
	done
}

lab_stall() {
	kill -STOP "$(lab_pid "$1")"
	sleep "$2"
	kill -CONT "$(lab_pid "$1")"
}

# A conductor with the highest priority starts the hogs, waits until all of them wait
# for its word, lets them loose, sleeps and ends them: that something starts late
# makes it neither shorter nor longer.
lab_starve() {
	lab_no_throttling
	lab_conduct "$(lab_cpu "$1")" 0.01 1	# so that nothing is read from disk in the real run
	lab_conduct "$(lab_cpu "$1")" "$2" "${3:-2}"
}

# LAB_WATCH=TID: how long that thread had waited for a CPU when the hogs began, to
# $LAB/waited
lab_conduct() {	# CPU SECONDS HOGS
	LAB=$LAB LAB_WATCH=${LAB_WATCH:-} chrt -f 99 bash -c '
		cpu=$1 seconds=$2 hogs=$3 pids=()
		ready=$(mktemp -u) && mkfifo "$ready" && exec 3<>"$ready" && rm "$ready"
		go=$(mktemp -u) && mkfifo "$go" && exec 4<>"$go" && rm "$go"
		for ((n = 0; n < hogs; n++)); do
			chrt -r 50 taskset -c "$cpu" sh -c "printf rt-hog > /proc/self/comm; echo; read go; while :; do :; done" >&3 <&4 &
			pids+=($!)
		done
		for ((n = 0; n < hogs; n++)); do
			read -r <&3
		done
		[ -z "$LAB_WATCH" ] || { read -r _ waited _ < "/proc/$LAB_WATCH/schedstat"; echo "$waited" > "$LAB/waited"; }
		for ((n = 0; n < hogs; n++)); do
			echo >&4
		done
		read -r -t "$seconds" <&3	# nothing comes: it sleeps, in this process
		kill "${pids[@]}"
		wait' conductor "$@" 2>/dev/null
}

# By default real-time tasks leave a part of each second to the others.
lab_no_throttling() {
	local file
	echo -1 > /proc/sys/kernel/sched_rt_runtime_us
	for file in /sys/kernel/debug/sched/fair_server/cpu*/runtime; do
		[ ! -e "$file" ] || echo 0 > "$file"
	done
}

lab_capture_start() {
	local side
	for side in a b; do
		ip netns exec "$side" tcpdump -i "veth-$side" -Q out --immediate-mode -U -Z root \
			--time-stamp-precision=nano -w "$LAB/$side.pcap" "$LAB_PORTS" 2> "$LAB/$side.tcpdump" &
		echo $! > "$LAB/$side.tcpdump.pid"
	done
	for side in a b; do
		lab_wait 10 grep -q 'listening on' "$LAB/$side.tcpdump" || lab_die "tcpdump does not start: $(cat "$LAB/$side.tcpdump")"
	done
}

lab_capture_stop() {
	local side pid
	for side in a b; do
		pid=$(cat "$LAB/$side.tcpdump.pid")
		kill -TERM "$pid"
		wait "$pid" || true
		if ! grep -q '^0 packets dropped by kernel' "$LAB/$side.tcpdump"; then
			lab_die "tcpdump lost packets: $(cat "$LAB/$side.tcpdump")"
		fi
	done
}

# lab_wait SECONDS CMD...: until CMD succeeds.
lab_wait() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return
		sleep 0.1
	done
}

# lab_gaps SECONDS: from the capture, one line each
#   flow SRC DST PORT PACKETS LARGEST      for each direction of each session
#   gap  SRC DST PORT LASTED END           for each pause over SECONDS
# in seconds; END is the wall clock when the packet came that ended it.
lab_gaps() {
	local side
	for side in a b; do
		tcpdump -tt -n -r "$LAB/$side.pcap" --time-stamp-precision=nano 2>/dev/null
	done | awk -v limit="$1" '
		function host(name) { sub(/\.[0-9]+:?$/, "", name); return name }
		function port(name) { sub(/:$/, "", name); sub(/.*\./, "", name); return name }
		{
			flow = host($3) " " host($5) " " port($5)
			if (flow in last) {
				gap = $1 - last[flow]
				if (gap > largest[flow])
					largest[flow] = gap
				if (gap > limit)
					printf "gap %s %.6f %.6f\n", flow, gap, $1
			}
			last[flow] = $1
			packets[flow]++
		}
		END {
			for (flow in last)
				printf "flow %s %d %.6f\n", flow, packets[flow], largest[flow]
		}' | sort
}

lab_down() {
	local side
	for side in a b; do
		birdc -s "$LAB/$side.ctl" down >/dev/null || true
		ip netns delete "$side"
	done
	[ "${LAB_LINK:-}" != bridge ] || ip link delete between
	rm -rf "$LAB"
}
