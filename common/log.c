/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "log.h"

#include "buf.h"
#include "check.h"
#include "utf8.h"

#include <string.h>
#include <time.h>

#define LINE_MAX_BYTES 8192

static enum log_level least = LOG_LEVEL_INFO;
static const char *const names[] = { "debug", "info", "warn", "error" };

void log_set_level(enum log_level level)
{
	least = level;
}

int log_level_from_name(const char *name, enum log_level *ret, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(name, names[i]) == 0) {
			*ret = (enum log_level)i;
			return 0;
		}
	}
	return err_set(err, ERR_INVAL,
		       "log level '%s' is not one of debug, info, warn, error", name);
}

static void add_escaped(struct buf *b, const char *s)
{
	buf_putc(b, '"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			buf_printf(b, "\\%c", c);
		else if (c == '\n')
			buf_puts(b, "\\n");
		else if (c < 0x20 || c == 0x7f)
			buf_printf(b, "\\x%02x", c);
		else
			buf_putc(b, (char)c);
	}
	buf_putc(b, '"');
}

static void add_time(struct buf *b)
{
	struct timespec ts;
	struct tm tm;
	char text[32];

	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	buf_printf(b, "%s.%03ldZ", text, ts.tv_nsec / 1000000);
}

/* What is too long is cut, so that the next line is one of its own. */
static void end_line(struct buf *b)
{
	if (buf_is_full(b)) {
		b->len = utf8_fit(b->data, LINE_MAX_BYTES - sizeof("...\n"));
		b->full = false;
		buf_puts(b, "...");
	}
	buf_putc(b, '\n');
}

void log_event(enum log_level level, const char *event, const struct log_field *fields)
{
	CLEANUP(buf_done) struct buf b = { 0 };

	if (level < least)
		return;
	buf_init(&b, LINE_MAX_BYTES);
	add_time(&b);
	buf_printf(&b, " %s %s", names[level], event);
	for (const struct log_field *f = fields + 1; f->key; f++) {
		buf_printf(&b, " %s=", f->key);
		switch (f->type) {
		case LOG_STR:
			add_escaped(&b, f->str ? f->str : "");
			break;
		case LOG_INT:
			buf_printf(&b, "%lld", (long long)f->i);
			break;
		case LOG_NUM:
			buf_printf(&b, "%.6g", f->num);
			break;
		}
	}
	end_line(&b);
	/* One write, so lines of several threads are not interleaved. */
	(void)!write(STDERR_FILENO, b.data, b.len);
}
