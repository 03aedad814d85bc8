/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stacks: what is read, and each way of being wrong with its words. */
#include "check.h"
#include "cleanup.h"
#include "folder.h"
#include "text.h"

#include <string.h>

#include "test.h"

#define CONF                                                         \
	"[stack]\nname = shop\n[pool web]\ndriver = fake\nmax = 4\n" \
	"[tier web]\nunit = web@.service\nmax = 3\n"
#define UNIT "[Service]\nExecStart=/bin/true\n[X-Resources]\nCPU=0.5\nMemory=256M\n"
#define TOML "[template]\nsrc = \"a.tmpl\"\ndest = \"/etc/a\"\nkeys = [\"/x\"]\n"

static json_t *files_of(const char *conf, const char *unit)
{
	return json_pack("{s:s, s:s}", "stack.conf", conf, "units/web@.service", unit);
}

static void reads_a_small_stack_with_its_defaults(void **state)
{
	CLEANUP(json_decref) json_t *files = files_of(CONF, UNIT);
	CLEANUP(stack_file_free) struct stack_file *s = NULL;
	struct err e;

	(void)state;
	assert_ok(stack_file_read(files, &s, &e), &e);

	assert_string_equal(s->name, "shop");
	assert_string_equal(s->timezone, "UTC");
	assert_string_equal(s->domain, "foretide.local");
	assert_int_equal(s->pools.n, 1);
	assert_string_equal(s->pools.v[0].profile, "fake");
	assert_string_equal(s->pools.v[0].config_json, "{}");
	assert_int_equal(s->tiers.n, 1);
	assert_string_equal(s->tiers.v[0].pool, "web");
	assert_int_equal(s->tiers.v[0].mode, DB_MODE_AUTO);
	assert_int_equal(s->tiers.v[0].min, 1);
	assert_int_equal(s->tiers.v[0].max, 3);
	assert_close(s->tiers.v[0].risk_ratio, 0.005, 1e-12);
	assert_close(s->tiers.v[0].cpu, 0.5, 1e-12);
	assert_int_equal(s->tiers.v[0].memory_bytes, 256 << 20);
	assert_true(s->units[0].is_template);
	assert_int_equal(strlen(s->units[0].hash), 40);
}

static void keeps_the_options_of_a_driver_apart(void **state)
{
	CLEANUP(json_decref)
	json_t *files = files_of("[stack]\nname = shop\n[pool web]\ndriver = local\n"
				 "boot_delay = 180s\nmemory = 1G\ncpu = 2\n[tier web]\n"
				 "unit = web@.service\n",
				 UNIT);
	CLEANUP(stack_file_free) struct stack_file *s = NULL;
	struct err e;

	(void)state;
	assert_ok(stack_file_read(files, &s, &e), &e);

	assert_string_equal(s->pools.v[0].config_json, "{\"boot_delay\":\"180s\"}");
	assert_int_equal(s->pools.v[0].memory_bytes, 1 << 30);
}

static void stateful_tiers_do_not_scale_in_unless_told(void **state)
{
	CLEANUP(json_decref)
	json_t *files = files_of(CONF "stateful = yes\n", UNIT);
	CLEANUP(stack_file_free) struct stack_file *s = NULL;
	struct err e;

	(void)state;
	assert_ok(stack_file_read(files, &s, &e), &e);

	assert_int_equal(s->tiers.v[0].mode, DB_MODE_OUT);
}

static void keeps_schedules_as_they_are_written(void **state)
{
	CLEANUP(json_decref)
	json_t *files = files_of(CONF "schedule = office: mon-fri 08:00-18:00 min=2\n"
				      "schedule = nights: daily 22:00-06:00 max=2\n",
				 UNIT);
	CLEANUP(stack_file_free) struct stack_file *s = NULL;
	struct err e;

	(void)state;
	assert_ok(stack_file_read(files, &s, &e), &e);

	assert_string_equal(s->tiers.v[0].schedule_json,
			    "[\"office: mon-fri 08:00-18:00 min=2\","
			    "\"nights: daily 22:00-06:00 max=2\"]");
}

/* What is bundled must be right: file by file, as the command would send it. */
static void the_bundled_stack_is_read(void **state)
{
	CLEANUP(json_decref) json_t *files = json_object();
	CLEANUP(stack_file_free) struct stack_file *s = NULL;
	char line[512];
	struct err e;
	FILE *list = popen("cd stacks/wordpress && find . -type f", "r");

	(void)state;
	assert_non_null(list);
	while (fgets(line, sizeof(line), list)) {
		CLEANUP(free) char *path = NULL;
		CLEANUP(free) char *text = NULL;

		line[strcspn(line, "\n")] = '\0';
		path = xasprintf("stacks/wordpress/%s", line + 2);
		assert_ok(conf_read_file(path, 1 << 20, &text, NULL, &e), &e);
		json_object_set_new(files, line + 2, json_string(text));
	}
	pclose(list);
	assert_ok(stack_file_read(files, &s, &e), &e);

	assert_string_equal(s->name, "wordpress");
	assert_true(s->tiers.n >= 5 && s->n_confs >= 5 && s->n_secrets >= 1);
}

