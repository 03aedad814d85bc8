/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A tier's next mode, after a backtest by the controller. */
#include "cli.h"
#include "cli_fixture.h"

#define VERDICT(promote, why)                                                     \
	"{\"from\": \"observe\", \"to\": \"out\", \"plan\": \"p1\", \"verdict\":" \
	" {\"promote\": " promote ", \"why\": \"" why "\"}}"
#define ELIGIBLE VERDICT("true", "it cost less")
#define INELIGIBLE VERDICT("false", "it cost more")
#define DONE                                                                        \
	"shop/web is now in mode out. Set mode = out in its section of stack.conf " \
	"too:\nthe next apply restores what is written there.\n"
#define PATH "POST /v1/tiers/shop/web/promote "
#define DRY_RUN PATH "{\"dry_run\":true,\"force\":false}"
#define SENT "POST /v1/tiers/shop/web/promote If-Match: \"p1\" "

static void what_a_backtest_allows_is_asked_for_and_done(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_promote, .argv = WORDS("promote", "shop/web"), .in = "y\n",
		   .answers = LIST(ANSWER(ELIGIBLE), ANSWER(ELIGIBLE)),
		   .asked = LIST(DRY_RUN, SENT "{\"dry_run\":false,\"force\":false}"),
		   .out = "observe -> out: eligible; it cost less.\n" DONE,
		   .err = "Promote shop/web from observe to out? [y/N] ");
	CLI_EXPECT(.run = cli_promote,
		   .argv = WORDS("promote", "shop/web", "--yes", "--json", "--to",
				 "auto"),
		   .answers = LIST(ANSWER(ELIGIBLE), ANSWER(ELIGIBLE)),
		   .asked = LIST(
			   PATH "{\"dry_run\":true,\"force\":false,\"to\":\"auto\"}",
			   SENT "{\"dry_run\":false,\"force\":false,\"to\":\"auto\"}"),
		   .out = "{\n  \"from\": \"observe\",\n  \"to\": \"out\",\n  \"plan\": "
			  "\"p1\",\n  \"verdict\": {\n    \"promote\": true,\n    "
			  "\"why\": \"it cost less\"\n  }\n}\n");
}

static void what_it_does_not_allow_is_only_forced(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_promote, .argv = WORDS("promote", "shop/web", "--yes"),
		   .answers = LIST(ANSWER(INELIGIBLE)), .asked = LIST(DRY_RUN),
		   .out = "observe -> out: not eligible; it cost more.\n",
		   .err = "foretide promote: shop/web stays in mode observe: it cost "
			  "more\n",
		   .status = EXIT_CONFLICT);
	CLI_EXPECT(.run = cli_promote, .argv = WORDS("promote", "shop/web", "--force"),
		   .in = "Y\n", .answers = LIST(ANSWER(INELIGIBLE), ANSWER(INELIGIBLE)),
		   .asked = LIST(PATH "{\"dry_run\":true,\"force\":true}",
				 SENT "{\"dry_run\":false,\"force\":true}"),
		   .out = "observe -> out: not eligible; it cost more.\n" DONE,
		   .err = "Promote shop/web from observe to out anyway? [y/N] ");
}

static void a_dry_run_ends_with_what_is_shown(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_promote, .argv = WORDS("promote", "shop/web", "--dry-run"),
		   .answers = LIST(ANSWER(ELIGIBLE)), .asked = LIST(DRY_RUN),
		   .out = "observe -> out: eligible; it cost less.\n");
	CLI_EXPECT(.run = cli_promote,
		   .argv = WORDS("promote", "shop/web", "--dry-run", "--json"),
		   .answers = LIST(ANSWER(ELIGIBLE)), .asked = LIST(DRY_RUN),
		   .out = "{\n  \"from\": \"observe\",\n  \"to\": \"out\",\n  \"plan\": "
			  "\"p1\",\n  \"verdict\": {\n    \"promote\": true,\n    "
			  "\"why\": \"it cost less\"\n  }\n}\n");
	CLI_EXPECT(.run = cli_promote, .argv = WORDS("promote", "shop/web"),
		   .answers = LIST(ANSWER(ELIGIBLE)), .asked = LIST(DRY_RUN),
		   .out = "observe -> out: eligible; it cost less.\n",
		   .err = "Promote shop/web from observe to out? [y/N] \n"
			  "foretide promote: nobody answered, so nothing was changed; "
			  "--yes does not ask\n",
		   .status = EXIT_CONFLICT);
}

