/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owners.h"

#include "check.h"
#include "clock.h"
#include "log.h"
#include "trust.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN "token:"

/* A request that was let in before its host ended may still open a watch: its deadline
 * is far shorter. */
#define AGAIN_MS 60000

struct ended {
	char *host;
	int64_t until_ms; /* monotonic: it is looked at again */
};

struct owners {
	struct ended *v;
	size_t n;
};

struct owners *owners_new(void)
{
	return xcalloc(1, sizeof(struct owners));
}

void owners_free(struct owners *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < o->n; i++)
		free(o->v[i].host);
	free(o->v);
	free(o);
}

void owner_of_token(int64_t id, char *ret, size_t size)
{
	snprintf(ret, size, TOKEN "%" PRId64, id);
}

bool owner_is_host(const char *owner)
{
	return *owner && !strchr(owner, ':');
}

/* ---------------------------------------------------------------- tokens */

/* Of all that have watches or leases those that are not in force: also one that opened
 * a watch while it was revoked. What fails is tried again in the next call. */
static void end_tokens(struct db *db, struct kv *kv)
{
	CLEANUP(kv_owners_free) char **list = kv_owners(kv, TOKEN);
	const int64_t now = clock_now_ms();

	for (size_t i = 0; list[i]; i++) {
		int64_t id = strtoll(list[i] + strlen(TOKEN), NULL, 10);

		if (db_token_in_force(db, id, now, NULL) == ERR_NOT_FOUND)
			(void)kv_end_owner(kv, list[i]);
	}
}

/* ---------------------------------------------------------------- hosts */

/* Whether it ended: one that was found serving is a host again. */
static int look(struct db *db, const char *host, bool *ret_is_over, struct err *err)
{
	CLEANUP(db_host_done) struct db_host h = { .id = NULL };
	int rc = db_host_get(db, host, &h, err);

	*ret_is_over =
		rc == ERR_NOT_FOUND ||
		(rc == 0 && (h.state == DB_HOST_GONE || h.state == DB_HOST_FAILED));
	return rc == ERR_NOT_FOUND ? 0 : rc;
}

static bool end_one(struct kv *kv, const char *owner)
{
	return !kv_owner_has_any(kv, owner) || kv_end_owner(kv, owner);
}

static bool end_both(struct kv *kv, const char *host)
{
	CLEANUP(free) char *programs = xasprintf("%s" CA_PROGRAMS, host);
	bool ok = end_one(kv, host);

	return end_one(kv, programs) && ok;
}

static void note_ended(struct owners *o, const char *host)
{
	o->v = xrealloc(o->v, (o->n + 1) * sizeof(*o->v));
	o->v[o->n++] = (struct ended){ .host = xstrdup(host),
				       .until_ms = clock_mono_ms() + AGAIN_MS };
}

/* It stays on the list of the database until all that it had has ended. */
static void end_host(struct owners *o, struct db *db, struct kv *kv, const char *host)
{
	struct err err;
	bool is_over;

	if (look(db, host, &is_over, &err) < 0 || (is_over && kv && !end_both(kv, host)))
		return;
	if (db_ended_host_settled(db, host, is_over, &err) < 0)
		log_debug("host-not-settled", STR("host", host), ERR(&err));
	else if (is_over && kv)
		note_ended(o, host);
}

static bool has_any(struct kv *kv, const char *host)
{
	CLEANUP(free) char *programs = xasprintf("%s" CA_PROGRAMS, host);

	return kv_owner_has_any(kv, host) || kv_owner_has_any(kv, programs);
}

/* What they opened since. */
static void end_again(struct owners *o, struct db *db, struct kv *kv)
{
	const int64_t now = clock_mono_ms();
	size_t n = 0;

	for (size_t i = 0; i < o->n; i++) {
		struct ended *e = &o->v[i];
		bool is_over;

		if (has_any(kv, e->host) && look(db, e->host, &is_over, NULL) == 0 &&
		    is_over && !end_both(kv, e->host))
			e->until_ms = now + AGAIN_MS;
		if (e->until_ms > now)
			o->v[n++] = *e;
		else
			free(e->host);
	}
	o->n = n;
}

void owners_end(struct owners *o, struct db *db, struct kv *kv)
{
	CLEANUP(db_ended_host_list_done) struct db_ended_host_list hosts = { NULL, 0 };

	if (db_ended_hosts(db, &hosts, NULL) == 0)
		for (size_t i = 0; i < hosts.n; i++)
			end_host(o, db, kv, hosts.v[i].host);
	if (!kv)
		return;
	end_tokens(db, kv);
	end_again(o, db, kv);
}
