/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "numbered.h"

#include "fields.h"
#include "pages.h"

#include "check.h"
#include "driver_util.h"

#include <stdio.h>
#include <string.h>

#define PAGES_MAX 1000
#define BEGINNINGS_MAX 5

struct reading {
	const struct rest_numbered *what;
	struct rest_pages pages;
	int64_t page, next; /* next: 0: none */
	int64_t total;      /* as the page before said; -1: it did not */
	bool shrank;        /* since the page before */
	int beginnings;     /* besides the first */
};

static void give(struct reading *r, const json_t *item)
{
	const char *text = rest_text(item, r->what->id);
	char number[24];

	if (!*text) {
		snprintf(number, sizeof(number), "%lld",
			 (long long)rest_int(item, r->what->id, 0));
		text = number;
	}
	if (rest_pages_is_new(&r->pages, text))
		r->what->each(r->what->arg, item);
}

static int read_page(struct reading *r, struct drv_err *err)
{
	const struct rest_numbered *n = r->what;
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(free) char *url = xasprintf("%s&page=%lld", n->url, (long long)r->page);
	const struct rest_call c = {
		.method = "GET",
		.url = url,
		.want_doc = true,
		.deadline_mono_ms = n->deadline_mono_ms,
	};
	const json_t *items, *item;
	int64_t total;
	size_t i;
	int rc = rest_call(n->rest, &c, &a, err);

	if (rc < 0)
		return rc;
	items = rest_at(a.doc, n->items);
	if (!json_is_array(items))
		return rest_unreadable(&c, "it has no list", err);
	json_array_foreach(items, i, item) give(r, item);
	r->next = n->next(a.doc);
	total = rest_int(a.doc, n->total, -1);
	r->shrank = total >= 0 && total < r->total;
	r->total = total;
	return 0;
}

static int turn(struct reading *r, struct drv_err *err)
{
	if (r->shrank) {
		r->page = 1;
		r->total = -1;
		return ++r->beginnings < BEGINNINGS_MAX
			       ? 0
			       : drv_fail(err, DRV_TRANSIENT,
					  "the cloud's list became shorter %d times "
					  "while it was read",
					  r->beginnings);
	}
	if (r->next <= r->page)
		return drv_fail(err, DRV_BUG,
				"the cloud's list says that after page %lld comes page "
				"%lld: it would never end",
				(long long)r->page, (long long)r->next);
	r->page = r->next;
	return ++r->pages.n < PAGES_MAX
		       ? 0
		       : drv_fail(err, DRV_BUG,
				  "the cloud's list has more than %d pages: it does not "
				  "seem to end",
				  PAGES_MAX);
}

int rest_each_numbered(const struct rest_numbered *n, struct drv_err *err)
{
	struct reading r = { .what = n, .page = 1, .total = -1 };
	int rc;

	do {
		rc = read_page(&r, err);
		if (rc == 0 && (r.next || r.shrank))
			rc = turn(&r, err);
	} while (rc == 0 && (r.next || r.shrank));
	rest_pages_done(&r.pages);
	return rc;
}
