// SPDX-License-Identifier: GPL-2.0
/*
 * udp_fill - for how long is a queue over half full, and what did that cost?
 *
 * A queue is looked at now and then. When it came over half is known to lie between
 * two looks, and taken to be in the middle; so is when it went under. What was
 * dropped since the look before belongs to the time over half that it ended in.
 */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/string.h>

#include "udp_fill.h"

static u64 middle_ns(const struct udp_sample *sample)
{
	u64 before = min(sample->before_ns, sample->now_ns);

	return before + (sample->now_ns - before) / 2;
}

/* Is it worth to be told of, with what is known by now? */
static void fill_judge(struct udp_fill *fill, const struct udp_sample *sample,
		       u64 lasted_ns, u64 limit_ns, struct udp_episode *episode)
{
	u64 drops = sample->drops - fill->drops_then;

	if (fill->told || !drops || lasted_ns < limit_ns)
		return;
	episode->lasted_ns = lasted_ns;
	episode->drops = drops;
	episode->full_drops = sample->full_drops - fill->full_then;
	fill->told = true;
}

static u64 fill_ends(struct udp_fill *fill, const struct udp_sample *sample,
		     u64 limit_ns, struct udp_episode *episode)
{
	u64 lasted_ns = middle_ns(sample) - min(middle_ns(sample),
						fill->since_ns);

	fill->longest_ns = max(fill->longest_ns, lasted_ns);
	fill_judge(fill, sample, lasted_ns, limit_ns, episode);
	fill->since_ns = 0;
	return max_t(u64, lasted_ns, 1);
}

static void fill_lasts(struct udp_fill *fill, const struct udp_sample *sample,
		       u64 limit_ns, struct udp_episode *episode)
{
	u64 lasted_ns = sample->now_ns - min(sample->now_ns, fill->since_ns);

	fill->longest_ns = max(fill->longest_ns, lasted_ns);
	episode->goes_on = true;
	if (lasted_ns >= limit_ns * UDP_FILL_PATIENCE)
		fill_judge(fill, sample, lasted_ns, limit_ns, episode);
}

static void fill_begins(struct udp_fill *fill, const struct udp_sample *sample)
{
	fill->since_ns = max_t(u64, middle_ns(sample), 1);
	fill->drops_then = fill->drops;
	fill->full_then = fill->full_drops;
	fill->told = false;
}

static void fill_percent(struct udp_fill *fill, const struct udp_sample *sample)
{
	u64 percent = 0;

	if (sample->room_bytes)
		percent = div64_u64(sample->queued_bytes * 100,
				    sample->room_bytes);
	if (sample->full_drops > fill->full_drops)
		percent = max_t(u64, percent, 100);
	fill->fullest_percent = max_t(u64, fill->fullest_percent,
				      min_t(u64, percent, U32_MAX));
}

/**
 * udp_fill_sample() - a look at a socket
 * @fill: what is known of it
 * @sample: what the look finds
 * @limit_ns: shorter times over half are not told of
 * @episode: result: one that is worth to be told of. It is told of once: when it is
 *	over, or when it has lasted for UDP_FILL_PATIENCE times the limit
 *
 * Return: how long it was over half if that has ended now, ns; else 0.
 */
u64 udp_fill_sample(struct udp_fill *fill, const struct udp_sample *sample,
		    u64 limit_ns, struct udp_episode *episode)
{
	bool over = sample->queued_bytes > sample->room_bytes / 2;
	u64 ended_ns = 0;

	memset(episode, 0, sizeof(*episode));
	fill_percent(fill, sample);
	if (over && !fill->since_ns)
		fill_begins(fill, sample);
	if (over)
		fill_lasts(fill, sample, limit_ns, episode);
	else if (fill->since_ns)
		ended_ns = fill_ends(fill, sample, limit_ns, episode);
	fill->drops = sample->drops;
	fill->full_drops = sample->full_drops;
	return ended_ns;
}
