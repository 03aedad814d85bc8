/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health.h"

#include "check.h"
#include "clock.h"
#include "clock_watch.h"
#include "log.h"
#include "samples.h"
#include "skew.h"
#include "store_alarm.h"
#include "text.h"
#include "unasked.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define HEALTH_MAGIC 0x68656c74u
#define EVERY_MS 1000
#define ALARM_EVERY_MS 3000
#define MOMENT_MS 100
#define CLOCK_TOLD_MS 600000

enum place {
	AT_FILES,
	AT_SERIES,
	AT_ALARM,
	AT_CLOCK,
	AT_SKEW,
	AT_UNASKED,
	AT_RESTORED,
	PLACES
};

struct trouble {
	const char *kind; /* NULL: none */
	char message[ERR_MSG_MAX];
	int64_t since_ms;
};

struct health {
	uint32_t magic;
	struct health_opts o;
	struct skew *skew;
	struct unasked *unasked;
	pthread_t thread;

	pthread_mutex_t lock; /* of the next three */
	pthread_cond_t wake;
	bool is_stopping;
	struct trouble v[PLACES];

	pthread_mutex_t clock_lock; /* of the rest; held until samples are put right */
	struct clock_watch watch;
	int64_t set_by_ms, set_mono_ms; /* the last time that the clock was set */
	bool is_due;                    /* samples are to be put right since */
};

/* ---------------------------------------------------------------- what is told */

/* kind NULL: it is over. Logged when it begins and when it ends. */
static void tell(struct health *h, enum place at, const char *kind, const char *message)
{
	struct trouble *t = &h->v[at];
	const char *was;

	pthread_mutex_lock(&h->lock);
	was = t->kind;
	if (kind && kind != was)
		t->since_ms = clock_now_ms();
	t->kind = kind;
	snprintf(t->message, sizeof(t->message), "%s", kind ? message : "");
	pthread_mutex_unlock(&h->lock);
	if (was && was != kind)
		log_info("problem-over", STR("problem", was));
	if (kind && kind != was)
		log_warn(kind, STR("message", message));
}

json_t *health_problems(struct health *h, bool only_database)
{
	const size_t n = only_database ? AT_FILES + 1 : PLACES;
	json_t *list = json_array();

	pthread_mutex_lock(&h->lock);
	for (size_t i = 0; i < n; i++) {
		const struct trouble *t = &h->v[i];

		if (t->kind)
			json_array_append_new(
				list, json_pack("{s:s, s:o, s:o}", "kind", t->kind,
						"message", json_text(t->message), "since",
						json_time(t->since_ms)));
	}
	pthread_mutex_unlock(&h->lock);
	return list;
}

/* ---------------------------------------------------------------- clocks */

/* Both clocks at one moment: a thread may be held up between two readings. */
static void read_clocks(int64_t *ret_wall_ms, int64_t *ret_mono_ms)
{
	int64_t before;

	do {
		before = clock_mono_ms();
		*ret_wall_ms = clock_wall_ms();
		*ret_mono_ms = clock_mono_ms();
	} while (*ret_mono_ms - before > MOMENT_MS);
}

/* Held by all who come meanwhile: nothing is measured over the jump. What failed is tried
 * again by the next. */
void health_clock(struct health *h)
{
	char by[CLOCK_TEXT];
	int64_t by_ms, wall_ms, mono_ms;
	struct err err;

	CHECK_MAGIC(h, HEALTH_MAGIC);
	pthread_mutex_lock(&h->clock_lock);
	read_clocks(&wall_ms, &mono_ms);
	by_ms = clock_watch_look(&h->watch, wall_ms, mono_ms);
	if (by_ms) {
		h->set_by_ms = by_ms;
		h->set_mono_ms = clock_mono_ms();
		skew_forget(h->skew);
		h->is_due = true;
	}
	if (h->is_due) {
		h->is_due = db_samples_clock_set(h->o.db, clock_now_ms(), &err) < 0;
		if (h->is_due && by_ms)
			log_warn("samples-not-put-right", ERR(&err));
	}
	pthread_mutex_unlock(&h->clock_lock);
	if (!by_ms)
		return;
	skew_format(by_ms, by);
	event_add(h->o.events, "clock-set", DB_LEVEL_WARN, EVENT_ABOUT(.host = NULL),
		  "the controller's clock was set %s by %s", by_ms < 0 ? "back" : "forth",
		  by);
}

static void look_at_clock(struct health *h)
{
	char by[CLOCK_TEXT], text[ERR_MSG_MAX];
	int64_t set_by_ms;
	bool is_recent;

	health_clock(h);
	pthread_mutex_lock(&h->clock_lock);
	set_by_ms = h->set_by_ms;
	is_recent = set_by_ms && clock_mono_ms() - h->set_mono_ms < CLOCK_TOLD_MS;
	pthread_mutex_unlock(&h->clock_lock);
	if (!is_recent) {
		tell(h, AT_CLOCK, NULL, NULL);
		return;
	}
	skew_format(set_by_ms, by);
	snprintf(text, sizeof(text),
		 "the controller's clock was set %s by %s: rates are measured anew%s",
		 set_by_ms < 0 ? "back" : "forth", by,
		 set_by_ms < 0 ? ", and samples of later than now were dropped" : "");
	tell(h, AT_CLOCK, "clock-set", text);
}

int64_t health_sender(struct health *h, const char *host, int64_t sent_ms)
{
	/* A sender may write anything. */
	const double off = ((double)clock_now_ms() - (double)sent_ms) / clock_scale();
	const double most = 2.0 * (double)SKEW_MAX_MS;
	int64_t by_ms;

	CHECK_MAGIC(h, HEALTH_MAGIC);
	by_ms = skew_note(h->skew, host, (int64_t)fmax(-most, fmin(most, off)),
			  clock_mono_ms());
	return (int64_t)((double)by_ms * clock_scale());
}

