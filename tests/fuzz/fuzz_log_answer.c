/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_log_answer.c - what an agent answers when it is asked for a log: what people are
 * given of it has the form that they expect, or it is refused.
 */
#include "check.h"
#include "log_answer.h"
#include "text.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_answer(const json_t *answer)
{
	const json_t *lines = json_object_get(answer, "lines");
	const json_t *error = json_object_get(answer, "error");
	CLEANUP(free) char *text = json_dumps(answer, JSON_COMPACT);

	CHECK(text);
	CHECK(json_object_size(answer) == 3);
	CHECK(strcmp(json_string_value(json_object_get(answer, "host")), "web-1") == 0);
	CHECK(json_is_string(json_object_get(answer, "unit")));
	CHECK(json_is_array(lines) || json_is_string(error));
	for (size_t i = 0; i < json_array_size(lines); i++)
		CHECK(json_is_string(json_array_get(lines, i)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(json_decref) json_t *body = NULL;
	CLEANUP(json_decref) json_t *answer = NULL;
	struct err err = { 0 };
	int64_t id;

	if (json_parse((const char *)data, size, "the body", &body, NULL) < 0)
		return 0;
	if (log_answer_read(body, "web-1", &id, &answer, &err) < 0)
		CHECK(err.code == ERR_INVAL && *err.msg && !answer);
	else
		check_answer(answer);
	return 0;
}
