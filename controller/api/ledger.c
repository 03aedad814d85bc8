/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "handlers.h"

#include "check.h"
#include "ledger_json.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

#define CSV_ROWS_MAX 100000
#define CSV_MAX (64u << 20)

/* ---------------------------------------------------------------- the request */

static bool is_month(const char *text)
{
	unsigned year, month;
	char end;

	return strlen(text) == LEDGER_MONTH_TEXT - 1 && text[4] == '-' &&
	       sscanf(text, "%4u-%2u%c", &year, &month, &end) == 2 && month >= 1 &&
	       month <= 12;
}

/* NULL: all of them. */
static int read_month(struct request *r, char now[LEDGER_MONTH_TEXT], const char **ret,
		      struct err *err)
{
	const char *text = request_query(r, "month");

	ledger_month_now(now);
	*ret = text ? text : now;
	if (text && strcmp(text, "all") == 0)
		*ret = NULL;
	else if (text && !is_month(text))
		return err_set(err, ERR_INVAL,
			       "month must be as 2026-11, or all, not '%s'", text);
	return 0;
}

static int read_format(struct request *r, bool *ret_csv, struct err *err)
{
	const char *format = request_query(r, "format");
	const char *accept = request_header(r, "Accept");

	*ret_csv = format ? strcmp(format, "csv") == 0
			  : accept && strstr(accept, "text/csv");
	if (format && !*ret_csv && strcmp(format, "json") != 0)
		return err_set(err, ERR_INVAL, "format must be csv or json, not '%s'",
			       format);
	return 0;
}

/* A tier that was removed has its rows; one that never was is not found. */
static int check_names(struct request *r, const struct db_ledger_filter *f,
		       struct err *err)
{
	CLEANUP(db_tier_done) struct db_tier t = { .name = NULL };
	CLEANUP(db_stack_done) struct db_stack s = { .name = NULL };
	CLEANUP(db_ledger_list_done) struct db_ledger_list l = { NULL, 0 };
	const struct db_ledger_filter ever = { .stack = f->stack,
					       .tier = f->tier,
					       .limit = 1 };
	int rc;

	if (!f->stack && !f->tier)
		return 0;
	rc = db_ledger_list(r->api->db, &ever, &l, err);
	if (rc < 0 || l.n > 0)
		return rc;
	if (f->stack && f->tier)
		return db_tier_get(r->api->db, f->stack, f->tier, &t, err);
	if (f->stack)
		return db_stack_get(r->api->db, f->stack, &s, err);
	return err_set(err, ERR_NOT_FOUND, "no tier '%s' in the ledger", f->tier);
}

/* ---------------------------------------------------------------- the answer */

/* All members but the id, in their order; names and numbers need no quotes. */
static void add_csv(struct buf *b, const json_t *row, bool is_head)
{
	const char *key, *between = "";
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)row, key, v)
	{
		CLEANUP(free) char *number = NULL;

		if (strcmp(key, "id") == 0)
			continue;
		buf_puts(b, between);
		between = ",";
		if (is_head)
			buf_puts(b, key);
		else if (json_is_string(v))
			buf_puts(b, json_string_value(v));
		else if (json_is_number(v))
			buf_puts(b,
				 number = json_dumps(v, JSON_ENCODE_ANY |
								JSON_REAL_PRECISION(12)));
	}
	buf_puts(b, "\n");
}

static int reply_csv(struct request *r, const struct db_ledger_list *l, struct err *err)
{
	static char nothing[] = "";
	static const struct db_ledger none = {
		.id = nothing, .period = nothing, .stack = nothing, .tier = nothing
	};
	CLEANUP(json_decref) json_t *head = ledger_row_json(l->n ? &l->v[0] : &none);
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, CSV_MAX);
	add_csv(&b, head, true);
	for (size_t i = 0; i < l->n; i++) {
		CLEANUP(json_decref) json_t *row = ledger_row_json(&l->v[i]);

		add_csv(&b, row, false);
	}
	if (l->n > CSV_ROWS_MAX || buf_is_full(&b))
		return err_set(err, ERR_LIMIT,
			       "more than %d rows: name a stack, a tier or a month",
			       CSV_ROWS_MAX);
	reply_data(r, 200, "text/csv; charset=utf-8", buf_str(&b), b.len);
	return 0;
}

static void reply_rows(struct request *r, const struct db_ledger_list *l, size_t limit)
{
	json_t *items = json_array();

	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(items, ledger_row_json(&l->v[i]));
	reply_items(r, items, limit, "id");
}

int api_ledger_list(struct request *r, struct err *err)
{
	CLEANUP(db_ledger_list_done) struct db_ledger_list l = { NULL, 0 };
	struct db_ledger_filter f = { .stack = request_query(r, "stack"),
				      .tier = request_query(r, "tier") };
	char now[LEDGER_MONTH_TEXT];
	struct page page;
	bool is_csv = false;
	int rc;

	if ((rc = read_month(r, now, &f.month, err)) < 0 ||
	    (rc = request_query_bool(r, "days", &f.by_day, err)) < 0 ||
	    (rc = read_format(r, &is_csv, err)) < 0 ||
	    (rc = request_page(r, &page, err)) < 0 || (rc = check_names(r, &f, err)) < 0)
		return rc;
	f.after = *page.after ? page.after : NULL;
	f.limit = is_csv ? CSV_ROWS_MAX + 1 : page.limit + 1;
	rc = db_ledger_list(r->api->db, &f, &l, err);
	if (rc < 0)
		return rc;
	if (is_csv)
		return reply_csv(r, &l, err);
	reply_rows(r, &l, page.limit);
	return 0;
}
