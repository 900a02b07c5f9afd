/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bfd_protocol.h - what two ends of a session agreed, and how they keep to it
 */
#ifndef STALL_BFD_PROTOCOL_H
#define STALL_BFD_PROTOCOL_H

#include <linux/math64.h>

#include "../collector.h"
#include "bfd_packet.h"

/* Percents of the detection time from 0 to 1,023; the last bucket has the rest. */
#define BFD_USED_BUCKETS	64U

/**
 * struct bfd_pace - how often one end has to send
 * @interval_ns: a packet has to follow the one before within this; 0 if none is
 *	due, as the sender is not Up, or the receiver wants none
 * @detection_ns: when none comes for so long, the receiver gives up
 */
struct bfd_pace {
	u64 interval_ns;
	u64 detection_ns;
};

/**
 * struct bfd_half - one direction of a session by the protocol
 * @wire: the latest valid packet, as it was
 * @len: of its datagram, as the UDP header has it
 * @unheard: packets were due although the other end was never heard, and so what they
 *	took of its patience is not known
 * @said: what it says; its multiplier is 0 before the first
 * @pace: agreed when that packet passed
 * @was: the latest pace by which packets were due that are due no more
 * @was_until: when that ended, in ticks; 0 if it never did
 * @last: when that was, at the device, in ticks; 0 before the first
 * @changes: how often @said has changed
 * @seen: the other direction's @changes when @pace was agreed
 * @nr_packets: valid packets
 * @nr_missed: packets that ought to have passed and did not
 * @margin_ns: the least that was left of the detection time, negative if it was over
 * @margin_at_ns: when that was, 0 for never
 * @used: gaps in percent of the detection time, a histogram
 * @used_sum: of all of them
 * @used_least: smallest, and 1; 0 if there is none
 * @used_max: largest
 */
struct bfd_half {
	struct bfd_wire wire __aligned(8);
	__be16 len;
	bool unheard;
	struct bfd_control said;
	struct bfd_pace pace;
	struct bfd_pace was;
	u64 was_until;
	u64 last;
	u32 changes;
	u32 seen;
	u64 nr_packets;
	u64 nr_missed;
	s64 margin_ns;
	u64 margin_at_ns;
	u64 used_sum;
	u64 used_least;
	u64 used_max;
	u32 used[BFD_USED_BUCKETS];
};

/**
 * struct bfd_patience - what a gap took of the receiver's patience
 * @pace: that was due, the slower one if it changed in the gap
 * @limit_ns: a longer gap is late; U64_MAX if no packet was due
 */
struct bfd_patience {
	struct bfd_pace pace;
	u64 limit_ns;
};

void bfd_pace_of(const struct bfd_control *sender,
		 const struct bfd_control *receiver, struct bfd_pace *pace);
u64 bfd_pace_limit_ns(const struct bfd_pace *pace, unsigned int percent);
void bfd_half_judge(struct bfd_half *half, const struct bfd_half *other,
		    u64 gap_ns, unsigned int percent,
		    struct bfd_patience *patience);
void bfd_half_least_margin(struct bfd_half *half, s64 margin_ns);
void bfd_half_agree(struct bfd_half *half, const struct bfd_half *other);
void bfd_half_pace_since(const struct bfd_half *half, u64 since,
			 struct bfd_pace *pace);
bool bfd_is_unheard(const struct bfd_half *half, const struct bfd_half *other);
const char *bfd_state_name(const struct bfd_control *said);

/**
 * bfd_half_used() - a gap took a part of the receiver's patience
 * @half: the direction
 * @gap_ns: the gap
 * @detection_ns: the receiver's detection time
 *
 * Context: any; one caller at a time for a @half.
 */
static __always_inline void bfd_half_used(struct bfd_half *half, u64 gap_ns,
					  u64 detection_ns)
{
	u64 percent = div64_u64(gap_ns * 100, detection_ns);
	s64 margin_ns = detection_ns - gap_ns;

	/* As in stall_hist_record_in(): not as an element that UBSAN checks. */
	++*(half->used + min(stall_hist_bucket(percent), BFD_USED_BUCKETS - 1));
	half->used_sum += percent;
	if (unlikely(percent < half->used_least || !half->used_least))
		half->used_least = percent + 1;
	if (unlikely(percent > half->used_max))
		half->used_max = percent;
	if (unlikely(margin_ns < half->margin_ns || !half->margin_at_ns))
		bfd_half_least_margin(half, margin_ns);
}

#endif /* STALL_BFD_PROTOCOL_H */
