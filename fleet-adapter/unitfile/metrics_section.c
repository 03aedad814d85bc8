/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "metrics_section.h"

#include "check.h"
#include "values.h"

#include <string.h>

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
		int i = x_find_word(value, collectors, ARRAY_SIZE(collectors));

		if (i < 0)
			return err_set(err, ERR_INVAL, "there is no collector '%s'",
				       value);
		s->collector = (enum x_collector)i;
	} else if (strcmp(name, "Url") == 0) {
		if (strncmp(value, "http://", 7) != 0 &&
		    strncmp(value, "https://", 8) != 0)
			return err_set(err, ERR_INVAL, "'%s' is not an http URL", value);
		x_set_string(&s->url, value);
	} else if (strcmp(name, "Socket") == 0) {
		if (*value != '/')
			return err_set(err, ERR_INVAL, "'%s' is not an absolute path",
				       value);
		x_set_string(&s->socket, value);
	} else {
		return err_set(err, ERR_INVAL, "unknown key");
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
