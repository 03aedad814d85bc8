/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "zone.h"

#include "check.h"
#include "sorted.h"
#include "text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#define DOMAINS_MAX 8
#define PRIORITY_UNSET 10
#define TEXT_LENGTH_MAX 4096

struct dns_zone {
	char *domains[DOMAINS_MAX]; /* paths */
	size_t n_domains;
	struct dns_record **records; /* by path, then key */
	size_t n, cap;
};

/* ---------------------------------------------------------------- names */

static bool add_label(char path[DNS_PATH_MAX], size_t *len, const char *label, size_t n)
{
	if (n == 0 || n > 63 || *len + n + 1 >= DNS_PATH_MAX)
		return false;
	if (*len)
		path[(*len)++] = '/';
	for (size_t i = 0; i < n; i++)
		path[(*len)++] = (char)tolower((unsigned char)label[i]);
	path[*len] = '\0';
	return true;
}

bool dns_path_from_name(const char *name, char path[DNS_PATH_MAX])
{
	size_t end = strlen(name), len = 0;

	if (end && name[end - 1] == '.')
		end--;
	if (end == 0 || end >= DNS_PATH_MAX || memchr(name, '/', end))
		return false;
	while (end > 0) {
		size_t from = end;

		while (from > 0 && name[from - 1] != '.')
			from--;
		if (!add_label(path, &len, name + from, end - from))
			return false;
		end = from ? from - 1 : 0;
		if (from == 1)
			return false;
	}
	return true;
}

bool dns_path_from_wire(const uint8_t *wire, char path[DNS_PATH_MAX])
{
	const uint8_t *labels[128];
	size_t n = 0, len = 0;

	for (const uint8_t *p = wire; *p; p += *p + 1) {
		if (n == ARRAY_SIZE(labels) || *p > 63)
			return false;
		if (memchr(p + 1, '/', *p) || memchr(p + 1, '\0', *p))
			return false;
		labels[n++] = p;
	}
	path[0] = '\0';
	while (n > 0) {
		n--;
		if (!add_label(path, &len, (const char *)labels[n] + 1, *labels[n]))
			return false;
	}
	return true;
}

void dns_name_from_path(const char *path, size_t strip, char name[DNS_PATH_MAX])
{
	size_t end = strlen(path), len = 0, labels = 1;

	for (const char *p = path; *p; p++)
		labels += *p == '/';
	while (end > 0) {
		size_t from = end;

		while (from > 0 && path[from - 1] != '/')
			from--;
		if (strip > 0 && strip < labels) {
			strip--;
			labels--;
		} else {
			memcpy(name + len, path + from, end - from);
			len += end - from;
			name[len++] = '.';
		}
		end = from ? from - 1 : 0;
	}
	name[len ? len - 1 : 0] = '\0';
}

/* A key's path, with labels that can stand in a host name. */
static bool path_from_key(const char *key, char path[DNS_PATH_MAX])
{
	size_t len = 0;

	if (strncmp(key, DNS_KEY_ROOT, strlen(DNS_KEY_ROOT)) != 0)
		return false;
	for (const char *p = key + strlen(DNS_KEY_ROOT); *p;) {
		size_t n = strcspn(p, "/"), from = len;

		if (n && !add_label(path, &len, p, MIN(n, 63u)))
			return false;
		for (size_t i = from ? from + 1 : 0; i < len; i++)
			if (!isalnum((unsigned char)path[i]) && path[i] != '-' &&
			    path[i] != '_')
				path[i] = '-';
		p += n + (p[n] == '/');
	}
	return len > 0;
}

/* ---------------------------------------------------------------- records */

static void free_record(struct dns_record *r)
{
	if (!r)
		return;
	free(r->key);
	free(r->path);
	free(r->host);
	free(r->text);
	free(r);
}

DEFINE_CLEANUP(struct dns_record *, free_record);

static int read_small(const json_t *o, const char *name, int64_t max, int64_t *ret,
		      struct err *err)
{
	int rc = jread_int_opt(o, name, ret, err);

	if (rc == 0 && (*ret < 0 || *ret > max))
		return err_set(err, ERR_INVAL, "\"%s\" is not from 0 to %lld", name,
			       (long long)max);
	return rc;
}

