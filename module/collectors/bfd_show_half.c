// SPDX-License-Identifier: GPL-2.0
/*
 * bfd_show_half - what both ends of sessions agreed, for those who read
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "bfd.h"
#include "bfd_show.h"

struct protocol_row {
	struct bfd_row_name name;
	char state[16];
	u64 diag;
	u64 discriminator;
	char peer_state[16];
	u64 peer_diag;
	u64 peer_discriminator;
	u64 multiplier;
	u64 peer_multiplier;
	u64 tx_interval_ns;
	u64 tx_detection_ns;
	u64 rx_interval_ns;
	u64 rx_detection_ns;
	u64 sent;
	u64 received;
	u64 state_changes;
	u64 flaps;
	u64 flaps_caused;
	u64 flaps_suffered;
};

static const struct stall_column protocol_columns[] = {
	BFD_NAME_COLUMN(STALLMETER_U64, protocol_row, netns,
			"network namespace, as lsns -t net"),
	BFD_NAME_COLUMN(STALLMETER_TEXT, protocol_row, source, "our address"),
	BFD_NAME_COLUMN(STALLMETER_TEXT, protocol_row, destination, "the peer's"),
	BFD_NAME_COLUMN(STALLMETER_U64, protocol_row, port, "UDP port"),
	BFD_NAME_COLUMN(STALLMETER_TEXT, protocol_row, device, "of our address"),
	STALL_TEXT(protocol_row, state, "ours, as our latest packet said"),
	STALL_U64(protocol_row, diag, NULL, "why it changed, RFC 5880, 4.1"),
	STALL_U64(protocol_row, discriminator, NULL, "ours"),
	STALL_TEXT(protocol_row, peer_state, "as its latest packet said"),
	STALL_U64(protocol_row, peer_diag, NULL, "why that changed"),
	STALL_U64(protocol_row, peer_discriminator, NULL, "the peer's"),
	STALL_U64(protocol_row, multiplier, NULL, "our detect multiplier"),
	STALL_U64(protocol_row, peer_multiplier, NULL, "the peer's"),
	STALL_U64(protocol_row, tx_interval_ns, "ns",
		  "agreed for what we send: 6.8.7"),
	STALL_U64(protocol_row, tx_detection_ns, "ns",
		  "the peer gives us up after this: 6.8.4"),
	STALL_U64(protocol_row, rx_interval_ns, "ns",
		  "agreed for what the peer sends"),
	STALL_U64(protocol_row, rx_detection_ns, "ns",
		  "we give the peer up after this"),
	STALL_U64(protocol_row, sent, "packets", "valid ones"),
	STALL_U64(protocol_row, received, "packets", "valid ones"),
	STALL_U64(protocol_row, state_changes, NULL, "of ours"),
	STALL_U64(protocol_row, flaps, NULL,
		  "it was Up and no longer is, and not by our administrator"),
	STALL_U64(protocol_row, flaps_caused, NULL,
		  "of them, by our own lateness"),
	STALL_U64(protocol_row, flaps_suffered, NULL, "of them, by all else"),
};

/* As long as a session is down, what would be agreed is told as well. */
static void agreed(const struct bfd_control *sender,
		   const struct bfd_control *receiver, struct bfd_pace *pace)
{
	u32 interval_us;

	memset(pace, 0, sizeof(*pace));
	if (!sender->multiplier)
		return;
	interval_us = max(sender->desired_tx_us, receiver->required_rx_us);
	pace->interval_ns = interval_us * (u64)NSEC_PER_USEC;
	pace->detection_ns = pace->interval_ns * sender->multiplier;
}

static void protocol_fill(const struct bfd_session *session,
			  struct protocol_row *row)
{
	const struct bfd_control *ours = &session->tx.said;
	const struct bfd_control *peers = &session->rx.said;
	struct bfd_pace tx, rx;

	agreed(ours, peers, &tx);
	agreed(peers, ours, &rx);
	strscpy(row->state, bfd_state_name(ours), sizeof(row->state));
	row->diag = ours->diag;
	row->discriminator = ours->mine;
	strscpy(row->peer_state, bfd_state_name(peers),
		sizeof(row->peer_state));
	row->peer_diag = peers->diag;
	row->peer_discriminator = peers->mine;
	row->multiplier = ours->multiplier;
	row->peer_multiplier = peers->multiplier;
	row->tx_interval_ns = tx.interval_ns;
	row->tx_detection_ns = tx.detection_ns;
	row->rx_interval_ns = rx.interval_ns;
	row->rx_detection_ns = rx.detection_ns;
	row->sent = session->tx.nr_packets;
	row->received = session->rx.nr_packets;
	row->state_changes = session->nr_changes;
	row->flaps = session->nr_flaps;
	row->flaps_caused = session->nr_caused;
	row->flaps_suffered = session->nr_flaps - session->nr_caused;
}

