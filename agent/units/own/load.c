/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "load.h"

#include "check.h"
#include "log.h"
#include "unitfile.h"

#include <pwd.h>
#include <string.h>

static void warn_ignored(const struct unit_spec *s)
{
	for (char **p = s->ignored; p && *p; p++)
		log_warn("unit-option-ignored", STR("unit", s->name), STR("option", *p));
}

int unit_load(struct unit *u, struct err *err)
{
	struct unit_specifiers s = { .unit = u->name,
				     .host = u->own->host,
				     .machine_id = u->own->machine_id,
				     .boot_id = u->own->boot_id };
	CLEANUP(unit_file_free) struct unit_file *file = NULL;
	const struct passwd *pw;
	int rc = unit_file_parse(u->text, strlen(u->text), u->name, &file, err);

	unit_spec_free(TAKE(u->spec));
	if (rc == 0)
		s.user = unit_file_get(file, "Service", "User");
	if (s.user && *s.user) {
		pw = getpwnam(s.user);
		s.home = pw ? pw->pw_dir : "/";
	}
	if (rc == 0)
		rc = unit_spec_parse(u->text, &s, &u->spec, err);
	if (rc == 0)
		warn_ignored(u->spec);
	return rc;
}

void unit_load_new(struct unit *u, const char *hash, const char *text)
{
	struct err e;

	u->hash = xstrdup(hash);
	u->text = xstrdup(text);
	if (unit_load(u, &e) == 0)
		return;
	log_warn("unit-invalid", STR("unit", u->name), ERR(&e));
	u->message = xstrdup(e.msg);
}

void unit_keep_next(struct unit *u, const char *hash, const char *text)
{
	free(u->next_hash);
	free(u->next_text);
	u->next_hash = xstrdup(hash);
	u->next_text = xstrdup(text);
}

void unit_load_next(struct unit *u)
{
	struct err e;

	free(u->hash);
	free(u->text);
	u->hash = TAKE(u->next_hash);
	u->text = TAKE(u->next_text);
	u->limit_count = 0;
	u->restarts = 0;
	free(u->message);
	u->message = NULL;
	u->result = RESULT_SUCCESS;
	if (unit_load(u, &e) < 0)
		u->message = xstrdup(e.msg);
}