static void templates_travel_inside_their_resources(void **state)
{
	CLEANUP(json_decref) json_t *files = files_of(CONF "[secret key]\n", UNIT);
	CLEANUP(stack_file_free) struct stack_file *s = NULL;
	struct err e;

	(void)state;
	json_object_set_new(files, "conf.d/web/a.toml", json_string(TOML));
	json_object_set_new(files, "templates/web/a.tmpl",
			    json_string("{{getv \"/x\"}}"));
	assert_ok(stack_file_read(files, &s, &e), &e);

	assert_int_equal(s->n_confs, 1);
	assert_string_equal(s->confs[0].tier, "web");
	assert_string_equal(s->confs[0].name, "a");
	assert_string_equal(json_string_value(json_object_get(s->confs[0].doc, "src")),
			    "{{getv \"/x\"}}");
	assert_int_equal(s->n_secrets, 1);
	assert_string_equal(s->secrets[0], "key");
}

static void equal_stacks_have_equal_texts(void **state)
{
	CLEANUP(json_decref) json_t *a = json_pack("{s:s, s:s}", "b", "1", "a", "2");
	CLEANUP(json_decref) json_t *b = json_pack("{s:s, s:s}", "a", "2", "b", "1");
	CLEANUP(free) char *ta = stack_file_canonical(a);
	CLEANUP(free) char *tb = stack_file_canonical(b);

	(void)state;
	assert_string_equal(ta, tb);
}

/* ---------------------------------------------------------------- what is wrong */

