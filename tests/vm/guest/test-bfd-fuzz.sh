# SPDX-License-Identifier: GPL-2.0
# test-bfd-fuzz.sh - 10,000 packets that are no BFD, beside two BIRDs that speak it. Each
# is seen as it goes out and as it comes in, and makes nothing but a count. The harness
# fails the run on any report of KASAN.
# shellcheck shell=bash

set -uo pipefail
# shellcheck source=tap.sh
. /run/guest/tap.sh
# shellcheck source=lib.sh
. /run/guest/lib.sh
PATH=$PWD:$PATH

rows() { stallmeter show "$1" --json | gojq -r "select(.type == \"row\").row | $2"; }
value() { stallmeter show "bfd/$1" --json | gojq -r 'select(.type == "counter").value'; }
flows() { rows "bfd/$1" '"\(.source) > \(.destination)"' | sort; }
fuzz() { ip netns exec a bfdload fuzz --seed "$1" --count "$2" "${@:3}"; }

# What must not change: who is Up, and how often that changed.
health() { rows bfd/protocol '[.source, .state, .peer_state, .state_changes, .flaps] | join(" ")' | sort; }
heard() { rows bfd/protocol .received | sort -n | head -n 1; }
heard_more() { test "$(heard)" -ge $(($1 + 3)); }
all_know_both() { test "$(health | grep -c ' Up Up ')" = 4; }

# fuzzed NAME SEED COUNT [OPTION...] LOCAL REMOTE
fuzzed() {
	local name=$1 count=$3 before out
	before=$(value malformed)
	out=$(fuzz "${@:2}")
	is "$name: all were sent" "$out" "sent $count"
	is "$name: each is counted as it goes out, and as it comes in" \
		$(($(value malformed) - before)) $((2 * count))
}

insmod stallmeter.ko
lab_up v4 v6
lab_wait_up 90
ok 'each end knows of both' lab_wait 30 all_know_both
ip -n a address add 10.0.0.11/24 dev veth-a
ip -n b address add 10.0.0.12/24 dev veth-b
healthy=$(health) sessions=$(flows sessions)
late=$(rows bfd/late .at_ns | wc -l)

is 'nothing was malformed before' "$(value malformed)" 0
fuzzed 'between strangers' 1 3000 10.0.0.11 10.0.0.12
fuzzed 'to a port of multihop' 2 1000 --port 4784 10.0.0.11 10.0.0.12
fuzzed 'to a daemon, from its peer' 3 3000 10.0.0.1 10.0.0.2
fuzzed 'by IPv6' 4 3000 fd00::1 fd00::2

# What the daemons discard though it is well-formed: they know another discriminator.
forged() { ip netns exec "$1" bfdload cost-send --count 20 "${@:2}" > /dev/null; }
strange=$(value strangers)
forged a 10.0.0.1 10.0.0.2
forged a --ttl 64 10.0.0.1 10.0.0.2
forged b fd00::2 fd00::1
ok 'what is forged is a stranger, as it goes out and as it comes in' \
	test $(($(value strangers) - strange)) -ge 600

is 'there is no false session' "$(flows sessions)" "$sessions"
is 'nor half of one' "$(flows protocol)" "$sessions"
is 'those that are there are as they were' "$(health)" "$healthy"
is 'and not late' "$(rows bfd/late .at_ns | wc -l)" "$late"
ok 'the daemons say so, too' lab_all_up
before=$(heard)
ok 'each end hears of the other' lab_wait 10 heard_more "$before"
is 'nothing was dropped or missed' \
	"$(rows stallmeter/collectors 'select(.name == "bfd") | "\(.dropped) \(.missed)"')" '0 0'
ok 'unloads' rmmod stallmeter
done_testing
