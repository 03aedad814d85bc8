/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "registration.h"

#include "buf.h"
#include "check.h"
#include "text.h"

#include <ctype.h>
#include <string.h>

#define LABEL_MAX 63
#define HOST_MAX 40 /* bytes of a host's id in a label: its last ones, which differ */

static void add_label(struct buf *b, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)tolower((unsigned char)text[i]);

		buf_putc(b, isalnum(c) ? (char)c : '-');
	}
}

/*
 * A host label of the unit's name without its suffix: web@3.service is web-3. A unit that
 * is no instance serves on two hosts while it moves: it has its host's id as well.
 */
static void add_unit_label(struct buf *b, const char *unit, const char *host, size_t room)
{
	const char *dot = strrchr(unit, '.');
	size_t n = dot ? (size_t)(dot - unit) : strlen(unit);
	size_t n_host = strchr(unit, '@') ? 0 : strlen(host);

	if (n_host > HOST_MAX)
		host += n_host - HOST_MAX;
	n_host = MIN(n_host, (size_t)HOST_MAX);
	add_label(b, unit, MIN(n, n_host ? room - n_host - 1 : room));
	if (n_host)
		buf_putc(b, '-');
	add_label(b, host, n_host);
}

static void add_reversed(struct buf *b, const char *domain)
{
	const char *end = domain + strlen(domain);

	while (end > domain) {
		const char *dot = memrchr(domain, '.', (size_t)(end - domain));
		const char *label = dot ? dot + 1 : domain;

		if (end > label) {
			buf_putc(b, '/');
			buf_add(b, label, (size_t)(end - label));
		}
		end = dot ? dot : domain;
	}
}

char *registration_key(const char *domain, const char *stack, const char *service,
		       const char *unit, const char *host, int port)
{
	CLEANUP(buf_done) struct buf b;
	char number[16];
	int digits = snprintf(number, sizeof(number), "-%d", port);

	buf_init(&b, 4096);
	buf_puts(&b, "/skydns");
	add_reversed(&b, domain);
	buf_printf(&b, "/%s/%s/", stack, service);
	add_unit_label(&b, unit, host, (size_t)(LABEL_MAX - digits));
	buf_puts(&b, number);
	return buf_take(&b);
}

char *registration_root(const char *domain)
{
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, 4096);
	buf_puts(&b, "/skydns");
	add_reversed(&b, domain);
	buf_putc(&b, '/');
	return buf_take(&b);
}

char *registration_host_key(const char *domain, const char *host)
{
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, 4096);
	buf_puts(&b, "/skydns");
	add_reversed(&b, domain);
	buf_printf(&b, "/hosts/%s", host);
	return buf_take(&b);
}

char *registration_value(const char *address, int port, int priority, int weight)
{
	CLEANUP(json_decref) json_t *v = json_pack("{s:s}", "host", address);

	if (port)
		json_object_set_new(v, "port", json_integer(port));
	if (priority)
		json_object_set_new(v, "priority", json_integer(priority));
	if (weight)
		json_object_set_new(v, "weight", json_integer(weight));
	return json_dumps(v, JSON_COMPACT);
}
