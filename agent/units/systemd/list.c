/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "list.h"

#include "check.h"
#include "clock.h"

#include <string.h>

struct sd_unit *sysd_find(const struct sysd *s, const char *name)
{
	for (struct sd_unit *u = s->units; u; u = u->next)
		if (strcmp(u->name, name) == 0)
			return u;
	return NULL;
}

struct sd_unit *sysd_add(struct sysd *s, const char *name, const char *hash)
{
	struct sd_unit *u = xcalloc(1, sizeof(*u));
	struct sd_unit **p = &s->units;

	u->s = s;
	u->name = xstrdup(name);
	u->hash = xstrdup(hash);
	u->since_ms = clock_now_ms();
	snprintf(u->active, sizeof(u->active), "inactive");
	snprintf(u->sub, sizeof(u->sub), "dead");
	snprintf(u->load, sizeof(u->load), "loaded");
	while (*p && strcmp((*p)->name, name) < 0)
		p = &(*p)->next;
	u->next = *p;
	*p = u;
	return u;
}

static void sd_unit_free(struct sd_unit *u)
{
	free(u->name);
	free(u->hash);
	free(u->text);
	free(u->next_hash);
	free(u->next_text);
	free(u->message);
	free(u);
}

bool sysd_is_stopped(const struct sd_unit *u)
{
	return strcmp(u->active, "inactive") == 0 || strcmp(u->active, "failed") == 0;
}

void sysd_set_message(struct sd_unit *u, const char *text)
{
	free(u->message);
	u->message = text && *text ? xstrdup(text) : NULL;
}

void sysd_remove(struct sysd *s, struct sd_unit *u)
{
	struct sd_unit **p = &s->units;

	while (*p != u)
		p = &(*p)->next;
	*p = u->next;
	sd_unit_free(u);
}

void sysd_remove_all(struct sysd *s)
{
	while (s->units)
		sysd_remove(s, s->units);
}
