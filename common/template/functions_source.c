/* SPDX-License-Identifier: GPL-3.0-or-later */
/* confd's functions that ask the outside: keys, environment, names, files, the clock. */
#include "ast.h"

#include "check.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

#define TFUNC(name)                                                      \
	static int name(struct texec *x, const struct tval *a, size_t n, \
			struct tval *ret, struct err *err)

static bool source_get(struct texec *x, struct tstr key, const char **ret, size_t *len)
{
	const struct template_source *s = texec_source(x);

	return s->get && strlen(key.s) == key.n && s->get(s->arg, key.s, ret, len);
}

static struct tval pair(struct tpool *p, const char *key, const char *value, size_t len)
{
	struct tval kv = tval_struct(p, "memkv.KVPair");

	tmap_set(p, &kv, (struct tstr){ .s = "Key", .n = 3 }, tval_cstr(p, key));
	tmap_set(p, &kv, (struct tstr){ .s = "Value", .n = 5 }, tval_str(p, value, len));
	return kv;
}

static int missing(struct tstr key, struct err *err)
{
	return err_set(err, ERR_NOT_FOUND, "key does not exist: %s", key.s);
}

TFUNC(fn_exists)
{
	const char *value;
	size_t len;

	(void)n;
	(void)err;
	*ret = tval_bool(source_get(x, a->str, &value, &len));
	return 0;
}

TFUNC(fn_get)
{
	const char *value;
	size_t len;

	(void)n;
	if (!source_get(x, a->str, &value, &len))
		return missing(a->str, err);
	*ret = pair(texec_pool(x), a->str.s, value, len);
	return 0;
}

TFUNC(fn_getv)
{
	const char *value;
	size_t len;

	if (source_get(x, a->str, &value, &len))
		*ret = tval_str(texec_pool(x), value, len);
	else if (n > 1)
		*ret = a[1];
	else
		return missing(a->str, err);
	return 0;
}

/* ---------------------------------------------------------------- several keys */

struct collector {
	struct texec *x;
	struct tpool *pool;
	struct tlist *list;
	const char *pattern;
	bool values; /* or pairs */
	int rc;
	struct err *err;
};

static bool collect(void *arg, const char *key, const char *value, size_t len)
{
	struct collector *c = arg;
	bool hit = false;

	texec_charge(c->x, 1);
	c->rc = glob_match(c->pattern, key, &hit, c->err);
	if (hit)
		tlist_add(c->pool, c->list,
			  c->values ? tval_str(c->pool, value, len)
				    : pair(c->pool, key, value, len));
	return c->rc == 0 && !tpool_is_full(c->pool);
}

/* The part of a pattern before its first special character. */
static struct tval plain_start(struct tpool *p, struct tstr pattern)
{
	return tval_str(p, pattern.s, strcspn(pattern.s, "*?[\\"));
}

static int glob_keys(struct texec *x, struct tstr pattern, bool values, struct tval *ret,
		     struct err *err)
{
	const struct template_source *s = texec_source(x);
	struct tpool *p = texec_pool(x);
	struct collector c = {
		.x = x, .pool = p, .pattern = pattern.s, .values = values, .err = err
	};
	bool hit;

	*ret = tval_list(p, values ? "string" : "memkv.KVPair");
	c.list = ret->list;
	/* Also without a key to compare with, a bad pattern is an error. */
	c.rc = glob_match(pattern.s, "", &hit, err);
	if (c.rc == 0 && s->each)
		s->each(s->arg, plain_start(p, pattern).str.s, collect, &c);
	return c.rc;
}

TFUNC(fn_gets)
{
	(void)n;
	return glob_keys(x, a->str, false, ret, err);
}

static int by_text(const void *a, const void *b)
{
	const struct tval *x = a, *y = b;

	return tstr_compare(x->str, y->str);
}

TFUNC(fn_getvs)
{
	int rc = glob_keys(x, a->str, true, ret, err);

	(void)n;
	if (rc == 0 && ret->list->n)
		qsort(ret->list->v, ret->list->n, sizeof(struct tval), by_text);
	return rc;
}

struct lister {
	struct texec *x;
	struct tpool *pool;
	struct tlist *list;
	const char *path; /* without a slash at its end */
	bool dirs;        /* only what has children */
};

static void add_once(struct lister *l, const char *s, size_t n)
{
	for (size_t i = l->list->n; i > 0; i--)
		if (l->list->v[i - 1].str.n == n &&
		    memcmp(l->list->v[i - 1].str.s, s, n) == 0)
			return;
	tlist_add(l->pool, l->list, tval_str(l->pool, s, n));
}

