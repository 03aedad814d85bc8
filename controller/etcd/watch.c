/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A watch keeps no queue: it knows the next revision to tell and reads the log when its
 * connection can take more. While it has told everything its connection is suspended. One
 * that is too slow finds its revision compacted away and is told so.
 */
#include "check.h"
#include "clock.h"
#include "kv.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define PIECE_BYTES (256u << 10) /* a message ends with the revision that passes it */
#define MESSAGE_BYTES (64u << 20)
#define TEND_MS 5000
#define PROGRESS_MS 60000

const struct kv_fault kv_too_many_watches = { 8, "etcdserver: too many watches" };

struct kv_watch {
	uint32_t magic;
	struct kv *kv;
	struct kv_watch *next, **link; /* *link == this; NULL: not in the list */
	struct MHD_Connection *conn;
	int fd;
	bool suspended;
	struct kv_bytes key, end;
	int64_t next_rev, watch_id;
	bool prev_kv, no_put, no_delete, progress;
	bool created, over; /* over: nothing follows what is in out */
	bool empty_range;
	bool tell_progress;
	int64_t told_ms;
	struct buf out; /* the message that is being sent */
	size_t sent;
};

static void bytes_done(struct kv_bytes *b)
{
	free(b->data);
	b->data = NULL;
}

static void watch_free(struct kv_watch *w)
{
	if (!w)
		return;
	bytes_done(&w->key);
	bytes_done(&w->end);
	buf_done(&w->out);
	w->magic = 0;
	free(w);
}
DEFINE_CLEANUP(struct kv_watch *, watch_free);

static void resume(struct kv_watch *w)
{
	if (!w->suspended)
		return;
	w->suspended = false;
	MHD_resume_connection(w->conn);
}

/* ---------------------------------------------------------------- messages */

static void begin_message(struct kv_watch *w)
{
	buf_clear(&w->out);
	w->sent = 0;
	w->told_ms = clock_mono_ms();
	buf_puts(&w->out, "{\"result\":{");
	kv_add_header(&w->out, w->kv);
	ejson_add_int(&w->out, "watch_id", w->empty_range ? -1 : w->watch_id);
}

static void end_message(struct kv_watch *w)
{
	buf_puts(&w->out, "}}\n");
	if (buf_is_full(&w->out))
		w->over = true;
}

static void say_created(struct kv_watch *w)
{
	w->created = true;
	begin_message(w);
	ejson_add_true(&w->out, "created", true);
	if (w->empty_range) {
		ejson_add_true(&w->out, "canceled", true);
		ejson_add_word(&w->out, "cancel_reason", "mvcc: watcher range is empty");
		w->over = true;
	}
	end_message(w);
}

static void say_compacted(struct kv_watch *w)
{
	w->over = true;
	begin_message(w);
	ejson_add_true(&w->out, "canceled", true);
	ejson_add_int(&w->out, "compact_revision", w->kv->compacted);
	end_message(w);
}

static bool wants(const struct kv_watch *w, const struct kv_change *c)
{
	return !(c->deleted ? w->no_delete : w->no_put) &&
	       kv_in_range(c->key, &w->key, &w->end);
}

static void add_event(struct kv_watch *w, const struct kv_change *c)
{
	const struct kv_change *prev = w->prev_kv ? kv_before(c) : NULL;

	ejson_open(&w->out, NULL, '{');
	if (c->deleted)
		ejson_add_word(&w->out, "type", "DELETE");
	kv_add_change(&w->out, "kv", c, true);
	if (prev)
		kv_add_change(&w->out, "prev_kv", prev, true);
	ejson_close(&w->out, '}');
}

/* The next events, whole revisions; false when there is none that the watch wants. */
static bool say_events(struct kv_watch *w)
{
	const struct kv *kv = w->kv;
	size_t i = kv_log_find(kv, w->next_rev);
	bool any = false;

	for (; i < kv->n_log; i++) {
		const struct kv_change *c = kv->log[i];

		if (any && w->out.len > PIECE_BYTES && c->rev != kv->log[i - 1]->rev)
			break;
		if (!wants(w, c))
			continue;
		if (!any) {
			begin_message(w);
			ejson_open(&w->out, "events", '[');
		}
		any = true;
		add_event(w, c);
	}
	if (i < kv->n_log)
		w->next_rev = kv->log[i]->rev;
	else if (w->next_rev <= kv->rev)
		w->next_rev = kv->rev + 1;
	if (!any)
		return false;
	ejson_close(&w->out, ']');
	end_message(w);
	return true;
}

