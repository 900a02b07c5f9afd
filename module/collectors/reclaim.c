// SPDX-License-Identifier: GPL-2.0
/*
 * reclaim - who lost time because memory had to be freed, and in which shrinker?
 *
 * A reclaim and a shrinker's run are spans between two tracepoints of the task
 * that is in them. They nest: a shrinker's work may allocate, and reclaim. One
 * stack of spans a task tells in whose name a shrinker runs, wherever the task
 * is when it ends, and is forgotten with the task.
 */
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <trace/events/sched.h>
#include <trace/events/vmscan.h>

#include "reclaim.h"

enum {
	DIRECT, MEMCG, KSWAPD, RUN, RUN_FREED, OBJECT, SHRINKERS, VICTIMS,
};

/* Kinds of spans: a reclaim is in the name of whom its kind says. */
enum {
	IN_KSWAPD = BY_KSWAPD + 1,
	IN_DIRECT = BY_DIRECT + 1,
	IN_MEMCG = BY_MEMCG + 1,
	IN_SHRINKER,
};

/* As many tasks may be in reclaim at once, not counting bad luck. */
#define RECLAIM_SPAN_BITS	10

static __always_inline u64 reclaim_key(void)
{
	return (unsigned long)current;
}

static __always_inline void reclaim_begin(struct stall_run *run, u32 kind,
					  u64 now, u64 data)
{
	struct reclaim_watch *reclaim = run->priv;

	if (unlikely(!stall_span_begin(&reclaim->spans, reclaim_key(), kind,
				       now, data)))
		stall_dropped(run);
}

/* What did not end, as it had begun before we looked, is missed as well. */
static __always_inline struct stall_span reclaim_end(struct stall_run *run,
						     u32 kind)
{
	struct reclaim_watch *reclaim = run->priv;
	struct stall_span span = stall_span_end(&reclaim->spans, reclaim_key(),
						kind);

	if (unlikely(span.ended != 1))
		stall_missed(run);
	return span;
}

static void begin_reclaim(struct stall_hook *hook)
{
	u64 now = stall_hook_enter_now(hook);

	reclaim_begin(hook->run, hook->probe->arg, now, 0);
	stall_hook_exit_now(hook, now);
}

static void end_reclaim(struct stall_hook *hook)
{
	u64 now = stall_hook_enter_now(hook);
	bool memcg = hook->probe->arg == IN_MEMCG;
	struct stall_span span = reclaim_end(hook->run, hook->probe->arg);

	if (span.ended) {
		u64 lasted_ns = stall_ticks_since(span.start, now);

		stall_record(hook->run, memcg ? MEMCG : DIRECT, lasted_ns);
		reclaim_victim_lost(hook->run, lasted_ns, memcg);
	}
	stall_hook_exit_now(hook, now);
}

/* v7.1 swapped the first two arguments of begin, and added a cgroup to both. */
static void __maybe_unused on_begin(void *data, gfp_t flags, int order,
				    struct mem_cgroup *memcg)
{
	begin_reclaim(data);
}

static void __maybe_unused on_begin_before_7_1(void *data, int order,
					       gfp_t flags)
{
	begin_reclaim(data);
}

static void __maybe_unused on_end(void *data, unsigned long freed,
				  struct mem_cgroup *memcg)
{
	end_reclaim(data);
}

static void __maybe_unused on_end_before_7_1(void *data, unsigned long freed)
{
	end_reclaim(data);
}

/* It may decide to go on instead of to sleep, and then is still awake. */
static void on_kswapd_wake(void *data, int nid, int zid, int order)
{
	struct stall_hook *hook = data;
	u64 now = stall_hook_enter_now(hook);
	struct reclaim_watch *reclaim = hook->run->priv;

	if (stall_span_inside(&reclaim->spans, reclaim_key()) != IN_KSWAPD)
		reclaim_begin(hook->run, IN_KSWAPD, now, 0);
	stall_hook_exit_now(hook, now);
}

static void kswapd_rests(struct stall_run *run, u64 now)
{
	struct reclaim_watch *reclaim = run->priv;
	struct stall_span span;

	if (stall_span_inside(&reclaim->spans, reclaim_key()) != IN_KSWAPD)
		return;
	span = reclaim_end(run, IN_KSWAPD);
	if (span.ended)
		stall_record(run, KSWAPD, stall_ticks_since(span.start, now));
}

