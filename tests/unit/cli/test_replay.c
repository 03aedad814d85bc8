/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recorded decisions repeated, and other settings simulated. */
#include "cli.h"
#include "cli_fixture.h"

#define SAME                                                                         \
	"{\"stack\": \"shop\", \"tier\": \"web\", \"since\": \"A\", \"until\": "     \
	"\"B\", \"version\": \"0.4.0\", \"decisions\": {\"repeated\": 9, \"equal\":" \
	" 9}}"
#define SAID_SAME \
	"shop/web: 9 of 9 recorded decisions repeated, bit for bit, from A to B\n"
#define ASKED "POST /v1/tiers/shop/web/replay "

static void what_is_repeated_bit_for_bit_is_said_so(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_replay, .argv = WORDS("replay", "shop/web"),
		   .answers = LIST(ANSWER(SAME)),
		   .asked = LIST(ASKED "{\"since\":\"24h\"}"), .out = SAID_SAME);
	CLI_EXPECT(.run = cli_replay,
		   .argv = WORDS("replay", "shop/web", "--since", "2h", "--until", "1h",
				 "--all", "--json"),
		   .answers = LIST(ANSWER("{\"stack\": \"shop\"}")),
		   .asked = LIST(ASKED "{\"limit\":50000,\"since\":\"2h\",\"until\":"
				       "\"1h\"}"),
		   .out = "[\n  {\n    \"stack\": \"shop\"\n  }\n]\n");
}

static void what_differs_is_shown_and_is_its_own_status(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_replay, .argv = WORDS("replay", "shop/web"),
		   .answers = LIST(ANSWER(
			   "{\"stack\": \"shop\", \"tier\": \"web\", \"since\": \"A\", "
			   "\"until\": \"B\", \"version\": \"0.4.0\", \"decisions\": "
			   "{\"repeated\": 9, \"equal\": 6, \"without_record\": 2, "
			   "\"different\": [{\"at\": \"T\", \"id\": 7, \"field\": "
			   "\"desired\", \"version\": \"0.3.0\", \"recorded\": \"3\", "
			   "\"repeated\": \"4\"}, {\"at\": \"U\", \"id\": 8, \"field\": "
			   "\"record\", \"recorded\": \"5\"}]}}")),
		   .asked = LIST(ASKED "{\"since\":\"24h\"}"),
		   .out = "shop/web: 6 of 9 recorded decisions repeated, bit for bit, "
			  "from "
			  "A to B\n"
			  "  2 have no record (older version)\n"
			  "  T  decision 7 differs in desired (recorded by version "
			  "0.3.0, "
			  "this is 0.4.0)\n"
			  "    recorded: 3\n    repeated: 4\n"
			  "  U  decision 8 differs in record\n"
			  "    recorded: 5\n"
			  "  ... and 1 more differ; --all shows them\n",
		   .status = EXIT_DIFFERS);
}

#define SIDE(hours)                                                                      \
	"{\"instance_hours\": " hours ", \"short\": 0.01, \"changes\": 4, \"largest\": " \
	"3}"
#define PLAYED                                                                   \
	"\"played\": {\"from\": \"A\", \"to\": \"B\", \"minutes\": 1440, "       \
	"\"missing\": 2, \"lead_ms\": 180000, \"lead_is_prior\": true, "         \
	"\"capacity\": 100, \"capacity_source\": \"other\", \"capacity_from\": " \
	"\"C\", \"room\": 5, \"boots\": 13, \"in_force\": " SIDE(                \
		"48") ", "                                                       \
		      "\"other\": " SIDE("24.5") ", "

