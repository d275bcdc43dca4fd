/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trace events, under /sys/kernel/tracing/events/seccomp_hup/: what happens to
 * listeners, and each pass of the worker.  There is none for forks and exits:
 * they are too many, and the kernel has events for them.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM seccomp_hup

#if !defined(SHUP_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define SHUP_TRACE_H

#include <linux/tracepoint.h>

DECLARE_EVENT_CLASS(seccomp_hup_listener,
	TP_PROTO(u64 id),
	TP_ARGS(id),
	TP_STRUCT__entry(
		__field(u64, id)
	),
	TP_fast_assign(
		__entry->id = id;
	),
	TP_printk("id=%llu", __entry->id)
);

/* A listener is discovered. */
DEFINE_EVENT(seccomp_hup_listener, listener_known,
	TP_PROTO(u64 id),
	TP_ARGS(id)
);

/* A listener is closed, or hooks were off and may have missed its close. */
DEFINE_EVENT(seccomp_hup_listener, listener_closed,
	TP_PROTO(u64 id),
	TP_ARGS(id)
);

/* A listener is marked as orphan; its waiters are about to be woken. */
TRACE_EVENT(listener_unused,
	TP_PROTO(u64 id, bool witnessed),
	TP_ARGS(id, witnessed),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(bool, witnessed)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->witnessed = witnessed;
	),
	TP_printk("id=%llu witnessed=%d", __entry->id, __entry->witnessed)
);

/* A scan has ended, of a pass or of a census. */
TRACE_EVENT(pass,
	TP_PROTO(u32 number, unsigned int candidates, bool complete, u64 ns),
	TP_ARGS(number, candidates, complete, ns),
	TP_STRUCT__entry(
		__field(u32, number)
		__field(unsigned int, candidates)
		__field(bool, complete)
		__field(u64, ns)
	),
	TP_fast_assign(
		__entry->number = number;
		__entry->candidates = candidates;
		__entry->complete = complete;
		__entry->ns = ns;
	),
	TP_printk("number=%u candidates=%u complete=%d ns=%llu",
		  __entry->number, __entry->candidates, __entry->complete,
		  __entry->ns)
);

/* A pass has repaired memberships that missed events had left wrong. */
TRACE_EVENT(repair,
	TP_PROTO(u32 pass, unsigned int joined, unsigned int swept),
	TP_ARGS(pass, joined, swept),
	TP_STRUCT__entry(
		__field(u32, pass)
		__field(unsigned int, joined)
		__field(unsigned int, swept)
	),
	TP_fast_assign(
		__entry->pass = pass;
		__entry->joined = joined;
		__entry->swept = swept;
	),
	TP_printk("pass=%u joined=%u swept=%u", __entry->pass, __entry->joined,
		  __entry->swept)
);

#endif /* SHUP_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