struct patience_row {
	struct bfd_row_name name;
	s64 tx_margin_ns;
	u64 tx_margin_at_ns;
	u64 tx_missed;
	s64 rx_margin_ns;
	u64 rx_margin_at_ns;
	u64 rx_missed;
	struct bfd_used {
		u64 sum;
		u64 min;
		u64 max;
		u64 buckets[BFD_USED_BUCKETS];
	} tx_used_percent, rx_used_percent;
};

static_assert(offsetof(struct bfd_used, buckets) ==
	      sizeof(struct stallmeter_hist));

static const struct stall_column patience_columns[] = {
	BFD_NAME_COLUMN(STALLMETER_U64, patience_row, netns,
			"network namespace, as lsns -t net"),
	BFD_NAME_COLUMN(STALLMETER_TEXT, patience_row, source, "our address"),
	BFD_NAME_COLUMN(STALLMETER_TEXT, patience_row, destination, "the peer's"),
	BFD_NAME_COLUMN(STALLMETER_U64, patience_row, port, "UDP port"),
	BFD_NAME_COLUMN(STALLMETER_TEXT, patience_row, device, "of our address"),
	STALL_S64(patience_row, tx_margin_ns, "ns",
		  "least time that the peer had left; negative: it was over"),
	STALL_U64(patience_row, tx_margin_at_ns, "ns", "when, 0 for never"),
	STALL_U64(patience_row, tx_missed, "packets",
		  "that we ought to have sent and did not"),
	STALL_S64(patience_row, rx_margin_ns, "ns",
		  "least time that we had left as the peer's packet came in"),
	STALL_U64(patience_row, rx_margin_at_ns, "ns", "when, 0 for never"),
	STALL_U64(patience_row, rx_missed, "packets",
		  "that the peer ought to have sent and did not come"),
	STALL_HIST(patience_row, tx_used_percent, 0, "percent",
		   "gap of ours over the peer's detection time"),
	STALL_HIST(patience_row, rx_used_percent, 0, "percent",
		   "gap of the peer's over our detection time"),
};

static void used_fill(const struct bfd_half *half, struct bfd_used *used)
{
	unsigned int i;

	used->sum = half->used_sum;
	used->max = half->used_max;
	used->min = half->used_least - 1;
	for (i = 0; i < BFD_USED_BUCKETS; i++)
		used->buckets[i] = READ_ONCE(half->used[i]);
}

/* How patient one is that was never heard is not known. */
static void patience_fill(const struct bfd_session *session,
			  struct patience_row *row)
{
	static const struct bfd_half nothing;
	const struct bfd_half *tx, *rx;

	tx = session->tx.unheard ? &nothing : &session->tx;
	rx = session->rx.unheard ? &nothing : &session->rx;
	row->tx_margin_ns = tx->margin_ns;
	row->tx_margin_at_ns = tx->margin_at_ns;
	row->tx_missed = tx->nr_missed;
	row->rx_margin_ns = rx->margin_ns;
	row->rx_margin_at_ns = rx->margin_at_ns;
	row->rx_missed = rx->nr_missed;
	used_fill(tx, &row->tx_used_percent);
	used_fill(rx, &row->rx_used_percent);
}

/* Of both directions at one moment, if they let us; else a mix of two. */
static void half_fill(const struct bfd_session *session, void *row,
		      bool protocol)
{
	unsigned int tries = 8;
	u32 sent, came;

	bfd_row_name(session, row);
	do {
		sent = bfd_moment(&session->sequence);
		came = bfd_moment(&session->rx_sequence);
		if (protocol)
			protocol_fill(session, row);
		else
			patience_fill(session, row);
	} while ((bfd_changed(&session->sequence, sent) ||
		  bfd_changed(&session->rx_sequence, came)) && --tries);
}

/* Of sessions whose packets say something. */
static int half_collect(struct stall_run *run, struct stall_rows *rows,
			bool protocol)
{
	const struct bfd_state *bfd = run->priv;
	u32 i, nr = stall_map_nr(&bfd->sessions);

	for (i = 0; i < nr; i++) {
		const struct bfd_session *session =
			stall_map_row(&bfd->sessions, i);
		void *row;

		if (!READ_ONCE(session->tx.said.multiplier))
			continue;
		row = stall_rows_add(rows);
		if (!row)
			return -ENOMEM;
		half_fill(session, row, protocol);
	}
	return 0;
}

static int protocol_collect(struct stall_run *run, struct stall_rows *rows)
{
	return half_collect(run, rows, true);
}

static int patience_collect(struct stall_run *run, struct stall_rows *rows)
{
	return half_collect(run, rows, false);
}

const struct stall_table bfd_protocol_table =
	STALL_TABLE(protocol_row, protocol_columns, protocol_collect);

const struct stall_table bfd_patience_table =
	STALL_TABLE(patience_row, patience_columns, patience_collect);
