/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "door.h"

#include "acquainted.h"
#include "check.h"
#include "clock.h"
#include "crowd.h"
#include "greeting.h"
#include "guests.h"
#include "handshakes.h"
#include "heap.h"
#include "listening.h"
#include "log.h"
#include "net.h"
#include "networks.h"
#include "priority.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DOOR_MAGIC 0x646f6f72u
#define SILENT_MAX 8000  /* connections that have not said enough, of a kind */
#define WAITING_MAX 8000 /* that have, and wait for a place */
#define SILENT_MS 10000
#define WAITING_MS 60000
#define LOOK_MS 100
#define SWEEP_MS 1000
#define LOOKED_AT 64 /* of those that wait: others of an address may be kept out */
#define WORK_MS 2000
#define CROWDED_MS 2   /* so many at a time are cheaper than one by one */
#define NICE 5         /* after those who are in, before people's requests */
#define TRIM_AFTER 256 /* connections that ended at once: memory is given back */

struct door {
	uint32_t magic;
	struct peers *peers;
	struct listening *listening;
	struct crowd *crowd;
	struct acquainted *acquainted;
	bool is_tls;
	_Atomic(struct MHD_Daemon *) daemon;
	struct loop *loop;
	struct acceptor *acceptor;
	struct handshakes *handshakes;
	struct loop_timer *timer;
	int wake; /* eventfd: a place is free, or the end */
	atomic_bool is_shut;
	bool has_thread;
	pthread_t thread;
	int64_t sweep_ms;
	bool newest;                         /* had the last free place */
	bool is_crowded;                     /* some gave way to those who came */
	struct guests silent[2], waiting[2]; /* strangers; those who are acquainted */
	size_t silent_max, waiting_max;
	size_t files; /* that this process may have open */
};

/* ---------------------------------------------------------------- guests */

static void send_away(struct door *d, struct guests *l, struct guest *g)
{
	guests_take(l, g);
	if (l == &d->silent[g->is_acquainted])
		loop_io_del(d->loop, g->fd);
	close(g->fd);
	g->magic = 0;
	free(g);
}

/* The oldest gives way. */
static void too_many(struct door *d, struct guests *l)
{
	crowd_note(d->crowd, CROWD_CONNECTIONS, l->first->network);
	send_away(d, l, l->first);
	d->is_crowded = true;
}

/* Its descriptor is the daemon's from then on, also on failure. */
static void let_in(struct door *d, struct guest *g)
{
	guests_take(&d->waiting[g->is_acquainted], g);
	if (MHD_add_connection(d->daemon, g->fd, (struct sockaddr *)&g->from,
			       g->from_len) != MHD_YES) {
		log_debug("connection-refused", STR("address", g->network));
		peers_stays_away(d->peers, g->network);
	}
	g->magic = 0;
	free(g);
}

/* From the newest or from the oldest on, those whose address has a place. */
static void let_in_from(struct door *d, const struct guests *l, bool newest)
{
	struct guest *g = newest ? l->last : l->first, *next;
	const int64_t now = clock_mono_ms();

	for (int i = 0; g && i < LOOKED_AT; i++, g = next) {
		const enum peers_place place =
			peers_reserve(d->peers, g->network, g->is_acquainted, l->n, now);

		next = newest ? g->prev : g->next;
		if (place == PEERS_PLACE)
			let_in(d, g);
		else
			crowd_note(d->crowd, CROWD_CONNECTIONS, g->network);
		if (place == PEERS_FULL)
			break;
	}
}

static void let_in_some(struct door *d)
{
	if (!d->daemon)
		return;
	d->newest = !d->newest;
	for (size_t i = ARRAY_SIZE(d->waiting); i-- > 0;) {
		let_in_from(d, &d->waiting[i], d->newest);
		let_in_from(d, &d->waiting[i], !d->newest);
	}
}

