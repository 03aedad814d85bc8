/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "order.h"

#include "check.h"
#include "text.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MEMORY_LIMIT "1G"
#define MEMORY_LEAST (64ull << 20)

/* Of the controller: they say how the process is started, and what hosts are asked. */
static const char *const own[] = { "command", "memory_limit", "from_stack",
				   "interruption", "interruption_url" };

int order_refused(const char *driver, const char *option, struct err *err)
{
	return err_set(err, ERR_INVAL,
		       "driver '%s': a stack may not set the option '%s': if the driver "
		       "has it, it belongs in foretide.conf on the controller's machine, "
		       "in [driver %s]",
		       driver, option, driver);
}

static bool is_name(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n > 0 && n < 64 && name[n] == '\0';
}

/* Beside the drivers' folder, in it, or where it is installed. */
static int find_program(const char *dir, char **ret, struct err *err)
{
	CLEANUP(free) char *beside = xasprintf("%s/../foretide-driver", dir);
	CLEANUP(free) char *in = xasprintf("%s/foretide-driver", dir);
	const char *const places[] = { beside, in, FORETIDE_LIBDIR "/foretide-driver" };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (access(places[i], X_OK) == 0) {
			*ret = xstrdup(places[i]);
			return 0;
		}
	return err_set(err, ERR_UNAVAIL,
		       "the program foretide-driver is neither beside %s nor in %s", dir,
		       FORETIDE_LIBDIR);
}

static int read_memory(const json_t *config, uint64_t *ret, struct err *err)
{
	const char *text = MEMORY_LIMIT;
	int64_t bytes = 0;
	int rc = jread_str_opt(config, "memory_limit", &text, err);

	if (rc == 0)
		rc = conf_parse_size(text, &bytes, err);
	if (rc == 0 && (uint64_t)bytes < MEMORY_LEAST)
		rc = err_set(err, ERR_INVAL, "it must be at least 64M");
	if (rc < 0)
		return err_wrap(err, rc, "'memory_limit'");
	*ret = (uint64_t)bytes;
	return 0;
}

/* "azure, ec2, ..."; "" when there are none. */
static void list_drivers(const char *dir, char *text, size_t size)
{
	CLEANUP(free) char *pattern = xasprintf("%s/*.so", dir);
	glob_t found = { 0 };
	size_t n = 0;

	*text = '\0';
	(void)glob(pattern, 0, NULL, &found);
	for (size_t i = 0; i < found.gl_pathc && n < size; i++) {
		const char *name = strrchr(found.gl_pathv[i], '/') + 1;

		n += (size_t)snprintf(text + n, size - n, "%s%.*s", i ? ", " : "",
				      (int)(strlen(name) - strlen(".so")), name);
	}
	globfree(&found);
}

static int find_so(const char *dir, const char *name, struct child_spec *spec,
		   struct err *err)
{
	char there[256];

	spec->how = xstrdup("load");
	spec->what = xasprintf("%s/%s.so", dir, name);
	if (access(spec->what, F_OK) == 0)
		return 0;
	list_drivers(dir, there, sizeof(there));
	return err_set(err, ERR_NOT_FOUND, "there is no driver '%s' in %s: %s%s", name,
		       dir, *there ? "it has " : "it has none", there);
}

static int find_command(const json_t *config, struct child_spec *spec, struct err *err)
{
	const char *command = "";
	int rc = jread_str_opt(config, "command", &command, err);

	if (rc == 0 && !*command)
		rc = err_set(err, ERR_INVAL,
			     "driver 'exec' needs the option 'command', the program to "
			     "run, in foretide.conf, [driver exec] or [driver "
			     "exec/PROFILE]");
	spec->how = xstrdup("exec");
	spec->what = xstrdup(command);
	return rc;
}

static int fill_spec(const char *dir, const char *name, const json_t *config,
		     struct child_spec *spec, struct err *err)
{
	int rc = read_memory(config, &spec->memory_bytes, err);

	if (rc < 0)
		return err_wrap(err, rc, "driver '%s'", name);
	rc = strcmp(name, "exec") == 0 ? find_command(config, spec, err)
				       : find_so(dir, name, spec, err);
	return rc < 0 ? rc : find_program(dir, &spec->program, err);
}

/* What is the controller's no stack says, whatever its driver thinks of that. */
static int check_from_stack(const char *name, const json_t *from_stack, struct err *err)
{
	const json_t *option;
	size_t i, j;

	json_array_foreach(
		from_stack, i,
		option) for (j = 0; j < ARRAY_SIZE(own);
			     j++) if (strcmp(json_string_value(option), own[j]) ==
				      0) return order_refused(name, own[j], err);
	return 0;
}

int order_read(const char *dir, const char *name, const char *config_json,
	       struct order *ret, struct err *err)
{
	CLEANUP(json_decref) json_t *config = NULL;
	int rc;

	if (!is_name(name))
		return err_set(err, ERR_INVAL, "'%s' is not a valid driver name", name);
	rc = json_parse(config_json, strlen(config_json), "the driver's options", &config,
			err);
	if (rc == 0 && !json_is_object(config))
		rc = err_set(err, ERR_INVAL, "the driver's options must be an object");
	if (rc < 0)
		return rc;
	ret->from_stack = json_incref(json_object_get(config, "from_stack"));
	if ((rc = check_from_stack(name, ret->from_stack, err)) < 0 ||
	    (rc = fill_spec(dir, name, config, &ret->spec, err)) < 0)
		return rc;
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		json_object_del(config, own[i]);
	ret->text = json_dumps(config, JSON_COMPACT);
	return 0;
}

void order_done(struct order *o)
{
	free(o->spec.program);
	free(o->spec.how);
	free(o->spec.what);
	json_decref(o->from_stack);
	if (o->text)
		explicit_bzero(o->text, strlen(o->text));
	free(o->text);
}
