/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hooks_standby.c - callbacks of the API for machines that wait to be hosts. Which host
 * one is says the database alone: no driver is asked here.
 */
#include "check.h"
#include "clock.h"
#include "wiring.h"

#include <string.h>

#define STATIC_DRIVER "static"

/* ---------------------------------------------------------------- enrolment */

static int hook_standby(void *arg, char **ret, struct err *err)
{
	struct daemon *d = arg;

	CHECK_MAGIC(d, DAEMON_MAGIC);
	return standby_script(d->advertise, ca_pem(d->ca), ret, err);
}

static int hook_enrolment(void *arg, const char *kind, const char *name, char **ret,
			  struct err *err)
{
	struct daemon *d = arg;
	CLEANUP(db_pool_done) struct db_pool p = { 0 };
	CLEANUP(free) char *script = NULL;
	int rc = 0;

	CHECK_MAGIC(d, DAEMON_MAGIC);
	if (strcmp(kind, STANDBY_POOL) == 0)
		rc = db_pool_get(d->db, name, &p, err);
	else if (strcmp(kind, STANDBY_MACHINE) != 0)
		rc = err_set(err, ERR_NOT_FOUND,
			     "what is enrolled is a machine or a pool");
	if (rc == 0)
		rc = standby_script(d->advertise, ca_pem(d->ca), &script, err);
	return rc < 0 ? rc
		      : standby_command(d->advertise, script, d->join_secret, kind, name,
					ret, err);
}

/* ---------------------------------------------------------------- which host */

static bool is_machine(const struct db_host *h, const char *name)
{
	const size_t n = strlen(name);

	return strncmp(h->vm_id, name, n) == 0 && h->vm_id[n] == '/';
}

/* One that is being terminated is it until that is done: limits may hold it back. */
static bool is_it(const struct api_standby *ask, const struct db_host *h)
{
	return strcmp(ask->kind, STANDBY_MACHINE) == 0
		       ? is_machine(h, ask->name)
		       : strcmp(h->address, ask->address) == 0;
}

static int find_in(struct daemon *d, const struct api_standby *ask, const char *pool,
		   struct db_host *ret, bool *ret_found, struct err *err)
{
	CLEANUP(db_host_list_done) struct db_host_list hosts = { 0 };
	const struct db_host_filter of = { .pool = pool, .present = true };
	int rc = db_host_list(d->db, &of, &hosts, err);

	for (size_t i = 0; rc == 0 && i < hosts.n && !*ret_found; i++) {
		if (!is_it(ask, &hosts.v[i]))
			continue;
		*ret = hosts.v[i];
		hosts.v[i] = (struct db_host){ 0 };
		*ret_found = true;
	}
	return rc;
}

static int find_host(struct daemon *d, const struct api_standby *ask, struct db_host *ret,
		     bool *ret_found, struct err *err)
{
	CLEANUP(db_pool_list_done) struct db_pool_list pools = { 0 };
	int rc;

	if (strcmp(ask->kind, STANDBY_POOL) == 0)
		return find_in(d, ask, ask->name, ret, ret_found, err);
	rc = db_pool_list(d->db, &pools, err);
	for (size_t i = 0; rc == 0 && i < pools.n && !*ret_found; i++)
		if (strcmp(pools.v[i].driver, STATIC_DRIVER) == 0)
			rc = find_in(d, ask, pools.v[i].name, ret, ret_found, err);
	return rc;
}

/* The same user data as a VM of the launch gets; as a script, whatever its image. */
static int user_data_of(struct daemon *d, const struct db_host *h, char **ret,
			struct err *err)
{
	CLEANUP(db_pool_done) struct db_pool pool = { 0 };
	CLEANUP(free) char *script = NULL;
	char token[TOKEN_TEXT];
	int rc = db_pool_get(d->db, h->pool, &pool, err);

	if (rc < 0)
		return rc;
	free(pool.user_data);
	pool.user_data = xstrdup("script");
	token_derive(d->join_secret, h->launch_id, token);
	rc = d->pool_opts.user_data(d->pool_opts.arg, &pool, h, token, &script, err);
	explicit_bzero(token, sizeof(token));
	if (rc == 0)
		*ret = xasprintf("# %s\n%s", h->id, script);
	if (script)
		explicit_bzero(script, strlen(script));
	return rc;
}

/*
 * Whether the host that the machine says it is has ended, by its record. One without a
 * record may serve while the database is an old one, and is left alone.
 */
static int has_ended(struct daemon *d, const char *host, bool *ret, struct err *err)
{
	CLEANUP(db_host_done) struct db_host h = { 0 };
	int rc = *host ? db_host_get(d->db, host, &h, err) : ERR_NOT_FOUND;

	*ret = !*host ||
	       (rc == 0 && h.state >= DB_HOST_GONE && clock_wait_left_ms(&d->care) == 0);
	return rc == ERR_NOT_FOUND ? 0 : rc;
}

/* No host is at this machine now. */
static int answer_none(struct daemon *d, const struct api_standby *ask, char **ret,
		       struct err *err)
{
	bool ended = false;
	int rc = has_ended(d, ask->host, &ended, err);

	if (rc == 0)
		*ret = xasprintf("# %s\n", ended ? "none" : ask->host);
	return rc;
}

static int hook_assignment(void *arg, const struct api_standby *ask, char **ret,
			   struct err *err)
{
	struct daemon *d = arg;
	CLEANUP(db_host_done) struct db_host h = { 0 };
	bool found = false;
	int rc;

	CHECK_MAGIC(d, DAEMON_MAGIC);
	if (!standby_is_key(d->join_secret, ask->kind, ask->name, ask->key))
		return err_set(err, ERR_DENIED, "the key is not that of the %s '%s'",
			       ask->kind, ask->name);
	/* The pools are set up after the API, and before the tick. */
	if (!d->tick)
		return err_set(err, ERR_UNAVAIL, "the controller is starting");
	rc = find_host(d, ask, &h, &found, err);
	if (rc < 0)
		return rc;
	if (!found)
		return answer_none(d, ask, ret, err);
	if (strcmp(h.id, ask->host) == 0)
		*ret = xasprintf("# %s\n", h.id);
	/* Its token is used, by a machine that is none now: it has to be launched anew.
	 */
	else if (h.join_token_used || h.state != DB_HOST_BOOTING)
		*ret = xstrdup("# none\n");
	else
		rc = user_data_of(d, &h, ret, err);
	return rc;
}

void daemon_standby_hooks(struct api_hooks *ret)
{
	ret->standby = hook_standby;
	ret->enrolment = hook_enrolment;
	ret->assignment = hook_assignment;
}