static void on_word(void *arg, int fd, uint32_t events)
{
	struct guest *g = arg;
	struct door *d = g->door;
	struct guests *silent = &d->silent[g->is_acquainted];
	struct guests *waiting = &d->waiting[g->is_acquainted];
	const enum greeting said = greeting_of(fd, d->is_tls);

	CHECK_MAGIC(g, GUEST_MAGIC);
	/* One that ended its side in the middle says no more. */
	if (said == GREETING_NONE ||
	    (said == GREETING_PART && (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))))
		send_away(d, silent, g);
	if (said != GREETING_WHOLE)
		return;
	guests_take(silent, g);
	loop_io_del(d->loop, g->fd);
	if (waiting->n >= d->waiting_max)
		too_many(d, waiting);
	g->since_ms = clock_mono_ms();
	guests_put(waiting, g);
	let_in_some(d);
}

/* No descriptors: who says nothing gives his back, strangers first. */
static void give_some_back(struct door *d)
{
	for (size_t i = 0; i < ARRAY_SIZE(d->silent); i++)
		for (int n = 0; d->silent[i].first && n < LOOKED_AT; n++)
			send_away(d, &d->silent[i], d->silent[i].first);
}

static void on_accept(void *arg, int fd, const struct err *why)
{
	struct door *d = arg;
	struct guests *silent;
	struct guest *g;
	struct err e;

	CHECK_MAGIC(d, DOOR_MAGIC);
	if (fd < 0) {
		log_warn("no-descriptors", ERR(why));
		give_some_back(d);
		return;
	}
	g = xcalloc(1, sizeof(*g));
	*g = (struct guest){ .magic = GUEST_MAGIC,
			     .door = d,
			     .fd = fd,
			     .since_ms = clock_mono_ms(),
			     .from_len = sizeof(g->from) };
	if (getpeername(fd, (struct sockaddr *)&g->from, &g->from_len) != 0 ||
	    loop_io_add(d->loop, fd, EPOLLIN | EPOLLRDHUP | EPOLLET, on_word, g, &e) <
		    0) {
		close(fd);
		free(g);
		return;
	}
	api_address_network((struct sockaddr *)&g->from, g->network);
	g->is_acquainted = acquainted_has(d->acquainted, networks_id(g->network));
	silent = &d->silent[g->is_acquainted];
	if (silent->n >= d->silent_max)
		too_many(d, silent);
	guests_put(silent, g);
}

/* ---------------------------------------------------------------- the thread */

static void send_away_old(struct door *d, struct guests *l, int64_t ms, int64_t now)
{
	while (l->first && now - l->first->since_ms >= ms)
		send_away(d, l, l->first);
}

/* Those that came in, which nothing else bounds: they grow with the hosts. */
static void look_at_files(struct door *d)
{
	const struct peers_count c = peers_count(d->peers);

	if (c.known + c.strangers >= d->files / 4 * 3)
		crowd_note(d->crowd, CROWD_FILES,
			   d->is_tls ? "the listener of hosts"
				     : "the listener of people");
}

static void on_timer(void *arg)
{
	struct door *d = arg;
	const int64_t now = clock_mono_ms();

	CHECK_MAGIC(d, DOOR_MAGIC);
	loop_timer_in(d->timer, LOOK_MS);
	for (size_t i = 0; i < ARRAY_SIZE(d->silent); i++) {
		send_away_old(d, &d->silent[i], SILENT_MS, now);
		send_away_old(d, &d->waiting[i], WAITING_MS, now);
	}
	let_in_some(d);
	if (now < d->sweep_ms)
		return;
	d->sweep_ms = now + SWEEP_MS;
	look_at_files(d);
	if (peers_sweep(d->peers, now) >= TRIM_AFTER)
		(void)heap_give_back(now);
}

static void on_wake(void *arg, int fd, uint32_t events)
{
	struct door *d = arg;
	uint64_t n;

	(void)events;
	CHECK_MAGIC(d, DOOR_MAGIC);
	(void)!read(fd, &n, sizeof(n));
	let_in_some(d);
}

