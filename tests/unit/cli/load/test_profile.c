/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "check.h"
#include "profile.h"

#include <stdio.h>
#include <unistd.h>

#define HOUR_MS 3600000
#define WEEK_MS (INT64_C(168) * HOUR_MS)

static struct profile *open_text(const char *text, double peak_rps, int want_rc)
{
	char path[] = "/tmp/foretide-profile-XXXXXX";
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");
	struct profile *p = NULL;
	struct err e;
	int rc;

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	rc = profile_open(path, peak_rps, &p, &e);
	unlink(path);
	assert_int_equal(rc, want_rc);
	return p;
}

static void the_built_in_week_peaks_where_it_is_told_to(void **state)
{
	CLEANUP(profile_free) struct profile *p = NULL;
	struct err e;
	size_t above = 0, n = 0;

	(void)state;
	assert_ok(profile_open(NULL, 200, &p, &e), &e);
	assert_int_equal(profile_length_ms(p), WEEK_MS);
	for (int64_t at = 0; at < WEEK_MS; at += 60000, n++) {
		assert_in_range(profile_rate(p, at), 1, 203);
		above += profile_rate(p, at) > 200;
	}
	/* 99.9 % quantile. */
	assert_in_range(above, 1, n / 500);
}

static void nights_are_quiet_and_evenings_are_not(void **state)
{
	CLEANUP(profile_free) struct profile *p = NULL;
	struct err e;

	(void)state;
	assert_ok(profile_open(NULL, 100, &p, &e), &e);
	assert_true(profile_rate(p, 4 * HOUR_MS) < 15);
	assert_true(profile_rate(p, 20 * HOUR_MS) > 80);
	assert_true(profile_rate(p, 15 * HOUR_MS) < profile_rate(p, 11 * HOUR_MS));
}

static void it_begins_anew_at_its_end(void **state)
{
	CLEANUP(profile_free) struct profile *p = NULL;
	struct err e;

	(void)state;
	assert_ok(profile_open(NULL, 100, &p, &e), &e);
	assert_close(profile_rate(p, 20 * HOUR_MS),
		     profile_rate(p, WEEK_MS + 20 * HOUR_MS), 1e-9);
}

static void a_trace_goes_evenly_from_middle_to_middle(void **state)
{
	CLEANUP(profile_free)
	struct profile *p = open_text("0,10\n60,20\n120,40\n180,40\n", 80, 0);

	(void)state;
	assert_int_equal(profile_length_ms(p), 240000);
	assert_close(profile_rate(p, 0), 20, 1e-9);
	assert_close(profile_rate(p, 30000), 20, 1e-9);
	assert_close(profile_rate(p, 60000), 30, 1e-9);
	assert_close(profile_rate(p, 90000), 40, 1e-9);
	assert_close(profile_rate(p, 120000), 60, 1e-9);
	/* From the last back to the first. */
	assert_close(profile_rate(p, 240000), 50, 1e-9);
}

static void gaps_are_silence(void **state)
{
	CLEANUP(profile_free)
	struct profile *p = open_text("0,10\n60,\n120,10\n", 10, 0);

	(void)state;
	assert_close(profile_rate(p, 90000), 0, 1e-9);
}

static void a_trace_without_demand_is_refused(void **state)
{
	(void)state;
	assert_null(open_text("0,0\n60,0\n", 10, ERR_INVAL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_built_in_week_peaks_where_it_is_told_to),
		cmocka_unit_test(nights_are_quiet_and_evenings_are_not),
		cmocka_unit_test(it_begins_anew_at_its_end),
		cmocka_unit_test(a_trace_goes_evenly_from_middle_to_middle),
		cmocka_unit_test(gaps_are_silence),
		cmocka_unit_test(a_trace_without_demand_is_refused),
	};

	return cmocka_run_group_tests_name("profile", tests, NULL, NULL);
}
