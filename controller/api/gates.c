/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gates.c - what bounds the calls to clouds, and why.
 */
#include "handlers.h"

int api_gate_list(struct request *r, struct err *err)
{
	static const char *const keys[] = { "driver", "profile", "region", "calls",
					    "zone",   "type",    NULL };
	struct page page;
	json_t *all = NULL;
	int rc = request_page(r, &page, err);

	if (!API_HOOK(r, gates))
		return request_absent(err, "a gate");
	if (rc == 0)
		rc = API_HOOK(r, gates)(API_HOOK(r, arg), &all, err);
	if (rc == 0)
		reply_sorted(r, all, &page, keys);
	return rc;
}
