/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rights.h"

#include "catalog_entries.h"
#include "check.h"
#include "etcd.h"
#include "fnv.h"
#include "log.h"
#include "registration.h"
#include "schedule.h"
#include "sorted.h"

#include <stdlib.h>
#include <string.h>

struct host_rights {
	char *host;
	uint64_t digest; /* of what they were made from */
	bool is_whole;   /* every text was there */
	bool is_present;
	struct rights_record *records;
	size_t n_records;
};

struct rights {
	const struct rights_opts *o;
	struct host_rights **hosts; /* by host */
	size_t n, cap;
	const struct rights_record **all; /* of all hosts, by key */
	size_t n_all;
};

/* One unit of a host. */
struct placed {
	char *name; /* on its host */
	const char *hash, *stack;
	const struct fleet_host *host;
};

/* All units of a round, by host. */
struct placement {
	struct placed *v;
	size_t n;
};

static void placement_done(struct placement *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->v[i].name);
	free(p->v);
}
DEFINE_CLEANUP_OBJECT(struct placement, placement_done);

/* ---------------------------------------------------------------- what is placed */

static int placed_order(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->host != y->host)
		return x->host < y->host ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void read_placement(const struct fleet *f, struct placement *ret)
{
	ret->v = xcalloc(f->n_units + 1, sizeof(*ret->v));
	for (size_t i = 0; i < f->n_units; i++) {
		const struct fleet_unit *u = &f->units[i];
		char name[UNIT_NAME_TEXT];

		if (!u->host || u->gone)
			continue;
		ret->v[ret->n++] = (struct placed){
			.name = xstrdup(fleet_unit_name(u, name)),
			.hash = u->u.hash,
			.stack = u->u.stack,
			.host = u->host,
		};
	}
	qsort(ret->v, ret->n, sizeof(*ret->v), placed_order);
}

static uint64_t add_text(uint64_t h, const char *text)
{
	return fnv(h, text, strlen(text) + 1);
}

static uint64_t digest(const struct fleet_host *h, const struct placed *v, size_t n,
		       const struct view_kv *schedule)
{
	uint64_t d = add_text(FNV_START, h->h.address);

	for (size_t i = 0; i < n; i++) {
		d = add_text(d, v[i].name);
		d = add_text(d, v[i].hash);
		d = add_text(d, v[i].stack);
	}
	return schedule ? fnv_large(d, schedule->value, schedule->len) : d;
}

/* ---------------------------------------------------------------- one host */

/* The lists of a host while they are made. */
struct draft {
	const struct rights *r;
	const struct catalog *c;
	const struct view_snapshot *s;
	const struct fleet_host *h;
	struct host_rights *to;
	struct words read, programs_read, programs_write;
};

static void draft_done(struct draft *d)
{
	words_done(&d->read);
	words_done(&d->programs_read);
	words_done(&d->programs_write);
}
DEFINE_CLEANUP_OBJECT(struct draft, draft_done);

static const char *find_text(const struct draft *d, const char *hash)
{
	CLEANUP(free) char *key = xasprintf("/foretide/units/%s", hash);
	const struct view_kv *kv = view_find(d->s, key);

	/* A new one is not in the store yet. */
	for (size_t i = 0; !kv && i < d->c->n; i++) {
		const struct stack_file *file = d->c->entries[i]->file;

		for (size_t k = 0; k < file->n_units; k++)
			if (strcmp(file->units[k].hash, hash) == 0)
				return file->units[k].text;
	}
	return kv ? kv->value : NULL;
}

/* Takes key and value over. */
static void add_record(struct host_rights *to, const char *unit, char *key, char *value)
{
	to->records = xrealloc(to->records, (to->n_records + 1) * sizeof(*to->records));
	to->records[to->n_records++] = (struct rights_record){ .key = key,
							       .value = value,
							       .unit = xstrdup(unit) };
}

