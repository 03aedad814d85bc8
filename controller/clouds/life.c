/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "life.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

bool life_wait(struct drv *d, int64_t deadline_mono_ms)
{
	const struct timespec ts = { .tv_sec = deadline_mono_ms / 1000,
				     .tv_nsec = deadline_mono_ms % 1000 * 1000000 };

	return pthread_cond_timedwait(&d->changed, &d->lock, &ts) != ETIMEDOUT;
}

void life_end(struct drv *d, bool is_garbage, const char *fmt, ...)
{
	va_list ap;

	if (d->life == DRV_ENDING || d->life == DRV_DOWN)
		return;
	d->life = DRV_ENDING;
	d->is_garbage = is_garbage;
	d->failures++;
	va_start(ap, fmt);
	vsnprintf(d->why, sizeof(d->why), fmt, ap);
	va_end(ap);
	if (d->has_child)
		child_kill(&d->child);
	pthread_cond_broadcast(&d->changed);
}
