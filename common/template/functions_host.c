/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Functions that query the host: environment, files, the clock, names and addresses. */
#include "function.h"

#include "check.h"

#include <stdlib.h>

TFUNC(fn_getenv)
{
	const struct template_source *s = x->source;
	const char *v = s->env ? s->env(s->arg, a->str.s) : NULL;

	(void)err;
	if (v && *v)
		*ret = tval_cstr(&x->pool, v);
	else
		*ret = n > 1 ? a[1] : tval_cstr(&x->pool, "");
	return 0;
}

TFUNC(fn_file_exists)
{
	const struct template_source *s = x->source;

	(void)n;
	(void)err;
	*ret = tval_bool(s->file_exists && s->file_exists(s->arg, a->str.s));
	return 0;
}

TFUNC(fn_datetime)
{
	(void)a;
	(void)n;
	(void)err;
	*ret = (struct tval){ .kind = TV_TIME, .i = x->source->now_ms };
	return 0;
}

TFUNC(fn_hostname)
{
	const char *name = x->source->hostname;

	(void)a;
	(void)n;
	(void)err;
	*ret = tval_cstr(&x->pool, name ? name : "");
	return 0;
}

TFUNC(fn_host_ip)
{
	const char *ip = x->source->host_ip;

	(void)a;
	(void)n;
	(void)err;
	*ret = tval_cstr(&x->pool, ip ? ip : "");
	return 0;
}

struct ip_collector {
	struct tpool *pool;
	struct tlist *list;
};

static void add_ip(void *arg, const char *address)
{
	struct ip_collector *c = arg;

	tlist_add(c->pool, c->list, tval_cstr(c->pool, address));
}

static int lookup(struct trun *x, struct tstr name, int family, struct tval *ret,
		  struct err *err)
{
	const struct template_source *s = x->source;
	struct ip_collector c = { .pool = &x->pool };
	int rc = 0;

	*ret = tval_list(c.pool, "string");
	c.list = ret->list;
	if (s->lookup_ip)
		rc = s->lookup_ip(s->arg, name.s, family, add_ip, &c, err);
	if (rc == 0)
		tlist_sort(c.list);
	return rc;
}

TFUNC(fn_lookup_ip)
{
	(void)n;
	return lookup(x, a->str, 0, ret, err);
}

TFUNC(fn_lookup_ipv4)
{
	(void)n;
	return lookup(x, a->str, 4, ret, err);
}

TFUNC(fn_lookup_ipv6)
{
	(void)n;
	return lookup(x, a->str, 6, ret, err);
}

static void add_srv(void *arg, const struct template_srv *srv)
{
	struct ip_collector *c = arg;
	struct tval v = tval_struct(c->pool, "*net.SRV");

	tmap_set(c->pool, &v, (struct tstr){ .s = "Target", .n = 6 },
		 tval_cstr(c->pool, srv->target));
	tmap_set(c->pool, &v, (struct tstr){ .s = "Port", .n = 4 }, tval_int(srv->port));
	tmap_set(c->pool, &v, (struct tstr){ .s = "Priority", .n = 8 },
		 tval_int(srv->priority));
	tmap_set(c->pool, &v, (struct tstr){ .s = "Weight", .n = 6 },
		 tval_int(srv->weight));
	tlist_add(c->pool, c->list, v);
}

/* By target and port; both have fixed places in the struct. */
static int by_target(const void *a, const void *b)
{
	const struct tval *x = a, *y = b;
	int d = tstr_compare(x->map->m[0].val.str, y->map->m[0].val.str);

	return d ? d : (int)(x->map->m[1].val.i - y->map->m[1].val.i);
}

/* lookupSRV service proto name, as net.LookupSRV: "" "" NAME queries NAME itself. */
TFUNC(fn_lookup_srv)
{
	CLEANUP(buf_done) struct buf name;
	const struct template_source *s = x->source;
	struct ip_collector c = { .pool = &x->pool };
	int rc = 0;

	(void)n;
	buf_init(&name, 1024);
	if (a[0].str.n || a[1].str.n)
		buf_printf(&name, "_%s._%s.", a[0].str.s, a[1].str.s);
	buf_puts(&name, a[2].str.s);
	if (buf_is_full(&name))
		return err_set(err, ERR_LIMIT, "the name is too long");
	*ret = tval_list(c.pool, "*net.SRV");
	c.list = ret->list;
	if (s->lookup_srv)
		rc = s->lookup_srv(s->arg, buf_str(&name), add_srv, &c, err);
	if (rc == 0 && c.list->n)
		qsort(c.list->v, c.list->n, sizeof(struct tval), by_target);
	return rc;
}

const struct tfunc tfuncs_host[] = {
	{ "getenv", "s?s", fn_getenv },        { "fileExists", "s", fn_file_exists },
	{ "datetime", "", fn_datetime },       { "hostname", "", fn_hostname },
	{ "hostIP", "", fn_host_ip },          { "lookupIP", "s", fn_lookup_ip },
	{ "lookupIPV4", "s", fn_lookup_ipv4 }, { "lookupIPV6", "s", fn_lookup_ipv6 },
	{ "lookupSRV", "sss", fn_lookup_srv }, { NULL, NULL, NULL },
};
