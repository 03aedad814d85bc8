/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scripted_driver.h - a driver of a cloud with a REST API against scripted answers.
 */
#ifndef TESTS_CONTRACT_SCRIPTED_DRIVER_H
#define TESTS_CONTRACT_SCRIPTED_DRIVER_H

#include "drivers.h"

#include "scripted_host.h"
#include "text.h"

#define ID_A "0123456789abcdef0123456789abcdef"
#define SECRET "s3cret-of-the-test"

struct world {
	struct scripted_host host;
	struct driver *d;
};

static inline void world_begin(struct world *w, const char *driver, const char *config,
			       const struct scripted_answer *answers, size_t n)
{
	struct err e;

	scripted_start(&w->host, answers, n);
	assert_ok(here_open(&w->host.services, driver, config, &w->d, &e), &e);
}

/* All that was scripted was asked for. */
static inline void end(struct world *w)
{
	here_close(w->d);
	scripted_end(&w->host);
}

/* The driver cannot be opened so; it says why, with the word and without the secret. */
static inline void assert_not_opened(const char *driver, const char *config,
				     const char *word)
{
	struct scripted_host host;
	struct driver *d = NULL;
	struct err e;

	scripted_start(&host, NULL, 0);
	assert_int_equal(here_open(&host.services, driver, config, &d, &e), ERR_INVAL);
	assert_null(d);
	if (!strstr(e.msg, word))
		fail_msg("%s", e.msg);
	assert_null(strstr(e.msg, SECRET));
}

/* Of the options in the NULL-ended list a stack may set each for its pool, or none. */
static inline void assert_pool_options(const char *driver, const char *const *names,
				       bool may)
{
	for (; *names; names++)
		assert_int_equal(here_stack_gives(driver, *names), may);
}

static inline int launch_once(struct world *w, struct drv_vm *vm, struct drv_err *e)
{
	const struct drv_launch l = a_launch(ID_A, "#!/bin/sh\n");

	return w->d->ops->launch(w->d->drv, &l, INT64_MAX, vm, e);
}

/* One byte more than max is refused without a request, max bytes are launched with. */
static inline void assert_user_data_max(struct world *w, size_t max)
{
	CLEANUP(free) char *text = xmalloc(max + 2);
	struct drv_launch l;
	struct drv_vm vm;
	struct drv_err e;

	memset(text, '#', max + 1);
	text[max + 1] = '\0';
	l = a_launch(ID_A, text);
	assert_drv_fails(w->d->ops->launch(w->d->drv, &l, INT64_MAX, &vm, &e), DRV_BADREQ,
			 &e);
	assert_int_equal(w->host.n, 0);
	l.user_data_len = max;
	assert_drv_ok(w->d->ops->launch(w->d->drv, &l, INT64_MAX, &vm, &e), &e);
}

static inline int list_all(struct world *w, struct vm_list *ret, struct drv_err *e)
{
	ret->n = 0;
	return w->d->ops->list(w->d->drv, OWNER, INT64_MAX, keep_vm, ret, e);
}

static inline int end_vm(struct world *w, const char *id, struct drv_err *e)
{
	return w->d->ops->terminate(w->d->drv, OWNER, id, INT64_MAX, e);
}

static inline void assert_sent(const struct world *w, size_t i, const char *method,
			       const char *url)
{
	assert_true(i < w->host.n);
	assert_string_equal(w->host.requests[i].method, method);
	assert_string_equal(w->host.requests[i].url, url);
}

/* The body of the request, read; the caller's. */
static inline json_t *sent(const struct world *w, size_t i)
{
	json_t *doc = NULL;
	struct err e;

	assert_true(i < w->host.n);
	assert_ok(json_parse(w->host.requests[i].body, strlen(w->host.requests[i].body),
			     "body", &doc, &e),
		  &e);
	return doc;
}

/* The request's body is the wanted document, which is freed. */
static inline void assert_body(const struct world *w, size_t i, json_t *wanted)
{
	CLEANUP(json_decref) json_t *body = sent(w, i);

	if (!json_equal(body, wanted))
		fail_msg("%s", w->host.requests[i].body);
	json_decref(wanted);
}

static inline void assert_nothing_deleted(const struct world *w)
{
	for (size_t i = 0; i < w->host.n; i++)
		assert_string_not_equal(w->host.requests[i].method, "DELETE");
}

/* validate()'s findings, a line each; fatal ones begin with '!'. */
static inline void keep_finding(void *arg, bool fatal, const char *sentence)
{
	char **all = arg;
	char *more = xasprintf("%s%s%s\n", *all, fatal ? "!" : "", sentence);

	free(*all);
	*all = more;
}

static inline int check_all(struct world *w, char **ret, struct drv_err *e)
{
	*ret = xstrdup("");
	return w->d->ops->validate(w->d->drv, INT64_MAX, keep_finding, ret, e);
}

#endif
