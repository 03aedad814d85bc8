/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * native_aws.c - ~/.aws/credentials and ~/.aws/config, and the AWS_* variables, as AWS'
 * own tools read them: keys of a profile; not those that another program, a role or the
 * machine's metadata service would give.
 *
 * Source: https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html
 */
#include "native_source.h"

#include "check.h"
#include "private_file.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

/* What the tools call it, and what the driver does. */
static const struct {
	const char *theirs, *ours;
} settings[] = {
	{ "aws_access_key_id", "access_key_id" },
	{ "aws_secret_access_key", "secret_access_key" },
	{ "aws_session_token", "session_token" },
	{ "region", "region" },
	{ "endpoint_url", "endpoint" },
	{ "ca_bundle", "ca_bundle" },
};

/* Where keys would come from instead, and what to do. */
static const struct {
	const char *name, *advice;
} refused[] = {
	{ "role_arn", "give the keys of a user, or of a session with session_token" },
	{ "credential_process", "write the keys that it prints" },
	{ "sso_session", "give the keys of a user" },
	{ "sso_start_url", "give the keys of a user" },
	{ "web_identity_token_file", "give the keys of a user" },
	{ "credential_source", "give the keys of a user" },
	{ "services", "give endpoint, and sts_endpoint, in the profile" },
};

/* ---------------------------------------------------------------- one file */

struct reading {
	const char *profile;
	bool is_config; /* where sections are called "profile NAME" */
	bool found;
	bool has_secret;
	json_t *pairs;
};

static bool is_meant(const struct reading *r, const char *section)
{
	/* The one profile that is called the same in both. */
	if (r->is_config && strncmp(section, "profile ", 8) == 0)
		section += 8 + strspn(section + 8, " \t");
	else if (r->is_config && strcmp(section, "default") != 0)
		return false;
	return strcmp(section, r->profile) == 0;
}

static int on_section(void *arg, const char *section, int line, struct err *err)
{
	struct reading *r = arg;

	(void)line, (void)err;
	r->found = r->found || is_meant(r, section);
	return 0;
}

static int on_pair(void *arg, const char *section, const char *name, const char *value,
		   int line, struct err *err)
{
	struct reading *r = arg;

	(void)line;
	if (!is_meant(r, section))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		if (strcmp(refused[i].name, name) == 0)
			return err_set(err, ERR_INVAL, "'%s' of [%s] is not taken: %s",
				       name, section, refused[i].advice);
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		if (strcmp(settings[i].theirs, name) != 0)
			continue;
		if (json_object_set_new(r->pairs, settings[i].ours, json_string(value)) <
		    0)
			return err_set(err, ERR_INVAL, "'%s' is not UTF-8", name);
		r->has_secret =
			r->has_secret || strcmp(name, "aws_secret_access_key") == 0;
	}
	return 0;
}

/* Adds what the file says of the profile; ERR_NOT_FOUND when there is no such file. */
static int read_file(const char *path, bool is_config, const char *profile, json_t *pairs,
		     bool *found, struct err *err)
{
	CLEANUP(private_file_done) struct private_file f = { .text = NULL };
	struct reading r = { .profile = profile, .is_config = is_config, .pairs = pairs };
	int rc = private_file_read(path, &f, err);

	if (rc == 0)
		rc = conf_each_section(f.text, path, on_section, &r, err);
	if (rc == 0)
		rc = conf_each(f.text, path, on_pair, &r, err);
	if (rc == 0 && f.exposed.code && r.has_secret)
		rc = err_set(err, f.exposed.code, "%s", f.exposed.msg);
	*found = *found || r.found;
	return rc;
}

/* ---------------------------------------------------------------- both files */

/* Where the tools look; the caller frees it. is_given: a variable names it. */
static char *place_of(const char *variable, const char *rest, bool *is_given)
{
	const char *given = getenv(variable), *home = getenv("HOME");

	*is_given = given && *given;
	if (*is_given)
		return xstrdup(given);
	return xasprintf("%s/.aws/%s", home ? home : "", rest);
}

/* Keys may be in either file; those of the credentials file come first, as a whole. */
static void merge(json_t *config, const json_t *credentials, json_t *pairs)
{
	static const char *const keys[] = { "access_key_id", "secret_access_key",
					    "session_token" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (json_object_get(credentials, "access_key_id"))
			json_object_del(config, keys[i]);
	json_object_update(pairs, config);
	json_object_update(pairs, (json_t *)(uintptr_t)credentials);
}

/* file: of the profile, instead of the credentials' usual one. */
static int read_profile(const char *name, const char *file, json_t *pairs,
			struct err *err)
{
	CLEANUP(json_decref) json_t *of_config = json_object();
	CLEANUP(json_decref) json_t *of_credentials = json_object();
	bool is_given, config_is_given, found = false;
	CLEANUP(free)
	char *usual = place_of("AWS_SHARED_CREDENTIALS_FILE", "credentials", &is_given);
	CLEANUP(free)
	char *config = place_of("AWS_CONFIG_FILE", "config", &config_is_given);
	const char *path = file ? file : usual;
	int rc = read_file(config, true, name, of_config, &found, err);

	if (rc == 0 || (rc == ERR_NOT_FOUND && !config_is_given))
		rc = read_file(path, false, name, of_credentials, &found, err);
	/* The usual ones may be missing, if the other has the profile. */
	if (rc == ERR_NOT_FOUND && found && !file && !is_given)
		rc = 0;
	if (rc == ERR_NOT_FOUND)
		return err_wrap(err, ERR_INVAL, "aws_profile = %s", name);
	if (rc == 0 && !found)
		return err_set(err, ERR_INVAL, "neither %s nor %s has a profile '%s'",
			       path, config, name);
	if (rc == 0)
		merge(of_config, of_credentials, pairs);
	return rc;
}

/* ---------------------------------------------------------------- the environment */

/* The first that is set. */
static const char *first_of(const char *one, const char *other)
{
	const char *value = getenv(one);

	return value && *value ? value : getenv(other);
}

static void set(json_t *pairs, const char *name, const char *value)
{
	if (value && *value)
		json_object_set_new(pairs, name, json_text(value));
}

/* Keys first, as the tools do; then those of the profile that is named. */
static int read_environment(json_t *pairs, struct err *err)
{
	const char *key_id = getenv("AWS_ACCESS_KEY_ID");
	const char *profile = first_of("AWS_PROFILE", "AWS_DEFAULT_PROFILE");
	int rc;

	if (key_id && *key_id) {
		set(pairs, "access_key_id", key_id);
		set(pairs, "secret_access_key", getenv("AWS_SECRET_ACCESS_KEY"));
		set(pairs, "session_token", getenv("AWS_SESSION_TOKEN"));
	} else if (profile && *profile) {
		rc = read_profile(profile, NULL, pairs, err);
		if (rc < 0)
			return rc;
	} else {
		return 0;
	}
	set(pairs, "region", first_of("AWS_REGION", "AWS_DEFAULT_REGION"));
	set(pairs, "endpoint", first_of("AWS_ENDPOINT_URL_EC2", "AWS_ENDPOINT_URL"));
	set(pairs, "sts_endpoint", first_of("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"));
	set(pairs, "ca_bundle", getenv("AWS_CA_BUNDLE"));
	return 0;
}

const struct native_source native_aws = {
	.driver = "ec2",
	.name = "aws_profile",
	.file = "aws_credentials_file",
	.read = read_profile,
	.read_environment = read_environment,
};
