# SPDX-License-Identifier: GPL-2.0
# lab-frr.sh - two routers with many BFD sessions between them, each of BIRD or of FRR, in
# two network namespaces of one guest. Sourced by the commands that guests run.
#
#   matrix_links A B         namespaces a and b; A and B are "bird" or "frr"
#   matrix_start             the daemons
#   matrix_wait_up SECONDS   until all sessions are Up on both sides
#   matrix_told SIDE         what that side's daemon says itself, one line a session:
#                            DESTINATION STATE TX_NS TX_DETECTION RX_DETECTION MINE YOURS
#                            FLAPS, "-" for what it does not tell
#   matrix_agreed SIDE       what they have to agree: DESTINATION TX_NS TX_DETECTION
#                            RX_DETECTION
#   matrix_change PHASE      other timers for all: see below
#   matrix_shutdown SIDE     of the session "vrf", FRR only
#   matrix_signal SIGNAL     to both daemons
#   matrix_capture_start, _stop     tcpdump of all devices, to $MATRIX/SIDE.pcap
#   matrix_down              end of all of it
#
# The two ends of "middle" meet in a bridge of the guest's own namespace: what is lost
# there is lost in the network.
#
# A session has timers of its own on each side: TX/RX/MULTIPLIER, in ms. In BIRD they
# belong to the interface, so each kind has one. There are three phases, 0 to 2: in phase
# 1 the sides have swapped theirs, so that each daemon has each multiplier, and the
# interval of multihop is another one in each.
# shellcheck shell=bash

MATRIX=/tmp/matrix
MATRIX_VLAN=7
MATRIX_INTERVALS=(50 400 1000)

matrix_phase=0

# NAME DEVICE A's-ADDRESS B's-ADDRESS A's-TIMERS B's-TIMERS
matrix_sessions() {
	local far=${MATRIX_INTERVALS[(matrix_first + matrix_phase) % 3]}
	far="$far/$far/5 $far/$far/3"
	cat <<-END
		fast eth0 10.0.0.1 10.0.0.2 50/50/3 50/50/5
		fast6 eth0 fd00::1 fd00::2 50/50/3 50/50/5
		middle eth1 10.1.0.1 10.1.0.2 400/400/5 400/400/3
		middle6 eth1 fd01::1 fd01::2 400/400/5 400/400/3
		slow eth2 10.2.0.1 10.2.0.2 1000/1000/3 1000/1000/5
		slow6 eth2 fd02::1 fd02::2 1000/1000/3 1000/1000/5
		uneven eth3 10.3.0.1 10.3.0.2 100/150/3 300/200/5
		vlan eth4.$MATRIX_VLAN 10.4.0.1 10.4.0.2 400/400/3 400/400/5
		vrf eth5 10.5.0.1 10.5.0.2 400/400/3 400/400/3
		multihop - 10.9.0.1 10.9.0.2 $far
		multihop6 - fd09::1 fd09::2 $far
	END
}

matrix_die() { echo "matrix: $*" >&2; exit 1; }
matrix_pid() { cat "$MATRIX/$1.pid"; }
matrix_kind() { cat "$MATRIX/$1.kind"; }
matrix_signal() { kill "-$1" "$(matrix_pid a)" "$(matrix_pid b)"; }
matrix_birdc() { birdc -s "$MATRIX/$1.ctl" "${@:2}"; }
matrix_vtysh() { local side=$1; shift; vtysh -N "$side" "${@/#/-c}"; }

# of_side SIDE: name, device, own and the other's address, own timers, of each line.
of_side() {
	matrix_sessions | awk -v b="$([ "$1" = a ] || echo 1)" -v swapped="$((matrix_phase == 1))" '{
		print $1, $2, b ? $4 : $3, b ? $3 : $4, !b == !swapped ? $5 : $6
	}'
}

matrix_agreed() {
	paste -d ' ' <(of_side "$1") <(of_side "$([ "$1" = a ] && echo b || echo a)") | awk '
		function larger(a, b) { return 1e6 * (a + 0 > b + 0 ? a : b) }
		{
			split($5, mine, "/")
			split($10, theirs, "/")
			tx = larger(mine[1], theirs[2])
			rx = larger(mine[2], theirs[1])
			printf "%s %.0f %.0f %.0f\n", $4, tx, tx * mine[3], rx * theirs[3]
		}'
}

