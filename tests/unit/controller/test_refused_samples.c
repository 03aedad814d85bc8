/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many hosts that push what they may not are a few problems and one line of the log. */
#include "test.h"

#include "catch_log.h"
#include "check.h"
#include "refused_samples.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

#define HOSTS (REFUSED_SAMPLES_TOLD_MAX + 36)

static void push_of_each(struct refused_samples *r, int times)
{
	CLEANUP(json_decref)
	json_t *refused = json_pack("[{s:s, s:s}]", "sample", "foretide_x", "why", "no");
	const struct host_samples of = { .refused = refused, .n_refused = 1 };

	for (int i = 0; i < times * HOSTS; i++) {
		char host[32];

		snprintf(host, sizeof(host), "web-%03d", i % HOSTS);
		refused_samples_note(r, host, &of);
	}
}

static const char *message_of(const json_t *problems, size_t i)
{
	return json_string_value(json_object_get(json_array_get(problems, i), "message"));
}

static void many_hosts_are_one_line_and_the_first_are_named(void **state)
{
	struct refused_samples *r = refused_samples_new();
	CLEANUP(json_decref) json_t *problems = json_array();
	struct catch_log c;

	(void)state;
	catch_log_begin(&c);
	push_of_each(r, 3);
	catch_log_end(&c);
	assert_non_null(strstr(c.text, "web-000"));
	assert_int_equal(catch_log_count(&c, "\n"), 1);
	refused_samples_problems(r, problems);
	assert_int_equal(json_array_size(problems), REFUSED_SAMPLES_TOLD_MAX + 1);
	assert_non_null(strstr(message_of(problems, 0), "host web-000 pushes"));
	assert_non_null(strstr(message_of(problems, REFUSED_SAMPLES_TOLD_MAX),
			       "and 36 more hosts"));
	refused_samples_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_hosts_are_one_line_and_the_first_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