static void add_services(struct draft *d, const char *name, const char *stack,
			 const char *text)
{
	CLEANUP(unit_file_free) struct unit_file *file = NULL;
	CLEANUP(x_services_done) struct x_services list = { 0 };
	const struct unit_context ctx = { .name = name, .host = d->h->h.id };
	const char *domain = d->r->o->domain;

	/* A unit that its agent cannot read either has no services. */
	if (unit_file_parse(text, strlen(text), name, &file, NULL) < 0 ||
	    x_services_read(file, &ctx, &list, NULL) < 0)
		return;
	for (size_t i = 0; i < list.n; i++) {
		const struct x_service *x = &list.v[i];

		add_record(d->to, name,
			   registration_key(domain, stack, x->name, name, d->h->h.id,
					    x->port),
			   registration_value(d->h->h.address, x->port, x->priority,
					      x->weight));
	}
}

static void add_rule(struct words *w, const char *rule)
{
	if (!words_has(w, rule))
		words_add(w, rule);
}

static void add_stack(struct draft *d, const char *stack)
{
	CLEANUP(free) char *conf = xasprintf("/foretide/conf/%s/", stack);
	CLEANUP(free) char *secrets = xasprintf("/foretide/secrets/%s/", stack);
	CLEANUP(free) char *apps = xasprintf("/apps/%s/", stack);

	add_rule(&d->read, conf);
	add_rule(&d->read, secrets);
	add_rule(&d->read, apps);
	add_rule(&d->programs_read, apps);
	add_rule(&d->programs_write, apps);
}

static void add_unit(struct draft *d, const char *name, const char *hash,
		     const char *stack)
{
	CLEANUP(free) char *key = xasprintf("/foretide/units/%s", hash);
	const char *text = find_text(d, hash);

	add_rule(&d->read, key);
	if (*stack)
		add_stack(d, stack);
	if (text)
		add_services(d, name, stack, text);
	else
		d->to->is_whole = false;
}

/* What the schedule has that the host may have read. */
static void add_schedule(struct draft *d, const struct view_kv *kv)
{
	CLEANUP(schedule_free) struct schedule *s = NULL;

	if (!kv || schedule_parse(kv->value, kv->len, &s, NULL) < 0)
		return;
	for (size_t i = 0; i < s->n; i++)
		add_unit(d, s->units[i].name, s->units[i].hash, s->units[i].stack);
}

static void records_clear(struct host_rights *to)
{
	for (size_t i = 0; i < to->n_records; i++) {
		free(to->records[i].key);
		free(to->records[i].value);
		free(to->records[i].unit);
	}
	free(TAKE(to->records));
	to->n_records = 0;
}

static void hand_over(const struct draft *d)
{
	const struct host_rights *to = d->to;
	CLEANUP(free)
	struct kv_record *records = xcalloc(to->n_records + 1, sizeof(*records));

	if (!d->r->o->set)
		return;
	for (size_t i = 0; i < to->n_records; i++)
		records[i] = (struct kv_record){ .key = to->records[i].key,
						 .value = to->records[i].value };
	d->r->o->set(d->r->o->arg,
		     &(struct kv_rights){
			     .host = to->host,
			     .read = (const char *const *)d->read.v,
			     .records = records,
			     .n_records = to->n_records,
			     .programs_read = (const char *const *)d->programs_read.v,
			     .programs_write = (const char *const *)d->programs_write.v,
		     });
}

static void make(const struct rights *r, const struct catalog *c,
		 const struct view_snapshot *s, const struct fleet_host *h,
		 const struct placed *v, size_t n, const struct view_kv *schedule,
		 struct host_rights *to)
{
	CLEANUP(draft_done)
	struct draft d = { .r = r, .c = c, .s = s, .h = h, .to = to };

	records_clear(to);
	to->is_whole = true;
	words_add(&d.programs_read, "/skydns/");
	add_record(to, "", registration_host_key(r->o->domain, h->h.id),
		   registration_value(h->h.address, 0, 0, 0));
	for (size_t i = 0; i < n; i++)
		add_unit(&d, v[i].name, v[i].hash, v[i].stack);
	add_schedule(&d, schedule);
	hand_over(&d);
}

/* ---------------------------------------------------------------- all hosts */

static size_t place(const struct rights *r, const char *host, bool *ret_is)
{
	size_t at = SORTED_PLACE(r->n, i, strcmp(r->hosts[i]->host, host) < 0);

	*ret_is = at < r->n && strcmp(r->hosts[at]->host, host) == 0;
	return at;
}

