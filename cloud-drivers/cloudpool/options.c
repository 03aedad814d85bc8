/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "options.h"

#include "check.h"
#include "driver_util.h"
#include "text.h"

#include <stddef.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
#define NAME_MAX_BYTES 128
#define SECRET_MAX 1024

#define AT(member) offsetof(struct cp_options, member)
#define TEXT(name, def, choices, help)                                     \
	{                                                                  \
		"", #name, CONF_STRING, AT(name), def, 0, 0, choices, help \
	}
static const struct conf_option table[] = {
	TEXT(endpoint, NULL, NULL, "Address of the pool's or multipool's API"),
	TEXT(cloudpool, NULL, NULL, "Name of the pool in a multipool"),
	TEXT(address, "private", "private|public", "Which address of machines counts"),
	TEXT(ca, NULL, NULL, "File with the CA of the API's certificate"),
	TEXT(state_dir, "/var/lib/foretide/cloudpool", NULL,
	     "Folder that keeps whose the machines are"),
	{ NULL, NULL, CONF_STRING, 0, NULL, 0, 0, NULL, NULL },
};
static const struct conf_option secrets[] = {
	TEXT(endpoint, NULL, NULL, ""),
	TEXT(username, NULL, NULL, ""),
	TEXT(password, NULL, NULL, ""),
	TEXT(certificate, NULL, NULL, ""),
	TEXT(key, NULL, NULL, ""),
	{ NULL, NULL, CONF_STRING, 0, NULL, 0, 0, NULL, NULL },
};

void cp_options_done(struct cp_options *o)
{
	rest_wipe(TAKE(o->password));
	conf_done(table, o);
	conf_done(secrets, o);
	*o = (struct cp_options){ .endpoint = NULL };
}

/* ---------------------------------------------------------------- what is right */

static bool is_plain(const char *text)
{
	for (const char *c = text; *c; c++)
		if (*c < ' ' || *c > '~')
			return false;
	return strlen(text) <= SECRET_MAX;
}

static int check_credentials(const struct cp_options *o, struct err *err)
{
	if (!o->username != !o->password)
		return err_set(err, ERR_INVAL, "credentials: %s is missing",
			       o->username ? "password" : "username");
	if (!o->certificate != !o->key)
		return err_set(err, ERR_INVAL,
			       "credentials: %s is missing, the file of the client "
			       "certificate's %s",
			       o->certificate ? "key" : "certificate",
			       o->certificate ? "key" : "chain");
	if (o->username && (!is_plain(o->username) || strchr(o->username, ':') ||
			    !is_plain(o->password)))
		return err_set(err, ERR_INVAL,
			       "credentials: username and password are printable ASCII, "
			       "without a colon in the name");
	for (size_t i = 0; i < 2; i++) {
		const char *file = i ? o->key : o->certificate;

		if (file && (file[0] != '/' || access(file, R_OK) < 0))
			return err_set(err, ERR_INVAL,
				       "credentials: %s '%s' cannot be read",
				       i ? "key" : "certificate", file);
	}
	return 0;
}

static int check(struct cp_options *o, struct err *err)
{
	if (!o->endpoint)
		return err_set(err, ERR_INVAL,
			       "endpoint is missing: the address of the cloudpool's API, "
			       "as https://pool.example:8443");
	if (o->state_dir[0] != '/')
		return err_set(err, ERR_INVAL, "state_dir must be an absolute path");
	if (o->cloudpool && (!*o->cloudpool || strlen(o->cloudpool) > NAME_MAX_BYTES ||
			     strspn(o->cloudpool, LETTERS) != strlen(o->cloudpool)))
		return err_set(err, ERR_INVAL,
			       "cloudpool must be 1 to %d letters, digits, '.', '_' and "
			       "'-'",
			       NAME_MAX_BYTES);
	return rest_base_url("endpoint", o->endpoint, err);
}

static int read_credentials(const json_t *doc, struct cp_options *o, struct err *err)
{
	const json_t *credentials = json_object_get(doc, "credentials");
	int rc = credentials ? conf_load_json(secrets, o, credentials, NULL, err) : 0;

	return rc < 0 ? err_wrap(err, rc, "credentials") : 0;
}

int cp_options_read(const char *config_json, struct cp_options *ret, struct drv_err *err)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	struct cp_options o = { .endpoint = NULL };
	struct err e;
	int rc = rest_options_doc(config_json, table, &o, &doc, &e);

	if (rc == 0)
		rc = read_credentials(doc, &o, &e);
	if (rc == 0)
		rc = check(&o, &e);
	if (rc == 0)
		rc = check_credentials(&o, &e);
	if (rc < 0) {
		cp_options_done(&o);
		return drv_fail_err(err, rc, &e);
	}
	*ret = o;
	return 0;
}
