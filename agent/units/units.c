/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "units.h"

void units_close(struct units *u)
{
	if (u)
		u->ops->close(u);
}

void units_set(struct units *u, const char *name, const char *hash, const char *text,
	       bool run)
{
	u->ops->set(u, name, hash, text, run);
}

void units_drop(struct units *u, const char *name)
{
	u->ops->drop(u, name);
}

int units_reload(struct units *u, const char *name, struct err *err)
{
	return u->ops->reload(u, name, err);
}

int units_restart(struct units *u, const char *name, struct err *err)
{
	return u->ops->restart(u, name, err);
}

bool units_get(const struct units *u, const char *name, struct unit_status *ret)
{
	return u->ops->get(u, name, ret);
}

const char *units_at(const struct units *u, size_t i)
{
	return u->ops->at(u, i);
}

double units_cpu_seconds(const struct units *u, const char *name)
{
	return u->ops->cpu_seconds(u, name);
}
