/* SPDX-License-Identifier: GPL-3.0-or-later */
/* php-fpm with FastCGI, memcached, MariaDB. */
#include "parsers.h"

#include "check.h"
#include "text.h"

#include <string.h>
#include <strings.h>

/* ---------------------------------------------------------------- php-fpm */

static const struct {
	const char *key, *name;
	bool counter;
} php_fpm_metrics[] = {
	{ "accepted conn", "phpfpm_accepted_connections_total", true },
	{ "listen queue", "phpfpm_listen_queue", false },
	{ "max listen queue", "phpfpm_max_listen_queue", false },
	{ "idle processes", "phpfpm_idle_processes", false },
	{ "active processes", "phpfpm_active_processes", false },
	{ "total processes", "phpfpm_total_processes", false },
	{ "max children reached", "phpfpm_max_children_reached_total", true },
	{ "slow requests", "phpfpm_slow_requests_total", true },
};

static void add_php_fpm(size_t i, double value, const char *pool,
			const struct collect_sink *to)
{
	const struct collect_label labels[2] = { { "pool", pool } };

	to->add(to->arg, php_fpm_metrics[i].name, pool ? labels : NULL,
		php_fpm_metrics[i].counter, value);
}

static size_t add_php_fpm_line(const char *key, double value, const char *pool,
			       const struct collect_sink *to)
{
	for (size_t i = 0; i < ARRAY_SIZE(php_fpm_metrics); i++) {
		if (strcmp(php_fpm_metrics[i].key, key) != 0)
			continue;
		add_php_fpm(i, value, pool, to);
		return 1;
	}
	return 0;
}

/* "name: value" per line, the pool first. */
static size_t read_php_fpm_text(const char *page, const struct collect_sink *to)
{
	CLEANUP(free) char *copy = xstrdup(page);
	const char *pool = NULL;
	char *next = copy, *line;
	size_t found = 0;

	while ((line = strsep(&next, "\n"))) {
		char *value = strchr(line, ':');

		if (!value)
			continue;
		*value++ = '\0';
		value += strspn(value, " ");
		value[strcspn(value, "\r")] = '\0';
		if (strcmp(line, "pool") == 0)
			pool = value;
		else
			found += add_php_fpm_line(line, strtod(value, NULL), pool, to);
	}
	return found;
}

static size_t read_php_fpm_json(const char *page, size_t len,
				const struct collect_sink *to)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	const char *pool;
	size_t found = 0;

	if (json_parse(page, len, "php-fpm's status", &doc, NULL) < 0)
		return 0;
	pool = json_string_value(json_object_get(doc, "pool"));
	for (size_t i = 0; i < ARRAY_SIZE(php_fpm_metrics); i++) {
		const json_t *value = json_object_get(doc, php_fpm_metrics[i].key);

		if (!json_is_number(value))
			continue;
		add_php_fpm(i, json_number_value(value), pool, to);
		found++;
	}
	return found;
}

int collect_php_fpm(const char *page, size_t len, const struct collect_sink *to,
		    struct err *err)
{
	size_t found = *page == '{' ? read_php_fpm_json(page, len, to)
				    : read_php_fpm_text(page, to);

	return found ? 0 : err_set(err, ERR_PROTO, "this is not a php-fpm status");
}

/* ---- FastCGI 1.0: records of 8 bytes of header and their content */

enum { FCGI_BEGIN = 1, FCGI_END = 3, FCGI_PARAMS = 4, FCGI_STDIN = 5, FCGI_STDOUT = 6 };

static void add_record(struct buf *b, int type, const void *data, size_t n)
{
	const unsigned char head[8] = { 1, (unsigned char)type,     0,
					1, (unsigned char)(n >> 8), (unsigned char)n };

	buf_add(b, head, sizeof(head));
	buf_add(b, data, n);
}

static void add_param(struct buf *b, const char *name, const char *value)
{
	size_t n = strlen(name), v = MIN(strlen(value), (size_t)127);

	buf_putc(b, (char)n);
	buf_putc(b, (char)v);
	buf_add(b, name, n);
	buf_add(b, value, v);
}

void collect_fcgi_request(const char *path, struct buf *ret)
{
	static const unsigned char begin[8] = { 0, 1 }; /* responder, close after it */
	CLEANUP(buf_done) struct buf params;

	buf_init(&params, 4096);
	add_param(&params, "REQUEST_METHOD", "GET");
	add_param(&params, "SCRIPT_NAME", path);
	add_param(&params, "SCRIPT_FILENAME", path);
	add_param(&params, "REQUEST_URI", path);
	add_param(&params, "QUERY_STRING", "json");
	add_param(&params, "SERVER_PROTOCOL", "HTTP/1.1");
	add_record(ret, FCGI_BEGIN, begin, sizeof(begin));
	add_record(ret, FCGI_PARAMS, params.data, params.len);
	add_record(ret, FCGI_PARAMS, "", 0);
	add_record(ret, FCGI_STDIN, "", 0);
}

