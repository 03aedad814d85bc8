/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "enroll_users.h"

#include "check.h"

#include <string.h>

static const char *const names[] = { "store_user", "store_password", "programs_user",
				     "programs_password" };

int enroll_users_read(const json_t *doc, struct enroll_info *ret, struct err *err)
{
	char **const to[ARRAY_SIZE(names)] = { &ret->store_user, &ret->store_password,
					       &ret->programs_user,
					       &ret->programs_password };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *text = NULL;
		int rc = jread_str_opt(doc, names[i], &text, err);

		if (rc < 0)
			return rc;
		*to[i] = text && *text ? xstrdup(text) : NULL;
	}
	return 0;
}

static void free_secret(char *s)
{
	if (s)
		explicit_bzero(s, strlen(s));
	free(s);
}

void enroll_users_done(struct enroll_info *i)
{
	free(i->store_user);
	free(i->programs_user);
	free_secret(i->store_password);
	free_secret(i->programs_password);
}

bool enroll_users_update(json_t *kept, const json_t *answer)
{
	bool differs = false;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		json_t *value = json_object_get(answer, names[i]);

		if (!json_is_string(value) ||
		    json_equal(value, json_object_get(kept, names[i])))
			continue;
		json_object_set(kept, names[i], value);
		differs = true;
	}
	return differs;
}
