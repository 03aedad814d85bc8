/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands that are a call or two: holds, tokens, status, logs, events and files. */
#include "cli.h"
#include "cli_fixture.h"

#define UNKNOWN REFUSAL("404 Not Found", "there is none")

static void a_hold_says_when_it_ends(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_hold,
		   .argv = WORDS("hold", "shop/web", "--reason", "big sale", "--for",
				 "2h"),
		   .answers = LIST(ANSWER("{\"expires\": \"2026-01-01T02:00:00Z\"}")),
		   .asked = LIST("POST /v1/holds {\"for\":\"2h\",\"reason\":\"big sale\","
				 "\"stack\":\"shop\",\"tier\":\"web\"}"),
		   .out = "shop/web is on hold: nothing scales until "
			  "2026-01-01T02:00:00Z, or it is released\n");
	CLI_EXPECT(.run = cli_hold, .argv = WORDS("hold", "shop", "--reason", "x"),
		   .answers = LIST(ANSWER("{}")),
		   .asked = LIST("POST /v1/holds "
				 "{\"reason\":\"x\",\"stack\":\"shop\",\"tier\":\"\"}"),
		   .out = "shop is on hold: nothing scales until it is released\n");
	CLI_EXPECT(.run = cli_hold,
		   .argv = WORDS("hold", "shop", "--reason", "x", "--json"),
		   .answers = LIST(ANSWER("{\"id\": 3}")),
		   .asked = LIST("POST /v1/holds "
				 "{\"reason\":\"x\",\"stack\":\"shop\",\"tier\":\"\"}"),
		   .out = "{\n  \"id\": 3\n}\n");
}

static void a_hold_needs_a_reason_and_a_place(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_hold, .argv = WORDS("hold", "shop"),
		   .err = "foretide hold: a reason is required: --reason TEXT\n",
		   .status = EXIT_USAGE);
	CLI_EXPECT(.run = cli_hold, .argv = WORDS("hold", "/web", "--reason", "x"),
		   .err = "foretide hold: '/web' is not STACK/TIER, such as shop/web\n",
		   .status = EXIT_USAGE);
	CLI_EXPECT(.run = cli_hold, .argv = WORDS("hold", "shop", "--reason", "x"),
		   .answers = LIST(UNKNOWN),
		   .asked = LIST("POST /v1/holds "
				 "{\"reason\":\"x\",\"stack\":\"shop\",\"tier\":\"\"}"),
		   .err = "foretide hold: there is none\n", .status = EXIT_NOT_FOUND);
}

static void a_release_is_by_number_or_of_all_at_a_place(void **state)
{
	static const char holds[] =
		ANSWER("{\"items\": [{\"id\": 1, \"stack\": \"shop\"}, {\"id\": 2, "
		       "\"stack\": \"shop\", \"tier\": \"web\"}, {\"id\": 3, \"stack\": "
		       "\"blog\", \"tier\": \"web\"}, {\"id\": 4, \"stack\": \"shop\", "
		       "\"tier\": \"web\"}]}");

	(void)state;
	CLI_EXPECT(.run = cli_release, .argv = WORDS("release", "7"),
		   .answers = LIST(ANSWER("{\"warning\": \"another\\nholds\"}")),
		   .asked = LIST("DELETE /v1/holds/7"), .out = "released\n",
		   .err = "warning: another\nholds\n");
	CLI_EXPECT(.run = cli_release, .argv = WORDS("release", "shop/web"),
		   .answers = LIST(holds, ANSWER("{}"), ANSWER("{}")),
		   .asked = LIST("GET /v1/holds", "DELETE /v1/holds/2",
				 "DELETE /v1/holds/4"),
		   .out = "shop/web is released\n");
	CLI_EXPECT(.run = cli_release, .argv = WORDS("release", "blog"),
		   .answers = LIST(holds), .asked = LIST("GET /v1/holds"),
		   .err = "foretide release: there is no hold on blog\n",
		   .status = EXIT_NOT_FOUND);
	CLI_EXPECT(.run = cli_release, .argv = WORDS("release", "shop/web"),
		   .answers = LIST(holds, REFUSAL("403 Forbidden", "not yours")),
		   .asked = LIST("GET /v1/holds", "DELETE /v1/holds/2"),
		   .err = "foretide release: not yours\n", .status = EXIT_DENIED);
	CLI_EXPECT(.run = cli_release, .argv = WORDS("release", "shop"),
		   .answers = LIST(ANSWER("{\"items\": [{\"id\": 1}]}")),
		   .asked = LIST("GET /v1/holds"),
		   .err = "foretide release: \"stack\" is missing\n",
		   .status = EXIT_FAILED);
}

