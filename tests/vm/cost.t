#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What a send costs more with the module than without it, in guest instructions: in
# the deterministic guest one takes 1 ns, so the guest's own clock counts them.
. "$(dirname "$0")/test.sh"

put_programs
put_module 6.1
in_guest 6.1 test-cost.sh -D -S 0 -a 'clocksource=tsc' -t 300
