/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "quota.h"

#include "check.h"
#include "samples.h"
#include "test.h"

#define HOSTS 3000
#define MOST 3

static int check(struct quota *q, const char *labels)
{
	struct db_limits l;
	struct err e;

	db_limits_default(&l);
	l.max_host_series = MOST;
	return quota_check(q, &l, 0, "m", labels, &e);
}

static char *labels_of(size_t host, size_t i)
{
	return xasprintf("host=\"h%zu\",i=\"%zu\"", host, i);
}

/* Whatever came and went, in whatever order. */
static void what_is_gone_makes_room(void **state)
{
	struct quota q = { 0 };

	(void)state;
	for (size_t round = 0; round < 3; round++) {
		for (size_t host = 0; host < HOSTS; host++)
			for (size_t i = 0; i < MOST; i++) {
				CLEANUP(free) char *l = labels_of(host + round * 999, i);

				assert_int_equal(check(&q, l), 0);
				quota_add(&q, l);
			}
		for (size_t host = 0; host < HOSTS; host++) {
			CLEANUP(free) char *l = labels_of(host + round * 999, MOST);

			assert_int_equal(check(&q, l), ERR_LIMIT);
			quota_remove(&q, l);
			assert_int_equal(check(&q, l), 0);
			for (size_t i = 1; i < MOST; i++)
				quota_remove(&q, l);
		}
	}
	quota_done(&q);
}

static void what_has_no_host_counts_for_none(void **state)
{
	struct quota q = { 0 };

	(void)state;
	for (int i = 0; i < 10; i++) {
		assert_int_equal(check(&q, "tier=\"web\",unit=\"a\""), 0);
		quota_add(&q, "tier=\"web\",unit=\"a\"");
	}
	quota_remove(&q, "host=\"never\"");
	quota_done(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_gone_makes_room),
		cmocka_unit_test(what_has_no_host_counts_for_none),
	};

	return cmocka_run_group_tests_name("quota", tests, NULL, NULL);
}
