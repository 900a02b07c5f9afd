#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# fuzz.t - mutated snapshots for FUZZ_SECONDS, with sanitizers
#
# With libFuzzer if it could be built, else with the loop in fuzz_snapshot.c.

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib.sh
. "$here/lib.sh"

seconds=${FUZZ_SECONDS:-20}

corpus() {
	mkdir "$work/corpus"
	sample "$work/corpus/small" small
	sample "$work/corpus/small-newer" small newer-minor
	sample "$work/corpus/full"
	sample "$work/corpus/degraded" degraded lost
	sample "$work/corpus/newer-minor" newer-minor
	sample "$work/corpus/evil" evil-text
}

# logged COMMAND...: leaves what it says in $work/log as well.
logged() {
	"$@" 2>&1 | tee "$work/log"
	return "${PIPESTATUS[0]}"
}

ok "a thousand mutations that are the same each time" \
	"$BUILD/fuzz_standalone" 1000 1 "$seconds"
if [ -x "$BUILD/fuzz_libfuzzer" ]; then
	corpus
	ok "libFuzzer for $seconds s" logged "$BUILD/fuzz_libfuzzer" \
		-max_total_time="$seconds" -max_len=32768 -timeout=5 \
		-artifact_prefix="$BUILD/" "$work/corpus"
	diag "$(grep -E '^(Done|stat::)' "$work/log")"
else
	skip "libFuzzer for $seconds s" "no clang with libFuzzer here"
	ok "our own mutations for $seconds s" logged "$BUILD/fuzz_standalone" \
		1000000 "$(date +%s)" "$seconds"
	diag "$(cat "$work/log")"
fi
done_testing
