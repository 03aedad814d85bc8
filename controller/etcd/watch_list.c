/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All watches: in which lists they are, who is woken, cancelled or ended. */
#include "access.h"
#include "check.h"
#include "owner.h"
#include "watch.h"
#include "watched.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#define TEND_MS 250
#define PROGRESS_MS 60000
#define PROGRESS_LOOK_MS 2000 /* at all watches */

/* ---------------------------------------------------------------- lists */

static void place_in(struct kv_watch_place *p, struct kv_watch *w, struct kv_watch **list,
		     struct kv_watch_place *next)
{
	p->next = *list;
	if (next)
		next->link = &p->next;
	p->link = list;
	*list = w;
}

static void take_out(struct kv_watch_place *p, struct kv_watch_place *next)
{
	*p->link = p->next;
	if (next)
		next->link = p->link;
	*p = (struct kv_watch_place){ 0 };
}

void kv_watch_list_waiting(struct kv_watch *w)
{
	struct kv_watch *first;

	if (!w->range)
		return;
	first = w->range->waiting;
	place_in(&w->among_waiting, w, &w->range->waiting,
		 first ? &first->among_waiting : NULL);
}

static void unlist_waiting(struct kv_watch *w)
{
	struct kv_watch *next = w->among_waiting.next;

	if (w->among_waiting.link)
		take_out(&w->among_waiting, next ? &next->among_waiting : NULL);
}

void kv_watch_wake(struct kv_watch *w, int64_t rev)
{
	if (!w->waiting)
		return;
	w->waiting = false;
	w->next_rev = MAX(w->next_rev, rev);
	unlist_waiting(w);
	w->reader.wake(w->reader.arg);
}

void kv_watch_list(struct kv *kv, struct kv_watch *w)
{
	struct kv_watch *first = kv->watches;

	if (w->range)
		w->range->n_watches++;
	place_in(&w->among_all, w, &kv->watches, first ? &first->among_all : NULL);
	first = w->owner->watch_list;
	place_in(&w->among_owners, w, &w->owner->watch_list,
		 first ? &first->among_owners : NULL);
	kv->n_watches++;
	kv->n_progress += w->progress;
}

void kv_watch_unlist(struct kv *kv, struct kv_watch *w)
{
	struct kv_watch *next = w->among_all.next;

	unlist_waiting(w);
	take_out(&w->among_all, next ? &next->among_all : NULL);
	next = w->among_owners.next;
	take_out(&w->among_owners, next ? &next->among_owners : NULL);
	if (w->range && --w->range->n_watches == 0)
		kv_watched_remove(&kv->watched, w->range);
	if (w->fd >= 0)
		(void)epoll_ctl(kv->hang_up_fd, EPOLL_CTL_DEL, w->fd, NULL);
	kv->n_watches--;
	kv->n_progress -= w->progress;
}

/* ---------------------------------------------------------------- from outside */

static void wake_those_that_want(void *arg, struct kv_watched *r)
{
	const struct kv_change *c = arg;
	struct kv_watch *next;

	for (struct kv_watch *w = r->waiting; w; w = next) {
		next = w->among_waiting.next;
		if (c->rev >= w->next_rev && kv_watch_wants(w, c))
			kv_watch_wake(w, c->rev);
	}
}

void kv_watch_notify(struct kv *kv, size_t n)
{
	for (size_t i = kv->space.n_log - n; i < kv->space.n_log; i++)
		kv_watched_find(kv->watched, kv->space.log[i]->key, wake_those_that_want,
				kv->space.log[i]);
}

void kv_watch_set_peer(struct kv_watch *w, int fd)
{
	struct epoll_event e = { .events = EPOLLRDHUP, .data.ptr = w };

	pthread_mutex_lock(&w->kv->lock);
	if (epoll_ctl(w->kv->hang_up_fd, EPOLL_CTL_ADD, fd, &e) == 0)
		w->fd = fd;
	pthread_mutex_unlock(&w->kv->lock);
}

/*
 * libmicrohttpd does not poll suspended connections, so it does not notice that a peer
 * has disconnected.
 */
static void end_hung_up(struct kv *kv)
{
	struct epoll_event e[64];
	int n;

	while ((n = epoll_wait(kv->hang_up_fd, e, ARRAY_SIZE(e), 0)) > 0) {
		for (int i = 0; i < n; i++) {
			struct kv_watch *w = e[i].data.ptr;

			CHECK_MAGIC(w, KV_WATCH_MAGIC);
			(void)epoll_ctl(kv->hang_up_fd, EPOLL_CTL_DEL, w->fd, NULL);
			w->over = true;
			kv_watch_wake(w, 0);
		}
	}
}

int64_t kv_watch_tend(struct kv *kv, int64_t now_ms)
{
	end_hung_up(kv);
	if (kv->n_progress == 0 || now_ms < kv->progress_ms)
		return now_ms + TEND_MS;
	kv->progress_ms = now_ms + PROGRESS_LOOK_MS;
	for (struct kv_watch *w = kv->watches; w; w = w->among_all.next) {
		if (!w->waiting || !w->progress || now_ms - w->sent_ms < PROGRESS_MS)
			continue;
		w->report_progress = true;
		kv_watch_wake(w, kv->space.rev + 1);
	}
	return now_ms + TEND_MS;
}

static struct kv_watch *watches_of(struct kv *kv, const char *owner)
{
	struct kv_watch *first;

	pthread_mutex_lock(&kv->books);
	first = kv_owner_find(kv, owner)->watch_list;
	pthread_mutex_unlock(&kv->books);
	return first;
}

void kv_watch_judge(struct kv *kv, const struct kv_access *a)
{
	struct kv_watch *w = watches_of(kv, a->owner);

	for (; w; w = w->among_owners.next) {
		const struct kv_bytes end =
			w->range ? kv_watched_end(w->range) : (struct kv_bytes){ 0 };

		if (w->over || !w->range || kv_may(a, false, &w->range->key, &end))
			continue;
		w->denied = true;
		kv_watch_wake(w, 0);
	}
}

void kv_watch_end_all(struct kv *kv)
{
	kv->watches_ended = true;
	for (struct kv_watch *w = kv->watches; w; w = w->among_all.next)
		kv_watch_wake(w, 0);
}

/* A peer that reads nothing is not asked for more: its connection is shut. */
static void end_now(struct kv_watch *w)
{
	w->ended = true;
	if (w->fd >= 0)
		(void)shutdown(w->fd, SHUT_RDWR);
	kv_watch_wake(w, 0);
}

void kv_watch_end_owner(struct kv *kv, const char *owner)
{
	for (struct kv_watch *w = watches_of(kv, owner); w; w = w->among_owners.next)
		end_now(w);
}

void kv_watch_end_others(struct kv *kv, const char *owner, uint64_t certificate)
{
	for (struct kv_watch *w = watches_of(kv, owner); w; w = w->among_owners.next)
		if (w->certificate != certificate)
			end_now(w);
}
