/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bearer.h"

#include "base_url.h"
#include "token.h"

#include "check.h"
#include "text.h"

#include <stddef.h>
#include <string.h>

#define TOKEN_MAX 1024

struct pairs {
	char *token, *endpoint;
};

#define TEXT(name)                                                                      \
	{                                                                               \
		"", #name, CONF_STRING, offsetof(struct pairs, name), NULL, 0, 0, NULL, \
			""                                                              \
	}
static const struct conf_option table[] = {
	TEXT(token),
	TEXT(endpoint),
	{ NULL, NULL, CONF_STRING, 0, NULL, 0, 0, NULL, NULL },
};

void rest_bearer_done(struct rest_bearer *b)
{
	rest_wipe(b->token);
	free(b->endpoint);
	*b = (struct rest_bearer){ .token = NULL };
}

/* It becomes a part of a header's line. */
static int check_token(const char *token, const char *advice, struct err *err)
{
	const size_t n = token ? strlen(token) : 0;

	if (n == 0)
		return err_set(err, ERR_INVAL, "credentials: token is missing: %s",
			       advice);
	for (size_t i = 0; i < n; i++)
		if (token[i] <= ' ' || token[i] > '~')
			return err_set(err, ERR_INVAL,
				       "credentials: the token has a blank or another "
				       "character that tokens have not: copy it again");
	return n > TOKEN_MAX
		       ? err_set(err, ERR_INVAL, "credentials: the token is too long")
		       : 0;
}

static int take_endpoint(const char *url, char **ret, struct err *err)
{
	CLEANUP(free) char *own = xstrdup(url);
	int rc = rest_base_url("endpoint", own, err);

	if (rc == 0)
		*ret = TAKE(own);
	return rc;
}

int rest_bearer_read(const json_t *config, const char *endpoint, const char *advice,
		     struct rest_bearer *ret, struct err *err)
{
	CLEANUP(rest_bearer_done) struct rest_bearer b = { .token = NULL };
	const json_t *credentials = json_object_get(config, "credentials");
	const char *option = json_string_value(json_object_get(config, "endpoint"));
	struct pairs p = { .token = NULL };
	int rc;

	if (!credentials)
		return err_set(err, ERR_INVAL,
			       "it needs a profile of the credentials file with a token: "
			       "%s",
			       advice);
	rc = conf_load_json(table, &p, credentials, NULL, err);
	if (rc < 0)
		rc = err_wrap(err, rc, "credentials");
	if (rc == 0)
		rc = check_token(p.token, advice, err);
	if (rc == 0)
		rc = take_endpoint(p.endpoint ? p.endpoint
				   : option   ? option
					      : endpoint,
				   &b.endpoint, err);
	b.token = TAKE(p.token);
	conf_done(table, &p);
	if (rc < 0)
		return rc;
	*ret = b;
	b = (struct rest_bearer){ .token = NULL };
	ret->secrets[0] = ret->token;
	return 0;
}
