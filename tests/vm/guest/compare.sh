# SPDX-License-Identifier: GPL-2.0
# compare.sh - is every gap that stallmeter recorded one that tcpdump saw, and the
# other way round?
#
# usage: compare.sh GAPS EVENTS
#
#   GAPS    lab_gaps' output, for a limit well below one second
#   EVENTS  stallmeter show stallmeter/events --json
#
# Gaps over one second count, but for those between two reads. Two match when source,
# destination and port are the same, both ended within 0.2 s, and they are at most 20 ms apart in length. As one
# may be just over a second and the other just below, a partner may be shorter.
# Prints a table; its status is 0 when everything has its partner.
# shellcheck shell=bash

set -euo pipefail

# One line an event of BFD: "event SRC DST PORT LASTED END", END by the wall clock.
events() {
	gojq -rs '
		(map(select(.type == "snapshot"))[0] | .real_ns - .mono_ns) as $offset
		| .[]
		| select(.type == "row" and .series == "events") | .row
		| select(.collector == "bfd" and (.subject | endswith(", read") | not))
		| ([.subject | capture("(?<src>[0-9a-f.:]+) (to|>) (?<dst>[0-9a-f.:]+) port (?<port>[0-9]+)")]
			| first // error("no addresses in an event of bfd")) as $s
		| ["event", $s.src, $s.dst, $s.port, .lasted_ns / 1e9, (.at_ns + $offset) / 1e9]
		| map(tostring) | join(" ")' "$1"
}

{ grep '^gap' "$1" || true; events "$2"; } | awk '
	function distance(x) { return x < 0 ? -x : x }
	function partner(i, other,    j) {
		for (j = 1; j <= NR; j++)
			if (kind[j] == other && flow[j] == flow[i] &&
			    distance(end[j] - end[i]) < 0.2 && distance(lasted[j] - lasted[i]) <= 0.020)
				return j
		return 0
	}
	{ kind[NR] = $1; flow[NR] = $2 " > " $3 " port " $4; lasted[NR] = $5; end[NR] = $6 }
	END {
		printf "%-36s %12s %12s %9s\n", "session", "tcpdump", "stallmeter", "differ"
		for (i = 1; i <= NR; i++) {
			if (lasted[i] <= 1)
				continue
			j = partner(i, kind[i] == "gap" ? "event" : "gap")
			if (kind[i] == "gap") {
				seen++
				if (j)
					printf "%-36s %10.6f s %10.6f s %6.3f ms\n", flow[i], lasted[i], lasted[j], 1e3 * distance(lasted[i] - lasted[j])
				else
					printf "%-36s %10.6f s %12s\n", flow[i], lasted[i], "MISSING"
			} else if (!j)
				printf "%-36s %12s %10.6f s\n", flow[i], "MISSING", lasted[i]
			bad += !j
		}
		if (!seen)
			print "tcpdump saw no gap over one second: nothing was compared"
		exit bad || !seen
	}'
