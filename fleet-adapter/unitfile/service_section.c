/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "service_section.h"

#include "check.h"
#include "clock.h"
#include "text.h"
#include "values.h"

#include <ctype.h>
#include <string.h>

static int parse_count(const char *text, int low, int high, int *ret, struct err *err)
{
	int64_t n;
	int rc = conf_parse_int(text, &n, err);

	if (rc < 0)
		return rc;
	if (n < low || n > high)
		return err_set(err, ERR_INVAL, "must be from %d to %d", low, high);
	*ret = (int)n;
	return 0;
}

static int parse_time(const char *text, int64_t low_ms, int64_t *ret, struct err *err)
{
	int64_t ms;
	int rc = clock_parse_duration(text, &ms, err);

	if (rc < 0)
		return rc;
	if (ms < low_ms || ms > 3600 * 1000)
		return err_set(err, ERR_INVAL, "must be from %dms to 1h", (int)low_ms);
	*ret = ms;
	return 0;
}

static bool is_label(const char *s)
{
	size_t len = strlen(s);

	if (len == 0 || len > 63 || s[0] == '-' || s[len - 1] == '-')
		return false;
	for (; *s; s++)
		if (!islower((unsigned char)*s) && !isdigit((unsigned char)*s) &&
		    *s != '-')
			return false;
	return true;
}

static int set_name(struct x_service *s, const char *value, struct err *err)
{
	if (!is_label(value))
		return err_set(
			err, ERR_INVAL,
			"'%s' is not a DNS label (lower-case letters, digits, dashes)",
			value);
	x_set_string(&s->name, value);
	return 0;
}

static int set_port(struct x_service *s, const char *value, struct err *err)
{
	return parse_count(value, 1, 65535, &s->port, err);
}

static int set_protocol(struct x_service *s, const char *value, struct err *err)
{
	static const char *const list[] = { "tcp", "udp" };
	int i = x_find_word(value, list, ARRAY_SIZE(list));

	if (i < 0)
		return err_set(err, ERR_INVAL, "'%s' is neither tcp nor udp", value);
	s->udp = i == 1;
	return 0;
}

static int set_check(struct x_service *s, const char *value, struct err *err)
{
	static const char *const list[] = { "none", "tcp", "http", "command" };
	int i = x_find_word(value, list, ARRAY_SIZE(list));

	if (i < 0)
		return err_set(err, ERR_INVAL,
			       "'%s' is not one of none, tcp, http, command", value);
	s->check = (enum x_check)i;
	return 0;
}

static int set_check_path(struct x_service *s, const char *value, struct err *err)
{
	if (*value != '/' || strpbrk(value, " \t"))
		return err_set(err, ERR_INVAL, "'%s' is not a path that begins with /",
			       value);
	x_set_string(&s->check_path, value);
	return 0;
}

static int set_check_command(struct x_service *s, const char *value, struct err *err)
{
	(void)err;
	x_set_string(&s->check_command, value);
	return 0;
}

static int set_check_interval(struct x_service *s, const char *value, struct err *err)
{
	return parse_time(value, 10, &s->check_interval_ms, err);
}

static int set_check_timeout(struct x_service *s, const char *value, struct err *err)
{
	return parse_time(value, 10, &s->check_timeout_ms, err);
}

static int set_check_restart(struct x_service *s, const char *value, struct err *err)
{
	return parse_time(value, 0, &s->restart_ms, err);
}

static int set_rise(struct x_service *s, const char *value, struct err *err)
{
	return parse_count(value, 1, 100, &s->rise, err);
}

static int set_fall(struct x_service *s, const char *value, struct err *err)
{
	return parse_count(value, 1, 100, &s->fall, err);
}

static int set_drain(struct x_service *s, const char *value, struct err *err)
{
	return parse_time(value, 0, &s->drain_ms, err);
}

static int set_weight(struct x_service *s, const char *value, struct err *err)
{
	return parse_count(value, 0, 65535, &s->weight, err);
}

