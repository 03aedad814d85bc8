/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keyring.h"

#include "check.h"
#include "clock.h"
#include "keyring_read.h"
#include "text.h"

#include <pthread.h>
#include <string.h>

struct keyring {
	char *path;
	pthread_mutex_t first; /* of the first look, which is taken before the other */
	pthread_mutex_t lock;
	json_t *seen;     /* by the last look */
	json_t *taken;    /* what was last decided on; NULL: nothing yet */
	json_t *profiles; /* in force, with "changed_ms" and "since_ms" of an error */
	char problem[ERR_MSG_MAX]; /* of the file as a whole; "": none */
	int code;                  /* of it */
	int64_t since_ms;
};

struct keyring *keyring_new(const char *path)
{
	struct keyring *k = xcalloc(1, sizeof(*k));

	k->path = xstrdup(path);
	k->profiles = json_object();
	pthread_mutex_init(&k->first, NULL);
	pthread_mutex_init(&k->lock, NULL);
	return k;
}

void keyring_free(struct keyring *k)
{
	if (!k)
		return;
	free(k->path);
	json_decref(k->seen);
	json_decref(k->taken);
	json_decref(k->profiles);
	pthread_mutex_destroy(&k->first);
	pthread_mutex_destroy(&k->lock);
	free(k);
}

/* ---------------------------------------------------------------- taking it over */

/* Whether what was found is to be decided on: it is new and has rested, or people ask. */
static bool is_due(struct keyring *k, json_t *found, bool at_once)
{
	bool is_new, has_rested;

	pthread_mutex_lock(&k->lock);
	is_new = !k->taken || !json_equal(k->taken, found);
	has_rested = k->seen && json_equal(k->seen, found);
	json_decref(k->seen);
	k->seen = json_incref(found);
	pthread_mutex_unlock(&k->lock);
	return at_once || (is_new && has_rested);
}

static bool is_equal(const json_t *a, const json_t *b, const char *member)
{
	const json_t *of_a = json_object_get(a, member),
		     *of_b = json_object_get(b, member);

	return of_a == of_b || json_equal(of_a, of_b);
}

/* Only the look itself changes what is in force, so it may read that without the lock. */
static void accept_all(struct keyring *k, json_t *profiles, keyring_accept_fn *accept,
		       void *arg)
{
	const char *name;
	json_t *profile;

	json_object_foreach(profiles, name, profile)
	{
		const json_t *old = json_object_get(k->profiles, name);
		const json_t *pairs = json_object_get(profile, "pairs");
		struct err e;

		/* One that nothing is lost with shows what is wrong when it is used. */
		if (!pairs || !json_object_get(old, "pairs") ||
		    is_equal(old, profile, "pairs"))
			continue;
		if (accept(arg, name,
			   json_string_value(json_object_get(profile, "driver")), pairs,
			   &e) < 0)
			keyring_refuse(k->path, name, profile, &e);
	}
}

/* One that is wrong keeps what was in force. */
static void keep_old(json_t *profile, const json_t *old, int64_t now_ms)
{
	const json_t *since = json_object_get(old, "since_ms");

	json_object_set_new(profile, "since_ms",
			    since ? json_copy((json_t *)(uintptr_t)since)
				  : json_integer(now_ms));
	if (!json_object_get(old, "pairs"))
		return;
	json_object_set(profile, "pairs", json_object_get(old, "pairs"));
	json_object_set(profile, "source", json_object_get(old, "source"));
	json_object_del(profile, "driver");
	if (json_object_get(old, "driver"))
		json_object_set(profile, "driver", json_object_get(old, "driver"));
}

/* Appends the names of those that have changed. The lock is held. */
static void replace(struct keyring *k, json_t *profiles, json_t *changed)
{
	const int64_t now_ms = clock_now_ms();
	const char *name;
	json_t *profile;

	json_object_foreach(profiles, name, profile)
	{
		const json_t *old = json_object_get(k->profiles, name);
		json_t *since = json_object_get(old, "changed_ms");

		if (json_object_get(profile, "error"))
			keep_old(profile, old, now_ms);
		if (old && is_equal(old, profile, "pairs") &&
		    is_equal(old, profile, "driver")) {
			json_object_set(profile, "changed_ms", since);
			continue;
		}
		json_object_set_new(profile, "changed_ms", json_integer(now_ms));
		json_array_append_new(changed, json_string(name));
	}
	json_object_foreach(k->profiles, name,
			    profile) if (!json_object_get(profiles, name))
		json_array_append_new(changed, json_string(name));
	json_decref(k->profiles);
	k->profiles = json_incref(profiles);
}

/* A file that never was there is none that is missed. */
static void set_problem(struct keyring *k, const json_t *found)
{
	const char *error = json_string_value(json_object_get(found, "error"));

	k->code = error ? (int)json_integer_value(json_object_get(found, "code")) : 0;
	if (!error || (k->code == ERR_NOT_FOUND && json_object_size(k->profiles) == 0)) {
		k->problem[0] = '\0';
		k->since_ms = 0;
		return;
	}
	if (!k->since_ms)
		k->since_ms = clock_now_ms();
	snprintf(k->problem, sizeof(k->problem), "%s", error);
}

