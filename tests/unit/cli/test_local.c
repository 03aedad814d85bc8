/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The local driver's hosts, from its state folder. */
#include "cli.h"
#include "cli_fixture.h"

static void a_folder_without_hosts_has_none(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_local, .argv = WORDS("local", "list", "--state-dir", "/no"),
		   .out = "HOST  STATE  ADDRESS  POOL  TYPE  CPU  MEMORY  PID  AGE  "
			  "ID\n");
	CLI_EXPECT(.run = cli_local,
		   .argv = WORDS("local", "list", "--state-dir", "/no", "--json"),
		   .out = "[]\n");
}

/* That failed before its init ran; born one second after the clock began. */
static void write_host(void)
{
	mkdir("hosts", 0700);
	mkdir("addresses", 0700);
	mkdir("hosts/l1", 0700);
	cli_write("hosts/l1/meta.json",
		  "{\"launch_id\": \"l1\", \"owner\": \"me\", \"pool\": \"web\", "
		  "\"name\": \"h1\", \"type\": \"small\", \"address\": \"10.90.0.2\", "
		  "\"veth\": \"v\", \"cpu\": 0.5, \"memory_bytes\": 268435456, "
		  "\"created_ms\": 1000, \"spot\": false, \"pid\": 0, \"pid_start\": 0, "
		  "\"boot_id\": \"\", \"gateway\": \"10.90.0.1\", \"prefix\": 24, "
		  "\"boot_delay_ms\": 0, \"mask\": \"\"}");
	cli_write("hosts/l1/status", "failed no memory\n");
}

static void hosts_are_listed_with_what_became_of_them(void **state)
{
	CLEANUP(cli_printed_done) struct cli_printed p = { 0 };
	CLEANUP(cli_printed_done) struct cli_printed table = { 0 };
	CLEANUP(json_decref) json_t *rows = NULL;
	const json_t *row;
	char *dir = *state;

	write_host();
	cli_run(cli_local, WORDS("local", "list", "--state-dir", dir, "--json"), NULL,
		&p);
	assert_string_equal(p.err, "");
	assert_int_equal(p.status, EXIT_OK);
	rows = json_loads(p.out, 0, NULL);
	assert_int_equal(json_array_size(rows), 1);
	row = json_array_get(rows, 0);
	assert_string_equal(field_text(row, "name"), "h1");
	assert_string_equal(field_text(row, "state"), "failed");
	assert_string_equal(field_text(row, "message"), "no memory");
	assert_string_equal(field_text(row, "created"), "1970-01-01T00:00:01.000Z");
	assert_int_equal(field_int(row, "memory"), 268435456);
	cli_run(cli_local, WORDS("local", "list", "--state-dir", dir), NULL, &table);
	assert_non_null(strstr(
		table.out, "\nh1    failed  10.90.0.2  web   small  0.5  256M    0    "));
}

static void a_record_that_cannot_be_read_is_a_failure(void **state)
{
	CLEANUP(cli_printed_done) struct cli_printed p = { 0 };
	char *dir = *state;

	write_host();
	cli_write("hosts/l1/meta.json", "{}");
	cli_run(cli_local, WORDS("local", "list", "--state-dir", dir), NULL, &p);
	assert_string_equal(p.err, "foretide local: host l1: \"launch_id\" is missing\n");
	assert_string_equal(p.out, "");
	assert_int_equal(p.status, EXIT_FAILED);
}

static void what_is_wrong_is_said(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_local, .argv = WORDS("local"),
		   .err = "foretide local: takes list or clean\n", .status = EXIT_USAGE);
	CLI_EXPECT(.run = cli_local, .argv = WORDS("local", "clean", "--json"),
		   .err = "foretide local: takes list or clean\n", .status = EXIT_USAGE);
	CLI_EXPECT(.run = cli_local, .argv = WORDS("local", "list", "--nonsense"),
		   .err = "local: unrecognized option '--nonsense'\n",
		   .status = EXIT_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_folder_without_hosts_has_none),
		cmocka_unit_test_setup_teardown(hosts_are_listed_with_what_became_of_them,
						cli_in_folder, cli_out_of_folder),
		cmocka_unit_test_setup_teardown(a_record_that_cannot_be_read_is_a_failure,
						cli_in_folder, cli_out_of_folder),
		cmocka_unit_test(what_is_wrong_is_said),
	};

	return cmocka_run_group_tests_name("local", tests, NULL, NULL);
}
