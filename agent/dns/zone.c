/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "zone.h"

#include "check.h"
#include "refused.h"
#include "sorted.h"

#include <string.h>

#define DOMAINS_MAX 8
#define RECORDS_ALL_MAX 200000  /* in the zone: 45 MB */
#define RECORDS_NAME_MAX 100000 /* below one name: ten services of 10,000 hosts */
#define LOOKS_MAX 16384         /* for one name with labels that stand for any */

struct dns_zone {
	char *domains[DOMAINS_MAX]; /* paths */
	size_t n_domains;
	struct dns_record **records; /* by path, then key */
	size_t n, cap;
	struct dns_refused refused;
};

/* ---------------------------------------------------------------- the index */

static int compare(const struct dns_record *r, const char *path, const char *key)
{
	int d = strcmp(r->path, path);

	return d ? d : strcmp(r->key, key);
}

/* The first place whose record is not before (path, key). */
static size_t place(const struct dns_zone *z, const char *path, const char *key)
{
	return SORTED_PLACE(z->n, i, compare(z->records[i], path, key) < 0);
}

void dns_zone_delete(struct dns_zone *z, const char *key)
{
	char path[DNS_PATH_MAX];
	size_t at;

	dns_refused_remove(&z->refused, key);
	if (!dns_path_from_key(key, path))
		return;
	at = place(z, path, key);
	if (at == z->n || compare(z->records[at], path, key) != 0)
		return;
	dns_record_free(z->records[at]);
	memmove(z->records + at, z->records + at + 1,
		(z->n - at - 1) * sizeof(*z->records));
	z->n--;
}

/* Where the records below a path, of n bytes, begin and end. */
static void below(const struct dns_zone *z, const char *path, size_t n, size_t *ret_from,
		  size_t *ret_to)
{
	char text[DNS_PATH_MAX + 1];

	*ret_from = 0;
	*ret_to = z->n;
	if (n == 0)
		return;
	snprintf(text, sizeof(text), "%.*s/", (int)n, path);
	*ret_from = place(z, text, "");
	text[n]++; /* '0' follows '/' */
	*ret_to = place(z, text, "");
}

/* How many records are below the name that a path is just below. */
static size_t count_siblings(const struct dns_zone *z, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t from, to;

	below(z, path, slash ? (size_t)(slash - path) : 0, &from, &to);
	return to - from;
}

static int check_room(const struct dns_zone *z, const char *path, struct err *err)
{
	if (z->n >= RECORDS_ALL_MAX)
		return err_set(err, ERR_LIMIT, "there are %d records, the limit",
			       RECORDS_ALL_MAX);
	if (count_siblings(z, path) >= RECORDS_NAME_MAX)
		return err_set(err, ERR_LIMIT,
			       "there are %d records below the same name, the limit",
			       RECORDS_NAME_MAX);
	return 0;
}

int dns_zone_put(struct dns_zone *z, const char *key, const char *value, size_t len,
		 struct err *err)
{
	struct dns_record *r = NULL;
	size_t at;
	int rc;

	dns_zone_delete(z, key);
	rc = dns_record_parse(key, value, len, &r, err);
	if (rc == 0)
		rc = check_room(z, r->path, err);
	if (rc < 0) {
		dns_refused_add(&z->refused, key, r != NULL);
		dns_record_free(r);
		return err_wrap(err, rc, "%s", key);
	}
	if (z->n == z->cap) {
		z->cap = z->cap * 2 + 16;
		z->records = xrealloc(z->records, z->cap * sizeof(struct dns_record *));
	}
	at = place(z, r->path, r->key);
	memmove(z->records + at + 1, z->records + at, (z->n - at) * sizeof(*z->records));
	z->records[at] = r;
	z->n++;
	return 0;
}

size_t dns_zone_count(const struct dns_zone *z)
{
	return z->n;
}

size_t dns_zone_refused(const struct dns_zone *z)
{
	return z->refused.n;
}

const char *dns_zone_waiting(const struct dns_zone *z, const char *after)
{
	const struct dns_refused *r = &z->refused;
	char path[DNS_PATH_MAX];

	if (z->n >= RECORDS_ALL_MAX)
		return NULL;
	for (size_t i = dns_refused_after(r, after); i < r->n; i++)
		if (r->v[i].for_room && dns_path_from_key(r->v[i].key, path) &&
		    check_room(z, path, NULL) == 0)
			return r->v[i].key;
	return NULL;
}