static void look_at_hosts(struct health *h)
{
	char text[ERR_MSG_MAX];
	const int64_t now = clock_mono_ms();

	tell(h, AT_SKEW,
	     skew_problem(h->skew, now, text, sizeof(text)) ? "clock-skew" : NULL, text);
	tell(h, AT_UNASKED,
	     unasked_problem(h->unasked, now, text, sizeof(text)) ? "connections-refused"
								  : NULL,
	     text);
}

void health_connection(struct health *h, const char *address, bool has_asked)
{
	CHECK_MAGIC(h, HEALTH_MAGIC);
	if (has_asked)
		unasked_clear(h->unasked, address);
	else if (unasked_note(h->unasked, address, clock_mono_ms()))
		event_add(h->o.events, "connection-refused", DB_LEVEL_WARN,
			  EVENT_ABOUT(.host = NULL),
			  "%s breaks its connections off before it asks for anything: a "
			  "host "
			  "there does not accept the controller's certificate",
			  address);
}

/* ---------------------------------------------------------------- the thread */

static void look_at_files(struct health *h)
{
	char text[ERR_MSG_MAX];
	const char *kind = db_look(h->o.db, text, sizeof(text));

	tell(h, AT_FILES, kind, text);
}

static void look_at_series(struct health *h)
{
	char text[ERR_MSG_MAX];

	tell(h, AT_SERIES,
	     db_series_problem(h->o.db, text, sizeof(text)) ? "series-refused" : NULL,
	     text);
}

static void look_at_store(struct health *h)
{
	char text[ERR_MSG_MAX];
	bool is_known;
	const char *kind = store_alarm(&h->o.etcd, &is_known, text, sizeof(text));

	/* A store that is away is told by who needs it. */
	if (is_known)
		tell(h, AT_ALARM, kind, text);
}

static void look_at_restore(struct health *h)
{
	char text[ERR_MSG_MAX], until[CLOCK_TEXT];
	const int64_t left_ms = clock_wait_left_ms(&h->o.care);

	snprintf(text, sizeof(text),
		 "the controller was restored from a backup: no host is ended before %s "
		 "(controller.restore_grace); compare 'foretide hosts' with the cloud's "
		 "list "
		 "until then",
		 clock_format(clock_now_ms() + left_ms, until));
	tell(h, AT_RESTORED, left_ms > 0 ? "restored" : NULL, text);
}

static bool wait_a_second(struct health *h)
{
	const int64_t until = clock_mono_ms() + EVERY_MS;
	const struct timespec ts = { .tv_sec = until / 1000,
				     .tv_nsec = until % 1000 * 1000000 };
	bool goes_on;

	pthread_mutex_lock(&h->lock);
	if (!h->is_stopping)
		pthread_cond_timedwait(&h->wake, &h->lock, &ts);
	goes_on = !h->is_stopping;
	pthread_mutex_unlock(&h->lock);
	return goes_on;
}

static void *run(void *arg)
{
	struct health *h = arg;
	const bool is_etcd = h->o.etcd.endpoints && *h->o.etcd.endpoints;
	int64_t alarm_mono_ms = 0;

	CHECK_MAGIC(h, HEALTH_MAGIC);
	do {
		look_at_clock(h);
		look_at_files(h);
		look_at_series(h);
		look_at_hosts(h);
		look_at_restore(h);
		if (is_etcd && clock_mono_ms() >= alarm_mono_ms) {
			look_at_store(h);
			alarm_mono_ms = clock_mono_ms() + ALARM_EVERY_MS;
		}
	} while (wait_a_second(h));
	return NULL;
}

/* Records of a clock that was ahead, from before the start. */
static int begin(struct health *h, struct err *err)
{
	const int64_t now = clock_now_ms();

	health_clock(h);
	return db_samples_ahead(h->o.db, now + (int64_t)(CLOCK_SET_MS * clock_scale()))
		       ? db_samples_clock_set(h->o.db, now, err)
		       : 0;
}

int health_start(const struct health_opts *opts, struct health **ret, struct err *err)
{
	struct health *h = xcalloc(1, sizeof(*h));
	pthread_condattr_t attr;
	int rc;

	h->magic = HEALTH_MAGIC;
	h->o = *opts;
	h->skew = skew_new();
	h->unasked = unasked_new();
	pthread_mutex_init(&h->lock, NULL);
	pthread_mutex_init(&h->clock_lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&h->wake, &attr);
	pthread_condattr_destroy(&attr);
	rc = begin(h, err);
	if (rc == 0 && pthread_create(&h->thread, NULL, run, h) != 0)
		rc = err_set(err, ERR_INTERNAL, "cannot start the thread of health");
	if (rc < 0)
		health_stop(h);
	else
		*ret = h;
	return rc;
}

void health_stop(struct health *h)
{
	if (!h)
		return;
	CHECK_MAGIC(h, HEALTH_MAGIC);
	pthread_mutex_lock(&h->lock);
	h->is_stopping = true;
	pthread_cond_signal(&h->wake);
	pthread_mutex_unlock(&h->lock);
	if (h->thread)
		pthread_join(h->thread, NULL);
	pthread_cond_destroy(&h->wake);
	pthread_mutex_destroy(&h->clock_lock);
	pthread_mutex_destroy(&h->lock);
	unasked_free(h->unasked);
	skew_free(h->skew);
	h->magic = 0;
	free(h);
}
