/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "record.h"

#include "check.h"
#include "path.h"
#include "text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#define PRIORITY_UNSET 10
#define TEXT_LENGTH_MAX 4096
#define VALUE_MAX_BYTES 16384u /* what is larger is not even parsed */

void dns_record_free(struct dns_record *r)
{
	if (!r)
		return;
	free(r->key);
	free(r->path);
	free(r->host);
	free(r->text);
	free(r);
}

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

int dns_record_parse(const char *key, const char *value, size_t len,
		     struct dns_record **ret, struct err *err)
{
	CLEANUP(dns_record_free) struct dns_record *r = xcalloc(1, sizeof(*r));
	CLEANUP(json_decref) json_t *doc = NULL;
	const char *host = "", *text = NULL;
	char path[DNS_PATH_MAX];
	int rc;

	if (!dns_path_from_key(key, path))
		return err_set(err, ERR_INVAL, "the key is not a name");
	if (len > VALUE_MAX_BYTES)
		return err_set(err, ERR_LIMIT,
			       "the record has %zu bytes, at most %u are allowed", len,
			       VALUE_MAX_BYTES);
	rc = json_parse(value, len, "the record", &doc, err);
	if (rc == 0 && !json_is_object(doc))
		rc = err_set(err, ERR_INVAL, "the record is not an object");
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