static void *run(void *arg)
{
	struct door *d = arg;
	struct listening_work work;

	CHECK_MAGIC(d, DOOR_MAGIC);
	priority_set(NICE);
	while (!d->is_shut) {
		loop_wait(d->loop, LOOK_MS);
		listening_begin(d->listening, &work, "accepting connections", WORK_MS);
		d->is_crowded = false;
		loop_once(d->loop, 0);
		listening_end(d->listening, &work);
		if (d->is_crowded)
			nanosleep(&(struct timespec){ .tv_nsec = CROWDED_MS * 1000000 },
				  NULL);
	}
	return NULL;
}

static void wake(void *arg)
{
	struct door *d = arg;
	const uint64_t one = 1;

	(void)!write(d->wake, &one, sizeof(one));
}

/* ---------------------------------------------------------------- opening */

/* Both listeners together leave a quarter of the descriptors to those who came in. */
static void set_limits(struct door *d)
{
	struct rlimit l = { .rlim_cur = 1024 };

	(void)getrlimit(RLIMIT_NOFILE, &l);
	d->files = l.rlim_cur;
	d->silent_max = MIN(SILENT_MAX, l.rlim_cur / 8);
	d->waiting_max = MIN(WAITING_MAX, l.rlim_cur / 16);
}

int door_open(const struct sockaddr_storage *where, struct listening *listening,
	      struct crowd *crowd, struct acquainted *acquainted, bool is_tls,
	      struct door **ret, uint16_t *ret_port, struct err *err)
{
	CLEANUP(door_free) struct door *d = xcalloc(1, sizeof(*d));
	int fd = -1, rc;

	d->magic = DOOR_MAGIC;
	d->listening = listening;
	d->crowd = crowd;
	d->acquainted = acquainted;
	d->is_tls = is_tls;
	set_limits(d);
	d->peers = peers_new(acquainted, wake, d);
	d->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (d->wake < 0)
		return err_errno(err, ERR_INTERNAL, "eventfd");
	rc = loop_new(&d->loop, err);
	if (rc == 0)
		rc = loop_io_add(d->loop, d->wake, EPOLLIN, on_wake, d, err);
	if (rc == 0)
		rc = handshakes_new(d->loop, &d->handshakes, err);
	if (rc == 0)
		rc = api_address_listen(where, &fd, ret_port, err);
	if (rc == 0)
		rc = acceptor_new(d->loop, fd, on_accept, d, &d->acceptor, err);
	if (rc < 0)
		return rc;
	d->timer = loop_timer_new(d->loop, on_timer, d);
	loop_timer_in(d->timer, LOOK_MS);
	if (pthread_create(&d->thread, NULL, run, d) != 0)
		return err_set(err, ERR_INTERNAL, "cannot start a thread");
	d->has_thread = true;
	*ret = TAKE(d);
	return 0;
}

void door_lead_to(struct door *d, struct MHD_Daemon *daemon)
{
	d->daemon = daemon;
	wake(d);
}

struct peers *door_peers(struct door *d)
{
	return d->peers;
}

struct handshakes *door_handshakes(struct door *d)
{
	return d->handshakes;
}

void door_shut(struct door *d)
{
	if (!d || !d->has_thread)
		return;
	d->is_shut = true;
	wake(d);
	pthread_join(d->thread, NULL);
	d->has_thread = false;
	handshakes_end(d->handshakes);
}

void door_free(struct door *d)
{
	if (!d)
		return;
	CHECK_MAGIC(d, DOOR_MAGIC);
	door_shut(d);
	for (size_t i = 0; i < ARRAY_SIZE(d->silent); i++) {
		while (d->silent[i].first)
			send_away(d, &d->silent[i], d->silent[i].first);
		while (d->waiting[i].first)
			send_away(d, &d->waiting[i], d->waiting[i].first);
	}
	acceptor_free(d->acceptor);
	handshakes_free(d->handshakes);
	loop_timer_free(d->timer);
	if (d->loop && d->wake >= 0)
		loop_io_del(d->loop, d->wake);
	if (d->wake >= 0)
		close(d->wake);
	loop_free(d->loop);
	peers_free(d->peers);
	d->magic = 0;
	free(d);
}
