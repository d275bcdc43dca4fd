/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_WORKER_H
#define SHUP_WORKER_H

#include <linux/types.h>

/**
 * struct shup_pace - how much of a processor a job may use
 * @paid_until_ns: the time until which the last run is paid off
 * @rest_max_ns: the longest rest after one run
 *
 * For the job's own work only.
 */
struct shup_pace {
	u64 paid_until_ns;
	u64 rest_max_ns;
};

u64 shup_pace_rest(const struct shup_pace *pace, u64 now_ns);
void shup_pace_pay(struct shup_pace *pace, u64 started_ns, u64 now_ns);

/**
 * enum shup_next - when a job runs again if nobody requests it before
 * @SHUP_NEXT_REQUEST: it does not
 * @SHUP_NEXT_AUDIT: when the next audit is due
 * @SHUP_NEXT_RETRY: soon, as it failed in part
 */
enum shup_next {
	SHUP_NEXT_REQUEST,
	SHUP_NEXT_AUDIT,
	SHUP_NEXT_RETRY,
};

/**
 * struct shup_jobs - what the worker runs
 * @decide: decides on the candidates of this processor that can be decided at
 *	once.  In a hard interrupt: must not sleep.  Returns whether any is left
 * @retry: decides on those that were left, if that needs no scan
 * @pass: decides on all candidates
 * @adopt: discovers the listeners in all fd tables
 *
 * The last three may sleep.  No job but @decide runs beside itself; @retry and
 * @pass do not run beside each other.
 */
struct shup_jobs {
	bool (*decide)(void);
	void (*retry)(void);
	enum shup_next (*pass)(void);
	enum shup_next (*adopt)(void);
};

/**
 * enum shup_request - what the next pass must do besides deciding
 * @SHUP_REQUEST_CENSUS: count all live tasks under each listener: the counts
 *	may be wrong
 * @SHUP_REQUEST_ADOPTION: start an adoption: listeners may be unknown
 */
enum shup_request {
	SHUP_REQUEST_CENSUS,
	SHUP_REQUEST_ADOPTION,
};

int shup_worker_init(const struct shup_jobs *jobs);
void shup_worker_exit(void);

void shup_worker_decide(void);
void shup_worker_kick(void);
void shup_worker_request(enum shup_request request);

bool shup_worker_take(enum shup_request request);
void shup_worker_postpone(enum shup_request request);
void shup_worker_adopt(void);
bool shup_worker_audit_due(void);

#endif /* SHUP_WORKER_H */
