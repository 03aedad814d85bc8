/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changes that are shown first: apply, delete, drain and rollback. */
#include "cli.h"
#include "cli_fixture.h"

#define PLAN                                                                        \
	"{\"plan\": \"p1\", \"changes\": [{\"action\": \"create\", \"kind\": "      \
	"\"tier\", \"name\": \"web\", \"detail\": \"1 to 9\"}, {\"action\": "       \
	"\"remove\", \"kind\": \"pool\", \"name\": \"old\"}], \"warnings\": [\"no " \
	"driver\"]}"
#define SHOWN                         \
	"create  tier  web: 1 to 9\n" \
	"remove  pool  old\n"         \
	"warning: no driver\n"
#define HELD                                                                         \
	"{\"plan\": \"p2\", \"changes\": [{\"action\": \"drain\", \"kind\": "        \
	"\"host\", \"name\": \"h1\"}], \"holds\": [{\"id\": 3, \"stack\": \"shop\"," \
	" \"tier\": \"web\", \"owner\": \"eve\", \"reason\": \"sale\", "             \
	"\"expires\": \"2026-01-01T00:00:00Z\"}, {\"id\": 5, \"stack\": "            \
	"\"shop\", \"owner\": \"bob\", \"reason\": \"audit\"}]}"
#define QUESTION(words) words " [y/N] "

static void a_change_is_shown_asked_for_and_sent_as_shown(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_delete, .argv = WORDS("delete", "shop"), .in = "y\n",
		   .answers = LIST(ANSWER(PLAN), ANSWER("{}")),
		   .asked = LIST("DELETE /v1/stacks/shop?dry_run=true",
				 "DELETE /v1/stacks/shop If-Match: \"p1\""),
		   .out = SHOWN "stack shop is deleted: its units are drained and its "
				"hosts removed\n",
		   .err = QUESTION("Remove all of this?"));
	CLI_EXPECT(.run = cli_drain, .argv = WORDS("drain", "h1", "--yes"),
		   .answers = LIST(ANSWER(PLAN), ANSWER("{}")),
		   .asked = LIST("POST /v1/hosts/h1/drain?dry_run=true",
				 "POST /v1/hosts/h1/drain If-Match: \"p1\""),
		   .out = SHOWN "the host is draining: its units are replaced "
				"elsewhere, then it is removed\n");
}

static void what_is_not_confirmed_is_not_sent(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_delete, .argv = WORDS("delete", "shop"), .in = "n\n",
		   .answers = LIST(ANSWER(PLAN)),
		   .asked = LIST("DELETE /v1/stacks/shop?dry_run=true"), .out = SHOWN,
		   .err = QUESTION("Remove all of this?") "foretide delete: nothing was "
							  "changed\n",
		   .status = EXIT_CONFLICT);
	CLI_EXPECT(.run = cli_drain, .argv = WORDS("drain", "h1"),
		   .answers = LIST(ANSWER(PLAN)),
		   .asked = LIST("POST /v1/hosts/h1/drain?dry_run=true"), .out = SHOWN,
		   .err = QUESTION(
			   "Drain and remove this host?") "\n"
							  "foretide drain: nobody "
							  "answered, so nothing was "
							  "changed; --yes does "
							  "not ask\n",
		   .status = EXIT_CONFLICT);
}

static void a_dry_run_only_shows(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_delete, .argv = WORDS("delete", "shop", "--dry-run"),
		   .answers = LIST(ANSWER(PLAN)),
		   .asked = LIST("DELETE /v1/stacks/shop?dry_run=true"), .out = SHOWN);
	CLI_EXPECT(.run = cli_delete,
		   .argv = WORDS("delete", "shop", "--dry-run", "--json"),
		   .answers = LIST(ANSWER("{\"plan\": \"p\", \"changes\": []}")),
		   .asked = LIST("DELETE /v1/stacks/shop?dry_run=true"),
		   .out = "{\n  \"plan\": \"p\",\n  \"changes\": []\n}\n");
}

