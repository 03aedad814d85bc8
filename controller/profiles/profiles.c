/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiles.h"

#include "catalog.h"
#include "check.h"
#include "check_profile.h"
#include "clock.h"
#include "log.h"
#include "text.h"

#include <pthread.h>
#include <string.h>

#define PROFILES_MAGIC 0x70726f66u
#define WORKERS 4
#define LOOK_MS 2000
#define LOOK "" /* the job's name: no profile has it */

struct profiles {
	uint32_t magic;
	const struct profiles_opts *opts;
	struct sched *sched;
	/* Of what follows; nothing is read from disk or asked of a driver under it. */
	pthread_mutex_t lock;
	/* By profile: "driver", "started_ms", "last", the answers of the last one, and of
	 * one under way "is_running", and "is_stale" if it must begin anew. */
	json_t *checks;
	bool is_asked_to_look;
};

/* ---------------------------------------------------------------- looks at the files */

static int accept_pairs(void *arg, const char *profile, const char *driver,
			const json_t *pairs, struct err *err)
{
	const struct pool_opts *o = ((struct profiles *)arg)->opts->pools;
	CLEANUP(db_pool_done) struct db_pool pool = { .name = NULL };
	CLEANUP(json_decref) json_t *catalog = NULL;
	int rc;

	if (!driver && catalog_read(o, &catalog, NULL) == 0)
		driver = json_string_value(
			json_object_get(json_object_get(catalog, profile), "driver"));
	if (!driver)
		return 0;
	rc = catalog_pool(o, profile, driver, &pool, err);
	if (rc == 0)
		rc = pool_driver_takes(o, &pool, pairs, err);
	/* That its process does not come up says nothing of them. */
	return rc == ERR_INVAL || rc == ERR_NOT_FOUND || rc == ERR_DENIED ? rc : 0;
}

/* It was of other credentials. */
static void forget_check(struct profiles *p, const char *name)
{
	json_t *check;

	pthread_mutex_lock(&p->lock);
	check = json_object_get(p->checks, name);
	json_object_del(check, "last");
	if (json_is_true(json_object_get(check, "is_running")))
		json_object_set_new(check, "is_stale", json_true());
	pthread_mutex_unlock(&p->lock);
}

static void tell_changed(struct profiles *p, const char *name, const json_t *row)
{
	const json_t *pool;
	size_t i;

	forget_check(p, name);
	event_add(p->opts->pools->events, "credentials-changed", DB_LEVEL_INFO,
		  EVENT_ABOUT(.pool = NULL), "the credentials of profile %s have changed",
		  name);
	if (!p->opts->changed)
		return;
	json_array_foreach(json_object_get(row, "pools"), i, pool)
		p->opts->changed(p->opts->arg, json_string_value(pool));
}

static int64_t look(struct profiles *p)
{
	CLEANUP(json_decref) json_t *changed = NULL;
	CLEANUP(json_decref) json_t *catalog = NULL;
	const json_t *name;
	struct err err;
	bool at_once;
	size_t i;

	pthread_mutex_lock(&p->lock);
	at_once = p->is_asked_to_look;
	p->is_asked_to_look = false;
	pthread_mutex_unlock(&p->lock);
	keyring_look(p->opts->pools->keyring, at_once, accept_pairs, p, &changed);
	/* Without it their pools find out at their next rounds. */
	if (json_array_size(changed) > 0 &&
	    catalog_read(p->opts->pools, &catalog, &err) < 0)
		log_warn("profiles-not-read", ERR(&err));
	json_array_foreach(changed, i, name)
		tell_changed(p, json_string_value(name),
			     json_object_get(catalog, json_string_value(name)));
	return p->opts->look_ms ? p->opts->look_ms : LOOK_MS;
}

/* ---------------------------------------------------------------- checks */

/* The caller owns it. */
static char *driver_of_check(struct profiles *p, const char *name)
{
	const char *driver;
	char *ret;

	pthread_mutex_lock(&p->lock);
	driver = json_string_value(
		json_object_get(json_object_get(p->checks, name), "driver"));
	ret = driver ? xstrdup(driver) : NULL;
	pthread_mutex_unlock(&p->lock);
	return ret;
}

/* Returns what a job does. */
static int64_t run_check(struct profiles *p, const char *name)
{
	CLEANUP(free) char *driver = driver_of_check(p, name);
	json_t *last = check_profile(p->opts->pools, p->opts->callers, name, driver);
	json_t *check;
	bool is_stale;

	json_object_set_new(last, "finished", json_time(clock_now_ms()));
	pthread_mutex_lock(&p->lock);
	check = json_object_get(p->checks, name);
	is_stale = json_is_true(json_object_get(check, "is_stale"));
	json_object_set_new(check, "is_stale", json_false());
	json_object_set_new(check, "is_running", json_boolean(is_stale));
	json_object_set_new(check, "last", last);
	pthread_mutex_unlock(&p->lock);
	return is_stale ? 0 : -1;
}

static int64_t work(void *arg, const char *name)
{
	struct profiles *p = arg;

	CHECK_MAGIC(p, PROFILES_MAGIC);
	return strcmp(name, LOOK) == 0 ? look(p) : run_check(p, name);
}

/* As people see it; the lock is held. */
static json_t *check_json(const json_t *check, bool with_types)
{
	const bool is_running = json_is_true(json_object_get(check, "is_running"));
	json_t *last = json_object_get(check, "last");
	json_t *ret;

	if (!is_running && !last)
		return json_null();
	ret = is_running ? json_pack("{s:n, s:n, s:n, s:n, s:[], s:n, s:n, s:n}",
				     "finished", "took_ms", "ok", "pool", "findings",
				     "error", "quota", "types")
			 : json_deep_copy(last);
	json_object_set_new(ret, "state", json_string(is_running ? "running" : "done"));
	json_object_set_new(
		ret, "started",
		json_time(json_integer_value(json_object_get(check, "started_ms"))));
	if (!with_types)
		json_object_del(ret, "types");
	return ret;
}