matrix_links() {
	local side n
	case $1-$2 in
	bird-bird) matrix_first=0;;
	frr-frr) matrix_first=2;;
	*) matrix_first=1;;
	esac
	mkdir -p "$MATRIX" /run/bird
	echo "$1" > "$MATRIX/a.kind"
	echo "$2" > "$MATRIX/b.kind"
	ip link add middle type bridge
	ip link set middle up
	for side in a b; do
		ip netns add $side
		ip link add middle-$side type veth peer name eth1 netns $side
		ip link set middle-$side master middle up
		ip -n $side -batch - <<-IP
			link set lo up
			link add dummy0 type dummy
			link set dummy0 up
		IP
	done
	for n in 0 2 3 4 5; do
		ip link add eth$n netns a type veth peer name eth$n netns b
	done
	for side in a b; do
		ip -n $side -batch - <<-IP
			link add link eth4 name eth4.$MATRIX_VLAN type vlan id $MATRIX_VLAN
			link add red type vrf table 10
			link set red up
			link set eth5 master red
		IP
		matrix_addresses $side
	done
	ip -n a route add 10.9.0.2 via 10.0.0.2 src 10.9.0.1
	ip -n b route add 10.9.0.1 via 10.0.0.1 src 10.9.0.2
	ip -n a route add fd09::2 via fd00::2 src fd09::1
	ip -n b route add fd09::1 via fd00::1 src fd09::2
}

matrix_addresses() {	# SIDE
	local name device own n
	while read -r name device own _; do
		case $name in
		multihop*) ip -n "$1" address add "$own" dev dummy0;;
		*6) ip -n "$1" address add "$own/64" dev "$device" nodad;;
		*) ip -n "$1" address add "$own/24" dev "$device";;
		esac
	done < <(of_side "$1")
	for n in 0 1 2 3 4 4.$MATRIX_VLAN 5; do
		ip -n "$1" link set "eth$n" up
	done
}

matrix_start() {
	local side
	for side in a b; do
		"matrix_$(matrix_kind $side)_start" $side
	done
}

# bird_timers TX/RX/MULTIPLIER
bird_timers() {
	local tx rx multiplier
	IFS=/ read -r tx rx multiplier <<< "$1"
	echo "{ min tx interval $tx ms; min rx interval $rx ms; multiplier $multiplier; }"
}

matrix_bird_config() {	# SIDE
	local name device own peer timers plain='' red=''
	while read -r name device own peer timers; do
		case $name in
		multihop) plain+="	multihop $(bird_timers "$timers");"$'\n';;&
		vrf) red="	interface \"$device\" $(bird_timers "$timers"); neighbor $peer dev \"$device\";";;
		multihop*) plain+="	neighbor $peer local $own multihop on;"$'\n';;
		*6) plain+="	neighbor $peer dev \"$device\";"$'\n';;
		*) plain+="	interface \"$device\" $(bird_timers "$timers");"$'\n'"	neighbor $peer dev \"$device\";"$'\n';;
		esac
	done < <(of_side "$1")
	cat <<-CONF
		log "$MATRIX/$1.log" all;
		router id 10.0.0.1;
		protocol device {}
		protocol bfd plain { vrf default; debug { states, events };
		$plain}
		protocol bfd red { vrf "red"; debug { states, events };
		$red
		}
	CONF
}

matrix_bird_start() {
	matrix_bird_config "$1" > "$MATRIX/$1.conf"
	ip netns exec "$1" bird -c "$MATRIX/$1.conf" -s "$MATRIX/$1.ctl" -P "$MATRIX/$1.pid" ||
		matrix_die "bird of side $1 does not start"
}

frr_peer() {	# NAME DEVICE OWN PEER
	case $1 in
	multihop*) echo "peer $4 multihop local-address $3";;
	vrf) echo "peer $4 local-address $3 vrf red interface $2";;
	*) echo "peer $4 local-address $3 interface $2";;
	esac
}

matrix_frr_config() {	# SIDE
	local name device own peer timers tx rx multiplier
	echo bfd
	while read -r name device own peer timers; do
		IFS=/ read -r tx rx multiplier <<< "$timers"
		echo " $(frr_peer "$name" "$device" "$own" "$peer")"
		echo "  detect-multiplier $multiplier"
		echo "  transmit-interval $tx"
		echo "  receive-interval $rx"
		[[ $name != multihop* ]] || echo '  minimum-ttl 1'	# BIRD sends with 64
		echo '  no shutdown'
		echo ' exit'
	done < <(of_side "$1")
	echo exit
}

# bfdd learns of devices from zebra. PAM has no rules of its own here.
matrix_frr_start() {
	local side=$1 daemon
	if ! grep -q '^frr:' /etc/passwd; then
		echo 'frr:x:901:901::/nonexistent:/usr/sbin/nologin' >> /etc/passwd
		printf 'frr:x:901:\nfrrvty:x:902:root\n' >> /etc/group
		printf '%s sufficient pam_permit.so\n' auth account | tee /etc/pam.d/frr > /etc/pam.d/other
	fi
	mkdir -p "/var/run/frr/$side" "/etc/frr/$side"
	chmod 755 /var/run/frr
	: > "/etc/frr/$side/vtysh.conf"
	: > "$MATRIX/$side.zebra"
	matrix_frr_config "$side" > "$MATRIX/$side.bfdd"
	for daemon in zebra bfdd; do
		ip netns exec "$side" "/usr/lib/frr/$daemon" -d -N "$side" -f "$MATRIX/$side.$daemon" \
			-u root -g root -P 0 2>> "$MATRIX/$side.log" ||
			matrix_die "$daemon of side $side does not start: $(cat "$MATRIX/$side.log")"
	done
	cp "/var/run/frr/$side/bfdd.pid" "$MATRIX/$side.pid"
}