static void a_token_is_shown_once(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_token,
		   .argv = WORDS("token", "create", "--name", "ci", "--role", "operator",
				 "--for", "30d"),
		   .answers = LIST(ANSWER("{\"id\": 7, \"token\": \"s3cret\"}")),
		   .asked = LIST("POST /v1/tokens {\"for\":\"30d\",\"name\":\"ci\","
				 "\"role\":\"operator\"}"),
		   .out = "s3cret\n");
	CLI_EXPECT(.run = cli_token,
		   .argv = WORDS("token", "create", "--name", "ci", "--json"),
		   .answers = LIST(ANSWER("{\"id\": 7}")),
		   .asked = LIST("POST /v1/tokens {\"name\":\"ci\",\"role\":\"viewer\"}"),
		   .out = "{\n  \"id\": 7\n}\n");
	CLI_EXPECT(.run = cli_token, .argv = WORDS("token", "revoke", "7"),
		   .answers = LIST(ANSWER("")), .asked = LIST("DELETE /v1/tokens/7"),
		   .out = "the token is revoked\n");
}

/* Runs token create where nothing can be written. */
static void create_in_vain(const char *const *answers, const char *words, size_t asked)
{
	CLEANUP(cli_printed_done) struct cli_printed p = { 0 };
	struct script s;

	script_start(&s, answers);
	setenv("FORETIDE_URL", s.url, 1);
	cli_run_to(open("/dev/full", O_RDWR | O_CLOEXEC), cli_token,
		   WORDS("token", "create", "--name", "ci"), NULL, &p);
	script_done(&s);
	assert_string_equal(p.err, words);
	assert_int_equal(p.status, EXIT_FAILED);
	assert_int_equal(s.served, asked);
	for (size_t i = 1; i < asked; i++)
		assert_non_null(
			strstr(buf_str(&s.requests[i]), "DELETE /v1/tokens/7 HTTP"));
	script_free(&s);
}

static void a_token_that_nobody_can_read_is_revoked(void **state)
{
	static const char made[] = ANSWER("{\"id\": 7, \"token\": \"s3cret\"}");

	(void)state;
	create_in_vain(LIST(made, ANSWER("{}")),
		       "foretide token: the output cannot be written (No space left on "
		       "device): the token is revoked\n",
		       2);
	create_in_vain(LIST(made, UNKNOWN),
		       "foretide token: the output cannot be written (No space left on "
		       "device), and token 7 is not revoked: there is none\n",
		       2);
}

static void tokens_are_listed(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_token, .argv = WORDS("token", "list"),
		   .answers = LIST(ANSWER("{\"items\": [{\"id\": 7, \"name\": \"ci\", "
					  "\"role\": \"viewer\"}]}")),
		   .asked = LIST("GET /v1/tokens"),
		   .out = "ID  NAME  ROLE    CREATED  LAST USED  EXPIRES  REVOKED\n"
			  "7   ci    viewer  -        -          -        -\n");
	CLI_EXPECT(.run = cli_token, .argv = WORDS("token", "list", "--json"),
		   .answers = LIST(ANSWER("{\"items\": []}")),
		   .asked = LIST("GET /v1/tokens"), .out = "[]\n");
	CLI_EXPECT(.run = cli_token, .argv = WORDS("token", "create"),
		   .err = "foretide token: a name is required: --name NAME\n",
		   .status = EXIT_USAGE);
	CLI_EXPECT(.run = cli_token, .argv = WORDS("token", "revoke"),
		   .err = "foretide token: takes list, create or revoke ID\n",
		   .status = EXIT_USAGE);
}

static void the_status_is_a_few_lines(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_status, .argv = WORDS("status"),
		   .answers = LIST(ANSWER(
			   "{\"version\": \"0.4.0\", \"started\": \"2026-01-01\", "
			   "\"store\": {\"mode\": \"embedded\", \"ok\": true}, "
			   "\"counts\": {\"stacks\": 1, \"tiers\": 2, \"hosts\": 3, "
			   "\"units\": 5, \"units_healthy\": 4}, \"problems\": "
			   "[{\"message\": \"pool web is full\"}]}")),
		   .asked = LIST("GET /v1/status"),
		   .out = "foretided 0.4.0, up since 2026-01-01\n"
			  "store     embedded, ok\n"
			  "running   1 stacks, 2 tiers, 3 hosts, 4 of 5 units healthy\n"
			  "problem   pool web is full\n");
	CLI_EXPECT(.run = cli_status, .argv = WORDS("status"),
		   .answers = LIST(ANSWER("{\"store\": {\"mode\": \"etcd\", \"ok\": "
					  "false, \"message\": \"no leader\"}}")),
		   .asked = LIST("GET /v1/status"),
		   .out = "foretided , up since \n"
			  "store     etcd, no leader\n"
			  "running   not known: the database cannot be read\n");
	CLI_EXPECT(.run = cli_status, .argv = WORDS("status", "--json"),
		   .answers = LIST(ANSWER("{}")), .asked = LIST("GET /v1/status"),
		   .out = "{}\n");
}

