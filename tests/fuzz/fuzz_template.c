/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_template.c - a template's text, and (after the first NUL) a resource in TOML. A
 * failure always has a message; a success stays within its bounds.
 */
#include "check.h"
#include "spec.h"
#include "template.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const keys[][2] = {
	{ "/a", "1" },
	{ "/b/c", "{\"x\":[1,2.5,null,{\"y\":\"z\"}],\"n\":8080}" },
	{ "/b/d", "[3,\"s\",true]" },
};

static bool get(void *arg, const char *key, const char **ret, size_t *ret_len)
{
	(void)arg;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strcmp(keys[i][0], key) == 0) {
			*ret = keys[i][1];
			*ret_len = strlen(*ret);
			return true;
		}
	return false;
}

static void each(void *arg, const char *prefix, template_each_fn *fn, void *fn_arg)
{
	(void)arg;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strncmp(keys[i][0], prefix, strlen(prefix)) == 0 &&
		    !fn(fn_arg, keys[i][0], keys[i][1], strlen(keys[i][1])))
			return;
}

static void run(const char *text, size_t len)
{
	const struct template_source source = {
		.get = get, .each = each, .hostname = "h", .now_ms = 1257894000123
	};
	const struct template_var vars[] = { { "src", "/x" }, { "dest", "/y" } };
	CLEANUP(template_free) struct template *t = NULL;
	CLEANUP(buf_done) struct buf out;
	struct err err = { 0 };

	buf_init(&out, 1 << 20);
	if (template_parse("fuzz", text, len, &t, &err) < 0) {
		CHECK(*err.msg);
		return;
	}
	if (template_execute(t, &source, vars, len & 1 ? 2 : 0, &out, &err) < 0)
		CHECK(*err.msg);
	CHECK(out.len <= 1 << 20);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(confd_spec_free) struct confd_spec *spec = NULL;
	CLEANUP(free) char *toml = NULL;
	const uint8_t *nul = size ? memchr(data, '\0', size) : NULL;
	struct err err = { 0 };

	run((const char *)data, nul ? (size_t)(nul - data) : size);
	if (!nul)
		return 0;
	toml = xstrndup((const char *)nul + 1, size - (size_t)(nul - data) - 1);
	if (confd_spec_from_toml(toml, "fuzz.toml", &spec, &err) < 0)
		CHECK(*err.msg);
	return 0;
}
