/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "findings.h"

#include <stdarg.h>
#include <stdio.h>

void rest_note(struct rest_findings *f, const char *fmt, ...)
{
	char text[DRV_MSG_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	f->report(f->arg, false, text);
}

void rest_fatal(struct rest_findings *f, const struct drv_err *e)
{
	f->report(f->arg, true, e->msg);
	if (f->first.cls == 0)
		f->first = *e;
}

int rest_findings_end(const struct rest_findings *f, struct drv_err *err)
{
	if (f->first.cls)
		*err = f->first;
	return f->first.cls;
}