static void logs_are_lines(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_logs, .argv = WORDS("logs", "web@1.service"),
		   .answers =
			   LIST(ANSWER("{\"lines\": [\"one\", null, \"\\u001b[2J\"]}")),
		   .asked = LIST("GET /v1/units/web%401.service/logs?lines=100"),
		   .out = "one\n\n\\x1b[2J\n");
	CLI_EXPECT(.run = cli_logs,
		   .argv = WORDS("logs", "a.service", "--lines", "7", "--json"),
		   .answers = LIST(ANSWER("{\"lines\": []}")),
		   .asked = LIST("GET /v1/units/a.service/logs?lines=7"),
		   .out = "{\n  \"lines\": []\n}\n");
}

#define EVENT                                                                 \
	"{\"id\": 4, \"at\": \"2026-01-01T00:00:00Z\", \"level\": \"warn\", " \
	"\"kind\": \"host-lost\", \"message\": \"h1\\nis gone\"}"

static void events_are_a_line_each(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_events, .argv = WORDS("events"),
		   .answers = LIST(ANSWER("{\"items\": [" EVENT "]}")),
		   .asked = LIST("GET /v1/events?since=0"),
		   .out = "2026-01-01T00:00:00Z  warn    host-lost          h1\\x0ais "
			  "gone\n");
	CLI_EXPECT(.run = cli_events, .argv = WORDS("events", "--json"),
		   .answers = LIST(ANSWER("{\"items\": [{\"id\": 4}, {\"id\": 5}]}")),
		   .asked = LIST("GET /v1/events?since=0"),
		   .out = "{\"id\":4}\n{\"id\":5}\n");
	CLI_EXPECT(.run = cli_events, .argv = WORDS("events"),
		   .answers = LIST(ANSWER("{\"items\": [{}]}")),
		   .asked = LIST("GET /v1/events?since=0"),
		   .err = "foretide events: \"id\" is missing\n", .status = EXIT_FAILED);
}

/* From where the last one was, until an answer is none. */
static void events_are_followed(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_events, .argv = WORDS("events", "--follow", "--json"),
		   .answers = LIST(ANSWER("{\"items\": [{\"id\": 4}]}"),
				   REFUSAL("403 Forbidden", "not any more")),
		   .asked = LIST("GET /v1/events?since=0", "GET /v1/events?since=4"),
		   .out = "{\"id\":4}\n", .err = "foretide events: not any more\n",
		   .status = EXIT_DENIED);
}

static void events_that_cannot_be_written_end(void **state)
{
	CLEANUP(cli_printed_done) struct cli_printed p = { 0 };
	struct script s;

	(void)state;
	script_start(&s, LIST(ANSWER("{\"items\": [" EVENT "]}")));
	setenv("FORETIDE_URL", s.url, 1);
	cli_run_to(open("/dev/full", O_RDWR | O_CLOEXEC), cli_events,
		   WORDS("events", "--follow"), NULL, &p);
	script_done(&s);
	assert_string_equal(p.err, "foretide events: the output cannot be written: No "
				   "space left on device\n");
	assert_int_equal(p.status, EXIT_FAILED);
	script_free(&s);
}

static void a_source_is_forgotten(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_forget, .argv = WORDS("forget", "requests{host=\"h1\"}"),
		   .answers = LIST(ANSWER("{}")),
		   .asked = LIST("POST /v1/series/forget "
				 "{\"match\":\"requests{host=\\\"h1\\\"}\"}"),
		   .out = "forgotten: no demand waits for it, until it reports again\n");
	CLI_EXPECT(.run = cli_forget, .argv = WORDS("forget", "x", "--json"),
		   .answers = LIST(ANSWER("{\"series\": 1}")),
		   .asked = LIST("POST /v1/series/forget {\"match\":\"x\"}"),
		   .out = "{\n  \"series\": 1\n}\n");
}

