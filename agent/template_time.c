/* SPDX-License-Identifier: GPL-3.0-or-later */
/* time.Time.Format of Go, in UTC: the layout is written as one reference moment. */
#include "template_value.h"

#include "check.h"

#include <string.h>
#include <time.h>

static const char *const months[] = { "January",   "February", "March",    "April",
				      "May",       "June",     "July",     "August",
				      "September", "October",  "November", "December" };
static const char *const days[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
				    "Thursday", "Friday", "Saturday" };

static void put_element(struct buf *out, size_t what, const struct tm *tm)
{
	int hour12 = tm->tm_hour % 12 ? tm->tm_hour % 12 : 12;

	switch (what) {
	case 0:
		buf_puts(out, months[tm->tm_mon]);
		break;
	case 1:
		buf_printf(out, "%.3s", months[tm->tm_mon]);
		break;
	case 2:
		buf_puts(out, days[tm->tm_wday]);
		break;
	case 3:
		buf_printf(out, "%.3s", days[tm->tm_wday]);
		break;
	case 4:
		buf_puts(out, "UTC");
		break;
	case 5:
		buf_printf(out, "%04d", tm->tm_year + 1900);
		break;
	case 6:
		buf_puts(out, "+00:00");
		break;
	case 7:
		buf_puts(out, "+0000");
		break;
	case 8:
		buf_putc(out, 'Z');
		break;
	case 9:
		buf_printf(out, "%03d", tm->tm_yday + 1);
		break;
	case 10:
		buf_printf(out, "%02d", tm->tm_mon + 1);
		break;
	case 11:
		buf_printf(out, "%02d", tm->tm_mday);
		break;
	case 12:
		buf_printf(out, "%02d", hour12);
		break;
	case 13:
		buf_printf(out, "%02d", tm->tm_min);
		break;
	case 14:
		buf_printf(out, "%02d", tm->tm_sec);
		break;
	case 15:
		buf_printf(out, "%02d", tm->tm_year % 100);
		break;
	case 16:
		buf_printf(out, "%02d", tm->tm_hour);
		break;
	case 17:
		buf_puts(out, tm->tm_hour < 12 ? "AM" : "PM");
		break;
	case 18:
		buf_puts(out, tm->tm_hour < 12 ? "am" : "pm");
		break;
	case 19:
		buf_printf(out, "%2d", tm->tm_mday);
		break;
	case 20:
		buf_printf(out, "%d", tm->tm_mon + 1);
		break;
	case 21:
		buf_printf(out, "%d", tm->tm_mday);
		break;
	case 22:
		buf_printf(out, "%d", hour12);
		break;
	case 23:
		buf_printf(out, "%d", tm->tm_min);
		break;
	default:
		buf_printf(out, "%d", tm->tm_sec);
	}
}

/* ".000" keeps its zeroes, ".999" drops them. Returns how much of the layout it took. */
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
	/* Longer forms stand before their beginnings; put_element() knows the order. */
	static const char *const elements[] = {
		"January", "Jan",    "Monday", "Mon", "MST", "2006", "-07:00",
		"-0700",   "Z07:00", "002",    "01",  "02",  "03",   "04",
		"05",      "06",     "15",     "PM",  "pm",  "_2",   "1",
		"2",       "3",      "4",      "5",
	};
	int64_t in_second = ((ms % 1000) + 1000) % 1000;
	time_t s = (time_t)((ms - in_second) / 1000);
	struct tm tm = { 0 };

	if (!gmtime_r(&s, &tm))
		return;
	for (size_t i = 0; i < layout.n;) {
		size_t left = layout.n - i;
		size_t n = put_fraction(out, layout.s + i, left, in_second);

		for (size_t e = 0; n == 0 && e < ARRAY_SIZE(elements); e++) {
			size_t len = strlen(elements[e]);

			if (len > left || memcmp(layout.s + i, elements[e], len) != 0)
				continue;
			put_element(out, e, &tm);
			n = len;
		}
		if (n == 0)
			buf_putc(out, layout.s[i]);
		i += n ? n : 1;
	}
}
