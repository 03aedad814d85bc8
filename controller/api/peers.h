/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * peers.h - who is connected to a listener, what each does, and whose connection ends
 * when there are too many.
 *
 * A connection is a stranger's until one of its requests proved who sends it. Strangers
 * have few places: what they can take from hosts and people is that and no more. Those
 * whose network proved it before (acquainted.h) have as many places for themselves, which
 * no crowd of others can fill. Known ones have places by their owner, a host or a token.
 * A connection is ended by shutting its socket down; libmicrohttpd then closes it.
 *
 * Safe from any thread.
 */
#ifndef CONTROLLER_API_PEERS_H
#define CONTROLLER_API_PEERS_H

#include "address.h"
#include "handshakes.h"
#include "request.h"
#include "trust.h"

#define PEERS_STRANGERS 256  /* at once */
#define PEERS_ACQUAINTED 256 /* of networks that proved who they are before */
#define PEERS_PER_HOST 128
#define PEERS_PER_PROGRAMS 256 /* of one host */
#define PEERS_PER_TOKEN 64

struct peers;
struct acquainted;

enum peer_doing {
	PEER_IDLE,     /* between two requests */
	PEER_GREETING, /* handshake, or a request's headers */
	PEER_SENDING,  /* a request's body */
	PEER_WAITING,  /* for its answer, or taking it */
};

/* A connection, and its client certificate, which is checked at its first request. */
struct api_peer {
	char address[API_ADDRESS_TEXT];
	bool has_asked;  /* a request began */
	bool was_a_host; /* a request of it was accepted */
	bool is_known;
	int rc; /* of ca_peer_of() */
	struct ca_peer id;
	struct handshake handshake; /* with TLS */

	/* The rest belongs to peers.c. */
	struct peers *peers;
	struct api_peer *prev, *next;    /* strangers, or known ones; oldest first */
	struct api_peer *same, **same_p; /* of owners with the same hash */
	char owner[API_CALLER_MAX];      /* "": a stranger */
	uint64_t network_id;
	bool is_acquainted; /* it has a place of PEERS_ACQUAINTED */
	int fd;
	enum peer_doing doing;
	int64_t since_ms; /* real, monotonic */
	bool is_stream;   /* its request goes on until its sender ends */
	uint64_t bytes;   /* of the body, since bytes_ms */
	int64_t bytes_ms;
	bool is_ended;
};

/* woken is called when a stranger's place became free, without a lock; acquainted is told
 * of those who are known. */
struct peers *peers_new(struct acquainted *acquainted, void (*woken)(void *arg),
			void *arg);
void peers_free(struct peers *p); /* after the last connection */

/* network: api_address_network(). */
struct api_peer *peers_add(struct peers *p, int fd, const char *address,
			   const char *network);
void peers_remove(struct api_peer *peer);

/* Whether it ends for one of the limits here, not by its own will. */
bool peers_was_ended(struct api_peer *peer);

void peers_doing(struct api_peer *peer, enum peer_doing doing);
void peers_got(struct api_peer *peer, size_t bytes);
/*
 * The sender of its request is known: "host web-1", "programs web-1" or
 * "token 3". Of one owner's
 * connections the one that was idle longest ends when there are too many. False: all are
 * at work.
 */
bool peers_known(struct api_peer *peer, const char *owner);

enum peers_place { PEERS_PLACE, PEERS_NETWORK_FULL, PEERS_FULL };

/* Its request is a stream, which keeps the connection: an owner has a quarter of his
 * places for others. False: there are too many already. */
bool peers_stream(struct api_peer *peer);

/*
 * Takes a place for a stranger of the network, who then comes: peers_add(), or does not:
 * peers_stays_away(). Without one, a stranger who does nothing, or is slow, was ended for
 * it, of the network when that is full, unless so many as are wanted end already; its
 * place is free soon. One who is acquainted may also take a place of those who are not.
 */
enum peers_place peers_reserve(struct peers *p, const char *network, bool is_acquainted,
			       size_t wanted, int64_t now_ms);
void peers_stays_away(struct peers *p, const char *network);
/* Ends those that are idle or too slow. Returns how many ended since the last call. */
size_t peers_sweep(struct peers *p, int64_t now_ms);

struct peers_count {
	size_t known, strangers;
	uint64_t ended; /* ever, for being slow, idle or too many */
};
struct peers_count peers_count(struct peers *p);

#endif