static void a_file_is_imported(void **state)
{
	(void)state;
	cli_write("h.csv", "0,1\n60,2\n");
	CLI_EXPECT(.run = cli_import, .argv = WORDS("import", "shop/web", "h.csv"),
		   .answers = LIST(ANSWER("{\"added\": 2}")),
		   .asked = LIST("POST /v1/tiers/shop/web/history 0,1\n60,2\n"),
		   .out = "2 minutes of history imported for shop/web\n");
	CLI_EXPECT(.run = cli_import,
		   .argv = WORDS("import", "shop/web", "h.csv", "--dry-run"),
		   .answers = LIST(ANSWER("{\"added\": 2}")),
		   .asked = LIST("POST /v1/tiers/shop/web/history?dry_run=true "
				 "0,1\n60,2\n"),
		   .out = "2 minutes of history would be imported for shop/web\n");
	CLI_EXPECT(.run = cli_import,
		   .argv = WORDS("import", "shop/web", "h.csv", "--json"),
		   .answers = LIST(REFUSAL("400 Bad Request", "line 2: what")),
		   .asked = LIST("POST /v1/tiers/shop/web/history 0,1\n60,2\n"),
		   .err = "foretide import: h.csv: line 2: what\n",
		   .status = EXIT_FAILED);
	CLI_EXPECT(.run = cli_import, .argv = WORDS("import", "shop", "h.csv"),
		   .err = "foretide import: 'shop' is not STACK/TIER, such as shop/web\n",
		   .status = EXIT_USAGE);
	CLI_EXPECT(.run = cli_import, .argv = WORDS("import", "shop/web", "no.csv"),
		   .err = "foretide import: no.csv: No such file or directory\n",
		   .status = EXIT_NOT_FOUND);
}

static void a_backup_is_a_file_for_its_owner_alone(void **state)
{
	struct stat st;

	(void)state;
	CLI_EXPECT(.run = cli_backup, .argv = WORDS("backup", "b"),
		   .answers = LIST(ANSWER("state")), .asked = LIST("GET /v1/backup"),
		   .out = "b: 5 bytes. It holds secrets (keys of certificates, secrets "
			  "of stacks): keep it as safe as the controller. To restore it: "
			  "foretided --restore b\n");
	assert_int_equal(stat("b", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_size, 5);
	CLI_EXPECT(.run = cli_backup, .argv = WORDS("backup", "c", "--json"),
		   .answers = LIST(ANSWER("state")), .asked = LIST("GET /v1/backup"),
		   .out = "{\n  \"file\": \"c\",\n  \"bytes\": 5\n}\n");
	CLI_EXPECT(.run = cli_backup, .argv = WORDS("backup", ""),
		   .err = "foretide backup: takes FILE or FOLDER\n",
		   .status = EXIT_USAGE);
	CLI_EXPECT(.run = cli_backup, .argv = WORDS("backup", "d"),
		   .answers = LIST(REFUSAL("503 Service Unavailable", "a replay runs")),
		   .asked = LIST("GET /v1/backup"),
		   .err = "foretide backup: a replay runs\n", .status = EXIT_UNREACHABLE);
	assert_int_equal(access("d", F_OK), -1);
}

static void a_backup_in_a_folder_has_its_date(void **state)
{
	static const char *const folders[] = { "d", "d/" };

	(void)state;
	mkdir("d", 0700);
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		CLEANUP(cli_printed_done) struct cli_printed p = { 0 };
		CLEANUP(free) char *folder = xstrdup(folders[i]);
		struct script s;
		char file[64];

		script_start(&s, LIST(ANSWER("state")));
		setenv("FORETIDE_URL", s.url, 1);
		cli_run(cli_backup, WORDS("backup", folder), NULL, &p);
		script_done(&s);
		script_free(&s);
		assert_int_equal(p.status, EXIT_OK);
		assert_int_equal(sscanf(p.out,
					"d/foretide-%*8[0-9]T%*6[0-9]Z.backup: %1[5] by",
					file),
				 1);
		snprintf(file, sizeof(file), "%.*s", (int)strcspn(p.out, ":"), p.out);
		assert_int_equal(access(file, R_OK), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hold_says_when_it_ends),
		cmocka_unit_test(a_hold_needs_a_reason_and_a_place),
		cmocka_unit_test(a_release_is_by_number_or_of_all_at_a_place),
		cmocka_unit_test(a_token_is_shown_once),
		cmocka_unit_test(a_token_that_nobody_can_read_is_revoked),
		cmocka_unit_test(tokens_are_listed),
		cmocka_unit_test(the_status_is_a_few_lines),
		cmocka_unit_test(logs_are_lines),
		cmocka_unit_test(events_are_a_line_each),
		cmocka_unit_test(events_are_followed),
		cmocka_unit_test(events_that_cannot_be_written_end),
		cmocka_unit_test(a_source_is_forgotten),
		cmocka_unit_test(a_file_is_imported),
		cmocka_unit_test(a_backup_is_a_file_for_its_owner_alone),
		cmocka_unit_test(a_backup_in_a_folder_has_its_date),
	};

	return cmocka_run_group_tests_name("calls", tests, cli_in_folder,
					   cli_out_of_folder);
}
