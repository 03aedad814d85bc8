/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * door.h - who comes in: connections are accepted by one thread, and wait outside
 * libmicrohttpd until they have said enough (greeting.h) and there is a place.
 *
 * A connection that says nothing, or little by little, costs its descriptor alone, and
 * ends after ten seconds, or when too many do the same. Of those that wait for a place
 * the newest and the oldest come in by turns: neither a stock of connections nor a stream
 * of them keeps others out. Those whose network proved who it is before (acquainted.h)
 * wait apart from all others and have places of their own.
 */
#ifndef CONTROLLER_API_DOOR_H
#define CONTROLLER_API_DOOR_H

#include "cleanup.h"
#include "peers.h"

struct listening;
struct door;
struct crowd;
struct acquainted;
struct handshakes;

/* listening may be NULL. The thread begins at once; each listener has a door. */
int door_open(const struct sockaddr_storage *where, struct listening *listening,
	      struct crowd *crowd, struct acquainted *acquainted, bool is_tls,
	      struct door **ret, uint16_t *ret_port, struct err *err) MUST_CHECK;
/* From now on connections are given to the daemon, by the places of its peers. */
void door_lead_to(struct door *d, struct MHD_Daemon *daemon);
struct peers *door_peers(struct door *d);
struct handshakes *door_handshakes(struct door *d); /* that its thread resumes */
/* Nobody comes in any more; to be called before the daemon is stopped. */
void door_shut(struct door *d);
void door_free(struct door *d); /* after the daemon was stopped */
DEFINE_CLEANUP(struct door *, door_free);

#endif
