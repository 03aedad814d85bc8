/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hooks_services.c - callbacks of the API for services: the records of units in the
 * store. Called by the API's threads.
 */
#include "check.h"
#include "text.h"
#include "wiring.h"

#include <stdio.h>
#include <string.h>

#define SERVICE_MAX_BYTES 16384u /* of a service: what agents read */

/* "/skydns/local/foretide/shop/web/web-3-80" to "web.shop.foretide.local". */
static void dns_name(const char *key, char *text, size_t size)
{
	CLEANUP(free) char *copy = xstrdup(key + strlen("/skydns/"));
	char *slash = strrchr(copy, '/');
	size_t n = 0;

	text[0] = '\0';
	if (slash)
		*slash = '\0';
	while (slash && n < size) {
		slash = strrchr(copy, '/');
		n += (size_t)snprintf(text + n, size - n, "%s%s", n ? "." : "",
				      slash ? slash + 1 : copy);
		if (slash)
			*slash = '\0';
	}
}

struct by_address {
	const struct db_host_list *hosts;
	const struct db_unit_list *units;
};

static const char *host_at(const struct by_address *b, const char *address)
{
	for (size_t i = 0; i < b->hosts->n; i++)
		if (strcmp(b->hosts->v[i].address, address) == 0)
			return b->hosts->v[i].id;
	return "";
}

static bool is_port(const char *s)
{
	return *s && strspn(s, "0123456789") == strlen(s);
}

/* Its port, or its host and port: another unit's name may begin with this one's. */
static bool is_place(const struct db_unit *u, const char *rest)
{
	const size_t n = strlen(u->host);

	return is_port(rest) || (n && strncmp(rest, u->host, n) == 0 && rest[n] == '-' &&
				 is_port(rest + n + 1));
}

/* The record's id is the unit's name as a label, of a unit that is no instance its host
 * too, and the port: "web-3-80", "lb-HOST-80". */
static const struct db_unit *unit_of(const struct by_address *b, const char *key)
{
	const char *id = strrchr(key, '/') + 1;

	for (size_t i = 0; i < b->units->n; i++) {
		CLEANUP(free) char *label = xstrdup(b->units->v[i].name);
		char *dot = strrchr(label, '.');
		size_t n;

		if (dot)
			*dot = '\0';
		for (char *p = label; *p; p++)
			if (*p == '@' || *p == '.' || *p == '_' || *p == ':')
				*p = '-';
		n = strlen(label);
		if (strncmp(id, label, n) == 0 && id[n] == '-' &&
		    is_place(&b->units->v[i], id + n + 1))
			return &b->units->v[i];
	}
	return NULL;
}

static json_t *service_json(const struct view_kv *kv, const struct by_address *b)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	const struct db_unit *u = unit_of(b, kv->key);
	const char *address = "";
	const char *end = u ? strstr(kv->key, u->stack) : NULL;
	char dns[256], name[64];
	int64_t port = 0;

	if (!end || kv->len > SERVICE_MAX_BYTES ||
	    json_parse(kv->value, kv->len, "record", &doc, NULL) < 0 ||
	    jread_line(doc, "host", 255, &address, NULL) < 0 ||
	    jread_int_opt(doc, "port", &port, NULL) < 0)
		return NULL;
	dns_name(kv->key, dns, sizeof(dns));
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(dns, "."), dns);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s}", "name", name,
			 "stack", u->stack, "tier", u->tier, "unit", u->name, "host",
			 host_at(b, address), "address", address, "port",
			 (json_int_t)port, "dns", dns);
}

static json_t *hook_services(void *arg)
{
	struct daemon *d = arg;
	CLEANUP(view_snapshot_done) struct view_snapshot s = { 0 };
	CLEANUP(db_host_list_done) struct db_host_list hosts = { 0 };
	CLEANUP(db_unit_list_done) struct db_unit_list units = { 0 };
	struct by_address b = { &hosts, &units };
	json_t *list;

	CHECK_MAGIC(d, DAEMON_MAGIC);
	if (!d->view)
		return NULL;
	view_snapshot(d->view, "/skydns/", &s);
	if (!s.has_copy ||
	    db_host_list(d->db, &(struct db_host_filter){ .present = true }, &hosts,
			 NULL) < 0 ||
	    db_unit_list(d->db, NULL, &units, NULL) < 0)
		return NULL;
	list = json_array();
	for (size_t i = 0; i < s.n; i++) {
		json_t *service = service_json(&s.kvs[i], &b);

		if (service)
			json_array_append_new(list, service);
	}
	return list;
}

void daemon_services_hooks(struct api_hooks *ret)
{
	ret->services = hook_services;
}
