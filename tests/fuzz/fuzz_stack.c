/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_stack.c - stacks as people send them: stack.conf, a unit file and a template
 * resource, with a line of "----" between them. What is rejected is rejected with a
 * message; what is read is read again from its canonical text with the same result.
 */
#include "check.h"
#include "cleanup.h"
#include "stacks.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *cut(char **next)
{
	char *part = *next;
	char *end = part ? strstr(part, "\n----\n") : NULL;

	*next = NULL;
	if (end) {
		end[1] = '\0';
		*next = end + 6;
	}
	return part;
}

static void put(json_t *files, const char *name, const char *text)
{
	if (text)
		json_object_set_new(files, name, json_string(text));
}

static void compare(const struct stack_file *a, const struct stack_file *b)
{
	CHECK(strcmp(a->name, b->name) == 0 && a->pools.n == b->pools.n);
	CHECK(a->tiers.n == b->tiers.n && a->tiers.n == a->n_units);
	CHECK(a->n_confs == b->n_confs && a->n_secrets == b->n_secrets);
	for (size_t i = 0; i < a->n_units; i++)
		CHECK(strcmp(a->units[i].hash, b->units[i].hash) == 0);
	for (size_t i = 0; i < a->n_confs; i++)
		CHECK(json_equal(a->confs[i].doc, b->confs[i].doc));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(free) char *text = xstrndup((const char *)data, size);
	CLEANUP(json_decref) json_t *files = json_object();
	CLEANUP(stack_file_free) struct stack_file *s = NULL;
	CLEANUP(stack_file_free) struct stack_file *again = NULL;
	CLEANUP(free) char *canonical = NULL;
	struct err e = { .msg = "" };
	char *next = text;

	put(files, "stack.conf", cut(&next));
	put(files, "units/web@.service", cut(&next));
	put(files, "conf.d/web/a.toml", cut(&next));
	put(files, "templates/web/a", "{{getv \"/x\"}}");
	if (stack_file_read(files, &s, &e) < 0) {
		CHECK(*e.msg && !s);
		return 0;
	}
	canonical = stack_file_canonical(files);
	CHECK(stack_file_parse(canonical, &again, &e) == 0);
	compare(s, again);
	return 0;
}