static int set_host(struct dns_record *r, const char *host, struct err *err)
{
	char path[DNS_PATH_MAX];
	size_t n = strlen(host);

	if (n == 0)
		return 0;
	if (inet_pton(AF_INET, host, r->addr) == 1) {
		r->family = 4;
		return 0;
	}
	if (inet_pton(AF_INET6, host, r->addr) == 1) {
		r->family = 6;
		return 0;
	}
	if (!dns_path_from_name(host, path))
		return err_set(err, ERR_INVAL,
			       "\"host\" is neither an address nor a name");
	r->host = xstrdup(host);
	if (host[n - 1] == '.')
		r->host[n - 1] = '\0';
	for (char *p = r->host; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return 0;
}

static int read_numbers(const json_t *doc, struct dns_record *r, struct err *err)
{
	int64_t port = 0, priority = PRIORITY_UNSET, weight = 0, ttl = 0, strip = 0;
	int rc = read_small(doc, "port", 65535, &port, err);

	if (rc == 0)
		rc = read_small(doc, "priority", 65535, &priority, err);
	if (rc == 0)
		rc = read_small(doc, "weight", 65535, &weight, err);
	if (rc == 0)
		rc = read_small(doc, "ttl", INT32_MAX, &ttl, err);
	if (rc == 0)
		rc = read_small(doc, "targetstrip", 127, &strip, err);
	if (rc < 0)
		return rc;
	r->port = (uint16_t)port;
	r->priority = priority ? (uint16_t)priority : PRIORITY_UNSET;
	r->weight = (uint16_t)weight;
	r->ttl_s = (uint32_t)ttl;
	r->target_strip = (uint8_t)strip;
	return 0;
}

static int parse_record(const char *key, const char *value, size_t len,
			struct dns_record **ret, struct err *err)
{
	CLEANUP(free_record) struct dns_record *r = xcalloc(1, sizeof(*r));
	CLEANUP(json_decref) json_t *doc = NULL;
	const char *host = "", *text = NULL;
	char path[DNS_PATH_MAX];
	int rc;

	if (!path_from_key(key, path))
		return err_set(err, ERR_INVAL, "the key is no name");
	rc = json_parse(value, len, "the record", &doc, err);
	if (rc == 0 && !json_is_object(doc))
		rc = err_set(err, ERR_INVAL, "the record is no object");
	if (rc == 0)
		rc = read_numbers(doc, r, err);
	if (rc == 0)
		rc = jread_str_opt(doc, "host", &host, err);
	if (rc == 0)
		rc = jread_str_opt(doc, "text", &text, err);
	if (rc == 0)
		rc = set_host(r, host, err);
	if (rc < 0)
		return rc;
	if (text && strlen(text) > TEXT_LENGTH_MAX)
		return err_set(err, ERR_LIMIT, "\"text\" is longer than %d bytes",
			       TEXT_LENGTH_MAX);
	r->text = text && *text ? xstrdup(text) : NULL;
	r->key = xstrdup(key);
	r->path = xstrdup(path);
	*ret = TAKE(r);
	return 0;
}

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

	if (!path_from_key(key, path))
		return;
	at = place(z, path, key);
	if (at == z->n || compare(z->records[at], path, key) != 0)
		return;
	free_record(z->records[at]);
	memmove(z->records + at, z->records + at + 1,
		(z->n - at - 1) * sizeof(*z->records));
	z->n--;
}

int dns_zone_put(struct dns_zone *z, const char *key, const char *value, size_t len,
		 struct err *err)
{
	struct dns_record *r = NULL;
	size_t at;
	int rc;

	dns_zone_delete(z, key);
	rc = parse_record(key, value, len, &r, err);
	if (rc < 0)
		return err_wrap(err, rc, "%s", key);
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
		     const struct dns_record **ret, size_t max)
{
	char start[DNS_PATH_MAX], below[DNS_PATH_MAX + 1];
	bool wild = plain_start(path, start);
	const char *from = wild ? start : path;
	size_t n = 0, at = place(z, from, ""), len;

	for (; !wild && at < z->n && n < max && strcmp(z->records[at]->path, from) == 0;
	     at++)
		ret[n++] = z->records[at];
	len = (size_t)snprintf(below, sizeof(below), "%s%s", from, *from ? "/" : "");
	for (at = place(z, below, "");
	     at < z->n && n < max && strncmp(z->records[at]->path, below, len) == 0; at++)
		if (!wild || matches(z->records[at]->path, path))
			ret[n++] = z->records[at];
	return n;
}

bool dns_zone_has(const struct dns_zone *z, const char *path)
{
	const struct dns_record *one;

	return dns_zone_find(z, path, &one, 1) > 0;
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
			return err_set(err, ERR_INVAL, "'%s' is no domain", name);
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
		free_record(z->records[i]);
	for (size_t i = 0; i < z->n_domains; i++)
		free(z->domains[i]);
	free(z->records);
	free(z);
}