/* Puts the next message in out; false when there is nothing to say. */
static bool next_message(struct kv_watch *w)
{
	if (!w->created) {
		say_created(w);
		return true;
	}
	if (w->next_rev < w->kv->compacted) {
		say_compacted(w);
		return true;
	}
	if (say_events(w))
		return true;
	if (!w->tell_progress)
		return false;
	w->tell_progress = false;
	begin_message(w);
	end_message(w);
	return true;
}

/* ---------------------------------------------------------------- the stream */

static ssize_t read_locked(struct kv_watch *w, char *data, size_t max)
{
	size_t n;

	if (w->kv->watches_ended)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (w->sent == w->out.len && (w->over || !next_message(w))) {
		if (w->over)
			return MHD_CONTENT_READER_END_OF_STREAM;
		w->suspended = true;
		MHD_suspend_connection(w->conn);
		return 0;
	}
	if (buf_is_full(&w->out))
		return MHD_CONTENT_READER_END_WITH_ERROR;
	n = MIN(max, w->out.len - w->sent);
	memcpy(data, w->out.data + w->sent, n);
	w->sent += n;
	return (ssize_t)n;
}

static ssize_t on_read(void *arg, uint64_t pos, char *data, size_t max)
{
	struct kv_watch *w = arg;
	ssize_t n;

	(void)pos;
	CHECK_MAGIC(w, KV_WATCH_MAGIC);
	pthread_mutex_lock(&w->kv->lock);
	n = read_locked(w, data, max);
	pthread_mutex_unlock(&w->kv->lock);
	return n;
}

static void on_gone(void *arg)
{
	struct kv_watch *w = arg;
	struct kv *kv = w->kv;

	CHECK_MAGIC(w, KV_WATCH_MAGIC);
	pthread_mutex_lock(&kv->lock);
	*w->link = w->next;
	if (w->next)
		w->next->link = w->link;
	kv->n_watches--;
	pthread_mutex_unlock(&kv->lock);
	watch_free(w);
}

/* ---------------------------------------------------------------- starting */

static int parse(const json_t *o, struct kv_watch *w, struct err *err)
{
	static const char *const filters[] = { "NOPUT", "NODELETE", NULL };
	const json_t *list;
	int rc;

	if ((rc = kv_parse_bytes(o, "key", &w->key, err)) < 0 ||
	    (rc = kv_parse_bytes(o, "range_end", &w->end, err)) < 0 ||
	    (rc = ejson_read_int(o, "start_revision", &w->next_rev, err)) < 0 ||
	    (rc = ejson_read_int(o, "watch_id", &w->watch_id, err)) < 0 ||
	    (rc = ejson_read_bool(o, "prev_kv", &w->prev_kv, err)) < 0 ||
	    (rc = ejson_read_bool(o, "progress_notify", &w->progress, err)) < 0 ||
	    (rc = ejson_read_array(o, "filters", &list, err)) < 0)
		return rc;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i));
		json_int_t number = json_integer_value(json_array_get(list, i));

		if (name ? strcmp(name, filters[0]) == 0 : number == 0)
			w->no_put = true;
		else if (name ? strcmp(name, filters[1]) == 0 : number == 1)
			w->no_delete = true;
		else
			return err_set(err, ERR_INVAL, "unknown value for \"filters\"");
	}
	return 0;
}

/* An empty key stands for the first possible one. */
static void normalise(struct kv_watch *w)
{
	size_t n = MIN(w->key.len, w->end.len);
	int c;

	if (w->key.len == 0) {
		free(w->key.data);
		w->key.data = xcalloc(1, 2);
		w->key.len = 1;
	}
	if (w->end.len == 0 || (w->end.len == 1 && w->end.data[0] == '\0'))
		return;
	c = memcmp(w->key.data, w->end.data, n);
	w->empty_range = c > 0 || (c == 0 && w->key.len >= w->end.len);
}

