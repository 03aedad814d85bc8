/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_unit_spec.c - units as our own supervisor reads them, with their variables. */
#include "check.h"
#include "spec.h"
#include "strv.h"
#include "words.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void substitute(const struct unit_spec *s)
{
	for (size_t i = 0; i < UNIT_EXEC_N; i++) {
		for (size_t k = 0; k < s->cmds[i].n; k++) {
			const struct unit_cmd *c = &s->cmds[i].v[k];
			CLEANUP(strv_free)
			char **argv = unit_words_substitute(c->words, s->env);

			CHECK(c->words && *c->words[0]);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct unit_specifiers names = { .unit = "app-web@a-b.service",
					       .host = "web-1" };
	CLEANUP(free) char *text = xstrndup((const char *)data, size);
	CLEANUP(unit_spec_free) struct unit_spec *s = NULL;
	struct err e;

	if (unit_spec_parse(text, &names, &s, &e) < 0)
		CHECK(*e.msg);
	else
		substitute(s);
	return 0;
}