static const struct {
	const char *conf, *unit, *words;
} wrong[] = {
	{ "[stack]\n", UNIT, "[stack] needs a name" },
	{ "[stack]\nname = Shop\n[tier web]\nunit = web@.service\n", UNIT, "'Shop'" },
	{ "[stack]\nname = shop\n", UNIT, "there is no [tier NAME]" },
	{ "[stack]\nname = shop\ntimezone = Mars/Base\n[tier web]\nunit=web@.service\n",
	  UNIT, "no time zone 'Mars/Base'" },
	{ "[stack]\nname = shop\ndomain = .x\n[tier web]\nunit=web@.service\n", UNIT,
	  "domain '.x'" },
	{ "name = shop\n", UNIT, "stack.conf:1: 'name' comes before the first section" },
	{ "[stack]\nname = shop\n[stack]\n", UNIT,
	  "stack.conf:3: [stack] is defined twice" },
	{ CONF "[tier web]\n", UNIT, "stack.conf:9: [tier web] is defined twice" },
	{ CONF "[tier Web]\n", UNIT, "the tier's name 'Web'" },
	{ CONF "[network]\n", UNIT, "stack.conf:9: [network] is not one of" },
	{ CONF "[secret a]\nvalue = x\n", UNIT, "a secret has no options" },
	{ CONF "max = 5\n", UNIT, "stack.conf:9: max is given twice, also on line 8" },
	{ "[stack]\nname = shop\nname = shop\n", UNIT,
	  "stack.conf:3: name is given twice" },
	{ "[stack]\nname = shop\n\ntimezone = Mars/Base\n[tier a]\n", UNIT,
	  "stack.conf:4: there is no time zone" },
	{ "[stack]\ndomain = -\n[tier a]\n", UNIT, "stack.conf:1: [stack] needs a name" },
	{ "[stack]\nname = a b\n[tier a]\n", UNIT, "stack.conf:2: the stack's name" },
	{ CONF "[tier  db]\nmin = 0\nunit = db.service\n", UNIT,
	  "stack.conf:11: [tier db]: there is no units/db.service" },
	{ CONF, "[Unit]\nDescription=x\n\n[Service]\nRestart=no\n",
	  "units/web@.service:5: [Service] has no ExecStart" },
	{ CONF "mode = sideways\n", UNIT,
	  "stack.conf:9: mode: 'sideways' is not one of" },
	{ CONF "min = 5\n", UNIT, "[tier web] min is above max" },
	{ CONF "risk = 60%\n", UNIT, "risk: must be from" },
	{ CONF "dwell = soon\n", UNIT, "stack.conf:9: dwell" },
	{ CONF "schedule = always 5\n", UNIT, "stack.conf:9: " },
	{ CONF "[event sale]\nwhen = soon\n", UNIT, "stack.conf:10: when = soon" },
	{ CONF "[event sale]\nuplift = 2\n", UNIT,
	  "stack.conf:9: [event sale] needs a when" },
	{ CONF "[event sale]\nwhen = 2026-11-27\nuplift = -3\n", UNIT,
	  "stack.conf:11: uplift = -3" },
	{ CONF "[event sale]\nwhen = 2026-11-27\ntiers = db\n", UNIT,
	  "stack.conf: event 'sale': tiers names db" },
	{ CONF "[event sale]\nwhen = 2026-11-27\n[event sale]\n", UNIT,
	  "stack.conf:11: [event sale] is defined twice" },
	{ CONF "colour = red\n", UNIT, "stack.conf:9: there is no option 'colour'" },
	{ CONF "[pool spare]\n", UNIT, "[pool spare] needs a driver" },
	{ CONF "[pool b]\ndriver=x\nmemory = lots\n", UNIT, "[pool b] memory" },
	{ CONF "[pool b]\ndriver=x\nmin = 9\nmax = 2\n", UNIT,
	  "[pool b] min is above max" },
	{ CONF "[tier db]\nunit = db.service\nmax = 1\n", UNIT,
	  "[tier db]: there is no units/db.service" },
	{ CONF "[tier db]\nunit = web@.service\n", UNIT, "have the same unit" },
	{ CONF "[tier db]\nunit = db@1.service\n", UNIT, "must be NAME.service" },
	{ CONF "[tier db]\nmin = 1\n", UNIT, "[tier db] needs a unit" },
	{ CONF "[tier db]\nunit = db.service\nlatency_max = 1s\n", UNIT,
	  "[tier db] latency_max needs a latency" },
	{ CONF, "[Service]\nExecStart\n", "units/web@.service:2:" },
	{ CONF, "[Service]\nType=simple\n", "[Service] has no ExecStart" },
	{ CONF, UNIT "[X-Service]\nName=web\nPort=99999\n", "units/web@.service:8" },
	{ CONF, UNIT "[X-Service]\nColour=red\n", "units/web@.service:7" },
	{ "[stack]\nname = shop\n[pool web]\ndriver = fake\ncpu = 0.25\n[tier web]\n"
	  "unit = web@.service\n",
	  UNIT, "asks for CPU=0.5, a host of [pool web] has 0.25" },
	{ "[stack]\nname = shop\n[pool web]\ndriver = fake\nmemory = 128M\n[tier web]\n"
	  "unit = web@.service\n",
	  UNIT, "asks for Memory=256M" },
};

static void says_what_is_wrong_and_where(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		CLEANUP(json_decref)
		json_t *files = files_of(wrong[i].conf, wrong[i].unit);
		struct stack_file *s = NULL;
		struct err e = { .msg = "" };

		if (stack_file_read(files, &s, &e) != ERR_INVAL ||
		    !strstr(e.msg, wrong[i].words))
			fail_msg("case %zu: '%s', expected '%s'", i, e.msg,
				 wrong[i].words);
	}
}

static const struct {
	const char *name, *text, *words;
} extra[] = {
	{ "notes.txt", "", "notes.txt: a stack has stack.conf" },
	{ "units/other.service", UNIT, "no tier of stack.conf has this unit" },
	{ "conf.d/db/a.toml", TOML, "stack.conf has no [tier db]" },
	{ "conf.d/web/../a.toml", TOML, "a stack has stack.conf" },
	{ "conf.d/web/a.conf", TOML, "a stack has stack.conf" },
	{ "templates/web/sub/x", "", "a stack has stack.conf" },
	{ "conf.d/web/a.toml", "[template]\nsrc = \"a\n", "conf.d/web/a.toml:2" },
	{ "conf.d/web/a.toml", "[template]\ncolour = \"red\"\n",
	  "conf.d/web/a.toml:2: unknown option 'colour'" },
	{ "conf.d/web/a.toml", "[template]\nsrc = 5\n", "src must be a string" },
	{ "conf.d/web/a.toml", "[template]\ndest = \"etc/a\"\n", "absolute path" },
	{ "conf.d/web/a.toml", "[template]\nmode = \"rw\"\n", "not octal" },
	{ "conf.d/web/a.toml", "[template]\nsrc = \"a\"\n", "needs src, dest and keys" },
	{ "conf.d/web/a.toml", "src = \"a\"\n", "does not belong in [template]" },
	{ "events/sub/a.ics", "", "a stack has stack.conf" },
	{ "events/a.txt", "", "a stack has stack.conf" },
	{ "events/a.ics", "BEGIN:VCALENDAR\nBEGIN:VEVENT\n",
	  "events/a.ics:3: the file ends within VEVENT" },
	{ "events/a.ics",
	  "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:sale\n"
	  "DTSTART;VALUE=DATE:20261127\nX-FORETIDE-TIERS:db\nEND:VEVENT\n"
	  "END:VCALENDAR\n",
	  "events/a.ics: event 'sale': tiers names db" },
	{ "conf.d/web/a.toml", TOML, "there is no templates/web/a.tmpl" },
};