/* So that a host that vanished without a word is noticed. */
static void watch_peer(struct kv_watch *w)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(w->conn, MHD_CONNECTION_INFO_CONNECTION_FD);
	const int on = 1, idle_s = 15, every_s = 5, tries = 3;

	w->fd = info ? info->connect_fd : -1;
	if (w->fd < 0)
		return;
	/* Not a TCP socket: then there is nothing to notice. */
	(void)setsockopt(w->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	(void)setsockopt(w->fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
	(void)setsockopt(w->fd, IPPROTO_TCP, TCP_KEEPINTVL, &every_s, sizeof(every_s));
	(void)setsockopt(w->fd, IPPROTO_TCP, TCP_KEEPCNT, &tries, sizeof(tries));
}

static const struct kv_fault *enlist(struct kv *kv, struct kv_watch *w)
{
	const struct kv_fault *f = NULL;

	pthread_mutex_lock(&kv->lock);
	if (kv->n_watches >= KV_MAX_WATCHES) {
		f = &kv_too_many_watches;
	} else {
		if (w->next_rev == 0)
			w->next_rev = kv->rev + 1;
		w->told_ms = clock_mono_ms();
		w->next = kv->watches;
		if (w->next)
			w->next->link = &w->next;
		w->link = &kv->watches;
		kv->watches = w;
		kv->n_watches++;
	}
	pthread_mutex_unlock(&kv->lock);
	return f;
}

static enum MHD_Result start_stream(struct kv_watch *w)
{
	struct MHD_Connection *conn = w->conn;
	struct MHD_Response *r = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, 32768, on_read, w, on_gone);
	enum MHD_Result ok;

	if (!r) {
		on_gone(w);
		return MHD_NO;
	}
	ok = MHD_add_response_header(r, "Content-Type", "application/json");
	if (ok == MHD_YES)
		ok = MHD_queue_response(conn, MHD_HTTP_OK, r);
	MHD_destroy_response(r); /* on_gone() follows, now or at the stream's end */
	return ok;
}

enum MHD_Result kv_watch_serve(struct kv *kv, struct MHD_Connection *conn,
			       const json_t *create, const struct kv_access *a)
{
	CLEANUP(watch_free) struct kv_watch *w = xcalloc(1, sizeof(*w));
	const struct kv_fault *f;
	struct err err;

	w->magic = KV_WATCH_MAGIC;
	w->kv = kv;
	w->conn = conn;
	buf_init(&w->out, MESSAGE_BYTES);
	if (parse(create, w, &err) < 0)
		return kv_queue_fault(conn, 3, err.msg);
	normalise(w);
	if (!kv_may(a, false, &w->key, &w->end))
		return kv_queue_fault(conn, kv_denied.code, kv_denied.words);
	watch_peer(w);
	f = enlist(kv, w);
	if (f)
		return kv_queue_fault(conn, f->code, f->words);
	return start_stream(TAKE(w));
}

/* ---------------------------------------------------------------- from outside */

void kv_watch_notify(struct kv *kv, size_t n)
{
	for (struct kv_watch *w = kv->watches; w; w = w->next) {
		bool any = false;

		if (!w->suspended)
			continue; /* it will look at the log itself */
		for (size_t i = kv->n_log - n; !any && i < kv->n_log; i++)
			any = kv->log[i]->rev >= w->next_rev && wants(w, kv->log[i]);
		if (any)
			resume(w);
		else if (w->next_rev <= kv->rev)
			w->next_rev = kv->rev + 1;
	}
}

static bool peer_is_gone(const struct kv_watch *w)
{
	struct pollfd p = { .fd = w->fd, .events = POLLRDHUP };

	return w->fd >= 0 && poll(&p, 1, 0) > 0 &&
	       (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

/*
 * A suspended connection is not looked at by the daemon, so nobody else would notice
 * that its peer has left.
 */
int64_t kv_watch_tend(struct kv *kv, int64_t now_ms)
{
	for (struct kv_watch *w = kv->watches; w; w = w->next) {
		if (!w->suspended)
			continue;
		if (peer_is_gone(w)) {
			w->over = true;
			resume(w);
		} else if (w->progress && now_ms - w->told_ms >= PROGRESS_MS) {
			w->tell_progress = true;
			resume(w);
		}
	}
	return now_ms + TEND_MS;
}

void kv_watch_end_all(struct kv *kv)
{
	kv->watches_ended = true;
	for (struct kv_watch *w = kv->watches; w; w = w->next)
		resume(w);
}
