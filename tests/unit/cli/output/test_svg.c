/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "svg.h"

#include "buf.h"
#include "check.h"
#include "test.h"

#include <string.h>

#define PIXELS 1120

static const struct svg_frame ten = { .n = 10, .high = 100, .step_ms = 60000 };

/* A line of y [n] in a frame, as it is drawn; the caller's. */
static char *line(const struct svg_frame *f, const double *y, size_t n)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	svg_line(out, f, 0, y, n, "red", "2");
	assert_int_equal(fclose(out), 0);
	return text;
}

static size_t count(const char *text, const char *words)
{
	size_t n = 0;

	for (; (text = strstr(text, words)); text++)
		n++;
	return n;
}

#define LINE "<polyline fill=\"none\" stroke=\"red\" stroke-width=\"2\" points=\""

static void a_line_breaks_where_values_are_missing(void **state)
{
	const double y[] = { 0, 100, NAN, NAN, 50, 0, NAN };
	CLEANUP(free) char *text = line(&ten, y, ARRAY_SIZE(y));

	(void)state;
	assert_string_equal(text, LINE "60.0,430.0 184.4,40.0 \"/>\n" LINE
				       "557.8,235.0 682.2,430.0 \"/>\n");
}

static void values_that_are_all_missing_are_no_line(void **state)
{
	const double y[] = { NAN, NAN };
	CLEANUP(free) char *text = line(&ten, y, ARRAY_SIZE(y));

	(void)state;
	assert_string_equal(text, "");
}

/* The peak of a step that has no pixel of its own is seen. */
static void steps_that_share_a_pixel_show_their_largest(void **state)
{
	const struct svg_frame f = { .n = 10 * PIXELS, .high = 100, .step_ms = 60000 };
	CLEANUP(free) double *y = xcalloc(f.n, sizeof(*y));
	CLEANUP(free) char *text = NULL;

	(void)state;
	y[5 * PIXELS + 3] = 100;
	text = line(&f, y, f.n);
	assert_int_equal(count(text, ","), PIXELS);
	assert_int_equal(count(text, ",40.0 "), 1);
	assert_non_null(strstr(text, "points=\"60.0,"));
	assert_non_null(strstr(text, " 1180.0,430.0 \"/>\n"));
}

static void a_band_goes_along_its_upper_edge_and_back(void **state)
{
	const double low[] = { 0, 10 }, high[] = { 50, 100 };
	CLEANUP(free) char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	svg_band(out, &ten, 8, low, high, 2, "blue");
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, "<polygon fill=\"blue\" points=\"1055.6,235.0 "
				  "1180.0,40.0 1180.0,391.0 1055.6,430.0 \"/>\n");
}

static void the_frame_has_its_scales(void **state)
{
	CLEANUP(free) char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	svg_begin(out, &ten, "Title");
	svg_name(out, 1, "red", "name");
	svg_end(out);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(strncmp(text, "<svg ", 5), 0);
	assert_non_null(strstr(text, ">Title</text>"));
	assert_int_equal(count(text, "text-anchor=\"end\">0</text>"), 1);
	assert_int_equal(count(text, "text-anchor=\"end\">100</text>"), 1);
	assert_int_equal(count(text, "text-anchor=\"start\">1970-01-01T00:00</text>"), 1);
	assert_int_equal(count(text, "text-anchor=\"end\">1970-01-01T00:09</text>"), 1);
	assert_non_null(
		strstr(text, "<text x=\"740\" y=\"20\" fill=\"red\">name</text>"));
	assert_non_null(strstr(text, "</svg>\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_breaks_where_values_are_missing),
		cmocka_unit_test(values_that_are_all_missing_are_no_line),
		cmocka_unit_test(steps_that_share_a_pixel_show_their_largest),
		cmocka_unit_test(a_band_goes_along_its_upper_edge_and_back),
		cmocka_unit_test(the_frame_has_its_scales),
	};

	return cmocka_run_group_tests_name("svg", tests, NULL, NULL);
}