static bool list_one(void *arg, const char *key, const char *value, size_t len)
{
	struct lister *l = arg;
	size_t n = strlen(l->path);
	const char *rest = key + n, *slash;

	(void)value;
	(void)len;
	texec_charge(l->x, 1);
	if (*rest == '\0' && n && !l->dirs) {
		slash = strrchr(key, '/');
		add_once(l, slash ? slash + 1 : key, strlen(slash ? slash + 1 : key));
	} else if (*rest == '/') {
		rest++;
		slash = strchr(rest, '/');
		if (slash)
			add_once(l, rest, (size_t)(slash - rest));
		else if (!l->dirs)
			add_once(l, rest, strlen(rest));
	}
	return !tpool_is_full(l->pool);
}

static int list_keys(struct texec *x, struct tstr path, bool dirs, struct tval *ret)
{
	const struct template_source *s = texec_source(x);
	struct lister l = { .x = x, .pool = texec_pool(x), .dirs = dirs };

	while (path.n && path.s[path.n - 1] == '/')
		path.n--;
	l.path = tstr_new(l.pool, path.s, path.n).s;
	*ret = tval_list(l.pool, "string");
	l.list = ret->list;
	if (s->each)
		s->each(s->arg, l.path, list_one, &l);
	if (l.list->n)
		qsort(l.list->v, l.list->n, sizeof(struct tval), by_text);
	return 0;
}

TFUNC(fn_ls)
{
	(void)n;
	(void)err;
	return list_keys(x, a->str, false, ret);
}

TFUNC(fn_lsdir)
{
	(void)n;
	(void)err;
	return list_keys(x, a->str, true, ret);
}

/* ---------------------------------------------------------------- the host */

TFUNC(fn_getenv)
{
	const struct template_source *s = texec_source(x);
	const char *v = s->env ? s->env(s->arg, a->str.s) : NULL;

	(void)err;
	if (v && *v)
		*ret = tval_cstr(texec_pool(x), v);
	else
		*ret = n > 1 ? a[1] : tval_cstr(texec_pool(x), "");
	return 0;
}

TFUNC(fn_file_exists)
{
	const struct template_source *s = texec_source(x);

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
	*ret = (struct tval){ .kind = TV_TIME, .i = texec_source(x)->now_ms };
	return 0;
}

TFUNC(fn_hostname)
{
	const char *name = texec_source(x)->hostname;

	(void)a;
	(void)n;
	(void)err;
	*ret = tval_cstr(texec_pool(x), name ? name : "");
	return 0;
}

TFUNC(fn_host_ip)
{
	const char *ip = texec_source(x)->host_ip;

	(void)a;
	(void)n;
	(void)err;
	*ret = tval_cstr(texec_pool(x), ip ? ip : "");
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

static int lookup(struct texec *x, struct tstr name, int family, struct tval *ret,
		  struct err *err)
{
	const struct template_source *s = texec_source(x);
	struct ip_collector c = { .pool = texec_pool(x) };
	int rc = 0;

	*ret = tval_list(c.pool, "string");
	c.list = ret->list;
	if (s->lookup_ip)
		rc = s->lookup_ip(s->arg, name.s, family, add_ip, &c, err);
	if (rc == 0 && c.list->n)
		qsort(c.list->v, c.list->n, sizeof(struct tval), by_text);
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

/* By target and port; both stand at fixed places of the struct. */
static int by_target(const void *a, const void *b)
{
	const struct tval *x = a, *y = b;
	int d = tstr_compare(x->map->m[0].val.str, y->map->m[0].val.str);

	return d ? d : (int)(x->map->m[1].val.i - y->map->m[1].val.i);
}

/* lookupSRV service proto name, as net.LookupSRV: "" "" NAME asks for NAME itself. */
TFUNC(fn_lookup_srv)
{
	CLEANUP(buf_done) struct buf name;
	const struct template_source *s = texec_source(x);
	struct ip_collector c = { .pool = texec_pool(x) };
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

const struct tfunc tfuncs_store[] = {
	{ "exists", "s", fn_exists },
	{ "get", "s", fn_get },
	{ "getv", "s?s", fn_getv },
	{ "gets", "s", fn_gets },
	{ "getvs", "s", fn_getvs },
	{ "ls", "s", fn_ls },
	{ "lsdir", "s", fn_lsdir },
	{ "getenv", "s?s", fn_getenv },
	{ "fileExists", "s", fn_file_exists },
	{ "datetime", "", fn_datetime },
	{ "hostname", "", fn_hostname },
	{ "hostIP", "", fn_host_ip },
	{ "lookupIP", "s", fn_lookup_ip },
	{ "lookupIPV4", "s", fn_lookup_ipv4 },
	{ "lookupIPV6", "s", fn_lookup_ipv6 },
	{ "lookupSRV", "sss", fn_lookup_srv },
	{ NULL, NULL, NULL },
};
