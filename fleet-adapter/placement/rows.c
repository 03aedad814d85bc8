/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rows.h"

#include "buf.h"
#include "check.h"

#include <stdarg.h>

struct place_row *place_row_of(struct state *s, int item)
{
	return &s->out->rows[s->items[item].index];
}

void place_set_row(struct state *s, int item, enum place_action action, int bin)
{
	struct place_row *row = place_row_of(s, item);

	row->action = action;
	row->host = bin >= 0 ? s->bins[bin].index : PLACE_NOWHERE;
}

void place_set_reason(struct state *s, int item, const char *fmt, ...)
{
	struct place_row *row = place_row_of(s, item);
	CLEANUP(buf_done) struct buf words;
	va_list ap;

	buf_init(&words, 1000);
	va_start(ap, fmt);
	buf_vprintf(&words, fmt, ap);
	va_end(ap);
	free(row->reason);
	row->reason = buf_take(&words);
}

void place_set_no_host_reason(struct state *s, int item, const int why[WHY_COUNT])
{
	static const char *const words[WHY_COUNT] = {
		[WHY_MACHINE] = "not the requested machine",
		[WHY_METADATA] = "with other metadata",
		[WHY_PEER] = "not with the unit that MachineOf names",
		[WHY_CONFLICT] = "in conflict",
		[WHY_ROOM] = "full",
		[WHY_AVOIDED] = "where it failed",
		[WHY_KEPT] = "kept for a higher priority",
	};
	const struct item *it = &s->items[item];
	CLEANUP(buf_done) struct buf list;

	buf_init(&list, 500);
	for (int i = 0; i < WHY_COUNT; i++)
		if (words[i] && why[i])
			buf_printf(&list, "%s%d %s", list.len ? ", " : "", why[i],
				   words[i]);
	if (it->pool < 0)
		place_set_reason(s, item, "there is no pool '%s'", it->u->pool);
	else if (it->lacks_peer)
		place_set_reason(s, item, "a unit that MachineOf names does not exist");
	else if (list.len)
		place_set_reason(s, item, "no host of pool %s can take it: %s",
				 it->u->pool, buf_str(&list));
	else
		place_set_reason(s, item, "no host of pool %s is up", it->u->pool);
}