static void refuses_files_without_a_place_and_bad_resources(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(extra); i++) {
		CLEANUP(json_decref) json_t *files = files_of(CONF, UNIT);
		struct stack_file *s = NULL;
		struct err e = { .msg = "" };

		json_object_set_new(files, extra[i].name, json_string(extra[i].text));
		if (stack_file_read(files, &s, &e) != ERR_INVAL ||
		    !strstr(e.msg, extra[i].words))
			fail_msg("case %zu: '%s', expected '%s'", i, e.msg,
				 extra[i].words);
	}
}

static void events_are_read_from_sections_and_calendars(void **state)
{
	CLEANUP(json_decref)
	json_t *files = files_of(CONF "[event black friday]\nwhen = 2026-11-27\n"
				      "uplift = +150%\ntiers = web\n",
				 UNIT);
	CLEANUP(stack_file_free) struct stack_file *s = NULL;
	struct err e;

	(void)state;
	json_object_set_new(files, "events/a.ics",
			    json_string("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:feast\n"
					"DTSTART;VALUE=DATE:20261224\nEND:VEVENT\n"
					"END:VCALENDAR\n"));
	assert_ok(stack_file_read(files, &s, &e), &e);
	assert_int_equal(s->events.n, 1);
	assert_string_equal(s->events.v[0].name, "black friday");
	assert_close(s->events.v[0].terms.uplift, 2.5, 1e-12);
	assert_int_equal(s->events.n_files, 1);
	assert_string_equal(s->events.files[0].name, "events/a.ics");
}

static void refuses_two_resources_that_write_one_file(void **state)
{
	CLEANUP(json_decref) json_t *files = files_of(CONF, UNIT);
	struct stack_file *s = NULL;
	struct err e;

	(void)state;
	json_object_set_new(files, "conf.d/web/a.toml", json_string(TOML));
	json_object_set_new(files, "conf.d/web/b.toml", json_string(TOML));
	json_object_set_new(files, "templates/web/a.tmpl", json_string(""));

	assert_int_equal(stack_file_read(files, &s, &e), ERR_INVAL);
	assert_string_equal(e.msg, "conf.d/web: a.toml and b.toml have the same dest");
}

static void refuses_what_is_no_object_of_texts(void **state)
{
	CLEANUP(json_decref) json_t *list = json_array();
	CLEANUP(json_decref) json_t *number = files_of(CONF, UNIT);
	CLEANUP(json_decref) json_t *empty = json_object();
	struct stack_file *s = NULL;
	struct err e;

	(void)state;
	json_object_set_new(number, "README.md", json_integer(5));

	assert_int_equal(stack_file_read(NULL, &s, &e), ERR_INVAL);
	assert_int_equal(stack_file_read(list, &s, &e), ERR_INVAL);
	assert_int_equal(stack_file_read(empty, &s, &e), ERR_INVAL);
	assert_string_equal(e.msg, "stack.conf is missing");
	assert_int_equal(stack_file_read(number, &s, &e), ERR_INVAL);
	assert_string_equal(e.msg, "README.md: its text must be a string");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_small_stack_with_its_defaults),
		cmocka_unit_test(keeps_the_options_of_a_driver_apart),
		cmocka_unit_test(stateful_tiers_do_not_scale_in_unless_told),
		cmocka_unit_test(keeps_schedules_as_they_are_written),
		cmocka_unit_test(the_bundled_stack_is_read),
		cmocka_unit_test(templates_travel_inside_their_resources),
		cmocka_unit_test(equal_stacks_have_equal_texts),
		cmocka_unit_test(says_what_is_wrong_and_where),
		cmocka_unit_test(refuses_files_without_a_place_and_bad_resources),
		cmocka_unit_test(events_are_read_from_sections_and_calendars),
		cmocka_unit_test(refuses_two_resources_that_write_one_file),
		cmocka_unit_test(refuses_what_is_no_object_of_texts),
	};

	return cmocka_run_group_tests_name("stack_file", tests, NULL, NULL);
}
