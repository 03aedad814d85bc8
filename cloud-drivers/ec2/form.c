/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cloud.h"

#include "net.h"

#define VERSION "2016-11-15"

void ec2_form(struct buf *form, const char *action)
{
	buf_init(form, EC2_FORM_MAX);
	buf_printf(form, "Action=%s&Version=" VERSION, action);
}

void ec2_add(struct buf *form, const char *value, const char *name, ...)
{
	va_list ap;

	if (!value || !*value)
		return;
	buf_putc(form, '&');
	va_start(ap, name);
	buf_vprintf(form, name, ap);
	va_end(ap);
	buf_putc(form, '=');
	http_escape(form, value);
}

void ec2_add_int(struct buf *form, int64_t value, const char *name)
{
	buf_printf(form, "&%s=%lld", name, (long long)value);
}

struct each {
	struct buf *form;
	const char *name;
	int n;
};

static int add_word(void *arg, const char *word, struct drv_err *err)
{
	struct each *e = arg;

	(void)err;
	ec2_add(e->form, word, "%s.%d", e->name, ++e->n);
	return 0;
}

void ec2_add_each(struct buf *form, const char *list, const char *name)
{
	struct each e = { .form = form, .name = name };

	(void)rest_each_word(list, add_word, &e, NULL);
}

void ec2_add_filter(struct buf *form, int n, const char *name, const char *value)
{
	ec2_add(form, name, "Filter.%d.Name", n);
	ec2_add(form, value, "Filter.%d.Value.1", n);
}