int collect_fcgi_body(const char *data, size_t len, struct buf *ret, struct err *err)
{
	const unsigned char *p = (const unsigned char *)data;
	CLEANUP(buf_done) struct buf all;
	const char *body;
	bool ended = false;

	buf_init(&all, 1 << 20);
	while (len >= 8 && !ended) {
		size_t n = (size_t)p[4] << 8 | p[5], padding = p[6];

		if (len < 8 + n + padding)
			break;
		if (p[1] == FCGI_STDOUT)
			buf_add(&all, p + 8, n);
		ended = p[1] == FCGI_END;
		p += 8 + n + padding;
		len -= 8 + n + padding;
	}
	body = strstr(buf_str(&all), "\r\n\r\n");
	if (!ended || !body)
		return err_set(err, ERR_PROTO, "the FastCGI answer is incomplete");
	buf_puts(ret, body + 4);
	return 0;
}

/* ---------------------------------------------------------------- memcached */

static const struct memcached_metric {
	const char *key, *name, *command;
	bool counter;
} memcached_metrics[] = {
	{ "cmd_get", "memcached_commands_total", "get", true },
	{ "cmd_set", "memcached_commands_total", "set", true },
	{ "cmd_touch", "memcached_commands_total", "touch", true },
	{ "cmd_flush", "memcached_commands_total", "flush", true },
	{ "get_hits", "memcached_get_hits_total", NULL, true },
	{ "get_misses", "memcached_get_misses_total", NULL, true },
	{ "evictions", "memcached_items_evicted_total", NULL, true },
	{ "bytes", "memcached_current_bytes", NULL, false },
	{ "limit_maxbytes", "memcached_limit_bytes", NULL, false },
	{ "curr_items", "memcached_current_items", NULL, false },
	{ "curr_connections", "memcached_current_connections", NULL, false },
	{ "bytes_read", "memcached_read_bytes_total", NULL, true },
	{ "bytes_written", "memcached_written_bytes_total", NULL, true },
};

static size_t add_memcached(const char *key, double value, const struct collect_sink *to)
{
	for (size_t i = 0; i < ARRAY_SIZE(memcached_metrics); i++) {
		const struct memcached_metric *m = &memcached_metrics[i];
		struct collect_label labels[2] = { { "command", m->command } };

		if (strcmp(m->key, key) != 0)
			continue;
		to->add(to->arg, m->name, m->command ? labels : NULL, m->counter, value);
		return 1;
	}
	return 0;
}

int collect_memcached(const char *text, const struct collect_sink *to, struct err *err)
{
	size_t found = 0;

	for (const char *p = text; p && *p; p = strchr(p, '\n')) {
		char key[64];
		double value;

		p += *p == '\n';
		if (sscanf(p, "STAT %63s %lf", key, &value) == 2)
			found += add_memcached(key, value, to);
	}
	if (!found)
		return err_set(err, ERR_PROTO, "this is not an answer to stats");
	return 0;
}

/* ---------------------------------------------------------------- MariaDB */

static const struct {
	const char *key, *name;
	bool counter;
} mariadb_metrics[] = {
	{ "Queries", "mysql_global_status_queries", true },
	{ "Questions", "mysql_global_status_questions", true },
	{ "Connections", "mysql_global_status_connections", true },
	{ "Threads_connected", "mysql_global_status_threads_connected", false },
	{ "Threads_running", "mysql_global_status_threads_running", false },
	{ "Slow_queries", "mysql_global_status_slow_queries", true },
	{ "Aborted_connects", "mysql_global_status_aborted_connects", true },
	{ "Bytes_received", "mysql_global_status_bytes_received", true },
	{ "Bytes_sent", "mysql_global_status_bytes_sent", true },
	{ "Com_select", "mysql_global_status_com_select", true },
	{ "Com_insert", "mysql_global_status_com_insert", true },
	{ "Com_update", "mysql_global_status_com_update", true },
	{ "Com_delete", "mysql_global_status_com_delete", true },
	{ "Innodb_row_lock_waits", "mysql_global_status_innodb_row_lock_waits", true },
	{ "Uptime", "mysql_global_status_uptime", false },
	{ "wsrep_cluster_size", "mysql_global_status_wsrep_cluster_size", false },
};

int collect_mariadb(const char *text, const struct collect_sink *to, struct err *err)
{
	size_t found = 0;

	for (const char *p = text; p && *p; p = strchr(p, '\n')) {
		char key[80];
		double value;

		p += *p == '\n';
		if (sscanf(p, "%79s %lf", key, &value) != 2)
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(mariadb_metrics); i++) {
			if (strcasecmp(mariadb_metrics[i].key, key) != 0)
				continue;
			to->add(to->arg, mariadb_metrics[i].name, NULL,
				mariadb_metrics[i].counter, value);
			found++;
		}
	}
	if (!found)
		return err_set(err, ERR_PROTO, "this is not a global status");
	return 0;
}
