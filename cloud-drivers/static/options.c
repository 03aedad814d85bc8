/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "options.h"

#include "check.h"
#include "driver_util.h"
#include "text.h"

#include <stddef.h>

#define AT(member) offsetof(struct st_options, member)
static const struct conf_option table[] = {
	{ "", "machines", CONF_STRING, AT(machines), "/etc/foretide/machines.conf", 0, 0,
	  NULL, "File that declares the machines" },
	{ "", "state_dir", CONF_STRING, AT(state_dir), "/var/lib/foretide/static", 0, 0,
	  NULL, "Folder that keeps whose they are" },
	{ "", "type", CONF_STRING, AT(type), NULL, 0, 0, NULL,
	  "Type of the machines; any otherwise" },
	{ "", "cpu", CONF_NUMBER, AT(cpu), "0", 0, 1024, NULL,
	  "Cores that a machine has at least" },
	{ "", "memory", CONF_STRING, AT(memory_text), NULL, 0, 0, NULL,
	  "Memory that a machine has at least (4G)" },
	{ NULL, NULL, CONF_STRING, 0, NULL, 0, 0, NULL, NULL },
};

void st_options_done(struct st_options *o)
{
	conf_done(table, o);
}

static int check(struct st_options *o, struct err *err)
{
	if (o->machines[0] != '/' || o->state_dir[0] != '/')
		return err_set(err, ERR_INVAL, "%s must be an absolute path",
			       o->machines[0] != '/' ? "machines" : "state_dir");
	if (o->type && !drv_is_word(o->type))
		return err_set(err, ERR_INVAL,
			       "type '%s' must be 1 to 60 of a-z, 0-9 and '-'", o->type);
	return o->memory_text ? conf_parse_size(o->memory_text, &o->memory_bytes, err)
			      : 0;
}

int st_options_read(const char *config_json, struct st_options *ret, struct drv_err *err)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	struct st_options o = { .machines = NULL };
	struct err e;
	int rc = json_parse(config_json, strlen(config_json), "driver options", &doc, &e);

	if (rc < 0)
		return drv_fail_err(err, rc, &e);
	conf_defaults(table, &o);
	rc = conf_load_json(table, &o, doc, NULL, &e);
	if (rc == 0)
		rc = check(&o, &e);
	if (rc < 0) {
		st_options_done(&o);
		return drv_fail_err(err, rc, &e);
	}
	*ret = o;
	return 0;
}
