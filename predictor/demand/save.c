/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * save.c - a model as bytes and back.
 */
#include "check.h"
#include "fnv.h"
#include "model.h"

#include <math.h>
#include <string.h>

size_t demand_model_size(const struct demand_model *m)
{
	return m->size + sizeof(uint64_t);
}

void demand_model_save(const struct demand_model *m, void *ret)
{
	memcpy(ret, m, m->size);

	/* A truncated or edited state is rejected. */
	const uint64_t checksum = fnv(FNV_START, ret, m->size);

	memcpy((unsigned char *)ret + m->size, &checksum, sizeof(checksum));
}

int demand_model_load(const void *data, size_t len, struct demand_model **ret,
		      struct err *err)
{
	struct demand_model head;
	uint64_t checksum;

	if (len < sizeof(head) + sizeof(checksum))
		return err_set(err, ERR_PROTO, "state of a demand model: only %zu bytes",
			       len);
	memcpy(&head, data, sizeof(head));
	if (head.magic != DEMAND_MAGIC)
		return err_set(err, ERR_PROTO,
			       "these bytes are not the state of a demand model");
	if (head.version != DEMAND_STATE_VERSION)
		return err_set(err, ERR_PROTO,
			       "state of a demand model: version %u, not %u",
			       head.version, DEMAND_STATE_VERSION);
	memcpy(&checksum, (const unsigned char *)data + len - sizeof(checksum),
	       sizeof(checksum));
	if (head.size != len - sizeof(checksum) ||
	    fnv(FNV_START, data, head.size) != checksum)
		return err_set(err, ERR_PROTO, "state of a demand model: damaged");

	/* A state of the same version from a different program would not fit either. */
	CLEANUP(demand_model_free) struct demand_model *m = NULL;
	const int rc = demand_model_new(&head.opts, &m, err);

	if (rc != 0)
		return err_wrap(err, ERR_PROTO, "state of a demand model");
	if (m->size != head.size)
		return err_set(err, ERR_PROTO,
			       "state of a demand model: from another build");
	memcpy(m, data, head.size);
	*ret = TAKE(m);
	return 0;
}