static struct host_rights *find_or_add(struct rights *r, const char *host)
{
	bool is;
	size_t at = place(r, host, &is);

	if (is)
		return r->hosts[at];
	if (r->n == r->cap) {
		r->cap = r->cap * 2 + 16;
		r->hosts = xrealloc(r->hosts, r->cap * sizeof(struct host_rights *));
	}
	memmove(r->hosts + at + 1, r->hosts + at,
		(r->n++ - at) * sizeof(struct host_rights *));
	r->hosts[at] = xcalloc(1, sizeof(struct host_rights));
	r->hosts[at]->host = xstrdup(host);
	return r->hosts[at];
}

static void host_rights_free(struct host_rights *h)
{
	records_clear(h);
	free(h->host);
	free(h);
}

/* True when they were made anew. */
static bool update_host(struct rights *r, const struct catalog *c,
			const struct view_snapshot *s, const struct fleet_host *h,
			const struct placed *v, size_t n)
{
	CLEANUP(free) char *key = xasprintf("/foretide/schedule/%s", h->h.id);
	const struct view_kv *schedule = view_find(s, key);
	struct host_rights *to = find_or_add(r, h->h.id);
	uint64_t d = digest(h, v, n, schedule);

	to->is_present = true;
	if (to->is_whole && to->digest == d)
		return false;
	to->digest = d;
	make(r, c, s, h, v, n, schedule, to);
	return true;
}

static bool drop_absent(struct rights *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++) {
		struct host_rights *h = r->hosts[i];

		if (h->is_present) {
			r->hosts[n++] = h;
			continue;
		}
		if (r->o->drop)
			r->o->drop(r->o->arg, h->host);
		host_rights_free(h);
	}
	if (n == r->n)
		return false;
	r->n = n;
	return true;
}

static int by_key(const void *a, const void *b)
{
	const struct rights_record *const *x = a;
	const struct rights_record *const *y = b;

	return strcmp((*x)->key, (*y)->key);
}

static void index_records(struct rights *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += r->hosts[i]->n_records;
	free(r->all);
	r->all = xcalloc(n + 1, sizeof(*r->all));
	r->n_all = 0;
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < r->hosts[i]->n_records; k++)
			r->all[r->n_all++] = &r->hosts[i]->records[k];
	qsort(r->all, r->n_all, sizeof(*r->all), by_key);
}

void rights_update(struct rights *r, const struct fleet *f, const struct catalog *c,
		   const struct view_snapshot *s)
{
	CLEANUP(placement_done) struct placement p = { 0 };
	bool differs = false;
	size_t at = 0;

	read_placement(f, &p);
	for (size_t i = 0; i < r->n; i++)
		r->hosts[i]->is_present = false;
	for (size_t i = 0; i < f->n_hosts; i++) {
		const struct fleet_host *h = &f->hosts[i];
		size_t n = 0;

		while (at + n < p.n && p.v[at + n].host == h)
			n++;
		/* It has not joined yet: no agent asks, and its address is not known. */
		if (*h->h.address)
			differs |= update_host(r, c, s, h, p.v + at, n);
		at += n;
	}
	if (drop_absent(r) || differs)
		index_records(r);
}

const struct rights_record *rights_records(const struct rights *r, const char *host,
					   size_t *ret_n)
{
	bool is;
	size_t at = place(r, host, &is);

	*ret_n = is ? r->hosts[at]->n_records : 0;
	return is ? r->hosts[at]->records : NULL;
}

const struct rights_record *rights_find(const struct rights *r, const char *key)
{
	size_t at = SORTED_PLACE(r->n_all, i, strcmp(r->all[i]->key, key) < 0);

	return at < r->n_all && strcmp(r->all[at]->key, key) == 0 ? r->all[at] : NULL;
}

struct rights *rights_new(const struct rights_opts *opts)
{
	struct rights *r = xcalloc(1, sizeof(*r));

	r->o = opts;
	return r;
}

void rights_free(struct rights *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++)
		host_rights_free(r->hosts[i]);
	free(r->hosts);
	free(r->all);
	free(r);
}