/* ---------------------------------------------------------------- looking up */

static bool is_below(const char *path, const char *top)
{
	size_t n = strlen(top);

	return strncmp(path, top, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

const char *dns_zone_domain(const struct dns_zone *z, const char *path)
{
	for (size_t i = 0; i < z->n_domains; i++)
		if (is_below(path, z->domains[i]))
			return z->domains[i];
	return NULL;
}

const struct dns_record *dns_zone_exact(const struct dns_zone *z, const char *path)
{
	size_t at = place(z, path, "");

	return at < z->n && strcmp(z->records[at]->path, path) == 0 ? z->records[at]
								    : NULL;
}

static bool is_wild(const char *label, size_t n)
{
	return (n == 1 && *label == '*') || (n == 3 && memcmp(label, "any", 3) == 0);
}

/* Label by label, the pattern's being the shorter or as long. */
static bool matches(const char *path, const char *pattern)
{
	for (;;) {
		size_t n = strcspn(path, "/"), m = strcspn(pattern, "/");

		if (n == 0 ||
		    (!is_wild(pattern, m) && (n != m || memcmp(path, pattern, n) != 0)))
			return false;
		path += n + (path[n] == '/');
		if (pattern[m] == '\0')
			return true;
		pattern += m + 1;
	}
}

/* The start of the path up to its first wild label; false when there is none. */
static bool plain_start(const char *path, char start[DNS_PATH_MAX])
{
	for (const char *p = path; *p;) {
		size_t n = strcspn(p, "/");

		if (is_wild(p, n)) {
			size_t len = p == path ? 0 : (size_t)(p - path) - 1;

			memcpy(start, path, len);
			start[len] = '\0';
			return true;
		}
		p += n + (p[n] == '/');
	}
	return false;
}

size_t dns_zone_find(const struct dns_zone *z, const char *path,
		     const struct dns_record **ret, size_t max, uint64_t random)
{
	char start[DNS_PATH_MAX];
	const bool wild = plain_start(path, start);
	const char *top = wild ? start : path;
	size_t n = 0, at = place(z, top, ""), from, to, looks, first = 0;

	for (; !wild && at < z->n && n < max && strcmp(z->records[at]->path, top) == 0;
	     at++)
		ret[n++] = z->records[at];
	below(z, top, strlen(top), &from, &to);
	looks = MIN(to - from, LOOKS_MAX);
	/* Not when a look at others would find something else each time. */
	if (to - from > max && (!wild || looks == to - from))
		first = random % (to - from);
	for (size_t i = 0; i < looks && n < max; i++) {
		at = from + (first + i) % (to - from);
		if (!wild || matches(z->records[at]->path, path))
			ret[n++] = z->records[at];
	}
	return n;
}

bool dns_zone_has(const struct dns_zone *z, const char *path)
{
	const struct dns_record *one;

	return dns_zone_find(z, path, &one, 1, 0) > 0;
}

/* ---------------------------------------------------------------- the whole */

int dns_zone_new(const char *domains, struct dns_zone **ret, struct err *err)
{
	CLEANUP(dns_zone_free) struct dns_zone *z = xcalloc(1, sizeof(*z));

	while (*domains) {
		size_t n = strcspn(domains, ", ");
		CLEANUP(free) char *name = xstrndup(domains, n);
		char path[DNS_PATH_MAX];

		domains += n + strspn(domains + n, ", ");
		if (n == 0)
			continue;
		if (!dns_path_from_name(name, path))
			return err_set(err, ERR_INVAL, "'%s' is not a domain", name);
		if (z->n_domains == DOMAINS_MAX)
			return err_set(err, ERR_LIMIT, "more than %d domains",
				       DOMAINS_MAX);
		z->domains[z->n_domains++] = xstrdup(path);
	}
	*ret = TAKE(z);
	return 0;
}

void dns_zone_free(struct dns_zone *z)
{
	if (!z)
		return;
	for (size_t i = 0; i < z->n; i++)
		dns_record_free(z->records[i]);
	for (size_t i = 0; i < z->n_domains; i++)
		free(z->domains[i]);
	free(z->records);
	dns_refused_done(&z->refused);
	free(z);
}
