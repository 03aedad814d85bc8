/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pool_types.c - which types of host a pool's cloud has, what they cost and how they are
 * paid for: asked of the driver now and then, and written down for others. A price that
 * the configuration states comes before the cloud's, since it may be one that was
 * negotiated.
 */
#include "round.h"

#include "check.h"
#include "clock.h"
#include "log.h"
#include "money.h"

#include <math.h>
#include <string.h>

/* Real; prices change a few times a year. */
#define ASK_EVERY_MS 3600000
#define ASK_AGAIN_MS 600000 /* after a failure */
#define ASK_TIMEOUT_MS 10000
#define TYPES_MAX 4000

static struct db_pool_type *find_type(const struct db_pool_type_list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].type, name) == 0)
			return &l->v[i];
	return NULL;
}

static struct db_pool_type *add_type(struct db_pool_type_list *l, const char *name)
{
	struct db_pool_type *t;

	if ((l->n & (l->n - 1)) == 0)
		l->v = xrealloc(l->v, MAX(2 * l->n, (size_t)1) * sizeof(*l->v));
	t = &l->v[l->n++];
	*t = (struct db_pool_type){ .type = xstrdup(name),
				    .pool = xstrdup(""),
				    .price_hour = -1,
				    .spot_price_hour = -1,
				    .currency = xstrdup(""),
				    .source = xstrdup("") };
	return t;
}

static void set(char **to, const char *text)
{
	free(*to);
	*to = xstrdup(text);
}

/* ---------------------------------------------------------------- the cloud's */

static double known(double price)
{
	return isfinite(price) && price >= 0 ? price : -1;
}

static void keep_type(void *arg, const struct drv_type *type)
{
	struct db_pool_type_list *l = arg;
	struct db_pool_type *t;

	if (l->n == TYPES_MAX)
		return;
	t = add_type(l, type->name);
	t->cpu = isfinite(type->cpu) ? type->cpu : 0;
	t->memory_bytes = type->memory_bytes;
	t->price_hour = known(type->price_hour);
	t->spot_price_hour = known(type->spot_price_hour);
	if (t->price_hour < 0 && t->spot_price_hour < 0)
		return;
	set(&t->currency, type->currency);
	set(&t->source, "cloud");
}

static bool has_several(const struct db_pool *p)
{
	return strchr(p->type, ',') != NULL;
}

/* One that says neither a price nor anything that a choice depends on is not asked. */
static bool is_asked(const struct pool_round *r)
{
	const struct driver *d = r->pool->driver;

	return d->ops->types &&
	       (has_several(&r->row) || (d->ops->caps(d->drv)->flags & DRV_CAP_PRICES));
}

/* What was written down before, when the cloud is not asked or does not answer. */
static int read_types(struct pool_round *r, struct db_pool_type_list *ret,
		      bool *ret_failed, struct err *err)
{
	const struct driver *d = r->pool->driver;
	struct drv_err e;

	*ret_failed = is_asked(r);
	if (*ret_failed && pool_ask(r, GATE_LOOK, NULL)) {
		const int cls = d->ops->types(d->drv, clock_mono_ms() + ASK_TIMEOUT_MS,
					      keep_type, ret, &e);

		pool_asked(r, NULL, cls, &e);
		*ret_failed = cls < 0;
		if (cls == 0)
			return 0;
		log_warn("types-not-read", STR("pool", r->row.name), STR("error", e.msg));
		db_pool_type_list_done(ret);
	}
	return db_pool_type_list(r->opts->db, r->row.name, ret, err);
}

/* ---------------------------------------------------------------- the configuration's
 */

static void apply_price(struct db_pool_type *t, const struct price *p)
{
	t->price_hour = p->hour.amount;
	t->spot_price_hour = isnan(p->spot_hour) ? -1 : p->spot_hour;
	set(&t->currency, p->hour.currency);
	set(&t->source, "configuration");
}

/* One that it states no more, as it was read back. */
static void forget_prices(struct db_pool_type_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].source, "configuration") == 0) {
			l->v[i].price_hour = l->v[i].spot_price_hour = -1;
			set(&l->v[i].source, "");
			set(&l->v[i].currency, "");
		}
}

