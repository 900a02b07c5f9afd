#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Real BIRD daemons on a stock kernel, by IPv4, IPv6 and multihop: each packet is
# counted, each gap is the one that tcpdump saw, and the stalled side is named.
. "$(dirname "$0")/test.sh"

put_programs
put_module 6.1
in_guest 6.1 test-bfd.sh -D
