/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why a tier has as many instances as it has. */
#include "cli.h"
#include "cli_fixture.h"

#define EXPLANATION                                                                 \
	"{\"at\": \"2026-01-01T00:00:00Z\", \"sentence\": \"3 instances for 250 "   \
	"requests/s\", \"inputs\": {\"demand\": 250.5, \"capacity\": 100, "         \
	"\"running\": 3, \"max\": null}, \"binding\": \"demand\", \"stages\": "     \
	"[{\"name\": \"forecast\", \"value\": 2.5050001}, {\"name\": \"hold\", "    \
	"\"value\": null}, {\"name\": \"unknown\"}], \"scale_in\": {\"count\": 1, " \
	"\"saves_min\": 12.5, \"costs_min\": 3}, \"promise\": {\"bands\": "         \
	"[{\"level\": 0.95, \"leads\": [{\"lead_ms\": 60000, \"achieved\": "        \
	"0.9612}, {\"lead_ms\": 180000}]}]}}"
#define SHOWN                                               \
	"3 instances for 250 requests/s\n"                  \
	"  inputs: demand 250.5, capacity 100, running 3\n" \
	"  limiting constraint: demand\n"                   \
	"  forecast                 2.505\n"                \
	"  hold                     null\n"                 \
	"  unknown                  -\n"                    \
	"  letting 1 go saves 12.5 instance-minutes and costs 3\n"
#define COVERAGE                                               \
	"\nCOVERAGE PROMISED     for       1m  for       3m\n" \
	"              95.0 %      96.12 %            -\n"

static void a_decision_is_explained_by_its_stages(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_explain, .argv = WORDS("explain", "shop/web"),
		   .answers = LIST(
			   ANSWER(EXPLANATION),
			   ANSWER("{\"risk\": 0.005, \"kept\": {\"minutes_known\": 1000, "
				  "\"minutes_short\": 4, \"short\": 0.004}, "
				  "\"capacity_learned\": {\"used\": \"learned\", "
				  "\"value\": 101.5, \"low\": 90, \"high\": 110, "
				  "\"model\": \"usl\", \"points\": 600, \"why\": \"it "
				  "fits\"}, \"tried\": [{\"tier\": \"lb\", \"is_used\": "
				  "true, \"gain\": 0.12}, {\"tier\": \"db\"}]}")),
		   .asked = LIST("GET /v1/tiers/shop/web/explain",
				 "GET /v1/tiers/shop/web"),
		   .out = SHOWN "  capacity learned; learned 101.5 (90 to 110) by usl "
				"from 600 minutes: it fits\n"
				"  follows lb: the loss of its forecast would be -12.0 "
				"%\n"
				"  does not follow db: nothing to compare yet\n"
				"  at most 0.5 % of the time short of capacity promised; "
				"this month 4 of 1000 minutes were, 0.40 %\n" COVERAGE);
}

static void what_is_not_known_is_left_out(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_explain, .argv = WORDS("explain", "shop/web"),
		   .answers =
			   LIST(ANSWER("{\"sentence\": \"new\", \"binding\": \"min\"}"),
				ANSWER("{\"price\": 2.5, \"kept\": "
				       "{\"minutes_known\": 0}, "
				       "\"capacity_learned\": {\"used\": \"given\", "
				       "\"why\": \"no load yet\"}}")),
		   .asked = LIST("GET /v1/tiers/shop/web/explain",
				 "GET /v1/tiers/shop/web"),
		   .out = "new\n\n  limiting constraint: min\n"
			  "  capacity given: no load yet\n"
			  "  a minute short of capacity costs 2.5 instance-hours; no "
			  "minute measured yet this month\n");
	CLI_EXPECT(.run = cli_explain, .argv = WORDS("explain", "shop/web", "--json"),
		   .answers = LIST(ANSWER("{\"sentence\": \"new\"}")),
		   .asked = LIST("GET /v1/tiers/shop/web/explain"),
		   .out = "{\n  \"sentence\": \"new\"\n}\n");
}

static void a_past_decision_is_one_of_the_records(void **state)
{
	static const char asked[] =
		"GET /v1/tiers/shop/web/decisions?explanations=true&limit=1&until="
		"2026-01-02T00%3A00%3A00Z";

	(void)state;
	CLI_EXPECT(.run = cli_explain,
		   .argv = WORDS("explain", "shop/web", "--at", "2026-01-02T00:00:00Z"),
		   .answers = LIST(
			   ANSWER("{\"items\": [{\"explanation\": " EXPLANATION "}]}")),
		   .asked = LIST(asked), .out = "2026-01-01T00:00:00Z  " SHOWN COVERAGE);
	CLI_EXPECT(.run = cli_explain,
		   .argv = WORDS("explain", "shop/web", "--at", "2026-01-02T00:00:00Z"),
		   .answers = LIST(ANSWER("{\"items\": []}")), .asked = LIST(asked),
		   .err = "foretide explain: no decision of shop/web was recorded before "
			  "2026-01-02T00:00:00Z\n",
		   .status = EXIT_NOT_FOUND);
	CLI_EXPECT(.run = cli_explain,
		   .argv = WORDS("explain", "shop/web", "--at", "2026-01-02T00:00:00Z"),
		   .answers = LIST(REFUSAL("403 Forbidden", "no")), .asked = LIST(asked),
		   .err = "foretide explain: no\n", .status = EXIT_DENIED);
	CLI_EXPECT(.run = cli_explain, .argv = WORDS("explain", "shop"),
		   .err = "foretide explain: 'shop' is not STACK/TIER, such as "
			  "shop/web\n",
		   .status = EXIT_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_decision_is_explained_by_its_stages),
		cmocka_unit_test(what_is_not_known_is_left_out),
		cmocka_unit_test(a_past_decision_is_one_of_the_records),
	};

	return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
