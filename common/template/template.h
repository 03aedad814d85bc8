/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * template.h - confd's template language: Go's text/template with confd's functions.
 *
 * Pure: keys come from a struct template_source, text goes to a buf; no I/O, no
 * clock, no logging. Every execution is bounded in output, memory, steps and depth, so an
 * untrusted template can fail but not hang or exhaust the host.
 *
 * Language: text, {{ }} with {{- and -}}, comments, fields, variables, pipelines, if /
 * else if / else, range (list, map by sorted key, number) with else, break, continue,
 * with, define, template, block. Functions of Go: and or not eq ne lt le gt ge len index
 * slice print printf println html js urlquery. Functions of confd 0.16: exists get getv
 * gets getvs ls lsdir base dir split join json jsonArray map getenv datetime toUpper
 * toLower contains replace trimSuffix lookupIP lookupIPV4 lookupIPV6 lookupSRV fileExists
 * base64Encode base64Decode parseBool reverse sortByLength sortKVByLength add sub mul div
 * mod seq atoi; and of its successors default toJson trimPrefix hostname; ours: hostIP.
 */
#ifndef COMMON_TEMPLATE_TEMPLATE_H
#define COMMON_TEMPLATE_TEMPLATE_H

#include "buf.h"
#include "cleanup.h"
#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEMPLATE_STEPS 1000000

struct template;

/* Return false to stop the visit. Strings are valid only during the call. */
typedef bool template_each_fn(void *arg, const char *key, const char *value, size_t len);
typedef void template_ip_fn(void *arg, const char *address);
struct template_srv {
	const char *target;
	int port, priority, weight;
};
typedef void template_srv_fn(void *arg, const struct template_srv *srv);

/* What a template may query. A member that is NULL finds nothing. */
struct template_source {
	void *arg;
	/* The value of exactly this key; it remains valid until the execution ends. */
	bool (*get)(void *arg, const char *key, const char **ret, size_t *ret_len);
	/* All keys that start with these bytes, in byte order. */
	void (*each)(void *arg, const char *prefix, template_each_fn *fn, void *fn_arg);
	/* Addresses of a name, family 4, 6 or 0 for both; must not block. */
	int (*lookup_ip)(void *arg, const char *name, int family, template_ip_fn *fn,
			 void *fn_arg, struct err *err);
	int (*lookup_srv)(void *arg, const char *name, template_srv_fn *fn, void *fn_arg,
			  struct err *err);
	const char *(*env)(void *arg, const char *name);
	bool (*file_exists)(void *arg, const char *path);
	const char *hostname;
	const char *host_ip;
	int64_t now_ms; /* Unix time for datetime */
	/* Of work, about a microsecond each; 0: TEMPLATE_STEPS. */
	int64_t steps_max;
};

/* A member of the data that the template is given: {{.name}}. */
struct template_var {
	const char *name;
	const char *value;
};

/*
 * Reads a template. name is used in errors ("haproxy.cfg.tmpl:12: ..."), text has len
 * bytes and is copied. ERR_INVAL for an error in it, ERR_LIMIT when it is over 1 MiB.
 * The caller owns *ret.
 */
int template_parse(const char *name, const char *text, size_t len, struct template **ret,
		   struct err *err) MUST_CHECK;
void template_free(struct template *t);
DEFINE_CLEANUP(struct template *, template_free);

/*
 * Runs it and appends to out; discard that on failure. vars [n_vars] is the
 * starting dot; none: nil, as in confd. ERR_INVAL for an error in the template,
 * ERR_NOT_FOUND for a missing key, ERR_LIMIT when a limit is exceeded (also out's own).
 */
int template_execute(const struct template *t, const struct template_source *source,
		     const struct template_var *vars, size_t n_vars, struct buf *out,
		     struct err *err) MUST_CHECK;

#endif
