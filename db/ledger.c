/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ledger: what each tier had and cost, by month and day. */
#include "db.h"
#include "sql.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>

static const struct db_col columns[] = {
	TEXT(db_ledger, id, COL_KEY),
	TEXT(db_ledger, period, 0),
	TEXT(db_ledger, stack, 0),
	TEXT(db_ledger, tier, 0),
	INTEGER(db_ledger, through_ms, 0),
	INTEGER(db_ledger, known, 0),
	INTEGER(db_ledger, unknown, 0),
	INTEGER(db_ledger, was_short, 0),
	INTEGER(db_ledger, slow, 0),
	INTEGER(db_ledger, at_risk, 0),
	REAL(db_ledger, promised, 0),
	REAL(db_ledger, priced, 0),
	INTEGER(db_ledger, instance_ms, 0),
	INTEGER(db_ledger, loaded_ms, 0),
	INTEGER(db_ledger, host_ms, 0),
	INTEGER(db_ledger, paid_ms, 0),
	INTEGER(db_ledger, actions, 0),
	INTEGER(db_ledger, launches, 0),
	INTEGER(db_ledger, failed, 0),
	INTEGER(db_ledger, reactive_ms, 0),
	INTEGER(db_ledger, reactive_short, 0),
	INTEGER(db_ledger, peak, 0),
	{ NULL, COL_TEXT, 0, 0, NULL },
};
static const struct db_table by_month = { "ledger_month", sizeof(struct db_ledger),
					  columns };
static const struct db_table by_day = { "ledger_day", sizeof(struct db_ledger), columns };
DB_MODEL_DONE(db_ledger, by_month);

/*
 * The rows after the one with that id, which is cut up. They are asked for by the columns
 * that an index has, in its order: of all others none is read.
 */
static void add_after(struct db_where *w, bool days, char *id)
{
	const char *period = strsep(&id, "/");
	const char *stack = id ? strsep(&id, "/") : "";
	const char *tier = id ? id : "";
	const char *const day[] = { period, period, stack, tier };
	const char *const month[] = { period, stack, tier };

	if (days)
		db_where_texts(w,
			       "(month, day_ms, stack, tier) > (substr(?%d, 1, 7),"
			       " strftime('%s', ?%d) * 1000, ?%d, ?%d)",
			       day, ARRAY_SIZE(day));
	else
		db_where_texts(w, "(month, stack, tier) > (?%d, ?%d, ?%d)", month,
			       ARRAY_SIZE(month));
}

int db_ledger_list(struct db *db, const struct db_ledger_filter *f,
		   struct db_ledger_list *ret, struct err *err)
{
	CLEANUP(db_where_done) struct db_where w;
	CLEANUP(free) char *after = f->after ? xstrdup(f->after) : NULL;

	db_where_init(&w);
	db_where_text(&w, "stack = ?%d", f->stack);
	db_where_text(&w, "tier = ?%d", f->tier);
	db_where_text(&w, "month = ?%d", f->month);
	if (after)
		add_after(&w, f->by_day, after);
	db_where_order(&w, f->by_day ? "month, day_ms, stack, tier" : NULL, f->limit);
	return db_list(db, f->by_day ? &by_day : &by_month, &w, ret, err);
}
