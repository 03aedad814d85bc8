/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * native_file.h - what the tests of clouds' own credentials share: one file, in a folder
 * of the test's, in an environment that names none.
 */
#ifndef TESTS_UNIT_CONTROLLER_POOLS_NATIVE_FILE_H
#define TESTS_UNIT_CONTROLLER_POOLS_NATIVE_FILE_H

#include "test.h"

#include "check.h"
#include "native.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char dir[64], file[96];

static inline int folder_begin(void **state)
{
	static const char *const variables[] = {
		"CREDENTIALS_DIRECTORY", "GOOGLE_APPLICATION_CREDENTIALS",
		"GOOGLE_CLOUD_PROJECT",  "AZURE_AUTH_LOCATION",
		"AZURE_TENANT_ID",       "AZURE_CLIENT_ID",
		"AZURE_CLIENT_SECRET",   "AZURE_SUBSCRIPTION_ID",
		"AZURE_AUTHORITY_HOST",  "AZURE_DEFAULTS_GROUP",
	};

	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/ft-native-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/key.json", dir);
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		unsetenv(variables[i]);
	return 0;
}

static inline int folder_end(void **state)
{
	(void)state;
	(void)unlink(file);
	(void)rmdir(dir);
	return 0;
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_begin, folder_end)

static inline void write_file(const char *text, mode_t mode)
{
	FILE *f = fopen(file, "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(file, mode), 0);
}

static inline void assert_text(const json_t *pairs, const char *name, const char *wanted)
{
	assert_string_equal(json_string_value(json_object_get(pairs, name)), wanted);
}

#endif
