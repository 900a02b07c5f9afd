#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# 200 times in and out of the debug kernel while BFD and other UDP traffic runs.
. "$(dirname "$0")/test.sh"

put_programs
put_module debug
in_guest debug test-cycles.sh -t 900
