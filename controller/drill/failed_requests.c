/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "failed_requests.h"

#include "check.h"
#include "samples.h"

#include <math.h>

/* The increase of all matching counters; -1: there is none. */
static int sum_of(struct db *db, const char *name, const struct db_matcher *m, size_t n,
		  int64_t from_ms, int64_t to_ms, int64_t *ret, struct err *err)
{
	CLEANUP(db_selector_free) struct db_selector *s = NULL;
	const int64_t *ids;
	size_t n_ids;
	double sum = 0;
	bool is_counted = false;
	int rc = db_selector_new(name, m, n, &s, err);

	if (rc == 0)
		rc = db_selector_ids(db, s, &ids, &n_ids, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n_ids; i++) {
		double v = NAN;

		rc = db_samples_range(db, ids[i], from_ms, MAX(to_ms - from_ms, 1),
				      DB_AGG_INCREASE, &v, 1, err);
		if (rc < 0)
			return rc;
		if (isfinite(v)) {
			is_counted = true;
			sum += v;
		}
	}
	*ret = is_counted ? llround(sum) : -1;
	return 0;
}

int failed_requests(struct db *db, const char *stack, int64_t from_ms, int64_t to_ms,
		    int64_t *ret_all, int64_t *ret_failed, struct err *err)
{
	const struct db_matcher m[] = {
		{ "stack", DB_MATCH_EQ, stack },
		{ "code", DB_MATCH_EQ, "5xx" },
	};
	int rc = sum_of(db, "haproxy_frontend_http_requests_total", m, 1, from_ms, to_ms,
			ret_all, err);

	return rc < 0 ? rc
		      : sum_of(db, "haproxy_frontend_http_responses_total", m, 2, from_ms,
			       to_ms, ret_failed, err);
}
