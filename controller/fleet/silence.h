/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * silence.h - what follows from the silence of hosts: who is unknown, whose units are
 * replaced, and who may be ended. It reads no clock and no database.
 *
 * A host whose lease is gone is unknown after a short grace. Its units are replaced
 * elsewhere, once another host pushed metrics after that, unless its pushes of metrics
 * still arrive: then it is cut off from the store and serves. What was replaced stays so
 * until its lease is there again. A host may be ended for its silence when neither was
 * heard for minutes. One that is heard again is as it was before. Silence counts from
 * when the controller began to listen without a break (listening.h).
 *
 * Many that fall silent together have a common cause, most likely on the way to them. A
 * pool is doubted when two or more of it, and all or more than 55 %, are silent; the
 * installation as well, also when its only host is. Of what is doubted nobody is ended,
 * and no more than a tenth, at least one host, is replaced in a pool; in a doubted
 * installation none for five minutes; as many more each minute. The doubt lasts until all
 * are heard or fewer have been silent for a minute; then every silence begins anew. The
 * last host of a pool waits twice as long before it is ended. A person who gives a host
 * up knows more: whoever drains it waits for that time alone.
 *
 * For silence one host of a pool is ended in a minute, and one of the installation in ten
 * seconds, in real and in calendar time.
 */
#ifndef CONTROLLER_FLEET_SILENCE_H
#define CONTROLLER_FLEET_SILENCE_H

#include "cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct silences;

struct silences *silences_new(void);
void silences_free(struct silences *s);
DEFINE_CLEANUP(struct silences *, silences_free);

/* A host whose agent is expected to be heard. */
struct silence_host {
	/* ---- given */
	const char *id, *pool;
	bool alive;         /* its lease is there */
	bool was_unknown;   /* as recorded, by the controller before this one also */
	bool was_replaced;  /* its units were, as recorded */
	int64_t pushed_ms;  /* its last push; 0: none was heard */
	int64_t lost_after; /* ms of silence before it may be ended; < 0: never */
	/* ---- found */
	int64_t silent_ms;
	bool is_missing;  /* its lease is gone */
	bool is_new;      /* since this round */
	bool is_unknown;  /* for longer than the grace */
	bool is_cut;      /* unknown, but its pushes arrive */
	bool is_replaced; /* its units are to be */
	bool is_long;     /* silent for lost_after, in doubt or not */
	bool is_due;      /* may be ended for its silence */
};

struct silence_moment {
	int64_t now_ms;   /* monotonic */
	int64_t heard_ms; /* since when the controller has listened */
	int64_t grace_ms; /* from the loss of its lease until a host is unknown */
	int64_t push_ms;  /* between two pushes of a host */
};

/* All hosts that are expected, in any order; those that are not given are forgotten. */
void silences_look(struct silences *s, const struct silence_moment *m,
		   struct silence_host *hosts, size_t n);

/* Whether most hosts of the installation are silent together. */
bool silences_doubt_all(const struct silences *s);

/* "3 of 4 hosts of pool p ..."; false when nothing is doubted. */
bool silences_doubt_text(const struct silences *s, char *text, size_t size);

/* Takes one of the hosts of that pool that may be ended now; false: it must wait.
 * calendar_ms: the calendar. */
bool silences_may_end(struct silences *s, const char *pool, int64_t now_ms,
		      int64_t calendar_ms);

#endif
