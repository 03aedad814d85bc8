/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "complaints.h"

#include "check.h"
#include "cleanup.h"

#include <string.h>

struct complaint {
	struct complaint *next;
	char *unit;
	size_t source;
	char *message;
};

static struct complaint *find(struct complaints *c, const char *unit, size_t source)
{
	struct complaint *p = c->first;

	while (p && (p->source != source || strcmp(p->unit, unit) != 0))
		p = p->next;
	return p;
}

bool complaint_is_new(struct complaints *c, const char *unit, size_t source,
		      const char *message)
{
	struct complaint *p = find(c, unit, source);

	if (!p) {
		p = xcalloc(1, sizeof(*p));
		p->unit = xstrdup(unit);
		p->source = source;
		p->next = c->first;
		c->first = p;
	} else if (strcmp(p->message, message) == 0) {
		return false;
	}
	free(p->message);
	p->message = xstrdup(message);
	return true;
}

void complaints_keep(struct complaints *c, bool (*is_there)(void *arg, const char *unit),
		     void *arg)
{
	struct complaint **p = &c->first;

	while (*p) {
		struct complaint *one = *p;

		if (is_there(arg, one->unit)) {
			p = &one->next;
			continue;
		}
		*p = one->next;
		free(one->unit);
		free(one->message);
		free(one);
	}
}

static bool nothing(void *arg, const char *unit)
{
	(void)arg;
	(void)unit;
	return false;
}

void complaints_done(struct complaints *c)
{
	complaints_keep(c, nothing, NULL);
}
