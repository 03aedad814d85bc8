/* SPDX-License-Identifier: GPL-3.0-or-later */
/* time.Time.Format of Go, in UTC: the layout is written as one reference moment. */
#include "value.h"

#include "check.h"

#include <string.h>
#include <time.h>

static const char *const months[] = { "January",   "February", "March",    "April",
				      "May",       "June",     "July",     "August",
				      "September", "October",  "November", "December" };
static const char *const days[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
				    "Thursday", "Friday", "Saturday" };

enum what {
	MONTH_NAME,
	DAY_NAME,
	HALF_OF_DAY,
	LITERAL,
	YEAR,
	SHORT_YEAR,
	YEAR_DAY,
	MONTH,
	DAY,
	HOUR,
	HALF_HOUR,
	MINUTE,
	SECOND
};

/* Longer forms precede their prefixes. */
static const struct element {
	const char *layout;
	enum what what;
	int width;           /* of numbers and names; 0: as long as needed */
	const char *literal; /* or what fills up numbers */
} elements[] = {
	{ "January", MONTH_NAME, 0, "" },
	{ "Jan", MONTH_NAME, 3, "" },
	{ "Monday", DAY_NAME, 0, "" },
	{ "Mon", DAY_NAME, 3, "" },
	{ "MST", LITERAL, 0, "UTC" },
	{ "2006", YEAR, 4, "0" },
	{ "-07:00", LITERAL, 0, "+00:00" },
	{ "-0700", LITERAL, 0, "+0000" },
	{ "Z07:00", LITERAL, 0, "Z" },
	{ "002", YEAR_DAY, 3, "0" },
	{ "01", MONTH, 2, "0" },
	{ "02", DAY, 2, "0" },
	{ "03", HALF_HOUR, 2, "0" },
	{ "04", MINUTE, 2, "0" },
	{ "05", SECOND, 2, "0" },
	{ "06", SHORT_YEAR, 2, "0" },
	{ "15", HOUR, 2, "0" },
	{ "PM", HALF_OF_DAY, 0, "AMPM" },
	{ "pm", HALF_OF_DAY, 0, "ampm" },
	{ "_2", DAY, 2, " " },
	{ "1", MONTH, 0, "" },
	{ "2", DAY, 0, "" },
	{ "3", HALF_HOUR, 0, "" },
	{ "4", MINUTE, 0, "" },
	{ "5", SECOND, 0, "" },
};

static int number_of(enum what what, const struct tm *tm)
{
	switch (what) {
	case YEAR:
		return tm->tm_year + 1900;
	case SHORT_YEAR:
		return tm->tm_year % 100;
	case YEAR_DAY:
		return tm->tm_yday + 1;
	case MONTH:
		return tm->tm_mon + 1;
	case DAY:
		return tm->tm_mday;
	case HOUR:
		return tm->tm_hour;
	case HALF_HOUR:
		return tm->tm_hour % 12 ? tm->tm_hour % 12 : 12;
	case MINUTE:
		return tm->tm_min;
	case MONTH_NAME:
	case DAY_NAME:
	case HALF_OF_DAY:
	case LITERAL:
	case SECOND:
		break;
	}
	return tm->tm_sec;
}

static void put_name(struct buf *out, const char *name, int width)
{
	buf_add(out, name, width ? (size_t)width : strlen(name));
}

static void put_element(struct buf *out, const struct element *e, const struct tm *tm)
{
	char digits[16];
	int n;

	if (e->what == MONTH_NAME) {
		put_name(out, months[tm->tm_mon], e->width);
	} else if (e->what == DAY_NAME) {
		put_name(out, days[tm->tm_wday], e->width);
	} else if (e->what == HALF_OF_DAY) {
		buf_add(out, e->literal + (tm->tm_hour < 12 ? 0 : 2), 2);
	} else if (e->what == LITERAL) {
		buf_puts(out, e->literal);
	} else {
		n = snprintf(digits, sizeof(digits), "%d", number_of(e->what, tm));
		for (; n < e->width; n++)
			buf_puts(out, e->literal);
		buf_puts(out, digits);
	}
}

/* ".000" keeps its zeroes, ".999" drops them. Returns the length of the layout that it
 * used. */
static size_t put_fraction(struct buf *out, const char *p, size_t n, int64_t ms)
{
	char digit = n > 1 ? p[1] : '\0';
	char text[16];
	size_t len = 0, keep;

	if ((*p != '.' && *p != ',') || (digit != '0' && digit != '9'))
		return 0;
	while (1 + len < n && p[1 + len] == digit)
		len++;
	if (len > 9 || (1 + len < n && p[1 + len] >= '0' && p[1 + len] <= '9'))
		return 0;
	snprintf(text, sizeof(text), "%03d000000", (int)(ms % 1000));
	keep = len;
	while (digit == '9' && keep && text[keep - 1] == '0')
		keep--;
	if (keep) {
		buf_putc(out, *p);
		buf_add(out, text, keep);
	}
	return 1 + len;
}

void template_time_format(struct buf *out, int64_t ms, struct tstr layout)
{
	int64_t in_second = ((ms % 1000) + 1000) % 1000;
	time_t s = (time_t)((ms - in_second) / 1000);
	struct tm tm = { 0 };

	if (!gmtime_r(&s, &tm))
		return;
	for (size_t i = 0; i < layout.n;) {
		size_t left = layout.n - i;
		size_t n = put_fraction(out, layout.s + i, left, in_second);

		for (size_t e = 0; n == 0 && e < ARRAY_SIZE(elements); e++) {
			size_t len = strlen(elements[e].layout);

			if (len > left ||
			    memcmp(layout.s + i, elements[e].layout, len) != 0)
				continue;
			put_element(out, &elements[e], &tm);
			n = len;
		}
		if (n == 0)
			buf_putc(out, layout.s[i]);
		i += n ? n : 1;
	}
}
