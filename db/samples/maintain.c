/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "maintain.h"

#include "check.h"
#include "clock.h"
#include "sql.h"

int db_maintain(struct db *db, int64_t now_ms, int64_t budget_ms, bool *ret_more,
		struct err *err)
{
	static int (*const steps[])(struct db *, int64_t, struct err *) = {
		db_step_flush,
		db_step_roll,
		db_step_prune,
	};
	int64_t end = clock_mono_ms() + budget_ms;
	bool more = false;

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		int rc = 1;

		while (rc == 1 && (rc = steps[i](db, now_ms, err)) == 1)
			if (clock_mono_ms() >= end) {
				more = true;
				break;
			}
		if (rc < 0)
			return rc;
		if (more)
			break;
	}
	if (ret_more)
		*ret_more = more;
	return db_checkpoint(db, err);
}
