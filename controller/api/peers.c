/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "peers.h"

#include "acquainted.h"
#include "check.h"
#include "clock.h"
#include "fnv.h"
#include "networks.h"

#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

#define BUCKETS 1024
#define GREETING_MS 10000  /* for a handshake and headers */
#define BODY_MS 10000      /* in each of these a body comes at BODY_RATE */
#define BODY_RATE 1024     /* bytes a second */
#define BODY_MAX_MS 600000 /* for all of it */
#define STRANGER_IDLE_MS 10000
#define IDLE_MS 120000
/* What a stranger has although others wait: to say who it is, to take an answer. */
#define GRACE_MS 2000
#define TAKING_MS 30000

struct list {
	struct api_peer *first, *last;
	size_t n;
};

/* Places of connections that have not said who they are. */
struct places {
	struct networks networks;
	size_t max, network_max; /* of one network */
	size_t n;
	size_t ending; /* that were ended and are not gone yet */
};

struct peers {
	pthread_mutex_t lock;
	struct acquainted *acquainted;
	void (*woken)(void *arg);
	void *arg;
	struct list strangers, known;
	struct api_peer *owners[BUCKETS];
	struct places places[2]; /* of strangers; of those who are acquainted */
	size_t left;             /* closed since the last sweep */
	uint64_t ended;
};

struct peers *peers_new(struct acquainted *acquainted, void (*woken)(void *arg),
			void *arg)
{
	struct peers *p = xcalloc(1, sizeof(*p));

	pthread_mutex_init(&p->lock, NULL);
	p->acquainted = acquainted;
	p->places[false].max = PEERS_STRANGERS;
	p->places[false].network_max = PEERS_STRANGERS / 2;
	p->places[true].max = PEERS_ACQUAINTED;
	p->places[true].network_max = PEERS_ACQUAINTED / 8;
	p->woken = woken;
	p->arg = arg;
	return p;
}