static void on_kswapd_sleep(void *data, int nid)
{
	struct stall_hook *hook = data;
	u64 now = stall_hook_enter_now(hook);

	kswapd_rests(hook->run, now);
	stall_hook_exit_now(hook, now);
}

/*
 * Before it goes to sleep for good, kswapd has a nap of 100 ms, and hands over
 * to kcompactd just before that: a nap is no work. After a boost of watermarks
 * it does so in the middle of its work, which then is counted as two.
 */
static void on_kswapd_nap(struct stall_run *run, struct pt_regs *regs)
{
	if (current_is_kswapd())
		kswapd_rests(run, stall_ticks());
}

NOKPROBE_SYMBOL(on_kswapd_nap);

static __always_inline void shrink_begin(struct stall_hook *hook,
					 unsigned long to_scan)
{
	u64 now = stall_hook_enter_now(hook);

	reclaim_begin(hook->run, IN_SHRINKER, now, to_scan);
	stall_hook_exit_now(hook, now);
}

/* drop_caches is the only one that reclaims without PF_MEMALLOC. */
static __always_inline enum reclaim_context shrink_context(u32 outer)
{
	if (outer && outer < IN_SHRINKER)
		return outer - 1;
	if (unlikely(current->flags & (PF_KSWAPD | PF_MEMALLOC)))
		return current_is_kswapd() ? BY_KSWAPD : BY_OTHER;
	return BY_DROP_CACHES;
}

static __always_inline void shrink_ran(struct stall_run *run,
				       const struct shrinker *shrinker,
				       enum reclaim_context context,
				       u64 lasted_ns, u64 scanned, u64 freed)
{
	struct reclaim_shrinker_cell *cell =
		reclaim_shrinker_cell(run, shrinker);

	cell->runs[context]++;
	cell->scanned += scanned;
	cell->freed += freed;
	cell->total_ns += lasted_ns;
	if (unlikely(lasted_ns > cell->longest_ns))
		reclaim_longest_run(cell, context, lasted_ns);
	stall_record(run, RUN, lasted_ns);
	stall_record(run, RUN_FREED, freed);
	if (freed)
		stall_record(run, OBJECT, lasted_ns / freed);
}

/* What is told as freed is an int, and was an unsigned long. */
static __always_inline void shrink_end(struct stall_hook *hook,
				       const struct shrinker *shrinker,
				       u32 freed, long left)
{
	u64 now = stall_hook_enter_now(hook);
	struct stall_span span = reclaim_end(hook->run, IN_SHRINKER);

	if (span.ended)
		shrink_ran(hook->run, shrinker, shrink_context(span.outer),
			   stall_ticks_since(span.start, now),
			   span.data - left, freed);
	stall_hook_exit_now(hook, now);
}

/* v7.1 added a cgroup to both. */
static void __maybe_unused on_shrink_start(void *data, struct shrinker *shrinker,
					   struct shrink_control *control,
					   long deferred, unsigned long objects,
					   unsigned long long delta,
					   unsigned long to_scan, int priority,
					   struct mem_cgroup *memcg)
{
	shrink_begin(data, to_scan);
}

static void __maybe_unused
on_shrink_start_before_7_1(void *data, struct shrinker *shrinker,
			   struct shrink_control *control, long deferred,
			   unsigned long objects, unsigned long long delta,
			   unsigned long to_scan, int priority)
{
	shrink_begin(data, to_scan);
}

static void __maybe_unused on_shrink_end(void *data, struct shrinker *shrinker,
					 int nid, int freed, long deferred,
					 long deferred_now, long left,
					 struct mem_cgroup *memcg)
{
	shrink_end(data, shrinker, freed, left);
}

static void __maybe_unused
on_shrink_end_before_7_1(void *data, struct shrinker *shrinker, int nid,
			 int freed, long deferred, long deferred_now, long left)
{
	shrink_end(data, shrinker, freed, left);
}

static void forget_task(struct stall_hook *hook, const struct task_struct *task)
{
	u64 began = stall_hook_enter(hook);
	struct reclaim_watch *reclaim = hook->run->priv;

	if (stall_span_forget(&reclaim->spans, (unsigned long)task))
		stall_missed(hook->run);
	stall_hook_exit(hook, began);
}

/* v6.16 added whether it was the last thread. */
static void __maybe_unused on_exit(void *data, struct task_struct *task,
				   bool group_dead)
{
	forget_task(data, task);
}

static void __maybe_unused on_exit_before_6_16(void *data,
					       struct task_struct *task)
{
	forget_task(data, task);
}

