/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * enter.h - what is to be entered in the ledger: the minutes of the tiers and the time of
 * the hosts, up to a time.
 */
#ifndef CONTROLLER_LEDGER_ENTER_H
#define CONTROLLER_LEDGER_ENTER_H

#include "ledger.h"
#include "money.h"
#include "watch.h"

#define DAY_MS (1440 * MINUTE_MS)
#define ENTERED_MS (31 * DAY_MS) /* at once, at most */

/*
 * A mark that is so far ahead was set by a clock that was wrong. The entering goes on
 * from through_ms; what lies between was entered on the days of that clock.
 */
static inline bool is_ahead(int64_t mark_ms, int64_t through_ms)
{
	return mark_ms > through_ms + DAY_MS;
}

/* The measured demand of a tier's open minutes. */
struct measured {
	const struct watch *w; /* NULL: it was not seen yet; nothing is entered */
	double *demand;        /* [n] from from_ms on, a minute each; NaN: none */
	int64_t from_ms;
	size_t n;
};

/* The demand of the tiers' minutes before through_ms. */
int measured_read(struct db *db, const struct fleet *f, const struct watch_list *l,
		  int64_t through_ms, struct measured **ret, struct err *err) MUST_CHECK;
void measured_free(struct measured *m, size_t n);

/* What is to be entered, until it is. Names are the fleet's, or of the lists in it. */
struct page {
	struct db_ledger *rows;
	size_t n_rows;
	struct db_cost *costs;
	size_t n_costs;
	struct db_ledger_tier *tiers; /* with texts of their own */
	size_t n_tiers;
	struct db_host *hosts; /* of those in open */
	size_t n_hosts;
	struct db_host_list open;
	struct money *money; /* [open.n] what an hour of each costs */
	size_t n_ahead;      /* marks that were ahead */
};
void page_done(struct page *p);
DEFINE_CLEANUP_OBJECT(struct page, page_done);

void page_add(struct page *p, const struct db_ledger *row);
/* To the last one, when it is of the same day, tier, currency and time. */
void page_add_cost(struct page *p, const struct db_cost *c);
/* Takes fleet and recent. */
void page_add_tier(struct page *p, const struct db_ledger_tier *t);
void page_add_host(struct page *p, const struct db_host *h);

/* The minutes before through_ms, a minute's end. m: [f->n_tiers] */
int enter_minutes(struct db *db, const struct fleet *f, const struct measured *m,
		  int64_t through_ms, struct page *p, struct err *err) MUST_CHECK;

/* The hosts' time before it. */
int enter_hosts(struct db *db, struct fleet *f, int64_t through_ms, struct page *p,
		struct err *err) MUST_CHECK;

#endif
