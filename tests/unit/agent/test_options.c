/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The agent's options, in the table and in the manual. */
#include "test.h"

#include "check.h"
#include "options.h"
#include "text.h"

#include <string.h>

static void the_manual_names_every_option(void **state)
{
	CLEANUP(free) char *manual = NULL;
	struct err e;

	(void)state;
	assert_ok(conf_read_file("agent/foretide-agent.8", 1 << 20, &manual, NULL, &e),
		  &e);
	for (const struct conf_option *o = agent_conf_table; o->name; o++) {
		CLEANUP(free) char *section = xasprintf(".It Cm [%s]", o->section);
		CLEANUP(free) char *name = xasprintf("Cm %s", o->name);
		const char *at = strstr(manual, section);

		if (!at || !strstr(at, name))
			fail_msg("the manual lacks [%s] %s", o->section, o->name);
	}
}

static void a_configuration_is_judged_as_a_whole(void **state)
{
	struct agent_conf conf = { 0 };
	struct err e;

	(void)state;
	conf_defaults(agent_conf_table, &conf);
	assert_int_equal(agent_conf_check(&conf, &e), ERR_INVAL);
	assert_ok(conf_set(agent_conf_table, &conf, "agent", "id", "web-1", &e), &e);
	assert_ok(conf_set(agent_conf_table, &conf, "agent", "ca", "/dev/null", &e), &e);
	assert_ok(conf_set(agent_conf_table, &conf, "agent", "controller",
			   "http://10.0.0.1:7071", &e),
		  &e);
	assert_int_equal(agent_conf_check(&conf, &e), ERR_INVAL);
	assert_ok(conf_set(agent_conf_table, &conf, "agent", "controller",
			   "https://10.0.0.1:7071", &e),
		  &e);
	assert_ok(agent_conf_check(&conf, &e), &e);
	conf_done(agent_conf_table, &conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_manual_names_every_option),
		cmocka_unit_test(a_configuration_is_judged_as_a_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
