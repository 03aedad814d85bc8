/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "event_feed.h"

#include "allowance.h"
#include "auth.h"
#include "check.h"
#include "priority.h"
#include "row_json.h"
#include "server.h"

#include <inttypes.h>
#include <string.h>

#define OUT_MAX_BYTES (1 << 20)
#define BATCH 100             /* events */
#define BATCH_BYTES (1 << 16) /* which the last of them passes */
#define LOOK_MS 10000
#define NICE 10

struct event_feed {
	struct api *api;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stopping;
	uint64_t turn;
	struct event_reader *first;
};

/* ---------------------------------------------------------------- one look */

/* What streams of this token are to send, that stand at this event. */
struct look {
	int64_t token_id, from_id;
	int64_t last_id;
	bool is_over;
	struct buf text;
};

static void add_event(struct look *l, const struct db_event *e)
{
	CLEANUP(json_decref) json_t *doc = event_json(e);
	CLEANUP(free) char *text = json_dumps(doc, JSON_COMPACT);

	CHECK(text);
	buf_printf(&l->text, "id: %" PRId64 "\nevent: %s\ndata: %s\n\n", e->id, e->kind,
		   text);
	l->last_id = e->id;
}

/* No lock is held. */
static void read_events(struct api *api, struct look *l)
{
	CLEANUP(db_event_list_done) struct db_event_list list = { NULL, 0 };
	const struct db_event_filter f = { .after_id = l->from_id, .limit = BATCH };

	l->last_id = l->from_id;
	buf_init(&l->text, OUT_MAX_BYTES);
	allowance_begin(LOOK_MS, 0);
	l->is_over = !api_token_lives(api, l->token_id) ||
		     db_event_list(api->db, &f, &list, NULL) < 0;
	allowance_end();
	for (size_t i = 0; !l->is_over && i < list.n && l->text.len < BATCH_BYTES; i++)
		add_event(l, &list.v[i]);
}

/* The lock is held, by all below. */
static bool is_waiting(const struct event_reader *r)
{
	return r->is_due && !r->is_over && r->out.len == 0;
}

static bool is_of(const struct look *l, const struct event_reader *r)
{
	return r->token_id == l->token_id && r->last_id == l->from_id;
}

static void go_on(struct event_reader *r)
{
	if (!r->is_suspended)
		return;
	r->is_suspended = false;
	MHD_resume_connection(r->conn);
}

static void give(struct event_reader *r, const struct look *l)
{
	r->is_over = l->is_over;
	r->last_id = l->last_id;
	/* More may follow. */
	r->is_due = r->is_due || l->text.len > 0;
	buf_add(&r->out, l->text.data, l->text.len);
	if (r->out.len == 0 && r->wants_beat)
		buf_puts(&r->out, ":\n\n");
	r->wants_beat = false;
	if (r->out.len > 0 || r->is_over)
		go_on(r);
}

static void look(struct event_feed *f, const struct event_reader *next)
{
	struct look l = { .token_id = next->token_id, .from_id = next->last_id };

	f->turn++;
	for (struct event_reader *r = f->first; r; r = r->next)
		if (is_of(&l, r) && is_waiting(r)) {
			r->is_due = false;
			r->turn = f->turn;
		}
	/* Meanwhile some may leave. */
	pthread_mutex_unlock(&f->lock);
	read_events(f->api, &l);
	pthread_mutex_lock(&f->lock);
	for (struct event_reader *r = f->first; r; r = r->next)
		if (is_of(&l, r) && r->turn == f->turn && !r->is_over)
			give(r, &l);
	buf_done(&l.text);
}

/* ---------------------------------------------------------------- the thread */

static const struct event_reader *next_one(const struct event_feed *f)
{
	const struct event_reader *ret = NULL;

	for (const struct event_reader *r = f->first; r; r = r->next)
		if (is_waiting(r) && (!ret || r->turn < ret->turn))
			ret = r;
	return ret;
}

static void *run(void *arg)
{
	struct event_feed *f = arg;
	const struct event_reader *next;

	priority_set(NICE);
	pthread_mutex_lock(&f->lock);
	while (!f->stopping) {
		next = next_one(f);
		if (next)
			look(f, next);
		else
			pthread_cond_wait(&f->wake, &f->lock);
	}
	pthread_mutex_unlock(&f->lock);
	return NULL;
}

struct event_feed *event_feed_new(struct api *api)
{
	struct event_feed *f = xcalloc(1, sizeof(*f));

	f->api = api;
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->wake, NULL);
	CHECK(pthread_create(&f->thread, NULL, run, f) == 0);
	return f;
}

void event_feed_stop(struct event_feed *f)
{
	pthread_mutex_lock(&f->lock);
	f->stopping = true;
	for (struct event_reader *r = f->first; r; r = r->next) {
		r->is_over = true;
		go_on(r);
	}
	pthread_cond_signal(&f->wake);
	pthread_mutex_unlock(&f->lock);
	pthread_join(f->thread, NULL);
}

void event_feed_free(struct event_feed *f)
{
	if (!f)
		return;
	CHECK(!f->first);
	pthread_cond_destroy(&f->wake);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

void event_feed_wake(struct event_feed *f, bool heartbeat)
{
	pthread_mutex_lock(&f->lock);
	for (struct event_reader *r = f->first; r; r = r->next) {
		r->is_due = true;
		r->wants_beat = r->wants_beat || heartbeat;
	}
	pthread_cond_signal(&f->wake);
	pthread_mutex_unlock(&f->lock);
}

/* ---------------------------------------------------------------- the readers */

void event_feed_add(struct event_feed *f, struct event_reader *r)
{
	buf_init(&r->out, OUT_MAX_BYTES);
	buf_puts(&r->out, "retry: 1000\n\n");
	r->is_due = true;
	pthread_mutex_lock(&f->lock);
	r->is_over = f->stopping;
	r->next = f->first;
	f->first = r;
	pthread_mutex_unlock(&f->lock);
}

void event_feed_remove(struct event_feed *f, struct event_reader *r)
{
	struct event_reader **p = &f->first;

	pthread_mutex_lock(&f->lock);
	while (*p && *p != r)
		p = &(*p)->next;
	CHECK(*p);
	*p = r->next;
	pthread_mutex_unlock(&f->lock);
	buf_done(&r->out);
}

ssize_t event_feed_read(struct event_feed *f, struct event_reader *r, char *out,
			size_t max)
{
	ssize_t n;

	pthread_mutex_lock(&f->lock);
	n = (ssize_t)MIN(max, r->out.len);
	if (n > 0) {
		memcpy(out, r->out.data, (size_t)n);
		buf_drop(&r->out, (size_t)n);
	} else if (r->is_over) {
		n = -1;
	} else {
		r->is_suspended = true;
		MHD_suspend_connection(r->conn);
		if (r->is_due)
			pthread_cond_signal(&f->wake);
	}
	pthread_mutex_unlock(&f->lock);
	return n;
}
