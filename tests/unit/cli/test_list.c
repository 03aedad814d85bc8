/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of the controller as tables. */
#include "cli.h"
#include "cli_fixture.h"

#define NOW ANSWER("{\"now\": \"2026-01-01T12:00:00Z\"}")
#define STATUS "GET /v1/status"

static void each_list_has_its_path_and_columns(void **state)
{
	static const struct {
		const char *command, *row, *table;
	} lists[] = {
		{ "stacks",
		  "{\"name\": \"shop\", \"version\": 3, \"timezone\": \"UTC\", "
		  "\"applied\": \"2026-01-01T11:57:00Z\"}",
		  "STACK  VERSION  TIMEZONE  APPLIED\n"
		  "shop   3        UTC       3m\n" },
		{ "tiers",
		  "{\"stack\": \"shop\", \"name\": \"web\", \"mode\": \"auto\", "
		  "\"demand\": {\"value\": 12.5}, \"lead\": {\"used_ms\": 190000}, "
		  "\"capacity_learned\": {\"used\": \"learned\"}, \"desired\": 3}",
		  "STACK  TIER  MODE  DEMAND  CAPACITY  FROM     DESIRED  RUNNING  "
		  "HEALTHY  LEAD   WHY\n"
		  "shop   web   auto  12.5    -         learned  3        -        -    "
		  "    3m10s  -\n" },
		{ "pools", "{\"name\": \"web\", \"want\": 2}",
		  "POOL  STACK  DRIVER  PROFILE  WANT  MAX  STATE  ERROR\n"
		  "web   -      -       -        2     -    -      -\n" },
		{ "hosts", "{\"id\": \"h1\", \"memory_bytes\": 1073741824}",
		  "HOST  POOL  STATE  ADDRESS  CPU  MEMORY  LAUNCHED  MESSAGE\n"
		  "h1    -     -      -        -    1G      -         -\n" },
		{ "units", "{\"name\": \"a.service\", \"health\": \"healthy\"}",
		  "UNIT       STACK  TIER  HOST  GOAL  ACTIVE  SUB  HEALTH   MESSAGE\n"
		  "a.service  -      -     -     -     -       -    healthy  -\n" },
		{ "services", "{\"dns\": \"web.shop\", \"port\": 80}",
		  "DNS       UNIT  HOST  ADDRESS  PORT\n"
		  "web.shop  -     -     -        80\n" },
		{ "holds", "{\"id\": 3, \"reason\": \"a\\u001b[2J\"}",
		  "ID  STACK  TIER  OWNER  SINCE  EXPIRES  REASON\n"
		  "3   -      -     -      -      -        a\\x1b[2J\n" },
		{ "decisions",
		  "{\"at\": \"2026-01-01T11:57:00Z\", \"from\": 1, \"to\": 2}",
		  "AT                    STACK  TIER  FROM  TO  CAUSE  SENTENCE\n"
		  "2026-01-01T11:57:00Z  -      -     1     2   -      -\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		CLEANUP(free)
		char *page = xasprintf(ANSWER("{\"items\": [%s]}"), lists[i].row);
		CLEANUP(free) char *asked = xasprintf("GET /v1/%s", lists[i].command);
		CLEANUP(free) char *name = xstrdup(lists[i].command);

		CLI_EXPECT(.run = cli_list, .argv = WORDS(name),
			   .answers = LIST(NOW, page), .asked = LIST(STATUS, asked),
			   .out = lists[i].table);
	}
}

static void options_are_asked_for_and_pages_are_one_list(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_list,
		   .argv = WORDS("decisions", "--json", "--since", "2h", "--stack", "a b",
				 "--tier", "web"),
		   .answers = LIST(NOW, ANSWER("{\"items\": [1], \"next\": \"x/y\"}"),
				   ANSWER("{\"items\": [2, 3]}")),
		   .asked = LIST(STATUS,
				 "GET /v1/decisions?stack=a%20b&tier=web&since="
				 "2026-01-01T10%3A00%3A00.000Z",
				 "GET /v1/decisions?stack=a%20b&tier=web&since="
				 "2026-01-01T10%3A00%3A00.000Z&cursor=x%2Fy"),
		   .out = "[\n  1,\n  2,\n  3\n]\n");
	CLI_EXPECT(.run = cli_list,
		   .argv = WORDS("decisions", "--json", "--since",
				 "2026-01-01T10:00:00Z"),
		   .answers = LIST(NOW, ANSWER("{\"items\": [1]}")),
		   .asked = LIST(STATUS,
				 "GET /v1/decisions?since=2026-01-01T10%3A00%3A00Z"),
		   .out = "[\n  1\n]\n");
}

