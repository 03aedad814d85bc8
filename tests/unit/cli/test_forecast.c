/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Forecasts of a file, of a tier, and of JSON lines, by what the command is given. */
#include "cli.h"
#include "cli_fixture.h"
#include "series_fixture.h"

static void run(char **argv, const char *in, struct cli_printed *p)
{
	cli_run(cli_forecast, argv, in, p);
	assert_string_equal(p->err, "");
	assert_int_equal(p->status, EXIT_OK);
}

static size_t count(const char *text, const char *words)
{
	size_t n = 0;

	for (; (text = strstr(text, words)); text += strlen(words))
		n++;
	return n;
}

static void begins(const char *text, const char *with)
{
	if (strncmp(text, with, strlen(with)) != 0)
		fail_msg("'%s' does not begin:\n%s", with, text);
}

/* ---------------------------------------------------------------- of a file */

static void a_file_is_forecast_hour_by_hour(void **state)
{
	CLEANUP(cli_printed_done) struct cli_printed p = { 0 };

	(void)state;
	write_days(14);
	run(WORDS("forecast", "days.csv"), NULL, &p);
	begins(p.out, "336 values, 0 missing, 0 repeated\n"
		      "season: 1d (correlation 1.00)\n"
		      "method: autoregression\n"
		      "95 % band: has held ");
	assert_non_null(strstr(p.out, "\n\ntime                            2.5 %         "
				      "10 %       median         90 %       97.5 %\n"
				      "2026-01-15T00:00:00.000Z "));
	assert_int_equal(count(p.out, "\n2026-01-1"), 48);
}

static void lines_are_as_far_apart_as_they_are_asked_to_be(void **state)
{
	CLEANUP(cli_printed_done) struct cli_printed every = { 0 };
	CLEANUP(cli_printed_done) struct cli_printed far = { 0 };

	(void)state;
	write_days(14);
	run(WORDS("forecast", "days.csv", "--every", "6h", "--horizon", "1d"), NULL,
	    &every);
	assert_non_null(strstr(
		every.out, "\na line every 6h, of 24 steps of 1h (--every 1h: all)\n"));
	assert_int_equal(count(every.out, "\n2026-01-15T"), 4);
	run(WORDS("forecast", "days.csv", "--horizon", "100h"), NULL, &far);
	assert_non_null(
		strstr(far.out, "\na line every 2h, of 100 steps of 1h (--every 1h: "));
	assert_int_equal(count(far.out, "\n2026-01-1"), 50);
}

static void days_are_those_of_the_zone_and_events_are_named(void **state)
{
	CLEANUP(cli_printed_done) struct cli_printed p = { 0 };

	(void)state;
	write_days(14);
	cli_write("e.ics", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:sale\r\n"
			   "DTSTART:20260115T100000\r\nDTEND:20260115T120000\r\n"
			   "X-FORETIDE-UPLIFT:2\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n");
	run(WORDS("forecast", "days.csv", "--timezone", "Europe/Berlin", "--events",
		  "e.ics"),
	    NULL, &p);
	assert_non_null(strstr(p.out, "\ndays and hours of Europe/Berlin\n"));
	assert_non_null(strstr(p.out, "\nevent sale, 2026-01-15T09:00:00.000Z to "
				      "2026-01-15T11:00:00.000Z: demand times 2, as "
				      "given\n"));
}

static void json_is_all_of_it(void **state)
{
	CLEANUP(cli_printed_done) struct cli_printed p = { 0 };
	CLEANUP(json_decref) json_t *doc = NULL;
	const json_t *points, *q;

	(void)state;
	write_days(14);
	run(WORDS("forecast", "days.csv", "--json", "--horizon", "100h"), NULL, &p);
	doc = json_loads(p.out, 0, NULL);
	assert_int_equal(field_int(doc, "values"), 336);
	assert_int_equal(field_int(doc, "step_ms"), 3600000);
	assert_string_equal(field_text(doc, "timezone"), "UTC");
	assert_int_equal(json_array_size(json_object_get(doc, "levels")), 5);
	assert_int_equal(json_array_size(json_object_get(doc, "seasons")), 1);
	points = json_object_get(doc, "points");
	assert_int_equal(json_array_size(points), 100);
	assert_string_equal(field_text(json_array_get(points, 6), "t"),
			    "2026-01-15T06:00:00.000Z");
	q = json_object_get(json_array_get(points, 6), "q");
	assert_int_equal(json_array_size(q), 5);
	assert_close(json_number_value(json_array_get(q, 2)), 150, 0.5);
}

