/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "decide_launches.h"

#include "check.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void take(struct decide_launches *l, size_t i, int64_t count)
{
	l->v[i].count -= count;
	if (l->v[i].count > 0)
		return;
	l->n--;
	memmove(l->v + i, l->v + i + 1, (l->n - i) * sizeof(l->v[0]));
}

static int64_t total(const struct decide_launches *l)
{
	int64_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += l->v[i].count;
	return n;
}

/* Takes the launch that began nearest to at_ms. */
static void take_nearest(struct decide_launches *l, int64_t at_ms)
{
	size_t best = 0;

	for (size_t i = 1; i < l->n; i++)
		if (llabs(l->v[i].at_ms - at_ms) < llabs(l->v[best].at_ms - at_ms))
			best = i;
	if (l->n > 0)
		take(l, best, 1);
}

static int read_leads(struct decide_launches *l, const json_t *msg, int64_t now_ms,
		      struct err *err)
{
	const json_t *list = json_object_get(msg, "leads");
	const size_t n = json_array_size(list);

	if (list && !json_is_array(list))
		return err_set(err, ERR_INVAL, "leads is not an array");
	for (size_t i = 0; i < n; i++) {
		const json_t *v = json_array_get(list, i);
		const double s = json_number_value(v);

		if (!json_is_number(v) || !(s >= 0 && s <= 1e7))
			return err_set(err, ERR_INVAL,
				       "leads[%zu] is not a number of seconds", i);
		policy_leads_note(&l->leads, llround(s * 1000));
		take_nearest(l, now_ms - llround(s * 1000));
	}
	return 0;
}

/* There are n in all. */
static void match(struct paid *p, int64_t now_ms, size_t n)
{
	if (n > p->count)
		paid_add(p, now_ms, n - p->count);
	else
		paid_remove(p, now_ms, p->count - n);
}

int decide_launches_read(struct decide_launches *l, const json_t *msg, int64_t now_ms,
			 int64_t running, int64_t booting, struct err *err)
{
	double failed = 0;
	int rc = read_leads(l, msg, now_ms, err);

	if (rc == 0)
		rc = jread_num_opt(msg, "failed", &failed, err);
	if (rc == 0 && !(failed >= 0 && failed <= 1e9))
		return err_set(err, ERR_INVAL, "failed is not between 0 and 1e9");
	/* What failed is the oldest, as is what serves without a lead time. */
	while (rc == 0 && l->n > 0 && total(l) > booting)
		take(l, 0, MIN(total(l) - booting, l->v[0].count));
	if (rc == 0)
		match(&l->paid, now_ms, (size_t)(running + booting));
	return rc;
}

void decide_launches_change(struct decide_launches *l, int64_t now_ms, int64_t by)
{
	int64_t fewer = MAX(-by, INT64_C(0));

	while (fewer > 0 && l->n > 0) {
		const int64_t c = MIN(fewer, l->v[l->n - 1].count);

		paid_cancel(&l->paid, l->v[l->n - 1].at_ms, (size_t)c);
		take(l, l->n - 1, c);
		fewer -= c;
	}
	paid_remove(&l->paid, now_ms, (size_t)fewer);
	if (by <= 0)
		return;
	paid_add(&l->paid, now_ms, (size_t)by);
	if (l->n == LAUNCHES_MAX)
		take(l, 0, l->v[0].count);
	l->v[l->n].at_ms = now_ms;
	l->v[l->n++].count = by;
}

int64_t decide_launches_ending(struct decide_launches *l, int64_t now_ms)
{
	if (l->paid.least <= l->paid.step)
		return -1;
	return l->n > 0 ? 0 : (int64_t)paid_ending(&l->paid, now_ms);
}

int64_t decide_launches_overdue(const struct decide_launches *l, int64_t now_ms)
{
	const int64_t late_ms = policy_leads_overdue(&l->leads);
	int64_t n = 0;

	for (size_t i = 0; i < l->n && now_ms - l->v[i].at_ms > late_ms; i++)
		n += l->v[i].count;
	return n;
}