#define EMPTY ANSWER("{\"items\": []}")
#define UNKNOWN REFUSAL("404 Not Found", "there is none")

static void an_empty_list_is_one_of_what_there_is(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_list,
		   .argv = WORDS("units", "--stack", "shop", "--tier", "web", "--host",
				 "h1"),
		   .answers = LIST(NOW, EMPTY, ANSWER("{}"), ANSWER("{}"), ANSWER("{}")),
		   .asked = LIST(STATUS, "GET /v1/units?stack=shop&tier=web&host=h1",
				 "GET /v1/stacks/shop", "GET /v1/tiers/shop/web",
				 "GET /v1/hosts/h1"),
		   .out = "UNIT  STACK  TIER  HOST  GOAL  ACTIVE  SUB  HEALTH  "
			  "MESSAGE\n");
	CLI_EXPECT(.run = cli_list, .argv = WORDS("hosts", "--pool", "nil"),
		   .answers = LIST(NOW, EMPTY, UNKNOWN),
		   .asked = LIST(STATUS, "GET /v1/hosts?pool=nil", "GET /v1/pools/nil"),
		   .err = "foretide hosts: there is none\n", .status = EXIT_NOT_FOUND);
}

static void a_tier_without_a_stack_is_looked_for_in_all(void **state)
{
	static const char tiers[] = ANSWER("{\"items\": [{\"name\": \"web\"}]}");

	(void)state;
	CLI_EXPECT(.run = cli_list, .argv = WORDS("decisions", "--tier", "web"),
		   .answers = LIST(NOW, EMPTY, tiers),
		   .asked = LIST(STATUS, "GET /v1/decisions?tier=web", "GET /v1/tiers"),
		   .out = "AT  STACK  TIER  FROM  TO  CAUSE  SENTENCE\n");
	CLI_EXPECT(.run = cli_list, .argv = WORDS("decisions", "--tier", "wbe"),
		   .answers = LIST(NOW, EMPTY, tiers),
		   .asked = LIST(STATUS, "GET /v1/decisions?tier=wbe", "GET /v1/tiers"),
		   .err = "foretide decisions: there is no tier 'wbe'\n",
		   .status = EXIT_NOT_FOUND);
}

static void the_ledger_of_a_place_is_a_table_or_csv(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_ledger,
		   .argv = WORDS("ledger", "shop/web", "--month", "2026-11", "--days"),
		   .answers = LIST(ANSWER(
			   "{\"items\": [{\"period\": \"2026-11-01\", \"stack\": "
			   "\"shop\", \"tier\": \"web\", \"minutes_known\": 1440, "
			   "\"minutes_unknown\": 0, \"minutes_short\": 7, \"short\": "
			   "0.00486, \"risk\": 0.005, \"host_hours\": 48.04, "
			   "\"actions\": 5}]}")),
		   .asked = LIST(
			   "GET /v1/ledger?stack=shop&tier=web&month=2026-11&days=true"),
		   .out = "PERIOD      STACK  TIER  MINUTES  UNKNOWN  SHORT  SHARE   "
			  "PROMISED  HOURS  PAID  REACTIVE  STATIC  ACTIONS  LAUNCHES  "
			  "FAILED\n"
			  "2026-11-01  shop   web   1440     0        7      0.49 %  "
			  "0.50 %    48.0   -     -         -       5        -         "
			  "-\n");
	CLI_EXPECT(.run = cli_ledger, .argv = WORDS("ledger", "shop", "--csv"),
		   .answers = LIST(ANSWER("period,stack\n2026-11,shop\n")),
		   .asked = LIST("GET /v1/ledger?stack=shop&format=csv"),
		   .out = "period,stack\n2026-11,shop\n");
	CLI_EXPECT(.run = cli_ledger, .argv = WORDS("ledger", "--json"),
		   .answers = LIST(ANSWER("{\"items\": []}")),
		   .asked = LIST("GET /v1/ledger"), .out = "[]\n");
}