static void json_is_the_answer_and_the_plan_goes_elsewhere(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_rollback,
		   .argv = WORDS("rollback", "shop", "7", "--json", "--yes"),
		   .answers = LIST(ANSWER("{\"plan\": \"p1\", \"back_to\": 7, "
					  "\"changes\": [{\"action\": \"update\", "
					  "\"kind\": \"tier\", \"name\": \"web\"}]}"),
				   ANSWER("{\"version\": 9}")),
		   .asked = LIST("POST /v1/stacks/shop/rollback?dry_run=true "
				 "{\"version\":7}",
				 "POST /v1/stacks/shop/rollback If-Match: \"p1\" "
				 "{\"version\":7}"),
		   .out = "{\n  \"version\": 9\n}\n",
		   .err = "version 7 is applied again\nupdate  tier  web\n");
}

static void a_rollback_without_a_version_lets_the_controller_choose(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_rollback, .argv = WORDS("rollback", "shop", "--yes"),
		   .answers = LIST(ANSWER("{\"plan\": \"p\"}"), ANSWER("{}")),
		   .asked = LIST("POST /v1/stacks/shop/rollback?dry_run=true {}",
				 "POST /v1/stacks/shop/rollback If-Match: \"p\" {}"),
		   .out = "nothing changes\nstack shop goes back; follow it with: "
			  "foretide events --follow\n");
	CLI_EXPECT(.run = cli_rollback, .argv = WORDS("rollback", "shop", "7a"),
		   .err = "foretide rollback: '7a' is not a version, such as 7\n",
		   .status = EXIT_FAILED);
	CLI_EXPECT(.run = cli_rollback, .argv = WORDS("rollback", "shop/web"),
		   .err = "foretide rollback: 'shop/web' is not the name of a stack, "
			  "such as shop\n",
		   .status = EXIT_USAGE);
}

static void a_hold_forbids_it_until_it_is_forced_by_number(void **state)
{
	static const char shown[] =
		"drain   host  h1\n"
		"on hold: shop/web, hold 3 of eve until 2026-01-01T00:00:00Z: sale\n"
		"on hold: shop, hold 5 of bob: audit\n";

	(void)state;
	CLI_EXPECT(.run = cli_drain, .argv = WORDS("drain", "h1", "--yes"),
		   .answers = LIST(ANSWER(HELD)),
		   .asked = LIST("POST /v1/hosts/h1/drain?dry_run=true"), .out = shown,
		   .err = "foretide drain: hold 3 of eve forbids it: release it "
			  "(foretide "
			  "release 3), or force this by number (--force 3,5). Its "
			  "reason: "
			  "sale\n",
		   .status = EXIT_CONFLICT);
	CLI_EXPECT(.run = cli_drain,
		   .argv = WORDS("drain", "h1", "--yes", "--force", "3,5"),
		   .answers = LIST(ANSWER("{\"plan\": \"p\"}"), ANSWER("{}")),
		   .asked = LIST("POST /v1/hosts/h1/drain?dry_run=true&force=3%2C5",
				 "POST /v1/hosts/h1/drain?force=3%2C5 If-Match: \"p\""),
		   .out = "nothing changes\nthe host is draining: its units are replaced "
			  "elsewhere, then it is removed\n");
}

static void what_has_changed_meanwhile_is_shown_anew(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_delete, .argv = WORDS("delete", "shop", "--yes"),
		   .answers = LIST(ANSWER(PLAN),
				   REFUSAL("412 Precondition Failed", "changed"),
				   ANSWER("{\"plan\": \"p2\"}"), ANSWER("{}")),
		   .asked = LIST("DELETE /v1/stacks/shop?dry_run=true",
				 "DELETE /v1/stacks/shop If-Match: \"p1\"",
				 "DELETE /v1/stacks/shop?dry_run=true",
				 "DELETE /v1/stacks/shop If-Match: \"p2\""),
		   .out = SHOWN "nothing changes\nstack shop is deleted: its units are "
				"drained and its hosts removed\n",
		   .err = "It has changed since it was shown; now it is:\n");
}

