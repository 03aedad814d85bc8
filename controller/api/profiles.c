/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * profiles.c - profiles of cloud credentials, without the credentials, and their checks.
 */
#include "handlers.h"

#include "text.h"

int api_profile_list(struct request *r, struct err *err)
{
	static const char *const keys[] = { "name", NULL };
	struct page page;
	json_t *all = NULL;
	int rc = request_page(r, &page, err);

	if (!API_HOOK(r, profiles))
		return request_absent(err, "a profile");
	if (rc == 0)
		rc = API_HOOK(r, profiles)(API_HOOK(r, arg), &all, err);
	if (rc == 0)
		reply_sorted(r, all, &page, keys);
	return rc;
}

int api_profile_get(struct request *r, struct err *err)
{
	json_t *doc = NULL;
	int rc;

	if (!API_HOOK(r, profile))
		return request_absent(err, "a profile");
	rc = API_HOOK(r, profile)(API_HOOK(r, arg), r->args[0], &doc, err);
	if (rc == 0)
		reply_json(r, 200, doc);
	return rc;
}

int api_profile_check(struct request *r, struct err *err)
{
	json_t *doc = NULL;
	int rc;

	if (!API_HOOK(r, check_profile))
		return request_absent(err, "a check");
	rc = API_HOOK(r, check_profile)(API_HOOK(r, arg), r->args[0], &doc, err);
	if (rc == 0)
		reply_json(r, 202, doc);
	return rc;
}
