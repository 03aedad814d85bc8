/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger.h"

#include "check.h"
#include "clock.h"
#include "enter.h"

#include <stdlib.h>

#define LAG_MS MINUTE_MS /* samples of a minute come after its end */
/* A round sees what holds for as many ticks, and for a minute and a half. */
#define SEEN_TICKS 6
#define SEEN_MIN_MS 90000

struct ledger {
	struct db *db;
	struct watch_list watched;
	int64_t through_ms; /* as last entered; 0: nothing yet */
	bool has_begun, has_new;
};

static int begin(struct ledger *l, struct err *err)
{
	int rc = l->has_begun ? 0 : db_ledger_begin(l->db, clock_now_ms(), err);

	l->has_begun = rc == 0;
	return rc;
}

struct ledger *ledger_new(struct db *db)
{
	struct ledger *l = xcalloc(1, sizeof(*l));

	l->db = db;
	(void)begin(l, NULL); /* else the first round does */
	return l;
}

void ledger_free(struct ledger *l)
{
	if (!l)
		return;
	watch_list_done(&l->watched);
	free(l);
}

/* ---------------------------------------------------------------- entering */

struct entering {
	struct fleet *f;
	const struct measured *m;
	int64_t through_ms;
	bool is_new_day;
};

static int enter_all(struct db *db, void *arg, struct err *err)
{
	const struct entering *e = arg;
	int rc;

	if ((rc = enter_minutes(db, e->f, e->m, e->through_ms, err)) < 0 ||
	    (rc = enter_hosts(db, e->f, e->through_ms, err)) < 0 ||
	    (rc = db_ledger_add_actions(db, DAY_MS, err)) < 0)
		return rc;
	return e->is_new_day ? db_ledger_prune(db, err) : 0;
}

static int enter(struct ledger *l, struct fleet *f, int64_t through_ms, struct err *err)
{
	struct measured *m = NULL;
	int rc = measured_read(l->db, f, &l->watched, through_ms, &m, err);

	if (rc < 0)
		return rc;
	rc = db_tx(l->db, enter_all,
		   &(struct entering){
			   .f = f,
			   .m = m,
			   .through_ms = through_ms,
			   .is_new_day = through_ms / DAY_MS != l->through_ms / DAY_MS,
		   },
		   err);
	measured_free(m, f->n_tiers);
	if (rc < 0)
		return rc;
	l->through_ms = through_ms;
	l->has_new = false;
	watch_forget(&l->watched, through_ms);
	return 0;
}

int ledger_round(struct ledger *l, struct fleet *f, const struct ledger_moment *m,
		 struct err *err)
{
	const int64_t gap_ms = MAX(SEEN_TICKS * m->tick_ms, (int64_t)SEEN_MIN_MS);
	const int64_t until_ms = f->now_ms - LAG_MS;
	const int64_t through_ms = until_ms - until_ms % MINUTE_MS;
	bool has_new;
	int rc = begin(l, err);

	if (rc < 0)
		return rc;
	watch_round(&l->watched, f, m->is_fresh, gap_ms, &has_new);
	l->has_new |= has_new;
	if (through_ms == l->through_ms && !l->has_new)
		return 0;
	return enter(l, f, through_ms, err);
}