static int accept_any(void *arg, const char *profile, const char *driver,
		      const json_t *pairs, struct err *err)
{
	(void)arg, (void)profile, (void)driver, (void)pairs, (void)err;
	return 0;
}

static void look(struct keyring *k, bool at_once, keyring_accept_fn *accept, void *arg,
		 json_t **ret)
{
	CLEANUP(json_decref) json_t *found = keyring_read(k->path);
	CLEANUP(json_decref) json_t *profiles = NULL;

	*ret = json_array();
	if (!is_due(k, found, at_once))
		return;
	profiles = json_deep_copy(json_object_get(found, "profiles"));
	if (profiles)
		accept_all(k, profiles, accept, arg);
	pthread_mutex_lock(&k->lock);
	json_decref(k->taken);
	k->taken = json_incref(found);
	if (profiles)
		replace(k, profiles, *ret);
	set_problem(k, found);
	pthread_mutex_unlock(&k->lock);
}

/* So that nobody finds nothing in force before there was a look. */
static void begin(struct keyring *k)
{
	CLEANUP(json_decref) json_t *changed = NULL;
	bool is_first;

	pthread_mutex_lock(&k->first);
	pthread_mutex_lock(&k->lock);
	is_first = !k->taken;
	pthread_mutex_unlock(&k->lock);
	if (is_first)
		look(k, true, accept_any, NULL, &changed);
	pthread_mutex_unlock(&k->first);
}

void keyring_look(struct keyring *k, bool at_once, keyring_accept_fn *accept, void *arg,
		  json_t **ret)
{
	begin(k);
	look(k, at_once, accept, arg, ret);
}

/* ---------------------------------------------------------------- what is in force */

/* The lock is held. */
static int get(struct keyring *k, const char *name, const char *driver, json_t **ret,
	       struct err *err)
{
	const json_t *profile = json_object_get(k->profiles, name);
	const json_t *pairs = json_object_get(profile, "pairs");
	const char *own = json_string_value(json_object_get(profile, "driver"));
	const char *error = json_string_value(json_object_get(profile, "error"));

	if (!profile && k->code && k->code != ERR_NOT_FOUND)
		return err_set(err, k->code, "%s", k->problem);
	if (profile && !pairs)
		return err_set(err,
			       (int)json_integer_value(json_object_get(profile, "code")),
			       "%s", error);
	if (json_object_size(pairs) == 0)
		return err_set(err, ERR_NOT_FOUND, "%s has no profile [%s]", k->path,
			       name);
	if (own && strcmp(own, driver) != 0)
		return err_set(err, ERR_INVAL,
			       "%s: the profile [%s] is of driver %s, not of %s", k->path,
			       name, own, driver);
	*ret = json_deep_copy(pairs);
	return 0;
}

int keyring_get(struct keyring *k, const char *profile, const char *driver, json_t **ret,
		struct err *err)
{
	int rc;

	begin(k);
	pthread_mutex_lock(&k->lock);
	rc = get(k, profile, driver, ret, err);
	pthread_mutex_unlock(&k->lock);
	return rc;
}

json_t *keyring_list(struct keyring *k)
{
	static const char *const shown[][2] = { { "driver", "driver" },
						{ "source", "source" },
						{ "changed_ms", "changed_ms" },
						{ "problem", "error" } };
	json_t *ret = json_object(), *profile;
	const char *name;

	begin(k);
	pthread_mutex_lock(&k->lock);
	json_object_foreach(k->profiles, name, profile)
	{
		json_t *row = json_object();

		for (size_t i = 0; i < ARRAY_SIZE(shown); i++) {
			json_t *value = json_object_get(profile, shown[i][1]);

			json_object_set_new(row, shown[i][0],
					    value ? json_copy(value) : json_null());
		}
		json_object_set_new(ret, name, row);
	}
	pthread_mutex_unlock(&k->lock);
	return ret;
}

static void add_problem(json_t *list, const char *words, bool is_old_in_force,
			int64_t since_ms)
{
	json_array_append_new(
		list,
		json_pack("{s:s, s:o, s:o}", "kind", "credentials-not-taken", "message",
			  json_sprintf("%s%s", words,
				       is_old_in_force
					       ? "; what was in force before stays so"
					       : ""),
			  "since", json_time(since_ms)));
}

static void add_of_profiles(const json_t *profiles, json_t *list)
{
	const char *name;
	json_t *profile;

	json_object_foreach((json_t *)(uintptr_t)profiles, name, profile)
	{
		const char *error = json_string_value(json_object_get(profile, "error"));
		const json_t *since = json_object_get(profile, "since_ms");

		if (error)
			add_problem(list, error, json_object_get(profile, "pairs"),
				    json_integer_value(since));
	}
}

void keyring_problems(struct keyring *k, json_t *list)
{
	pthread_mutex_lock(&k->lock);
	/* What was wrong with a profile is of an earlier file then. */
	if (*k->problem)
		add_problem(list, k->problem, json_object_size(k->profiles) > 0,
			    k->since_ms);
	else
		add_of_profiles(k->profiles, list);
	pthread_mutex_unlock(&k->lock);
}
