/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * life_fixture.h - a whole daemon over a state folder of its own, and what it prints.
 */
#ifndef TESTS_UNIT_CONTROLLER_LIFE_FIXTURE_H
#define TESTS_UNIT_CONTROLLER_LIFE_FIXTURE_H

#include "test.h"

#include "check.h"
#include "cleanup.h"
#include "daemon.h"
#include "text.h"
#include "wiring.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct life {
	char dir[64];
	struct options o;
	struct daemon *d;
	char said[1000]; /* on standard output, while it was caught */
};

static inline int life_setup(void **state)
{
	struct life *l = xcalloc(1, sizeof(*l));
	struct err e;

	curl_global_init(CURL_GLOBAL_ALL);
	snprintf(l->dir, sizeof(l->dir), "/tmp/foretide-daemon-XXXXXX");
	assert_non_null(mkdtemp(l->dir));
	assert_ok(options_load(&l->o, NULL, &e), &e);
	assert_ok(options_set(&l->o, "controller.state_dir", l->dir, &e), &e);
	assert_ok(options_set(&l->o, "controller.listen", "127.0.0.1:0", &e), &e);
	assert_ok(options_set(&l->o, "controller.host_listen", "127.0.0.1:0", &e), &e);
	assert_ok(options_set(&l->o, "controller.advertise", "https://127.0.0.1:1", &e),
		  &e);
	assert_ok(options_set(&l->o, "controller.credentials", "/nonexistent", &e), &e);
	*state = l;
	return 0;
}

static inline int life_teardown(void **state)
{
	struct life *l = *state;
	CLEANUP(free) char *command = xasprintf("rm -rf '%s'", l->dir);
	FILE *p;

	if (l->d)
		(void)daemon_stop(l->d);
	options_done(&l->o);
	p = popen(command, "r");
	if (p)
		pclose(p);
	free(l);
	return 0;
}

/* What fn() prints goes into said. */
static inline int life_catch(struct life *l, int (*fn)(struct life *l, struct err *e),
			     struct err *e)
{
	FILE *out = tmpfile();
	int was = dup(STDOUT_FILENO), rc;
	size_t n;

	assert_non_null(out);
	fflush(stdout);
	assert_true(dup2(fileno(out), STDOUT_FILENO) >= 0);
	rc = fn(l, e);
	fflush(stdout);
	assert_true(dup2(was, STDOUT_FILENO) >= 0);
	close(was);
	rewind(out);
	n = fread(l->said, 1, sizeof(l->said) - 1, out);
	l->said[n] = '\0';
	fclose(out);
	return rc;
}

static inline int life_begin(struct life *l, struct err *e)
{
	return daemon_start(&l->o, &l->d, e);
}

static inline int life_start(struct life *l, struct err *e)
{
	return life_catch(l, life_begin, e);
}

static inline void life_stop(struct life *l)
{
	assert_true(daemon_stop(TAKE(l->d)));
}

#define LIFE_TEST(fn) cmocka_unit_test_setup_teardown(fn, life_setup, life_teardown)

#endif
