/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "service_section.h"

#include "check.h"
#include "clock.h"
#include "text.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

/* ---------------------------------------------------------------- values */

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

/* The place of text in the list; -1 when it is not there. */
static int find_word(const char *text, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], text) == 0)
			return (int)i;
	return -1;
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

int x_parse_bytes(const char *text, int64_t *ret, struct err *err)
{
	static const char units[] = "KMGT";
	const char *unit;
	char *end;
	double x = strtod(text, &end);

	unit = *end ? strchr(units, *end) : NULL;
	if (unit) {
		x = ldexp(x, 10 * (int)(unit - units + 1));
		end += strcmp(end + 1, "iB") == 0 || strcmp(end + 1, "B") == 0
			       ? strlen(end)
			       : 1;
	}
	if (!isdigit((unsigned char)*text) || *end || !(x <= 1e18))
		return err_set(err, ERR_INVAL,
			       "'%s' is no size: write it like 256M or 1.5G", text);
	*ret = (int64_t)llround(x);
	return 0;
}

/* ---------------------------------------------------------------- [X-Service] */

static void set_string(char **place, const char *value)
{
	free(*place);
	*place = xstrdup(value);
}

static int set_name(struct x_service *s, const char *value, struct err *err)
{
	if (!is_label(value))
		return err_set(
			err, ERR_INVAL,
			"'%s' is no DNS label (lower-case letters, digits, dashes)",
			value);
	set_string(&s->name, value);
	return 0;
}

static int set_port(struct x_service *s, const char *value, struct err *err)
{
	return parse_count(value, 1, 65535, &s->port, err);
}

static int set_protocol(struct x_service *s, const char *value, struct err *err)
{
	static const char *const list[] = { "tcp", "udp" };
	int i = find_word(value, list, ARRAY_SIZE(list));

	if (i < 0)
		return err_set(err, ERR_INVAL, "'%s' is neither tcp nor udp", value);
	s->udp = i == 1;
	return 0;
}

static int set_check(struct x_service *s, const char *value, struct err *err)
{
	static const char *const list[] = { "none", "tcp", "http", "command" };
	int i = find_word(value, list, ARRAY_SIZE(list));

	if (i < 0)
		return err_set(err, ERR_INVAL, "'%s' is none of none, tcp, http, command",
			       value);
	s->check = (enum x_check)i;
	return 0;
}

static int set_check_path(struct x_service *s, const char *value, struct err *err)
{
	if (*value != '/' || strpbrk(value, " \t"))
		return err_set(err, ERR_INVAL, "'%s' is no path that begins with /",
			       value);
	set_string(&s->check_path, value);
	return 0;
}

static int set_check_command(struct x_service *s, const char *value, struct err *err)
{
	(void)err;
	set_string(&s->check_command, value);
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
	return unit_file_refuse(u, o, err, "this key is not known");
}

/* What only the whole service tells; o is its Name= line. */
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

/* ---------------------------------------------------------------- [X-Resources] */

static int read_resource(const struct unit_option *o, struct x_resources *ret,
			 struct err *err)
{
	int rc;

	if (strcmp(o->name, "Memory") == 0)
		return x_parse_bytes(o->value, &ret->memory_bytes, err);
	if (strcmp(o->name, "CPU") != 0)
		return err_set(err, ERR_INVAL, "this key is not known");
	rc = conf_parse_number(o->value, &ret->cpu, err);
	if (rc == 0 && (ret->cpu < 0 || ret->cpu > 1024))
		return err_set(err, ERR_INVAL, "must be from 0 to 1024 cores");
	return rc;
}

int x_resources_read(const struct unit_file *u, struct x_resources *ret, struct err *err)
{
	struct x_resources r = { 0 };
	struct err why;

	for (size_t i = 0; i < u->n; i++) {
		const struct unit_option *o = &u->options[i];

		if (strcmp(o->section, "X-Resources") == 0 &&
		    read_resource(o, &r, &why) < 0)
			return unit_file_refuse(u, o, err, "%s", why.msg);
	}
	*ret = r;
	return 0;
}

/* ---------------------------------------------------------------- [X-Metrics] */

static const char *const collectors[] = {
	[X_COLLECT_HAPROXY] = "haproxy",       [X_COLLECT_VARNISH] = "varnish",
	[X_COLLECT_NGINX] = "nginx",           [X_COLLECT_PHP_FPM] = "php-fpm",
	[X_COLLECT_MEMCACHED] = "memcached",   [X_COLLECT_MARIADB] = "mariadb",
	[X_COLLECT_PROMETHEUS] = "prometheus",
};

void x_metrics_done(struct x_metrics *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->v[i].url);
		free(m->v[i].socket);
	}
	free(m->v);
	*m = (struct x_metrics){ 0 };
}

static int set_source(struct x_source *s, const char *name, const char *value,
		      struct err *err)
{
	if (strcmp(name, "Collect") == 0) {
		int i = find_word(value, collectors, ARRAY_SIZE(collectors));

		if (i < 0)
			return err_set(err, ERR_INVAL, "there is no collector '%s'",
				       value);
		s->collector = (enum x_collector)i;
	} else if (strcmp(name, "Url") == 0) {
		if (strncmp(value, "http://", 7) != 0 &&
		    strncmp(value, "https://", 8) != 0)
			return err_set(err, ERR_INVAL, "'%s' is no http URL", value);
		set_string(&s->url, value);
	} else if (strcmp(name, "Socket") == 0) {
		if (*value != '/')
			return err_set(err, ERR_INVAL, "'%s' is no absolute path", value);
		set_string(&s->socket, value);
	} else {
		return err_set(err, ERR_INVAL, "this key is not known");
	}
	return 0;
}

static int read_source_option(const struct unit_file *u, const struct unit_option *o,
			      const struct unit_context *ctx, struct x_metrics *list,
			      struct err *err)
{
	CLEANUP(free) char *value = NULL;
	struct err why;
	int rc;

	if (strcmp(o->name, "Collect") == 0) {
		list->v = xrealloc(list->v, (list->n + 1) * sizeof(*list->v));
		list->v[list->n++] = (struct x_source){ 0 };
	}
	if (list->n == 0)
		return unit_file_refuse(u, o, err, "a source begins with Collect=");
	rc = unit_expand(o->value, ctx, &value, &why);
	if (rc == 0)
		rc = set_source(&list->v[list->n - 1], o->name, value, &why);
	return rc < 0 ? unit_file_refuse(u, o, err, "%s", why.msg) : 0;
}

int x_metrics_read(const struct unit_file *u, const struct unit_context *ctx,
		   struct x_metrics *ret, struct err *err)
{
	int rc = 0;

	*ret = (struct x_metrics){ 0 };
	for (size_t i = 0; i < u->n && rc == 0; i++)
		if (strcmp(u->options[i].section, "X-Metrics") == 0)
			rc = read_source_option(u, &u->options[i], ctx, ret, err);
	for (size_t i = 0; i < ret->n && rc == 0; i++)
		if (ret->v[i].collector == X_COLLECT_PROMETHEUS && !ret->v[i].url)
			rc = err_set(err, ERR_INVAL,
				     "%s: [X-Metrics] Collect=prometheus needs a Url=",
				     u->what);
	return rc;
}
