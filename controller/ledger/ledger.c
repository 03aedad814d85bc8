/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger.h"

#include "check.h"
#include "clock.h"
#include "enter.h"
#include "log.h"

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
	if (watch_save(&l->watched, l->db, clock_now_ms(), NULL) < 0)
		log_warn("ledger-minutes-not-saved");
	watch_list_done(&l->watched);
	free(l);
}

/* ---------------------------------------------------------------- entering */

static int write_page(struct ledger *l, const struct page *p, int64_t through_ms,
		      struct err *err)
{
	return db_ledger_enter(
		l->db,
		&(struct db_ledger_entry){
			.rows = p->rows,
			.n_rows = p->n_rows,
			.costs = p->costs,
			.n_costs = p->n_costs,
			.tiers = p->tiers,
			.n_tiers = p->n_tiers,
			.hosts = p->hosts,
			.n_hosts = p->n_hosts,
			.day_length_ms = DAY_MS,
			.is_new_day = through_ms / DAY_MS != l->through_ms / DAY_MS,
		},
		err);
}

static int enter(struct ledger *l, struct fleet *f, int64_t through_ms, struct err *err)
{
	CLEANUP(page_done) struct page p = { .n_rows = 0 };
	struct measured *m = NULL;
	int rc = measured_read(l->db, f, &l->watched, through_ms, &m, err);

	if (rc < 0)
		return rc;
	rc = enter_minutes(l->db, f, m, through_ms, &p, err);
	measured_free(m, f->n_tiers);
	if (rc == 0)
		rc = enter_hosts(l->db, f, through_ms, &p, err);
	if (rc == 0)
		rc = write_page(l, &p, through_ms, err);
	if (rc < 0)
		return rc;
	if (p.n_ahead > 0)
		log_warn("ledger-clock-was-ahead", INT("marks", (int64_t)p.n_ahead));
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
	if (has_new && (rc = watch_load(&l->watched, l->db, f->now_ms, err)) < 0)
		return rc;
	watch_latency(&l->watched, l->db, f);
	l->has_new |= has_new;
	if (through_ms == l->through_ms && !l->has_new)
		return 0;
	return enter(l, f, through_ms, err);
}