static void what_keeps_changing_is_given_up(void **state)
{
	static const char refusal[] = REFUSAL("412 Precondition Failed", "changed");
	static const char plan[] = ANSWER("{\"plan\": \"p\"}");

	(void)state;
	CLI_EXPECT(.run = cli_delete, .argv = WORDS("delete", "shop", "--yes"),
		   .answers = LIST(plan, refusal, plan, refusal, plan, refusal),
		   .asked = LIST("DELETE /v1/stacks/shop?dry_run=true",
				 "DELETE /v1/stacks/shop If-Match: \"p\"",
				 "DELETE /v1/stacks/shop?dry_run=true",
				 "DELETE /v1/stacks/shop If-Match: \"p\"",
				 "DELETE /v1/stacks/shop?dry_run=true",
				 "DELETE /v1/stacks/shop If-Match: \"p\""),
		   .out = "nothing changes\nnothing changes\nnothing changes\n",
		   .err = "It has changed since it was shown; now it is:\n"
			  "It has changed since it was shown; now it is:\n"
			  "foretide delete: it changed each time while it was looked at; "
			  "nothing was changed by this command\n",
		   .status = EXIT_CONFLICT);
}

/* ---------------------------------------------------------------- of a folder */

#define FILES                                                      \
	"{\"files\":{\"stack.conf\":\"[stack]\\nname = shop\\n\"," \
	"\"templates/a.tmpl\":\"x\"}}"

static void write_stack(const char *conf)
{
	mkdir("s", 0700);
	mkdir("s/templates", 0700);
	cli_write("s/stack.conf", conf);
}

static void a_folder_is_sent_with_what_is_in_it(void **state)
{
	(void)state;
	write_stack("[stack]\nname = shop\n");
	cli_write("s/templates/a.tmpl", "x");
	cli_write("s/.hidden", "not sent");
	cli_write("s/stack.conf~", "not sent");
	CLI_EXPECT(.run = cli_apply, .argv = WORDS("apply", "s", "--yes"),
		   .answers = LIST(ANSWER(PLAN), ANSWER("{}")),
		   .asked = LIST("PUT /v1/stacks/shop?dry_run=true " FILES,
				 "PUT /v1/stacks/shop If-Match: \"p1\" " FILES),
		   .out = SHOWN "stack shop is applied; follow it with: foretide events "
				"--follow\n");
}

static void a_folder_that_is_no_stack_is_refused(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_apply, .argv = WORDS("apply", "gone"),
		   .err = "foretide apply: gone/: No such file or directory\n",
		   .status = EXIT_NOT_FOUND);
	mkdir("empty", 0700);
	CLI_EXPECT(.run = cli_apply, .argv = WORDS("apply", "empty"),
		   .err = "foretide apply: empty holds no stack.conf\n",
		   .status = EXIT_FAILED);
	write_stack("[stack]\n");
	CLI_EXPECT(.run = cli_apply, .argv = WORDS("apply", "s"),
		   .err = "foretide apply: stack.conf has no name in [stack]\n",
		   .status = EXIT_FAILED);
	write_stack("name\n");
	CLI_EXPECT(.run = cli_apply, .argv = WORDS("apply", "s"),
		   .err = "foretide apply: stack.conf:1: expected [section] or name = "
			  "value\n",
		   .status = EXIT_FAILED);
	cli_write("s/stack.conf", "\xff\n");
	CLI_EXPECT(.run = cli_apply, .argv = WORDS("apply", "s"),
		   .err = "foretide apply: s/stack.conf is not UTF-8 text\n",
		   .status = EXIT_FAILED);
	assert_int_equal(symlink("nowhere", "empty/link"), 0);
	CLI_EXPECT(.run = cli_apply, .argv = WORDS("apply", "empty"),
		   .err = "foretide apply: empty/link: No such file or directory\n",
		   .status = EXIT_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_is_shown_asked_for_and_sent_as_shown),
		cmocka_unit_test(what_is_not_confirmed_is_not_sent),
		cmocka_unit_test(a_dry_run_only_shows),
		cmocka_unit_test(json_is_the_answer_and_the_plan_goes_elsewhere),
		cmocka_unit_test(a_rollback_without_a_version_lets_the_controller_choose),
		cmocka_unit_test(a_hold_forbids_it_until_it_is_forced_by_number),
		cmocka_unit_test(what_has_changed_meanwhile_is_shown_anew),
		cmocka_unit_test(what_keeps_changing_is_given_up),
		cmocka_unit_test_setup_teardown(a_folder_is_sent_with_what_is_in_it,
						cli_in_folder, cli_out_of_folder),
		cmocka_unit_test_setup_teardown(a_folder_that_is_no_stack_is_refused,
						cli_in_folder, cli_out_of_folder),
	};

	return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
