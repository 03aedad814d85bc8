/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * peer.h - which user of this machine is at the other end of a connection.
 */
#ifndef AGENT_ETCD_PROXY_PEER_H
#define AGENT_ETCD_PROXY_PEER_H

#include <sys/types.h>

#define PEER_UNKNOWN ((uid_t)-1)

/* The user id, as the kernel knows it (sock_diag), of a TCP connection within this
 * machine; PEER_UNKNOWN when it does not say, or the other end has closed it already. */
uid_t peer_uid(int fd);

#endif