void peers_free(struct peers *p)
{
	if (!p)
		return;
	CHECK(!p->strangers.first && !p->known.first);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

/* The lock is held, here and below. */
static struct places *places_for(const struct api_peer *peer)
{
	return &peer->peers->places[peer->is_acquainted];
}

static struct list *list_of(struct api_peer *peer)
{
	return *peer->owner ? &peer->peers->known : &peer->peers->strangers;
}

static void put(struct api_peer *peer)
{
	struct list *l = list_of(peer);

	peer->prev = l->last;
	peer->next = NULL;
	*(l->last ? &l->last->next : &l->first) = peer;
	l->last = peer;
	l->n++;
}

static void take(struct api_peer *peer)
{
	struct list *l = list_of(peer);

	*(peer->prev ? &peer->prev->next : &l->first) = peer->next;
	*(peer->next ? &peer->next->prev : &l->last) = peer->prev;
	l->n--;
}

/* Whether it was on its way to a place of those who are acquainted. */
static bool arrived(struct peers *p, uint64_t id)
{
	if (networks_arrived(&p->places[true].networks, id))
		return true;
	(void)networks_arrived(&p->places[false].networks, id);
	return false;
}

struct api_peer *peers_add(struct peers *p, int fd, const char *address,
			   const char *network)
{
	struct api_peer *peer = xcalloc(1, sizeof(*peer));

	snprintf(peer->address, sizeof(peer->address), "%s", address);
	peer->network_id = networks_id(network);
	peer->peers = p;
	peer->fd = fd;
	peer->doing = PEER_GREETING;
	peer->since_ms = clock_mono_ms();
	pthread_mutex_lock(&p->lock);
	put(peer);
	peer->is_acquainted = arrived(p, peer->network_id);
	networks_add(&places_for(peer)->networks, peer->network_id);
	places_for(peer)->n++;
	pthread_mutex_unlock(&p->lock);
	return peer;
}

static void leave_owner(struct api_peer *peer)
{
	take(peer);
	if (!*peer->owner) {
		networks_drop(&places_for(peer)->networks, peer->network_id);
		places_for(peer)->n--;
		places_for(peer)->ending -= peer->is_ended;
		return;
	}
	*peer->same_p = peer->same;
	if (peer->same)
		peer->same->same_p = peer->same_p;
	*peer->owner = '\0';
}

static void join_owner(struct peers *p, struct api_peer *peer, const char *owner)
{
	struct api_peer **at = &p->owners[fnv(FNV_START, owner, strlen(owner)) % BUCKETS];

	snprintf(peer->owner, sizeof(peer->owner), "%s", owner);
	peer->same = *at;
	peer->same_p = at;
	if (*at)
		(*at)->same_p = &peer->same;
	*at = peer;
	put(peer);
}

static void end(struct peers *p, struct api_peer *peer)
{
	peer->is_ended = true;
	p->ended++;
	places_for(peer)->ending += !*peer->owner;
	(void)shutdown(peer->fd, SHUT_RDWR);
}

void peers_remove(struct api_peer *peer)
{
	struct peers *p = peer->peers;
	const bool was_stranger = !*peer->owner;

	pthread_mutex_lock(&p->lock);
	leave_owner(peer);
	p->left++;
	pthread_mutex_unlock(&p->lock);
	free(peer);
	if (was_stranger)
		p->woken(p->arg);
}

bool peers_was_ended(struct api_peer *peer)
{
	bool ret;

	pthread_mutex_lock(&peer->peers->lock);
	ret = peer->is_ended;
	pthread_mutex_unlock(&peer->peers->lock);
	return ret;
}

void peers_doing(struct api_peer *peer, enum peer_doing doing)
{
	struct peers *p = peer->peers;

	pthread_mutex_lock(&p->lock);
	peer->doing = doing;
	peer->since_ms = clock_mono_ms();
	peer->is_stream = peer->is_stream && doing == PEER_WAITING;
	peer->bytes = 0;
	peer->bytes_ms = peer->since_ms;
	pthread_mutex_unlock(&p->lock);
}

void peers_got(struct api_peer *peer, size_t bytes)
{
	pthread_mutex_lock(&peer->peers->lock);
	peer->bytes += bytes;
	pthread_mutex_unlock(&peer->peers->lock);
}

static size_t places_of(const char *owner)
{
	if (strncmp(owner, "host ", 5) == 0)
		return PEERS_PER_HOST;
	return strncmp(owner, "programs ", 9) == 0 ? PEERS_PER_PROGRAMS : PEERS_PER_TOKEN;
}

/* Makes a place among the owner's connections. */
static bool make_place(struct peers *p, const char *owner)
{
	const size_t max = places_of(owner);
	struct api_peer *idle = NULL;
	size_t n = 0;

	for (struct api_peer *q =
		     p->owners[fnv(FNV_START, owner, strlen(owner)) % BUCKETS];
	     q; q = q->same) {
		if (q->is_ended || strcmp(q->owner, owner) != 0)
			continue;
		n++;
		if (q->doing == PEER_IDLE && (!idle || q->since_ms < idle->since_ms))
			idle = q;
	}
	if (n >= max && idle)
		end(p, idle);
	return n < max || idle;
}

bool peers_known(struct api_peer *peer, const char *owner)
{
	struct peers *p = peer->peers;
	bool was_stranger, ok;

	pthread_mutex_lock(&p->lock);
	was_stranger = !*peer->owner;
	ok = strcmp(peer->owner, owner) == 0;
	if (!ok && make_place(p, owner)) {
		leave_owner(peer);
		join_owner(p, peer, owner);
		ok = true;
	}
	pthread_mutex_unlock(&p->lock);
	if (ok && was_stranger) {
		acquainted_note(p->acquainted, peer->network_id);
		p->woken(p->arg);
	}
	return ok;
}

bool peers_stream(struct api_peer *peer)
{
	struct peers *p = peer->peers;
	const char *owner = peer->owner;
	size_t n = 0;

	pthread_mutex_lock(&p->lock);
	for (struct api_peer *q =
		     p->owners[fnv(FNV_START, owner, strlen(owner)) % BUCKETS];
	     q; q = q->same)
		n += q != peer && q->is_stream && !q->is_ended &&
		     strcmp(q->owner, owner) == 0;
	peer->is_stream = n < places_of(owner) / 4 * 3;
	pthread_mutex_unlock(&p->lock);
	return peer->is_stream;
}

/* The stranger that gives way, of the network or, NULL, of all that have such places:
 * idle, else the slowest. */
static struct api_peer *weakest(struct peers *p, const struct places *of,
				const uint64_t *id, int64_t now_ms)
{
	struct api_peer *slow = NULL;

	for (struct api_peer *q = p->strangers.first; q; q = q->next) {
		const int64_t grace = q->doing == PEER_WAITING ? TAKING_MS : GRACE_MS;

		if (q->is_ended || places_for(q) != of || (id && q->network_id != *id))
			continue;
		if (q->doing == PEER_IDLE)
			return q;
		if (now_ms - q->since_ms >= grace &&
		    (!slow || q->since_ms < slow->since_ms))
			slow = q;
	}
	return slow;
}

static enum peers_place reserve(struct peers *p, struct places *of, uint64_t id,
				size_t wanted, int64_t now_ms)
{
	enum peers_place ret = PEERS_PLACE;
	struct api_peer *one = NULL;

	if (of->n + of->networks.n_coming >= of->max)
		ret = PEERS_FULL;
	/* One network leaves places to others. */
	else if (networks_count(&of->networks, id) >= of->network_max)
		ret = PEERS_NETWORK_FULL;
	if (ret == PEERS_PLACE)
		networks_expect(&of->networks, id, now_ms);
	else if (of->ending < wanted)
		one = weakest(p, of, ret == PEERS_FULL ? NULL : &id, now_ms);
	if (one)
		end(p, one);
	return ret;
}

enum peers_place peers_reserve(struct peers *p, const char *network, bool is_acquainted,
			       size_t wanted, int64_t now_ms)
{
	const uint64_t id = networks_id(network);
	enum peers_place ret;

	pthread_mutex_lock(&p->lock);
	ret = reserve(p, &p->places[is_acquainted], id, wanted, now_ms);
	if (ret != PEERS_PLACE && is_acquainted &&
	    reserve(p, &p->places[false], id, wanted, now_ms) == PEERS_PLACE)
		ret = PEERS_PLACE;
	pthread_mutex_unlock(&p->lock);
	return ret;
}

void peers_stays_away(struct peers *p, const char *network)
{
	pthread_mutex_lock(&p->lock);
	(void)arrived(p, networks_id(network));
	pthread_mutex_unlock(&p->lock);
}

/* Of the body, in the time since it was looked at. */
static bool is_slow(struct api_peer *q, int64_t now_ms)
{
	const int64_t ms = now_ms - q->bytes_ms;
	bool ret;

	if (ms < BODY_MS)
		return false;
	ret = q->bytes < (uint64_t)ms / 1000 * BODY_RATE;
	q->bytes = 0;
	q->bytes_ms = now_ms;
	return ret;
}

static bool is_over(struct api_peer *q, int64_t now_ms)
{
	const int64_t ms = now_ms - q->since_ms;

	switch (q->doing) {
	case PEER_IDLE:
		return ms >= (*q->owner ? IDLE_MS : STRANGER_IDLE_MS);
	case PEER_GREETING:
		return ms >= GREETING_MS;
	case PEER_SENDING:
		return ms >= BODY_MAX_MS || is_slow(q, now_ms);
	case PEER_WAITING:
		break;
	}
	return false;
}

static void sweep(struct peers *p, struct list *l, int64_t now_ms)
{
	for (struct api_peer *q = l->first; q; q = q->next)
		if (!q->is_ended && is_over(q, now_ms))
			end(p, q);
}

size_t peers_sweep(struct peers *p, int64_t now_ms)
{
	size_t left;

	pthread_mutex_lock(&p->lock);
	sweep(p, &p->strangers, now_ms);
	sweep(p, &p->known, now_ms);
	/* Some were lost on the way: libmicrohttpd had no memory. */
	for (size_t i = 0; i < ARRAY_SIZE(p->places); i++)
		networks_forget(&p->places[i].networks, now_ms - GREETING_MS);
	left = p->left;
	p->left = 0;
	pthread_mutex_unlock(&p->lock);
	return left;
}

struct peers_count peers_count(struct peers *p)
{
	struct peers_count ret;

	pthread_mutex_lock(&p->lock);
	ret = (struct peers_count){ .known = p->known.n,
				    .strangers = p->strangers.n,
				    .ended = p->ended };
	pthread_mutex_unlock(&p->lock);
	return ret;
}
