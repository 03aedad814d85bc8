/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Faults on purpose: what is asked for, how it is followed, and its report. */
#include "cli.h"
#include "cli_fixture.h"

#define PLAN                                                             \
	"{\"for_ms\": 60000, \"steps\": [{\"host\": \"h1\", \"units\": " \
	"[\"web@1.service\", \"web@2.service\"]}]}"
#define PLANNED                                                                      \
	"A drill of shop, each fault after all has recovered from the one before:\n" \
	"  1. kills host h1, with web@1.service, web@2.service\n"                    \
	"  2. cuts one host off from the controller for 60 s\n"                      \
	"  3. stops the controller, for all stacks, for 60 s\n"
#define STEPS                                                                     \
	"\"steps\": [{\"step\": \"kill\", \"host\": \"h1\", \"state\": \"done\"," \
	" \"served_again_ms\": 12300, \"took_ms\": 20000, \"told\": "             \
	"[\"host-lost\"], \"lost\": {\"requests\": 0, \"requests_of\": 900, "     \
	"\"tiers\": [{\"tier\": \"web\", \"least\": 1, \"wanted\": 2, "           \
	"\"short_ms\": 11000}], \"units\": [\"web@1.service\"], \"hosts\": []}}," \
	" {\"step\": \"cut\", \"state\": \"done\", \"lost\": {}}, {\"step\": "    \
	"\"stop\", \"state\": \"failed\", \"why\": \"too late\"}]"
#define DOCUMENT(held, state)                                                      \
	"{\"id\": 4, \"stack\": \"shop\", \"owner\": \"eve\", \"started\": "       \
	"\"2026-01-01T00:00:00Z\", \"state\": \"" state "\", \"held\": " held ", " \
	"\"log\": [{\"at\": \"00:01\", \"text\": \"kills h1\"}, {\"at\": "         \
	"\"00:02\", \"text\": \"again\\u001b\"}], " STEPS "}"
#define LOG "00:01  kills h1\n00:02  again\\x1b\n"
#define REPORT(state)                                                   \
	"drill 4 of shop by eve, 2026-01-01T00:00:00Z: " state "\n"     \
	"\nkill h1: done\n"                                             \
	"  all served again after 12.3 s, the step took 20.0 s\n"       \
	"  web: 1 of 2 served at least, fewer than wanted for 11.0 s\n" \
	"  units that did not serve: web@1.service\n"                   \
	"  hosts ended without need: none\n"                            \
	"  requests failed: 0 of 900, by the balancers' count\n"        \
	"  told: host-lost\n"                                           \
	"\ncut: done\n"                                                 \
	"  all served again after 0.0 s, the step took 0.0 s\n"         \
	"  units that did not serve: none\n"                            \
	"  hosts ended without need: none\n"                            \
	"  requests failed: no balancer counted\n"                      \
	"  told: nothing\n"                                             \
	"\nstop: failed: too late\n"
#define DRY_RUN "POST /v1/drills?dry_run=true {\"stack\":\"shop\"}"

static void a_drill_is_shown_asked_for_and_followed(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_drill, .argv = WORDS("drill", "shop"), .in = "y\n",
		   .answers = LIST(ANSWER(PLAN), ANSWER("{\"id\": 4}"),
				   ANSWER(DOCUMENT("true", "done"))),
		   .asked = LIST(DRY_RUN,
				 "POST /v1/drills {\"host\":\"h1\",\"stack\":\"shop\"}",
				 "GET /v1/drills/4"),
		   .out = PLANNED LOG "\n" REPORT("done"),
		   .err = "Make these faults in shop now? [y/N] ");
}

/* The controller is stopped by it: that it does not answer is no end. */
static void a_controller_that_is_away_is_waited_for(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_drill,
		   .argv = WORDS("drill", "shop", "--yes", "--json", "--for", "60s",
				 "--window", "sun 02:00-04:00", "--host", "h1"),
		   .answers = LIST(ANSWER(PLAN), ANSWER("{\"id\": 4}"), "",
				   ANSWER("{\"state\": \"aborted\", \"why\": \"it was "
					  "told to\"}")),
		   .asked = LIST("POST /v1/drills?dry_run=true {\"for\":\"60s\","
				 "\"host\":\"h1\",\"stack\":\"shop\",\"window\":\"sun "
				 "02:00-04:00\"}",
				 "POST /v1/drills {\"for\":\"60s\",\"host\":\"h1\","
				 "\"stack\":\"shop\",\"window\":\"sun 02:00-04:00\"}",
				 "GET /v1/drills/4", "GET /v1/drills/4"),
		   .out = "{\n  \"state\": \"aborted\",\n  \"why\": \"it was told "
			  "to\"\n}\n",
		   .err = "foretide drill: it did not end as it should: it was told to\n",
		   .status = EXIT_FAILED);
}