static json_t *profile_json(struct profiles *p, const char *name, const json_t *row,
			    bool with_types)
{
	const int64_t changed_ms = json_integer_value(json_object_get(row, "changed_ms"));
	json_t *ret = json_deep_copy(row);

	json_object_del(ret, "changed_ms");
	json_object_set_new(ret, "name", json_text(name));
	json_object_set_new(ret, "changed", json_time(changed_ms));
	pthread_mutex_lock(&p->lock);
	json_object_set_new(ret, "check",
			    check_json(json_object_get(p->checks, name), with_types));
	pthread_mutex_unlock(&p->lock);
	return ret;
}

int profiles_list(struct profiles *p, json_t **ret, struct err *err)
{
	CLEANUP(json_decref) json_t *catalog = NULL;
	const char *name;
	json_t *row, *list;
	int rc = catalog_read(p->opts->pools, &catalog, err);

	if (rc < 0)
		return rc;
	list = json_array();
	json_object_foreach(catalog, name, row)
		json_array_append_new(list, profile_json(p, name, row, false));
	*ret = list;
	return 0;
}

int profiles_get(struct profiles *p, const char *name, json_t **ret, struct err *err)
{
	CLEANUP(json_decref) json_t *catalog = NULL;
	const json_t *row;
	int rc = catalog_read(p->opts->pools, &catalog, err);

	if (rc < 0)
		return rc;
	row = json_object_get(catalog, name);
	if (!row)
		return err_set(err, ERR_NOT_FOUND, "there is no profile '%s'", name);
	*ret = profile_json(p, name, row, true);
	return 0;
}

/* Unless one runs. */
static void begin_check(struct profiles *p, const char *name, const char *driver)
{
	bool is_running;
	json_t *row;

	pthread_mutex_lock(&p->lock);
	row = json_object_get(p->checks, name);
	is_running = json_is_true(json_object_get(row, "is_running"));
	if (!row) {
		row = json_object();
		json_object_set_new(p->checks, name, row);
	}
	if (!is_running) {
		json_object_set_new(row, "driver", json_text(driver));
		json_object_set_new(row, "is_running", json_true());
		json_object_set_new(row, "started_ms", json_integer(clock_now_ms()));
	}
	pthread_mutex_unlock(&p->lock);
	if (!is_running)
		sched_poke(p->sched, name);
}

int profiles_check(struct profiles *p, const char *name, json_t **ret, struct err *err)
{
	CLEANUP(json_decref) json_t *profile = NULL;
	const char *driver;
	int rc = profiles_get(p, name, &profile, err);

	if (rc < 0)
		return rc;
	driver = json_string_value(json_object_get(profile, "driver"));
	if (!driver)
		return err_set(err, ERR_INVAL,
			       "of which driver the profile '%s' is, is not known: write "
			       "driver = NAME into its section of the credentials file",
			       name);
	begin_check(p, name, driver);
	return profiles_get(p, name, ret, err);
}

/* ---------------------------------------------------------------- for pools */

static bool is_named(const char *words, const char *name)
{
	const size_t n = strlen(name);

	for (const char *at = words; *(at += strspn(at, ", \t"));
	     at += strcspn(at, ", \t"))
		if (strcspn(at, ", \t") == n && strncmp(at, name, n) == 0)
			return true;
	return false;
}

json_t *profiles_of_pool(struct profiles *p, const struct db_pool *pool)
{
	CLEANUP(json_decref) json_t *check = NULL;
	json_t *types = json_array();
	const json_t *type;
	size_t i;

	pthread_mutex_lock(&p->lock);
	check = check_json(json_object_get(p->checks, pool->profile), true);
	pthread_mutex_unlock(&p->lock);
	json_array_foreach(json_object_get(check, "types"), i, type)
	{
		const char *name = json_string_value(json_object_get(type, "name"));

		if (name && is_named(pool->type, name))
			json_array_append(types, (json_t *)(uintptr_t)type);
	}
	return json_pack("{s:o, s:O?, s:O?}", "types", types, "quota",
			 json_object_get(check, "quota"), "checked",
			 json_object_get(check, "finished"));
}

void profiles_problems(struct profiles *p, json_t *list)
{
	keyring_problems(p->opts->pools->keyring, list);
}

/* ---------------------------------------------------------------- start and stop */

void profiles_look(struct profiles *p)
{
	pthread_mutex_lock(&p->lock);
	p->is_asked_to_look = true;
	pthread_mutex_unlock(&p->lock);
	sched_poke(p->sched, LOOK);
}

int profiles_start(const struct profiles_opts *opts, struct profiles **ret,
		   struct err *err)
{
	struct profiles *p = xcalloc(1, sizeof(*p));
	int rc;

	p->magic = PROFILES_MAGIC;
	p->opts = opts;
	p->checks = json_object();
	pthread_mutex_init(&p->lock, NULL);
	rc = sched_new(WORKERS, work, p, &p->sched, err);
	if (rc < 0) {
		profiles_free(p);
		return rc;
	}
	sched_poke(p->sched, LOOK);
	*ret = p;
	return 0;
}

bool profiles_stop(struct profiles *p, int64_t wait_ms)
{
	return !p || sched_stop(p->sched, wait_ms);
}

void profiles_free(struct profiles *p)
{
	if (!p)
		return;
	sched_free(p->sched);
	json_decref(p->checks);
	pthread_mutex_destroy(&p->lock);
	free(p);
}
