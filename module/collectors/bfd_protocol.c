// SPDX-License-Identifier: GPL-2.0
/*
 * bfd_protocol - what two ends of a session agreed, and how they keep to it
 *
 * RFC 5880: who sends does so no faster than it wants to and than the other can
 * take, the larger of the two intervals (6.8.7), less a jitter of up to a quarter.
 * The other gives up when it has heard nothing for that interval times the
 * sender's multiplier (6.8.4). Each packet says both intervals of its sender.
 */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/time64.h>

#include "bfd_protocol.h"

static bool gave_up_by_itself(const struct bfd_control *said)
{
	return said->multiplier && said->state <= BFD_DOWN &&
	       said->diag != BFD_DIAG_EXPIRED;
}

/* May the receiver expect packets of the sender one after the other? */
static bool packets_are_due(const struct bfd_control *sender,
			    const struct bfd_control *receiver)
{
	if (sender->state != BFD_UP)
		return false;
	if (!receiver->multiplier)
		return true;
	/*
	 * A receiver that takes the session down because it heard nothing blames
	 * the sender; one that does so for another reason does not.
	 */
	return receiver->required_rx_us && !gave_up_by_itself(receiver) &&
	       !(receiver->flags & BFD_DEMAND && receiver->state == BFD_UP);
}

/**
 * bfd_pace_of() - how often has one end to send?
 * @sender: its latest packet
 * @receiver: the other's latest packet; its multiplier is 0 if there was none
 * @pace: result
 *
 * Context: any.
 */
void bfd_pace_of(const struct bfd_control *sender,
		 const struct bfd_control *receiver, struct bfd_pace *pace)
{
	u32 interval_us = READ_ONCE(sender->desired_tx_us);

	pace->interval_ns = 0;
	pace->detection_ns = 0;
	if (!packets_are_due(sender, receiver))
		return;
	interval_us = max(interval_us, READ_ONCE(receiver->required_rx_us));
	pace->interval_ns = interval_us * (u64)NSEC_PER_USEC;
	pace->detection_ns = pace->interval_ns * sender->multiplier;
}

/**
 * bfd_pace_limit_ns() - from when on is a packet late?
 * @pace: what was agreed
 * @percent: how much of the detection time that remains after the interval
 *	may pass
 *
 * Context: any.
 * Return: ns since the packet before, U64_MAX if none is due.
 */
u64 bfd_pace_limit_ns(const struct bfd_pace *pace, unsigned int percent)
{
	u64 interval_ns = READ_ONCE(pace->interval_ns);
	u64 detection_ns = READ_ONCE(pace->detection_ns);

	/* Where it is not claimed, the two may be of two moments. */
	if (!interval_ns || detection_ns < interval_ns)
		return U64_MAX;
	return interval_ns +
	       div_u64(detection_ns - interval_ns, 100) * percent;
}

/**
 * bfd_half_least_margin() - never was so little left of the detection time
 * @half: the direction
 * @margin_ns: what was left; negative if it was over
 */
void bfd_half_least_margin(struct bfd_half *half, s64 margin_ns)
{
	half->margin_ns = margin_ns;
	half->margin_at_ns = stall_clock();
}

/* Either end has changed its interval in between: the slower pace counts. */
static noinline void half_slower(const struct bfd_half *half,
				 const struct bfd_half *other,
				 struct bfd_pace *pace)
{
	bfd_pace_of(&half->said, &other->said, pace);
	if (pace->interval_ns && pace->interval_ns < half->pace.interval_ns)
		*pace = half->pace;
}

/**
 * bfd_half_judge() - a gap ends: how much of the receiver's patience did it take?
 * @half: the direction; its packet before is the latest one that it knows
 * @other: the other direction
 * @gap_ns: since that packet
 * @percent: as for bfd_pace_limit_ns()
 * @patience: result
 *
 * Context: any; one caller at a time for a @half.
 */
void bfd_half_judge(struct bfd_half *half, const struct bfd_half *other,
		    u64 gap_ns, unsigned int percent,
		    struct bfd_patience *patience)
{
	struct bfd_pace *pace = &patience->pace;

	*pace = half->pace;
	if (unlikely(half->seen != READ_ONCE(other->changes)))
		half_slower(half, other, pace);
	patience->limit_ns = bfd_pace_limit_ns(pace, percent);
	if (!pace->interval_ns || bfd_is_unheard(half, other))
		return;
	bfd_half_used(half, gap_ns, pace->detection_ns);
	if (unlikely(gap_ns > pace->interval_ns))
		half->nr_missed += div64_u64(gap_ns - 1, pace->interval_ns);
}

/* Now the other end's patience is known: what is taken of it counts from here on. */
static noinline void half_patience_begins(struct bfd_half *half)
{
	half->unheard = false;
	half->margin_ns = 0;
	half->margin_at_ns = 0;
	half->used_sum = 0;
	half->used_least = 0;
	half->used_max = 0;
	memset(half->used, 0, sizeof(half->used));
}

/**
 * bfd_half_agree() - what both ends agree on now
 * @half: the direction
 * @other: the other direction
 *
 * Context: any; one caller at a time for a @half.
 */
void bfd_half_agree(struct bfd_half *half, const struct bfd_half *other)
{
	struct bfd_pace pace;

	half->seen = READ_ONCE(other->changes);
	bfd_pace_of(&half->said, &other->said, &pace);
	if (unlikely(bfd_is_unheard(half, other)))
		half->unheard = true;
	else if (unlikely(half->unheard && pace.interval_ns))
		half_patience_begins(half);
	if (half->pace.interval_ns && !pace.interval_ns) {
		half->was = half->pace;
		half->was_until = half->last;
	}
	half->pace = pace;
}

/**
 * bfd_half_pace_since() - by what pace were packets due in a time that ends now?
 * @half: the direction
 * @since: begin of that time, in ticks
 * @pace: result
 *
 * Whoever is late for so long that the session goes down was late by what had been
 * agreed until then.
 *
 * Context: any; who has not claimed the @half has to look whether it changed meanwhile.
 */
void bfd_half_pace_since(const struct bfd_half *half, u64 since,
			 struct bfd_pace *pace)
{
	*pace = half->pace.interval_ns || half->was_until <= since ?
		half->pace : half->was;
}

/**
 * bfd_is_unheard() - is a session up although the other end was never heard?
 * @half: the direction
 * @other: the other direction
 *
 * Its packets come in by a way that is not seen, and it may well have asked for fewer than
 * the sender wants. The other end of S-BFD answers to another port and asks for nothing
 * of its own: who sends asks for no packets (RFC 7880, 7.3.2), and goes by what it wants.
 *
 * Context: any.
 */
bool bfd_is_unheard(const struct bfd_half *half, const struct bfd_half *other)
{
	return half->said.state == BFD_UP && !READ_ONCE(other->said.multiplier) &&
	       !(half->said.flags & BFD_DEMAND);
}

/**
 * bfd_state_name() - the state that a packet tells, in a word
 * @said: the packet
 */
const char *bfd_state_name(const struct bfd_control *said)
{
	static const char * const names[] = {
		[BFD_ADMIN_DOWN] = "AdminDown",
		[BFD_DOWN] = "Down",
		[BFD_INIT] = "Init",
		[BFD_UP] = "Up",
	};

	return said->multiplier ? names[said->state] : "-";
}
