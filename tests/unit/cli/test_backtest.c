/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What scaling a recorded demand would have cost. */
#include "cli.h"
#include "cli_fixture.h"
#include "series_fixture.h"

static void run(char **argv, struct cli_printed *p)
{
	cli_run(cli_backtest, argv, NULL, p);
	assert_string_equal(p->err, "");
	assert_int_equal(p->status, EXIT_OK);
}

static void says(const struct cli_printed *p, const char *words)
{
	if (!strstr(p->out, words))
		fail_msg("'%s' is not in:\n%s", words, p->out);
}

static void the_second_half_is_simulated_and_each_policy_has_a_row(void **state)
{
	static const char *const parts[] = { "\npolicy           instance-hours ",
					     "\nforetide     ",
					     "\nseasonal     ",
					     "\nreactive (HPA) ",
					     "\nstatic peak     ",
					     "\nclairvoyant     ",
					     "\nrisk             cost",
					     "\n     0.1 % ",
					     "\ndwell            cost",
					     "\n10m     ",
					     "\nlevel       in      1h\n",
					     "\nCoverage promised and achieved" };
	static const char head[] =
		"days.csv: 168 steps of 1h simulated after 168 of history (0 missing); "
		"boot 3m, dwell 2m, action price 10 instance-minutes, risk 0.5 %\n";
	CLEANUP(cli_printed_done) struct cli_printed p = { 0 };
	const char *at;

	(void)state;
	write_days(14);
	run(WORDS("backtest", "days.csv", "--capacity", "30"), &p);
	p.out[strcspn(p.out, "\n")] = '\0';
	assert_int_equal(strncmp(p.out, head, strlen(p.out)), 0);
	assert_int_equal(strlen(p.out), strlen(head) - 1);
	p.out[strlen(p.out)] = '\n';
	at = p.out;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		at = strstr(at, parts[i]);
		if (!at)
			fail_msg("'%s' does not follow in:\n%s", parts[i], p.out);
	}
}

static void the_settings_are_those_of_the_tier(void **state)
{
	CLEANUP(cli_printed_done) struct cli_printed p = { 0 };

	(void)state;
	write_days(8);
	run(WORDS("backtest", "days.csv", "--capacity", "30", "--price", "2", "--boot",
		  "1h", "--dwell", "10m", "--action-price", "5", "--billing", "1h",
		  "--billing-min", "2h", "--min", "4", "--max", "4", "--step-out", "1",
		  "--step-in", "1", "--mode", "out", "--play", "2d"),
	    &p);
	says(&p, "days.csv: 48 steps of 1h simulated after 144 of history (0 missing); "
		 "boot 1h, dwell 10m, action price 5 instance-minutes, paid by 1h begun, "
		 "at least 2h, "
		 "mode out, 4 to 4 instances, a minute short of capacity costs 2 "
		 "instance-hours\n");
	says(&p, "\nThe maximum of 4 alone leaves it short ");
	says(&p, " of the time; 5 are needed at most.\n");
	says(&p, "\nThe minimum of 4 alone costs ");
}

static void it_is_drawn(void **state)
{
	CLEANUP(cli_printed_done) struct cli_printed p = { 0 };
	CLEANUP(free) char *chart = NULL;

	(void)state;
	write_days(8);
	run(WORDS("backtest", "days.csv", "--capacity", "30", "--svg", "c.svg"), &p);
	says(&p, "\nchart: c.svg\n");
	chart = cli_read("c.svg");
	assert_non_null(strstr(chart, "Instances running and needed"));
	assert_non_null(strstr(chart, ">foretide</text>"));
}

static void events_that_were_announced_count(void **state)
{
	CLEANUP(cli_printed_done) struct cli_printed p = { 0 };

	(void)state;
	write_days(8);
	cli_write("e.ics", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:sale\r\n"
			   "DTSTART:20260107T100000\r\nDTEND:20260107T120000\r\n"
			   "X-FORETIDE-UPLIFT:2\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n");
	run(WORDS("backtest", "days.csv", "--capacity", "30", "--events", "e.ics",
		  "--timezone", "Europe/Berlin"),
	    &p);
	says(&p, "event sale, 2026-01-07T09:00:00.000Z to 2026-01-07T11:00:00.000Z: "
		 "demand times 2, as given\n");
}

static void what_is_wrong_is_said(void **state)
{
	const struct {
		char **argv;
		const char *words;
		int status;
	} rows[] = {
		{ WORDS("backtest"), "give one CSV file", EXIT_USAGE },
		{ WORDS("backtest", "days.csv"),
		  "--capacity: give the demand that one instance serves", EXIT_USAGE },
		{ WORDS("backtest", "days.csv", "--capacity", "1", "--price", "0"),
		  "--price: give the instance-hours that a minute short of capacity "
		  "costs",
		  EXIT_USAGE },
		{ WORDS("backtest", "days.csv", "--capacity", "1", "--price", "1",
			"--risk", "1%"),
		  "--price replaces --risk: give only one of them", EXIT_USAGE },
		{ WORDS("backtest", "days.csv", "--min", "1.5"),
		  "--min: '1.5' is not a number of instances", EXIT_USAGE },
		{ WORDS("backtest", "days.csv", "--mode", "on"),
		  "--mode: mode 'on' is not one of observe, out, auto", EXIT_USAGE },
		{ WORDS("backtest", "no.csv", "--capacity", "1"),
		  "no.csv: No such file or directory", EXIT_NOT_FOUND },
		{ WORDS("backtest", "days.csv", "--capacity", "1", "--events", "no.ics"),
		  "no.ics: No such file or directory", EXIT_NOT_FOUND },
		{ WORDS("backtest", "days.csv", "--capacity", "30", "--min", "4", "--max",
			"2"),
		  "days.csv: min and max are not 0 <= min <= max", EXIT_FAILED },
	};

	(void)state;
	write_days(4);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP(free)
		char *err = xasprintf("foretide backtest: %s\n", rows[i].words);

		CLI_EXPECT(.run = cli_backtest, .argv = rows[i].argv, .err = err,
			   .status = rows[i].status);
	}
	CLI_EXPECT(.run = cli_backtest, .argv = WORDS("backtest", "--nonsense"),
		   .err = "backtest: unrecognized option '--nonsense'\n",
		   .status = EXIT_USAGE);
}

static void a_chart_that_cannot_be_written_is_a_failure(void **state)
{
	CLEANUP(cli_printed_done) struct cli_printed p = { 0 };

	(void)state;
	write_days(8);
	cli_run(cli_backtest,
		WORDS("backtest", "days.csv", "--capacity", "30", "--svg", "no/c.svg"),
		NULL, &p);
	assert_string_equal(p.err, "foretide backtest: no/c.svg cannot be written\n");
	assert_int_equal(p.status, EXIT_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_second_half_is_simulated_and_each_policy_has_a_row),
		cmocka_unit_test(the_settings_are_those_of_the_tier),
		cmocka_unit_test(it_is_drawn),
		cmocka_unit_test(events_that_were_announced_count),
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(a_chart_that_cannot_be_written_is_a_failure),
	};

	return cmocka_run_group_tests_name("backtest", tests, cli_in_folder,
					   cli_out_of_folder);
}