static void it_is_drawn(void **state)
{
	CLEANUP(cli_printed_done) struct cli_printed p = { 0 };
	CLEANUP(free) char *chart = NULL;

	(void)state;
	write_days(14);
	run(WORDS("forecast", "days.csv", "--svg", "f.svg"), NULL, &p);
	assert_non_null(strstr(p.out, "\nchart: f.svg\n"));
	chart = cli_read("f.svg");
	assert_non_null(strstr(chart, ">Demand and forecast</text>"));
	assert_non_null(strstr(chart, "<polygon "));
}

static void a_short_file_has_no_season(void **state)
{
	CLEANUP(cli_printed_done) struct cli_printed p = { 0 };

	(void)state;
	cli_write("short.csv", "0,5\n60,5\n120,\n180,5\n180,5\n");
	run(WORDS("forecast", "short.csv", "--horizon", "2m"), NULL, &p);
	begins(p.out, "4 values, 1 missing, 1 repeated\nseasons: none found");
	assert_int_equal(count(p.out, "\n1970-01-01T"), 2);
}

/* ---------------------------------------------------------------- of a tier */

static void a_tier_is_forecast_by_its_controller(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_forecast,
		   .argv = WORDS("forecast", "shop/web", "--horizon", "1h"),
		   .answers = LIST(ANSWER(
			   "{\"fallback_level\": \"model\", \"why\": \"it proved\", "
			   "\"seasons\": [{\"period_ms\": 86400000, \"correlation\": "
			   "0.93}], \"events\": [{\"name\": \"sale\", \"start\": \"A\", "
			   "\"end\": \"B\", \"uplift\": 2.4, \"given\": true}, "
			   "{\"name\": \"game\", \"start\": \"C\", \"end\": \"D\", "
			   "\"uplift\": 1.5, \"learned_from\": 3}, {\"name\": \"new\", "
			   "\"start\": \"E\", \"end\": \"F\"}], \"held\": "
			   "[{\"ahead_ms\": 3600000, \"share\": 0.96}, {\"ahead_ms\": "
			   "7200000, \"share\": 0.9}, {\"ahead_ms\": 86400000}], "
			   "\"levels\": [0.5, 0.975], \"points\": [{\"t\": "
			   "\"2026-01-01T00:00:00Z\", \"q\": [100, 123.456]}]}")),
		   .asked = LIST("GET /v1/tiers/shop/web/forecast?horizon=1h"),
		   .out = "model: it proved\n"
			  "season: 1d (correlation 0.93)\n"
			  "event sale, A to B: demand times 2.4, as given\n"
			  "event game, C to D: demand times 1.5, learned from 3 past "
			  "events\n"
			  "event new, E to F: ignored, its effect is not known yet\n"
			  "95 % band: has held 96 of 100 past values 1h ahead\n"
			  "95 % band: has held 90 of 100 past values 2h ahead, fewer "
			  "than it should\n"
			  "95 % band: the past is too short to tell what it holds 1d "
			  "ahead\n"
			  "TIME                             50%      97.5%\n"
			  "2026-01-01T00:00:00Z             100      123.5\n");
	CLI_EXPECT(.run = cli_forecast, .argv = WORDS("forecast", "shop/web"),
		   .answers = LIST(ANSWER("{\"fallback_level\": \"none\"}")),
		   .asked = LIST("GET /v1/tiers/shop/web/forecast?horizon=2h"),
		   .out = "none: \nseasons: none found\n"
			  "TIME                     \n");
	CLI_EXPECT(.run = cli_forecast, .argv = WORDS("forecast", "--json", "shop/web"),
		   .answers = LIST(ANSWER("{\"points\": []}")),
		   .asked = LIST("GET /v1/tiers/shop/web/forecast?horizon=2h"),
		   .out = "{\n  \"points\": []\n}\n");
	CLI_EXPECT(.run = cli_forecast, .argv = WORDS("forecast", "shop/web/x"),
		   .err = "foretide forecast: 'shop/web/x' is not STACK/TIER, such as "
			  "shop/web\n",
		   .status = EXIT_USAGE);
}

/* ---------------------------------------------------------------- of JSON lines */

