/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "credentials.h"

#include "cleanup.h"
#include "private_file.h"
#include "text.h"

int credentials_check(const char *path, struct err *err)
{
	int rc = private_file_check(path, err);

	return rc == ERR_NOT_FOUND ? 0 : rc;
}

static int on_section(void *arg, const char *section, int line, struct err *err)
{
	json_t *profiles = arg;

	if (json_object_get(profiles, section))
		return 0;
	if (json_object_set_new(
		    profiles, section,
		    json_pack("{s:i, s:{}, s:{}}", "line", line, "pairs", "lines")) < 0)
		return err_set(err, ERR_INVAL, "the profile's name is not UTF-8");
	return 0;
}

static int on_pair(void *arg, const char *section, const char *name, const char *value,
		   int line, struct err *err)
{
	const json_t *profile = json_object_get(arg, section);
	json_t *pairs = json_object_get(profile, "pairs");

	if (!*section)
		return err_set(err, ERR_INVAL, "'%s' comes before the first [profile]",
			       name);
	if (json_object_get(pairs, name))
		return err_set(err, ERR_INVAL, "'%s' is given twice in [%s]", name,
			       section);
	if (json_object_set_new(pairs, name, json_string(value)) < 0)
		return err_set(err, ERR_INVAL, "'%s' is not UTF-8", name);
	json_object_set_new(json_object_get(profile, "lines"), name, json_integer(line));
	return 0;
}

int credentials_read(const char *path, json_t **ret, struct err *err)
{
	CLEANUP(private_file_done) struct private_file f = { .text = NULL };
	CLEANUP(json_decref) json_t *profiles = json_object();
	int rc = private_file_read(path, &f, err);

	if (rc == 0 && f.exposed.code)
		rc = err_set(err, f.exposed.code, "%s", f.exposed.msg);
	if (rc == 0)
		rc = conf_each_section(f.text, path, on_section, profiles, err);
	if (rc == 0)
		rc = conf_each(f.text, path, on_pair, profiles, err);
	if (rc == 0)
		*ret = TAKE(profiles);
	return rc;
}
