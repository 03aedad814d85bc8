/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "saved.h"

#include "check.h"
#include "log.h"
#include "text.h"

#include <string.h>

#define SCHEDULE_MAX_BYTES (8 << 20)

void schedule_save(const struct wanted *w, const struct schedule *s)
{
	CLEANUP(free) char *path = xasprintf("%s/schedule.json", w->state_dir);
	CLEANUP(free) char *text = schedule_format(s);

	files_write(w->o.files, path, text, strlen(text), 0600, FILES_UNSYNCED);
}

struct schedule *schedule_restore(const struct wanted *w)
{
	CLEANUP(free) char *path = xasprintf("%s/schedule.json", w->state_dir);
	CLEANUP(free) char *text = NULL;
	struct schedule *s = NULL;
	struct err e;
	size_t len;
	int rc = conf_read_file(path, SCHEDULE_MAX_BYTES, &text, &len, &e);

	if (rc == 0)
		rc = schedule_parse(text, len, &s, &e);
	if (rc < 0 && rc != ERR_NOT_FOUND)
		log_warn("saved-schedule-unusable", ERR(&e));
	return rc == 0 ? s : NULL;
}
