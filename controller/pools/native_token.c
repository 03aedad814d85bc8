/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * native_token.c - clouds whose credentials are one token: in a file of its own, as
 * secrets are handed to services, or in the variables of the cloud's own tools.
 *
 * Source: https://github.com/hetznercloud/cli,
 * https://docs.digitalocean.com/reference/doctl/
 */
#include "native_source.h"

#include "check.h"
#include "private_file.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

/* The token is the file's only line. */
static int read_file(const char *path, const char *file, json_t *pairs, struct err *err)
{
	CLEANUP(private_file_done) struct private_file f = { .text = NULL };
	size_t n;
	int rc = private_file_read(path, &f, err);

	(void)file;
	if (rc == 0 && f.exposed.code)
		rc = err_set(err, f.exposed.code, "%s", f.exposed.msg);
	if (rc < 0)
		return err_wrap(err, rc == ERR_NOT_FOUND ? ERR_INVAL : rc, "token_file");
	n = strcspn(f.text, "\r\n");
	if (n == 0 || f.text[n + strspn(f.text + n, "\r\n")])
		return err_set(err, ERR_INVAL,
			       "%s: its first line, and only that, must be the token",
			       path);
	f.text[n] = '\0';
	json_object_set_new(pairs, "token", json_text(f.text));
	return 0;
}

/* The first of them that is set. */
static void add(json_t *pairs, const char *name, const char *const *variables)
{
	for (; *variables; variables++) {
		const char *value = getenv(*variables);

		if (value && *value) {
			json_object_set_new(pairs, name, json_text(value));
			return;
		}
	}
}

static int read_environment(const char *const *tokens, const char *const *endpoints,
			    json_t *pairs)
{
	add(pairs, "token", tokens);
	/* An address alone is no credentials. */
	if (json_object_size(pairs) > 0)
		add(pairs, "endpoint", endpoints);
	return 0;
}

static int read_hetzner(json_t *pairs, struct err *err)
{
	static const char *const tokens[] = { "HCLOUD_TOKEN", NULL };
	static const char *const endpoints[] = { "HCLOUD_ENDPOINT", NULL };

	(void)err;
	return read_environment(tokens, endpoints, pairs);
}

static int read_digitalocean(json_t *pairs, struct err *err)
{
	static const char *const tokens[] = { "DIGITALOCEAN_TOKEN",
					      "DIGITALOCEAN_ACCESS_TOKEN", NULL };
	static const char *const endpoints[] = { "DIGITALOCEAN_API_URL", NULL };

	(void)err;
	return read_environment(tokens, endpoints, pairs);
}

const struct native_source native_hetzner = {
	.driver = "hetzner",
	.name = "token_file",
	.read = read_file,
	.read_environment = read_hetzner,
};

const struct native_source native_digitalocean = {
	.driver = "digitalocean",
	.name = "token_file",
	.read = read_file,
	.read_environment = read_digitalocean,
};
