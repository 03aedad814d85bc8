/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keys.h"

#include "buf.h"
#include "check.h"
#include "text.h"

#include <ctype.h>
#include <string.h>

#define LABEL_MAX 63

/* A host label of the unit's name without its suffix: web@3.service is web-3. */
static void add_unit_label(struct buf *b, const char *unit, size_t room)
{
	const char *dot = strrchr(unit, '.');
	size_t n = dot ? (size_t)(dot - unit) : strlen(unit);

	for (size_t i = 0; i < n && i < room; i++) {
		unsigned char c = (unsigned char)tolower((unsigned char)unit[i]);

		buf_putc(b, isalnum(c) ? (char)c : '-');
	}
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

char *registrator_key(const char *domain, const char *stack, const char *service,
		      const char *unit, int port)
{
	CLEANUP(buf_done) struct buf b;
	char number[16];
	int digits = snprintf(number, sizeof(number), "-%d", port);

	buf_init(&b, 4096);
	buf_puts(&b, "/skydns");
	add_reversed(&b, domain);
	buf_printf(&b, "/%s/%s/", stack, service);
	add_unit_label(&b, unit, (size_t)(LABEL_MAX - digits));
	buf_puts(&b, number);
	return buf_take(&b);
}

char *registrator_host_key(const char *domain, const char *host)
{
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, 4096);
	buf_puts(&b, "/skydns");
	add_reversed(&b, domain);
	buf_printf(&b, "/hosts/%s", host);
	return buf_take(&b);
}

char *registrator_value(const char *address, int port, int priority, int weight)
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
