/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "peer.h"

#include "check.h"
#include "cleanup.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

struct question {
	struct nlmsghdr head;
	struct inet_diag_req_v2 ask;
};

/* Port and address as the kernel's question has them. */
static void put_end(const struct sockaddr_storage *a, __be16 *port, __be32 address[4])
{
	const struct sockaddr_in *v4 = (const void *)a;
	const struct sockaddr_in6 *v6 = (const void *)a;

	if (a->ss_family == AF_INET) {
		*port = v4->sin_port;
		address[0] = v4->sin_addr.s_addr;
	} else {
		*port = v6->sin6_port;
		memcpy(address, &v6->sin6_addr, sizeof(v6->sin6_addr));
	}
}

/* The socket at the other end: this one's with its ends changed. */
static bool make_question(int fd, struct question *q)
{
	struct sockaddr_storage own, other;
	socklen_t n = sizeof(own), m = sizeof(other);

	memset(&own, 0, sizeof(own));
	memset(&other, 0, sizeof(other));
	if (getsockname(fd, (struct sockaddr *)&own, &n) < 0 ||
	    getpeername(fd, (struct sockaddr *)&other, &m) < 0)
		return false;
	*q = (struct question){
		.head = { .nlmsg_len = sizeof(*q),
			  .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			  .nlmsg_flags = NLM_F_REQUEST },
		.ask = { .sdiag_family = (uint8_t)own.ss_family,
			 .sdiag_protocol = IPPROTO_TCP,
			 .idiag_states = ~0u,
			 .id.idiag_cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE } },
	};
	put_end(&other, &q->ask.id.idiag_sport, q->ask.id.idiag_src);
	put_end(&own, &q->ask.id.idiag_dport, q->ask.id.idiag_dst);
	return true;
}

uid_t peer_uid(int fd)
{
	CLEANUP(close_fd)
	int nl = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	_Alignas(struct nlmsghdr) char answer[4096];
	const struct nlmsghdr *h = (const void *)answer;
	const struct inet_diag_msg *msg = NLMSG_DATA(h);
	struct question q;
	ssize_t n;

	if (nl < 0 || !make_question(fd, &q) ||
	    send(nl, &q, sizeof(q), 0) != (ssize_t)sizeof(q))
		return PEER_UNKNOWN;
	/* The kernel answers within the call above. */
	n = recv(nl, answer, sizeof(answer), MSG_DONTWAIT);
	if (n < (ssize_t)NLMSG_LENGTH(sizeof(*msg)) ||
	    h->nlmsg_type != SOCK_DIAG_BY_FAMILY || msg->idiag_state != TCP_ESTABLISHED)
		return PEER_UNKNOWN;
	return msg->idiag_uid;
}
