/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * enter.h - what is entered in the ledger, inside one transaction: the minutes of the
 * tiers and the time of the hosts, up to a time.
 */
#ifndef CONTROLLER_LEDGER_ENTER_H
#define CONTROLLER_LEDGER_ENTER_H

#include "ledger.h"
#include "watch.h"

#define DAY_MS (1440 * MINUTE_MS)
#define ENTERED_MS (31 * DAY_MS) /* at once, at most */

/* The measured demand of a tier's open minutes. */
struct measured {
	const struct watch *w; /* NULL: it was not seen yet; nothing is entered */
	double *demand;        /* [n] from from_ms on, a minute each; NaN: none */
	int64_t from_ms;
	size_t n;
};

/* Before the transaction: the demand of the tiers' minutes before through_ms. */
int measured_read(struct db *db, const struct fleet *f, const struct watch_list *l,
		  int64_t through_ms, struct measured **ret, struct err *err) MUST_CHECK;
void measured_free(struct measured *m, size_t n);

/* ---- in the transaction; through_ms: a minute's end */

/* m: [f->n_tiers] */
int enter_minutes(struct db *db, const struct fleet *f, const struct measured *m,
		  int64_t through_ms, struct err *err) MUST_CHECK;

int enter_hosts(struct db *db, struct fleet *f, int64_t through_ms,
		struct err *err) MUST_CHECK;

#endif
