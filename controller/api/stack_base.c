/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stack_base.h"

#include "check.h"
#include "tier_tag.h"

#define TEXT_MAX_BYTES (1u << 20)

int stack_base(struct db *db, const char *name, int64_t now_ms, char ret[STACK_BASE],
	       struct err *err)
{
	CLEANUP(db_stack_done) struct db_stack s = { .name = NULL };
	CLEANUP(db_tier_list_done) struct db_tier_list tiers = { NULL, 0 };
	CLEANUP(db_hold_list_done) struct db_hold_list holds = { NULL, 0 };
	CLEANUP(buf_done) struct buf b;
	char tag[TIER_TAG];
	int rc = db_stack_get(db, name, &s, err);

	if (rc == ERR_NOT_FOUND)
		rc = 0;
	if (rc == 0)
		rc = db_tier_list(db, name, &tiers, err);
	if (rc == 0)
		rc = db_hold_list(db, name, now_ms, &holds, err);
	if (rc < 0)
		return rc;
	buf_init(&b, TEXT_MAX_BYTES);
	buf_printf(&b, "%lld\n", (long long)s.version);
	for (size_t i = 0; i < tiers.n; i++) {
		tier_tag(&tiers.v[i], tag);
		buf_printf(&b, "%s %s\n", tiers.v[i].name, tag);
	}
	for (size_t i = 0; i < holds.n; i++)
		buf_printf(&b, "%lld ", (long long)holds.v[i].id);
	if (buf_is_full(&b))
		return err_set(err, ERR_LIMIT, "the stack %s has too many holds", name);
	token_hash_bytes(buf_str(&b), b.len, ret);
	return 0;
}