static void other_settings_are_set_beside_those_in_force(void **state)
{
	static const char head[] = SAID_SAME
		"  simulated minute by minute from A to B: 1440 minutes, 2 without "
		"demand; lead time 3m, not measured yet;\n"
		"  capacity 100 per instance, from the other settings\n"
		"  the capacity is as it was known from C on, and before as it is now\n"
		"  the pool has room for 5 beside its other tiers\n"
		"  new instances boot as long as the last 13 did\n"
		"  settings   instance-hours    time short      unserved  changes  "
		"largest\n"
		"  in force             48.0       1.000 %       0.000 %        4       "
		" 3\n"
		"  other                24.5       1.000 %       0.000 %        4       "
		" 3\n";
	CLEANUP(free)
	char *differ = xasprintf("%s  TIME                      IN FORCE  OTHER  FOR\n"
				 "  T                                3      2  5m\n"
				 "    in force: many\n    other:    few\n"
				 "  ... and 3 more; --all shows them\n",
				 head);
	CLEANUP(free)
	char *same = xasprintf("%s  both would have made the same decisions throughout\n",
			       head);

	(void)state;
	cli_write("s.conf", "[stack]\nname = shop\n[tier web]\nmax = 9\n");
	CLI_EXPECT(.run = cli_replay,
		   .argv = WORDS("replay", "shop/web", "--with", "s.conf"),
		   .answers = LIST(ANSWER(
			   "{\"stack\": \"shop\", \"tier\": \"web\", \"since\": \"A\", "
			   "\"until\": \"B\", \"decisions\": {\"repeated\": 9, "
			   "\"equal\": 9}, " PLAYED
			   "\"differences\": 4, \"moments\": [{\"at\": \"T\", "
			   "\"for_ms\": 300000, \"in_force\": {\"desired\": 3, "
			   "\"sentence\": \"many\"}, \"other\": {\"desired\": 2, "
			   "\"sentence\": \"few\"}}]}}")),
		   .asked = LIST(ASKED "{\"since\":\"24h\",\"with\":{\"max\":\"9\"}}"),
		   .out = differ);
	CLI_EXPECT(.run = cli_replay,
		   .argv = WORDS("replay", "shop/web", "--with", "s.conf"),
		   .answers = LIST(ANSWER(
			   "{\"stack\": \"shop\", \"tier\": \"web\", \"since\": \"A\", "
			   "\"until\": \"B\", \"decisions\": {\"repeated\": 9, "
			   "\"equal\": 9}, " PLAYED "\"differences\": 0}}")),
		   .asked = LIST(ASKED "{\"since\":\"24h\",\"with\":{\"max\":\"9\"}}"),
		   .out = same);
}

static void without_a_tier_all_are_replayed(void **state)
{
	static const char tiers[] =
		ANSWER("{\"items\": [{\"stack\": \"shop\", \"name\": \"web\"}, "
		       "{\"stack\": \"blog\", \"name\": \"db\"}]}");

	(void)state;
	cli_write("all.conf", "[tier web]\nmax = 9\n");
	cli_write("typo.conf", "[tier wbe]\nmax = 9\n");
	CLI_EXPECT(.run = cli_replay, .argv = WORDS("replay", "--with", "all.conf"),
		   .answers = LIST(tiers, ANSWER(SAME),
				   REFUSAL("409 Conflict", "no record")),
		   .asked = LIST("GET /v1/tiers",
				 ASKED "{\"since\":\"24h\",\"with\":{\"max\":\"9\"}}",
				 "POST /v1/tiers/blog/db/replay {\"since\":\"24h\"}"),
		   .out = SAID_SAME, .err = "foretide replay: blog/db: no record\n",
		   .status = EXIT_CONFLICT);
	CLI_EXPECT(.run = cli_replay, .argv = WORDS("replay", "--with", "typo.conf"),
		   .answers = LIST(tiers), .asked = LIST("GET /v1/tiers"),
		   .err = "foretide replay: typo.conf: there is no tier 'wbe'\n",
		   .status = EXIT_NOT_FOUND);
}

static void settings_of_no_such_tier_are_refused(void **state)
{
	(void)state;
	cli_write("s.conf", "[stack]\nname = shop\n[tier web]\nmax = 9\n");
	CLI_EXPECT(.run = cli_replay,
		   .argv = WORDS("replay", "blog/web", "--with", "s.conf"),
		   .err = "foretide replay: s.conf has no [tier web] of stack blog\n",
		   .status = EXIT_FAILED);
	CLI_EXPECT(.run = cli_replay,
		   .argv = WORDS("replay", "shop/web", "--with", "no.conf"),
		   .err = "foretide replay: no.conf: No such file or directory\n",
		   .status = EXIT_NOT_FOUND);
	CLI_EXPECT(.run = cli_replay, .argv = WORDS("replay", "shop"),
		   .err = "foretide replay: 'shop' is not STACK/TIER, such as shop/web\n",
		   .status = EXIT_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_repeated_bit_for_bit_is_said_so),
		cmocka_unit_test(what_differs_is_shown_and_is_its_own_status),
		cmocka_unit_test(other_settings_are_set_beside_those_in_force),
		cmocka_unit_test(without_a_tier_all_are_replayed),
		cmocka_unit_test(settings_of_no_such_tier_are_refused),
	};

	return cmocka_run_group_tests_name("replay", tests, cli_in_folder,
					   cli_out_of_folder);
}
