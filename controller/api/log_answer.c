/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "log_answer.h"

#include "cleanup.h"
#include "text.h"

static int check_lines(const json_t *lines, struct err *err)
{
	const size_t n = json_array_size(lines);

	if (!json_is_array(lines))
		return err_set(err, ERR_INVAL, "\"lines\" must be an array");
	for (size_t i = 0; i < n; i++)
		if (!json_is_string(json_array_get(lines, i)))
			return err_set(err, ERR_INVAL, "\"lines\" must be strings");
	return 0;
}

int log_answer_read(const json_t *body, const char *host, int64_t *ret_id, json_t **ret,
		    struct err *err)
{
	json_t *lines = json_object_get(body, "lines");
	const char *unit, *error = NULL;
	int64_t id;
	int rc = jread_int(body, "id", &id, err);

	if (rc == 0)
		rc = jread_str(body, "unit", &unit, err);
	if (rc == 0)
		rc = jread_str_opt(body, "error", &error, err);
	if (rc == 0 && !lines == !error)
		rc = err_set(err, ERR_INVAL,
			     "a log must have either \"lines\" or \"error\"");
	if (rc == 0 && lines)
		rc = check_lines(lines, err);
	if (rc < 0)
		return rc;
	*ret_id = id;
	*ret = json_pack("{s:s, s:s, s:O*, s:s*}", "host", host, "unit", unit, "lines",
			 lines, "error", error);
	return 0;
}
