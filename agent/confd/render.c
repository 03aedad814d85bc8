/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a template may read, from the copies of the store's keys. */
#include "resource.h"

#include "check.h"
#include "clock.h"
#include "fnv.h"

#include <string.h>

#define COMMAND_MAX 65536
/* Where a template puts FORETIDE_HASH; as long as what takes its place. */
#define HASH_PLACE "@@foretide-hash@"
/* What is rendered on the loop takes a few milliseconds. */
#define TEXT_AT_ONCE_BYTES ((size_t)64 << 10)
#define STEPS_AT_ONCE 5000
#define RENDER_MS 30000

static bool begins(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* The full key is one that the resource names, or below one. */
static bool is_named(const struct confd_spec *s, const char *key)
{
	for (size_t i = 0; i < s->n_keys; i++) {
		size_t n = strlen(s->keys[i]);

		if (strcmp(s->keys[i], "/") == 0 || (strncmp(key, s->keys[i], n) == 0 &&
						     (key[n] == '\0' || key[n] == '/')))
			return true;
	}
	return false;
}

/* Which user covers a full key: one for all under a prefix, else one per key. */
static const char *use_base(const struct confd_resource *r, size_t i)
{
	return *r->spec->prefix ? r->spec->prefix : r->spec->keys[i];
}

static bool source_get(void *arg, const char *key, const char **ret, size_t *ret_len)
{
	const struct confd_resource *r = arg;
	CLEANUP(free) char *whole = xasprintf("%s%s", r->spec->prefix, key);
	const struct store_kv *kv = NULL;

	if (!is_named(r->spec, whole))
		return false;
	for (size_t i = 0; i < r->n_uses && !kv; i++)
		if (strcmp(use_base(r, i), "/") == 0 || begins(whole, use_base(r, i)))
			kv = keys_get(r->uses[i], whole);
	if (!kv)
		return false;
	*ret = kv->value;
	*ret_len = kv->value_len;
	return true;
}

struct visit {
	const struct confd_resource *r;
	template_each_fn *fn;
	void *arg;
	bool stopped;
};

static bool visit_key(void *arg, const struct store_kv *kv)
{
	struct visit *v = arg;
	const char *key = kv->key + strlen(v->r->spec->prefix);

	if (strlen(kv->key) != kv->key_len || !is_named(v->r->spec, kv->key) || !*key)
		return true;
	v->stopped = !v->fn(v->arg, key, kv->value, kv->value_len);
	return !v->stopped;
}

static void source_each(void *arg, const char *prefix, template_each_fn *fn, void *fn_arg)
{
	const struct confd_resource *r = arg;
	CLEANUP(free) char *whole = xasprintf("%s%s", r->spec->prefix, prefix);
	struct visit v = { .r = r, .fn = fn, .arg = fn_arg };

	for (size_t i = 0; i < r->n_uses && !v.stopped; i++) {
		const char *base = use_base(r, i);

		if (strcmp(base, "/") == 0 || begins(whole, base))
			keys_each(r->uses[i], whole, visit_key, &v);
		else if (begins(base, whole))
			keys_each(r->uses[i], base, visit_key, &v);
	}
}

static const char *source_env(void *arg, const char *name)
{
	const struct confd_resource *r = arg;
	const struct confd_opts *o = &r->group->confd->opts;
	const struct {
		const char *name, *value;
	} facts[] = {
		{ "FORETIDE_HOST", o->hostname },
		{ "FORETIDE_ADDRESS", o->address },
		{ "FORETIDE_DOMAIN", o->domain },
		{ "FORETIDE_STACK", r->group->stack },
		{ "FORETIDE_TIER", r->group->tier },
		{ "FORETIDE_HASH", HASH_PLACE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(facts); i++)
		if (strcmp(name, facts[i].name) == 0)
			return facts[i].value;
	return getenv(name);
}

static bool source_file_exists(void *arg, const char *path)
{
	(void)arg;
	return access(path, F_OK) == 0;
}

static int source_ip(void *arg, const char *name, int family, template_ip_fn *fn,
		     void *fn_arg, struct err *err)
{
	const struct confd_resource *r = arg;
	const struct confd_opts *o = &r->group->confd->opts;

	return o->lookup_ip(o->lookup_arg, name, family, fn, fn_arg, err);
}

static int source_srv(void *arg, const char *name, template_srv_fn *fn, void *fn_arg,
		      struct err *err)
{
	const struct confd_resource *r = arg;
	const struct confd_opts *o = &r->group->confd->opts;

	return o->lookup_srv(o->lookup_arg, name, fn, fn_arg, err);
}

/* A file cannot hold its own digest, but that of itself with the place empty. */
static void put_hash(struct buf *out)
{
	const size_t n = strlen(HASH_PLACE);
	char text[sizeof(HASH_PLACE)], *at = out->data;

	if (!out->len || !strstr(at, HASH_PLACE))
		return;
	snprintf(text, sizeof(text), "%016llx",
		 (unsigned long long)fnv(FNV_START, out->data, out->len));
	while ((at = strstr(at, HASH_PLACE)))
		memcpy(at, text, n);
}

static int render(const struct confd_resource *r, int64_t steps_max, struct buf *out,
		  struct err *err)
{
	const struct confd_opts *o = &r->group->confd->opts;
	CLEANUP(template_free) struct template *t = NULL;
	const struct template_source source = {
		/* It is only read. */
		.arg = (void *)(uintptr_t)r,
		.get = source_get,
		.each = source_each,
		.lookup_ip = o->lookup_ip ? source_ip : NULL,
		.lookup_srv = o->lookup_srv ? source_srv : NULL,
		.env = source_env,
		.file_exists = source_file_exists,
		.hostname = o->hostname,
		.host_ip = o->address,
		.now_ms = clock_wall_ms(),
		.steps_max = steps_max,
	};
	/* Parsed again each time: that is quick, and saves the memory of all trees. */
	int rc = template_parse(r->spec->name, r->text, strlen(r->text), &t, err);

	if (rc == 0)
		rc = template_execute(t, &source, NULL, 0, out, err);
	if (rc == 0)
		put_hash(out);
	return rc;
}

int confd_render(struct confd_resource *r, struct buf *out, struct err *err)
{
	int rc;

	if (r->is_large || strlen(r->text) > TEXT_AT_ONCE_BYTES)
		return CONFD_TOO_LARGE;
	rc = render(r, STEPS_AT_ONCE, out, err);
	r->is_large = rc == ERR_LIMIT;
	return r->is_large ? CONFD_TOO_LARGE : rc;
}

static int work(void *arg, struct buf *out, struct err *err)
{
	return render(arg, 0, out, err);
}

struct child *confd_render_apart(struct confd_resource *r, child_fn *fn)
{
	return child_compute(r->group->confd->loop, work, r, RENDER_MS, CONFD_FILE_MAX,
			     fn, r);
}

int confd_command(const struct confd_resource *r, const char *command, const char *src,
		  char **ret, struct err *err)
{
	const struct template_var vars[] = { { "src", src }, { "dest", r->dest } };
	const struct template_source none = { .hostname =
						      r->group->confd->opts.hostname };
	CLEANUP(template_free) struct template *t = NULL;
	CLEANUP(buf_done) struct buf b;
	int rc;

	buf_init(&b, COMMAND_MAX);
	rc = template_parse("command", command, strlen(command), &t, err);
	if (rc == 0)
		rc = template_execute(t, &none, vars, ARRAY_SIZE(vars), &b, err);
	if (rc < 0)
		return rc;
	*ret = buf_take(&b);
	return 0;
}