static void lines_are_answered_one_by_one(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_forecast, .argv = WORDS("forecast", "--jsonl"),
		   .in = "{\"id\":\"a\",\"step\":3600,\"seasons\":[4],\"horizon\":2,"
			 "\"levels\":[0.5,0.9],\"history\":[1,2,3,4,1,2,3,4,1,2,3,4]}\n"
			 "{\"horizon\":1,\"levels\":[0.5],\"history\":[5,null,5,5]}\n"
			 "{\"type\":\"end\"}\n"
			 "this is not read\n",
		   .out = "{\"id\":\"a\",\"method\":\"season\",\"mean\":[1,2],"
			  "\"quantiles\":[[1,2],[1,2]],\"held\":[1,null]}\n"
			  "{\"id\":null,\"method\":\"latest value\",\"mean\":[5],"
			  "\"quantiles\":[[5]],\"held\":[null]}\n");
}

static void a_line_that_cannot_be_used_ends_it(void **state)
{
	static const struct {
		const char *line, *words;
	} rows[] = {
		{ "x\n",
		  "line is not JSON: '[' or '{' expected near 'x' at line 1, column 1" },
		{ "{}\n", "\"horizon\" is missing" },
		{ "{\"horizon\":1}\n", "history is not an array" },
		{ "{\"horizon\":1,\"history\":[\"a\"]}\n", "history[0] is not a number" },
		{ "{\"horizon\":1,\"history\":[1]}\n", "levels is not an array" },
		{ "{\"horizon\":1,\"history\":[1],\"levels\":[0.5],\"step\":0}\n",
		  "step is not 1 s or more" },
		{ "{\"horizon\":1,\"history\":[1],\"levels\":[0.5],\"seasons\":[1]}\n",
		  "seasons[0] is not 2 steps or more" },
		{ "{\"horizon\":1,\"history\":[1],\"levels\":[0.5],\"seasons\":"
		  "[2,3,4,5,6,7,8,9,10]}\n",
		  "seasons has more than 4 values" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP(free)
		char *err = xasprintf("foretide forecast: %s\n", rows[i].words);

		CLI_EXPECT(.run = cli_forecast, .argv = WORDS("forecast", "--jsonl"),
			   .in = rows[i].line, .err = err, .status = EXIT_FAILED);
	}
}

/* ---------------------------------------------------------------- what is wrong */

static void what_is_wrong_is_said(void **state)
{
	const struct {
		char **argv;
		const char *words;
		int status;
	} rows[] = {
		{ WORDS("forecast"), "give one tier or one CSV file, or only --jsonl",
		  EXIT_USAGE },
		{ WORDS("forecast", "--jsonl", "--json"),
		  "give one tier or one CSV file, or only --jsonl", EXIT_USAGE },
		{ WORDS("forecast", "days.csv", "--horizon", "0s"),
		  "--horizon: '0s' is not a duration such as 48h", EXIT_USAGE },
		{ WORDS("forecast", "days.csv", "--every", "often"),
		  "--every: 'often' is not a duration such as 48h", EXIT_USAGE },
		{ WORDS("forecast", "days.csv", "--every", "90m"),
		  "--every: 1h30m is not a multiple of the file's step of 1h",
		  EXIT_USAGE },
		{ WORDS("forecast", "no/such.csv"),
		  "no/such.csv: No such file or directory", EXIT_NOT_FOUND },
		{ WORDS("forecast", "days.csv", "--events", "no/such.ics"),
		  "no/such.ics: No such file or directory", EXIT_NOT_FOUND },
		{ WORDS("forecast", "days.csv", "--timezone", "Mars/Here"),
		  "there is no time zone 'Mars/Here' on this machine", EXIT_NOT_FOUND },
	};

	(void)state;
	write_days(4);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP(free)
		char *err = xasprintf("foretide forecast: %s\n", rows[i].words);

		CLI_EXPECT(.run = cli_forecast, .argv = rows[i].argv, .err = err,
			   .status = rows[i].status);
	}
	CLI_EXPECT(.run = cli_forecast, .argv = WORDS("forecast", "--nonsense"),
		   .err = "forecast: unrecognized option '--nonsense'\n",
		   .status = EXIT_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_forecast_hour_by_hour),
		cmocka_unit_test(lines_are_as_far_apart_as_they_are_asked_to_be),
		cmocka_unit_test(days_are_those_of_the_zone_and_events_are_named),
		cmocka_unit_test(json_is_all_of_it),
		cmocka_unit_test(it_is_drawn),
		cmocka_unit_test(a_short_file_has_no_season),
		cmocka_unit_test(a_tier_is_forecast_by_its_controller),
		cmocka_unit_test(lines_are_answered_one_by_one),
		cmocka_unit_test(a_line_that_cannot_be_used_ends_it),
		cmocka_unit_test(what_is_wrong_is_said),
	};

	return cmocka_run_group_tests_name("forecast", tests, cli_in_folder,
					   cli_out_of_folder);
}