static void apply_section(const struct pool_round *r, const char *section,
			  struct db_pool_type_list *l)
{
	const json_t *prices = json_object_get(r->opts->prices, section), *text;
	const char *type;

	json_object_foreach((json_t *)(uintptr_t)prices, type, text)
	{
		struct db_pool_type *t = find_type(l, type);
		struct price p;

		if (price_parse(json_string_value(text), &p, NULL) == 0)
			apply_price(t ? t : add_type(l, type), &p);
	}
}

static bool is_same(const struct db_pool_type *a, const struct db_pool_type *b)
{
	return strcmp(a->type, b->type) == 0 && a->cpu == b->cpu &&
	       a->memory_bytes == b->memory_bytes && a->price_hour == b->price_hour &&
	       a->spot_price_hour == b->spot_price_hour &&
	       strcmp(a->currency, b->currency) == 0 && strcmp(a->source, b->source) == 0;
}

static bool is_written(const struct db_pool_type_list *l,
		       const struct db_pool_type_list *was)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct db_pool_type *old = find_type(was, l->v[i].type);

		if (!old || !is_same(&l->v[i], old))
			return false;
	}
	return l->n == was->n;
}

/* The pool may launch it. */
static bool is_named(const struct db_pool *p, const char *type)
{
	const size_t len = strlen(type);

	for (const char *at = p->type; *at; at += strspn(at, ", ")) {
		const size_t n = strcspn(at, ", ");

		if (n == len && strncmp(at, type, n) == 0)
			return true;
		at += n;
	}
	return false;
}

/* Of a cloud's hundreds of types without a price those that the pool names. */
static void keep_useful(const struct db_pool *p, struct db_pool_type_list *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (*l->v[i].source || is_named(p, l->v[i].type))
			l->v[n++] = l->v[i];
		else
			db_pool_type_done(&l->v[i]);
	}
	l->n = n;
}

static int write_types(struct pool_round *r, struct db_pool_type_list *l, struct err *err)
{
	CLEANUP(db_pool_type_list_done) struct db_pool_type_list was = { NULL, 0 };
	int rc = db_pool_type_list(r->opts->db, r->row.name, &was, err);

	if (rc < 0 || is_written(l, &was))
		return rc;
	for (size_t i = 0; i < l->n; i++)
		set(&l->v[i].pool, r->row.name);
	return db_pool_types_put(r->opts->db, r->row.name, l->v, l->n, err);
}

/* What the driver says of its cloud, for all that have no driver. */
static int note_cloud(struct pool_round *r, struct err *err)
{
	const struct driver *d = r->pool->driver;
	const struct drv_caps *caps = d->ops->caps(d->drv);
	const char *interruption = d->ops->interruption ? d->ops->interruption : "";
	struct db_pool *p = &r->row;

	if (caps->billing_ms == p->cloud_billing_ms &&
	    caps->billing_min_ms == p->cloud_billing_min_ms &&
	    strcmp(interruption, p->cloud_interruption) == 0)
		return 0;
	p->cloud_billing_ms = caps->billing_ms;
	p->cloud_billing_min_ms = caps->billing_min_ms;
	set(&p->cloud_interruption, interruption);
	return db_pool_stated(r->opts->db, p, err);
}

int pool_learn_types(struct pool_round *r, struct err *err)
{
	CLEANUP(db_pool_type_list_done) struct db_pool_type_list l = { NULL, 0 };
	CLEANUP(free) char *section = xasprintf("%s/%s", r->row.driver, r->row.profile);
	bool has_failed = false;
	int rc;

	if (r->pool->types_due_mono_ms > clock_mono_ms())
		return 0;
	rc = note_cloud(r, err);
	if (rc == 0)
		rc = read_types(r, &l, &has_failed, err);
	if (rc < 0)
		return rc;
	forget_prices(&l);
	apply_section(r, r->row.driver, &l);
	apply_section(r, section, &l);
	keep_useful(&r->row, &l);
	rc = write_types(r, &l, err);
	if (rc == 0)
		r->pool->types_due_mono_ms =
			clock_mono_ms() + (has_failed ? ASK_AGAIN_MS : ASK_EVERY_MS);
	return rc;
}