static void a_ledger_is_asked_for_in_one_way(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_ledger, .argv = WORDS("ledger", "--csv", "--json"),
		   .err = "foretide ledger: --csv and --json exclude each other\n",
		   .status = EXIT_USAGE);
	CLI_EXPECT(.run = cli_ledger, .argv = WORDS("ledger", "shop/"),
		   .err = "foretide ledger: 'shop/' is not STACK/TIER, such as "
			  "shop/web\n",
		   .status = EXIT_USAGE);
	CLI_EXPECT(.run = cli_ledger, .argv = WORDS("ledger", "--month", "11"),
		   .err = "foretide ledger: --month: must be as 2026-11, or all, not "
			  "'11'\n",
		   .status = EXIT_USAGE);
	CLI_EXPECT(.run = cli_ledger, .argv = WORDS("ledger", "--csv"),
		   .answers = LIST(REFUSAL("403 Forbidden", "not yours")),
		   .asked = LIST("GET /v1/ledger?format=csv"),
		   .err = "foretide ledger: not yours\n", .status = EXIT_DENIED);
}

static void the_calendar_of_a_stack_is_a_table(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_calendar,
		   .argv = WORDS("calendar", "shop", "--tier", "web"),
		   .answers = LIST(ANSWER("{\"items\": [{\"name\": \"sale\", \"given\": "
					  "true, \"uplift\": 2.4, \"source\": "
					  "\"sales.ics\"}]}")),
		   .asked = LIST("GET /v1/stacks/shop/events?tier=web"),
		   .out = "EVENT  TIER  START  END  UPLIFT  LOW  HIGH  GIVEN  LEARNED "
			  "FROM  SOURCE\n"
			  "sale   -     -      -    2.4     -    -     yes    -          "
			  "   sales.ics\n");
	CLI_EXPECT(.run = cli_calendar, .argv = WORDS("calendar", "shop"),
		   .answers = LIST(EMPTY), .asked = LIST("GET /v1/stacks/shop/events"),
		   .out = "no events are announced\n");
	CLI_EXPECT(.run = cli_calendar, .argv = WORDS("calendar", "shop", "--json"),
		   .answers = LIST(EMPTY), .asked = LIST("GET /v1/stacks/shop/events"),
		   .out = "[]\n");
	CLI_EXPECT(.run = cli_calendar, .argv = WORDS("calendar", "nil"),
		   .answers = LIST(UNKNOWN), .asked = LIST("GET /v1/stacks/nil/events"),
		   .err = "foretide calendar: there is none\n", .status = EXIT_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_list_has_its_path_and_columns),
		cmocka_unit_test(options_are_asked_for_and_pages_are_one_list),
		cmocka_unit_test(an_empty_list_is_one_of_what_there_is),
		cmocka_unit_test(a_tier_without_a_stack_is_looked_for_in_all),
		cmocka_unit_test(the_ledger_of_a_place_is_a_table_or_csv),
		cmocka_unit_test(a_ledger_is_asked_for_in_one_way),
		cmocka_unit_test(the_calendar_of_a_stack_is_a_table),
	};

	return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