static void reclaim_teardown(struct stall_run *run)
{
	struct reclaim_watch *reclaim = run->priv;

	reclaim_shrinkers_free(&reclaim->shrinkers);
	stall_tally_free(&reclaim->victims);
	stall_spans_free(&reclaim->spans);
	kfree(reclaim);
}

static int reclaim_setup(struct stall_run *run)
{
	struct reclaim_watch *reclaim = kzalloc(sizeof(*reclaim), GFP_KERNEL);

	if (!reclaim)
		return -ENOMEM;
	run->priv = reclaim;
	if (stall_spans_init(&reclaim->spans, RECLAIM_SPAN_BITS) ||
	    reclaim_victims_init(&reclaim->victims) ||
	    reclaim_shrinkers_init(&reclaim->shrinkers)) {
		reclaim_teardown(run);
		return -ENOMEM;
	}
	run->memory_bytes += sizeof(*reclaim) +
			     stall_spans_bytes(&reclaim->spans) +
			     stall_map_bytes(&reclaim->shrinkers.rows);
	run->memory_cpu_bytes += stall_tally_cpu_bytes(&reclaim->victims) +
				 reclaim_shrinkers_cpu_bytes();
	return 0;
}

static const struct stall_series reclaim_series[] = {
	[DIRECT] = {
		STALL_HISTOGRAM("direct_ns", "ns",
				"one direct reclaim: a task frees memory itself")
	},
	[MEMCG] = {
		STALL_HISTOGRAM("memcg_ns", "ns",
				"one reclaim by a task for a cgroup's limit or memory.reclaim")
	},
	[KSWAPD] = {
		STALL_HISTOGRAM("kswapd_ns", "ns",
				"time that kswapd was awake, each time")
	},
	[RUN] = {
		STALL_HISTOGRAM("run_ns", "ns", "one run of one shrinker")
	},
	[RUN_FREED] = {
		STALL_HISTOGRAM("run_freed", "objects",
				"objects freed in one run of one shrinker")
	},
	[OBJECT] = {
		STALL_HISTOGRAM("object_ns", "ns",
				"time for each object, of runs that freed any")
	},
	[SHRINKERS] = {
		STALL_ROWS("shrinkers", reclaim_shrinker_table,
			   "what each shrinker did, for whom, and its longest run")
	},
	[VICTIMS] = {
		STALL_ROWS("victims", reclaim_victim_table,
			   "who lost how much time in reclaim")
	},
};

/*
 * Ends before begins: one that is attached in the middle of a span finds no
 * begin and says so, while a begin without an end would stay.
 */
static const struct stall_probe reclaim_probes[] = {
	{ STALL_TP_BY_SIGNATURE(sched_process_exit, on_exit,
				on_exit_before_6_16) },
	{ STALL_TP_BY_SIGNATURE(mm_vmscan_direct_reclaim_end, on_end,
				on_end_before_7_1), .arg = IN_DIRECT },
	{ STALL_TP_BY_SIGNATURE(mm_vmscan_direct_reclaim_begin, on_begin,
				on_begin_before_7_1), .arg = IN_DIRECT },
#ifdef CONFIG_MEMCG
	{ STALL_TP_BY_SIGNATURE(mm_vmscan_memcg_reclaim_end, on_end,
				on_end_before_7_1), .arg = IN_MEMCG },
	{ STALL_TP_BY_SIGNATURE(mm_vmscan_memcg_reclaim_begin, on_begin,
				on_begin_before_7_1), .arg = IN_MEMCG },
#endif
	{ STALL_TP_BY_SIGNATURE(mm_shrink_slab_end, on_shrink_end,
				on_shrink_end_before_7_1) },
	{ STALL_TP_BY_SIGNATURE(mm_shrink_slab_start, on_shrink_start,
				on_shrink_start_before_7_1) },
	{ STALL_TP(mm_vmscan_kswapd_sleep, on_kswapd_sleep) },
	{ STALL_FUNCTION(on_kswapd_nap, "wakeup_kcompactd"), .optional = true },
	{ STALL_TP(mm_vmscan_kswapd_wake, on_kswapd_wake) },
};

const struct stall_collector stall_reclaim = {
	STALL_COLLECTOR("reclaim", "reclaim: who lost time, in which shrinker?",
			reclaim_series, reclaim_probes),
	.setup = reclaim_setup,
	.teardown = reclaim_teardown,
};