matrix_told() { "matrix_$(matrix_kind "$1")_told" "$1"; }

# It counts no flaps, but logs each change; of discriminators it does not tell.
matrix_bird_told() {
	matrix_birdc "$1" show bfd sessions | awk -v file="$MATRIX/$1.log" '
		BEGIN {
			while ((getline line < file) > 0)
				if (match(line, /Session to [^ ]* changed state from Up to/)) {
					split(substr(line, RSTART), word, " ")
					flaps[word[3]]++
				}
		}
		$1 ~ /^[0-9a-f]+[.:].*[.:]/ {
			printf "%s %s %.0f - %.0f - - %d\n", $1, $3, $5 * 1e9, $6 * 1e9, flaps[$1]
		}'
}

# The first list has the peers, the second their counters. Its "session-down" counts from
# Init as well, "session-up" what we shut down as well: the lesser is what was Up and fell.
matrix_frr_told() {
	matrix_vtysh "$1" 'show bfd peers json' 'show bfd peers counters json' 2>/dev/null | awk -F '[":, ]+' '
		function larger(a, b) { return a > b ? a : b }
		BEGIN {
			state_of["up"] = "Up"
			state_of["down"] = "Down"
			state_of["init"] = "Init"
			state_of["shutdown"] = "AdminDown"
		}
		{ split($0, part, /":"?/); sub(/"?,?$/, "", part[2]); it[$2] = part[2] }
		$2 == "rtt-max" {
			state = state_of[it["status"]]
			tx = larger(it["transmit-interval"] + 0, it["remote-receive-interval"] + 0) * 1e6
			rx = larger(it["receive-interval"] + 0, it["remote-transmit-interval"] + 0) * 1e6
			is_up[it["peer"]] = state == "Up"
			line[it["peer"]] = sprintf("%s %.0f %.0f %.0f %s %s", state, tx,
				tx * it["detect-multiplier"], rx * it["remote-detect-multiplier"],
				it["id"], it["remote-id"])
		}
		$2 == "session-down" {
			left = it["session-up"] - is_up[it["peer"]]
			down = it["session-down"] + 0
			print it["peer"], line[it["peer"]], left < down ? left : down
		}'
}

matrix_nr_up() {
	case $(matrix_kind "$1") in
	bird) matrix_birdc "$1" show bfd sessions | grep -cw Up;;
	frr) matrix_vtysh "$1" 'show bfd peers json' 2>/dev/null | grep -c '"status":"up"';;
	esac
}

matrix_all_up() {
	local side wanted
	wanted=$(matrix_sessions | wc -l)
	for side in a b; do
		[ "$(matrix_nr_up $side)" = "$wanted" ] || return
	done
}

matrix_wait_up() {
	local end=$((SECONDS + $1))
	until matrix_all_up; do
		[ $SECONDS -lt $end ] || matrix_die "not Up after $1 s: $(matrix_told a; matrix_told b)"
		sleep 1
	done
}

matrix_change() {
	local side lines
	matrix_phase=$1
	for side in a b; do
		case $(matrix_kind $side) in
		bird)
			matrix_bird_config $side > "$MATRIX/$side.conf"
			matrix_birdc $side configure > /dev/null
			;;
		frr)
			mapfile -t lines < <(matrix_frr_config $side)
			frr_configure $side "${lines[@]}"
			;;
		esac
	done
}

frr_configure() { matrix_vtysh "$1" 'configure terminal' "${@:2}" >> "$MATRIX/$1.log" 2>&1; }

matrix_shutdown() {
	local name device own peer
	read -r name device own peer _ < <(of_side "$1" | grep '^vrf ')
	frr_configure "$1" bfd "$(frr_peer "$name" "$device" "$own" "$peer")" shutdown
}

matrix_capture_start() {
	local side
	for side in a b; do
		ip netns exec $side tcpdump -i any -Z root -B 16384 \
			--time-stamp-precision=nano -w "$MATRIX/$side.pcap" \
			'udp dst port 3784 or udp dst port 4784' 2> "$MATRIX/$side.tcpdump" &
		echo $! > "$MATRIX/$side.tcpdump.pid"
	done
	for side in a b; do
		until grep -q 'listening on' "$MATRIX/$side.tcpdump"; do
			sleep 0.1
		done
	done
}

matrix_capture_stop() {
	local side pid
	for side in a b; do
		pid=$(cat "$MATRIX/$side.tcpdump.pid")
		kill -TERM "$pid"
		wait "$pid" || true
		grep -q '^0 packets dropped by kernel' "$MATRIX/$side.tcpdump" ||
			matrix_die "tcpdump lost packets: $(cat "$MATRIX/$side.tcpdump")"
	done
}

matrix_down() {
	local side pid
	for side in a b; do
		for pid in $(ip netns pids $side); do
			kill -KILL "$pid"
		done
		ip netns delete $side
	done
	ip link delete middle
	rm -rf "$MATRIX" /var/run/frr
}