static void the_backtest_is_a_table(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_promote, .argv = WORDS("promote", "shop/web", "--dry-run"),
		   .answers = LIST(ANSWER(
			   "{\"from\": \"observe\", \"to\": \"out\", \"plan\": \"p1\", "
			   "\"verdict\": {\"promote\": true, \"why\": \"good\"}, "
			   "\"backtest\": {\"from\": \"A\", \"to\": \"B\", \"capacity\": "
			   "90, "
			   "\"capacity_source\": \"learned\", \"follows\": \"lb\", "
			   "\"capacity_from\": \"C\", \"boots\": 13, \"room\": 2, "
			   "\"played\": {\"mode\": \"out\", \"min\": 1, \"max\": 4, "
			   "\"pool\": \"web\", \"schedules\": [1, 2]}, \"policies\": "
			   "[{\"instance_hours\": 48, \"cost\": 1.25, \"short\": 0.01, "
			   "\"unserved\": 0.002, \"actions\": 7, \"headroom\": 1.5}, {}, "
			   "{}, {}, {}]}}")),
		   .asked = LIST(DRY_RUN),
		   .out = "shop/web, simulated on its own demand from A to B, with a "
			  "capacity of 90 per instance, learned,\n"
			  "in mode out, from 1 to 4 instances, with 2 schedules, room "
			  "for 2 "
			  "in pool web, boots as the last 13 were, capacity as it was "
			  "known "
			  "since C:\n\n"
			  "policy           instance-hours       cost   time short       "
			  "unserved    actions  headroom\n"
			  "foretide                   48.0      1.250      1.000 %       "
			  " "
			  "0.200 %          7      1.50\n"
			  "seasonal                    0.0      0.000      0.000 %       "
			  " "
			  "0.000 %          0\n"
			  "reactive (HPA)              0.0      0.000      0.000 %       "
			  " "
			  "0.000 %          0\n"
			  "static peak                 0.0      0.000      0.000 %       "
			  " "
			  "0.000 %          0\n"
			  "clairvoyant                 0.0      0.000      0.000 %       "
			  " "
			  "0.000 %          0\n"
			  "\ninstance-hours: those paid for; cost: over those of the "
			  "clairvoyant optimum within the\nsame bounds; headroom: tuned "
			  "on "
			  "the past of this series, as an operator could. All keep\nto "
			  "the "
			  "bounds, and none scales in where the mode does not. Foretide "
			  "was "
			  "given only the\nrisk or the price.\n"
			  "\nPlayed with its own forecast; the controller's follows lb, "
			  "which proved better.\n"
			  "\nobserve -> out: eligible; good.\n");
}

static void answers_that_say_too_little_are_failures(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_promote, .argv = WORDS("promote", "shop/web"),
		   .answers = LIST(ANSWER("{\"from\": \"out\"}")), .asked = LIST(DRY_RUN),
		   .err = "foretide promote: \"to\" is missing\n", .status = EXIT_FAILED);
	CLI_EXPECT(.run = cli_promote, .argv = WORDS("promote", "shop/web"),
		   .answers = LIST(ANSWER("{\"from\": \"a\", \"to\": \"b\", \"plan\": "
					  "\"p\", \"verdict\": {\"why\": \"w\"}, "
					  "\"backtest\": {\"policies\": [{\"cost\": "
					  "\"much\"}]}}")),
		   .asked = LIST(DRY_RUN),
		   .err = "foretide promote: \"cost\" must be a number\n",
		   .status = EXIT_FAILED);
	CLI_EXPECT(.run = cli_promote, .argv = WORDS("promote", "shop/web"),
		   .answers = LIST(REFUSAL("409 Conflict", "it is held")),
		   .asked = LIST(DRY_RUN), .err = "foretide promote: it is held\n",
		   .status = EXIT_CONFLICT);
	CLI_EXPECT(.run = cli_promote, .argv = WORDS("promote", "shop"),
		   .err = "foretide promote: 'shop' is not STACK/TIER, such as "
			  "shop/web\n",
		   .status = EXIT_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_backtest_allows_is_asked_for_and_done),
		cmocka_unit_test(what_it_does_not_allow_is_only_forced),
		cmocka_unit_test(a_dry_run_ends_with_what_is_shown),
		cmocka_unit_test(the_backtest_is_a_table),
		cmocka_unit_test(answers_that_say_too_little_are_failures),
	};

	return cmocka_run_group_tests_name("promote", tests, NULL, NULL);
}
