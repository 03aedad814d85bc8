/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "out.h"

#include "cleanup.h"
#include "driver_util.h"
#include "wire.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void write_line(struct out *out, const char *text, size_t len)
{
	pthread_mutex_lock(&out->lock);
	while (len > 0) {
		const ssize_t n = write(out->fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(0);
		text += n;
		len -= (size_t)n;
	}
	pthread_mutex_unlock(&out->lock);
}

static json_t *too_long(json_t *message, size_t len)
{
	json_t *id = json_object_get(message, "id");
	struct drv_err e;

	drv_fail(&e, DRV_BUG, "an answer of %zu bytes, more than a line may have", len);
	return json_pack("{s:O, s:o}", "id", id, "error", wire_err(&e));
}

void out_json(struct out *out, json_t *message)
{
	CLEANUP(free) char *text = json_dumps(message, JSON_COMPACT);
	const size_t len = text ? strlen(text) : 0;

	if (len > 0 && len < WIRE_LINE_MAX) {
		text[len] = '\n';
		write_line(out, text, len + 1);
	} else if (json_object_get(message, "id")) {
		out_json(out, too_long(message, len));
	}
	json_decref(message);
}