static int set_priority(struct x_service *s, const char *value, struct err *err)
{
	return parse_count(value, 0, 65535, &s->priority, err);
}

static const struct {
	const char *name;
	int (*set)(struct x_service *s, const char *value, struct err *err);
} service_keys[] = {
	{ "Name", set_name },
	{ "Port", set_port },
	{ "Protocol", set_protocol },
	{ "Check", set_check },
	{ "CheckPath", set_check_path },
	{ "CheckCommand", set_check_command },
	{ "CheckInterval", set_check_interval },
	{ "CheckTimeout", set_check_timeout },
	{ "CheckRestartSec", set_check_restart },
	{ "Rise", set_rise },
	{ "Fall", set_fall },
	{ "DrainSec", set_drain },
	{ "Weight", set_weight },
	{ "Priority", set_priority },
};

static struct x_service *add_service(struct x_services *list)
{
	list->v = xrealloc(list->v, (list->n + 1) * sizeof(*list->v));
	list->v[list->n] = (struct x_service){
		.check_interval_ms = 1000,
		.check_timeout_ms = 1000,
		.rise = 1,
		.fall = 2,
		.restart_ms = 30000,
		.drain_ms = 3000,
	};
	return &list->v[list->n++];
}

void x_services_done(struct x_services *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i].name);
		free(s->v[i].check_path);
		free(s->v[i].check_command);
	}
	free(s->v);
	*s = (struct x_services){ 0 };
}

static int read_service_option(const struct unit_file *u, const struct unit_option *o,
			       const struct unit_context *ctx, struct x_service *s,
			       struct err *err)
{
	CLEANUP(free) char *value = NULL;
	struct err why;
	int rc;

	for (size_t i = 0; i < ARRAY_SIZE(service_keys); i++) {
		if (strcmp(service_keys[i].name, o->name) != 0)
			continue;
		rc = unit_expand(o->value, ctx, &value, &why);
		if (rc == 0)
			rc = service_keys[i].set(s, value, &why);
		return rc < 0 ? unit_file_refuse(u, o, err, "%s", why.msg) : 0;
	}
	return unit_file_refuse(u, o, err, "unknown key");
}

/* Checks the complete service; o is its Name= line. */
static int check_service(const struct unit_file *u, const struct unit_option *o,
			 const struct x_service *s, struct err *err)
{
	if (s->port == 0)
		return unit_file_refuse(u, o, err, "service '%s' has no Port=", s->name);
	if (s->check == X_CHECK_HTTP && !s->check_path)
		return unit_file_refuse(u, o, err, "Check=http needs a CheckPath=");
	if (s->check == X_CHECK_COMMAND && (!s->check_command || !*s->check_command))
		return unit_file_refuse(u, o, err, "Check=command needs a CheckCommand=");
	if (s->udp && (s->check == X_CHECK_TCP || s->check == X_CHECK_HTTP))
		return unit_file_refuse(u, o, err,
					"a udp service can be checked by command only");
	return 0;
}

int x_services_read(const struct unit_file *u, const struct unit_context *ctx,
		    struct x_services *ret, struct err *err)
{
	const struct unit_option *name = NULL;
	struct x_service *s = NULL;
	int rc = 0;

	*ret = (struct x_services){ 0 };
	for (size_t i = 0; i < u->n && rc == 0; i++) {
		const struct unit_option *o = &u->options[i];

		if (strcmp(o->section, "X-Service") != 0)
			continue;
		if (strcmp(o->name, "Name") == 0) {
			rc = s ? check_service(u, name, s, err) : 0;
			s = add_service(ret);
			name = o;
		}
		if (!s)
			rc = unit_file_refuse(u, o, err, "a service begins with Name=");
		if (rc == 0)
			rc = read_service_option(u, o, ctx, s, err);
	}
	return rc == 0 && s ? check_service(u, name, s, err) : rc;
}