static void what_was_lost_is_a_failure(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_drill, .argv = WORDS("drill", "shop", "--yes"),
		   .answers = LIST(ANSWER(PLAN), ANSWER("{\"id\": 4}"),
				   ANSWER(DOCUMENT("false", "done"))),
		   .asked = LIST(DRY_RUN,
				 "POST /v1/drills {\"host\":\"h1\",\"stack\":\"shop\"}",
				 "GET /v1/drills/4"),
		   .out = PLANNED LOG "\n" REPORT("done"),
		   .err = "foretide drill: something was lost: see above\n",
		   .status = EXIT_FAILED);
	CLI_EXPECT(.run = cli_drill, .argv = WORDS("drill", "shop", "--yes"),
		   .answers = LIST(ANSWER(PLAN), ANSWER("{\"id\": 4}"),
				   REFUSAL("404 Not Found", "there is none")),
		   .asked = LIST(DRY_RUN,
				 "POST /v1/drills {\"host\":\"h1\",\"stack\":\"shop\"}",
				 "GET /v1/drills/4"),
		   .out = PLANNED, .err = "foretide drill: there is none\n",
		   .status = EXIT_NOT_FOUND);
}

static void nothing_is_broken_unasked(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_drill, .argv = WORDS("drill", "shop", "--dry-run"),
		   .answers = LIST(ANSWER("{\"for_ms\": 1500, \"steps\": [{\"host\": "
					  "\"h1\"}]}")),
		   .asked = LIST(DRY_RUN),
		   .out = "A drill of shop, each fault after all has recovered from the "
			  "one before:\n"
			  "  1. kills host h1, with no unit\n"
			  "  2. cuts one host off from the controller for 1.5 s\n"
			  "  3. stops the controller, for all stacks, for 1.5 s\n");
	CLI_EXPECT(.run = cli_drill,
		   .argv = WORDS("drill", "shop", "--dry-run", "--json"),
		   .answers = LIST(ANSWER("{\"for_ms\": 1}")), .asked = LIST(DRY_RUN),
		   .out = "{\n  \"for_ms\": 1\n}\n");
	CLI_EXPECT(.run = cli_drill, .argv = WORDS("drill", "shop"), .in = "no\n",
		   .answers = LIST(ANSWER(PLAN)), .asked = LIST(DRY_RUN), .out = PLANNED,
		   .err = "Make these faults in shop now? [y/N] foretide drill: nothing "
			  "was changed\n",
		   .status = EXIT_CONFLICT);
	CLI_EXPECT(.run = cli_drill, .argv = WORDS("drill", "shop"),
		   .answers = LIST(REFUSAL("409 Conflict", "not now")),
		   .asked = LIST(DRY_RUN), .err = "foretide drill: not now\n",
		   .status = EXIT_CONFLICT);
}

static void the_last_report_is_kept(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_drill, .argv = WORDS("drill", "--last", "shop"),
		   .answers = LIST(ANSWER("{\"items\": [" DOCUMENT("true", "done") "]}")),
		   .asked = LIST("GET /v1/drills?limit=1&stack=shop"),
		   .out = REPORT("done"));
	CLI_EXPECT(.run = cli_drill, .argv = WORDS("drill", "--last", "--json"),
		   .answers = LIST(ANSWER("{\"items\": [{\"id\": 4}]}")),
		   .asked = LIST("GET /v1/drills?limit=1"), .out = "{\n  \"id\": 4\n}\n");
	CLI_EXPECT(.run = cli_drill, .argv = WORDS("drill", "--last", "shop"),
		   .answers = LIST(ANSWER("{\"items\": []}")),
		   .asked = LIST("GET /v1/drills?limit=1&stack=shop"),
		   .err = "foretide drill: there was no drill of shop\n",
		   .status = EXIT_NOT_FOUND);
	CLI_EXPECT(.run = cli_drill, .argv = WORDS("drill"),
		   .err = "foretide drill: takes the name of a stack, or --last\n",
		   .status = EXIT_USAGE);
	CLI_EXPECT(.run = cli_drill, .argv = WORDS("drill", "shop/web"),
		   .err = "foretide drill: 'shop/web' is not the name of a stack, such "
			  "as shop\n",
		   .status = EXIT_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_drill_is_shown_asked_for_and_followed),
		cmocka_unit_test(a_controller_that_is_away_is_waited_for),
		cmocka_unit_test(what_was_lost_is_a_failure),
		cmocka_unit_test(nothing_is_broken_unasked),
		cmocka_unit_test(the_last_report_is_kept),
	};

	return cmocka_run_group_tests_name("drill", tests, NULL, NULL);
}
