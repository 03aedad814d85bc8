/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netlink.h"

#include "check.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#define ANSWER_BYTES 32768

struct nl {
	int fd;
	uint32_t seq;
};

/* One request under construction; attributes are appended at the end. */
struct request {
	struct nlmsghdr head;
	char body[1024];
};

int nl_open(struct nl **ret, struct err *err)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	struct timeval patience = { .tv_sec = 10 };
	CLEANUP(close_fd)
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
		return err_errno(err, ERR_INTERNAL, "rtnetlink");
	*ret = xcalloc(1, sizeof(**ret));
	(*ret)->fd = fd;
	fd = -1;
	return 0;
}

void nl_close(struct nl *nl)
{
	if (!nl)
		return;
	close(nl->fd);
	free(nl);
}

/* ---------------------------------------------------------------- requests */

static void *request_init(struct request *r, uint16_t type, uint16_t flags, size_t size)
{
	memset(r, 0, sizeof(*r));
	r->head.nlmsg_type = type;
	r->head.nlmsg_flags = NLM_F_REQUEST | flags;
	r->head.nlmsg_len = NLMSG_LENGTH(size);
	return NLMSG_DATA(&r->head);
}

static struct rtattr *add_attr(struct request *r, uint16_t type, const void *data,
			       size_t len)
{
	size_t at = NLMSG_ALIGN(r->head.nlmsg_len);
	struct rtattr *a = (struct rtattr *)((char *)r + at);

	CHECK(at + RTA_SPACE(len) <= sizeof(*r));
	a->rta_type = type;
	a->rta_len = (uint16_t)RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(a), data, len);
	r->head.nlmsg_len = (uint32_t)(at + RTA_SPACE(len));
	return a;
}

static void add_text(struct request *r, uint16_t type, const char *text)
{
	add_attr(r, type, text, strlen(text) + 1);
}

/* Everything appended since begin becomes the inside of it. */
static void end_nest(struct request *r, struct rtattr *begin)
{
	begin->rta_len = (uint16_t)((char *)r + r->head.nlmsg_len - (char *)begin);
}

/* ---------------------------------------------------------------- answers */

typedef void on_message_fn(void *arg, struct nlmsghdr *h);

/* 0 when the answer is complete, 1 when more must be read, else the error. */
static int read_answer(const struct nl *nl, char *bytes, size_t len, on_message_fn *fn,
		       void *arg, int *ret_errno)
{
	for (struct nlmsghdr *h = (struct nlmsghdr *)bytes; NLMSG_OK(h, len);
	     h = NLMSG_NEXT(h, len)) {
		if (h->nlmsg_seq != nl->seq)
			continue;
		if (h->nlmsg_type == NLMSG_DONE)
			return 0;
		if (h->nlmsg_type == NLMSG_ERROR) {
			*ret_errno = -((struct nlmsgerr *)NLMSG_DATA(h))->error;
			return 0;
		}
		if (fn)
			fn(arg, h);
	}
	return 1;
}

/* Sends and reads until acknowledged or done; 0 or an errno. */
static int exchange(struct nl *nl, struct request *r, on_message_fn *fn, void *arg)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	_Alignas(struct nlmsghdr) char bytes[ANSWER_BYTES];
	int error = 0;

	r->head.nlmsg_seq = ++nl->seq;
	if ((r->head.nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP) /* EXCL shares a bit */
		r->head.nlmsg_flags |= NLM_F_ACK;
	if (sendto(nl->fd, r, r->head.nlmsg_len, 0, (struct sockaddr *)&kernel,
		   sizeof(kernel)) < 0)
		return errno;
	for (;;) {
		ssize_t n = recv(nl->fd, bytes, sizeof(bytes), 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (read_answer(nl, bytes, (size_t)n, fn, arg, &error) == 0)
			return error;
	}
}

static int run(struct nl *nl, struct request *r, struct err *err, const char *what,
	       const char *name)
{
	int error = exchange(nl, r, NULL, NULL);

	if (error == 0)
		return 0;
	errno = error;
	return err_errno(err,
			 error == EEXIST                      ? ERR_CONFLICT
			 : error == ENODEV || error == ENOENT ? ERR_NOT_FOUND
			 : error == EPERM || error == EACCES  ? ERR_DENIED
							      : ERR_INTERNAL,
			 "%s %s", what, name);
}

/* ---------------------------------------------------------------- links */

/* The kernel's macros cast const away, so the readers take plain pointers. */

static void copy_text(char *to, size_t size, struct rtattr *a)
{
	size_t n = RTA_PAYLOAD(a);

	n = n < size - 1 ? n : size - 1;
	memcpy(to, RTA_DATA(a), n);
	to[n] = '\0';
}

static void read_kind(struct nl_link *link, struct rtattr *info)
{
	size_t left = RTA_PAYLOAD(info);

	for (struct rtattr *a = RTA_DATA(info); RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == IFLA_INFO_KIND)
			copy_text(link->kind, sizeof(link->kind), a);
}

static void read_link(struct nl_link *link, struct nlmsghdr *h)
{
	struct ifinfomsg *info = NLMSG_DATA(h);
	size_t left = IFLA_PAYLOAD(h);

	memset(link, 0, sizeof(*link));
	link->index = info->ifi_index;
	for (struct rtattr *a = IFLA_RTA(info); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		if (a->rta_type == IFLA_IFNAME)
			copy_text(link->name, sizeof(link->name), a);
		else if (a->rta_type == IFLA_IFALIAS)
			copy_text(link->alias, sizeof(link->alias), a);
		else if (a->rta_type == IFLA_ADDRESS && RTA_PAYLOAD(a) == 6)
			memcpy(link->mac, RTA_DATA(a), 6);
		else if (a->rta_type == IFLA_LINKINFO)
			read_kind(link, a);
	}
}

static void on_one_link(void *arg, struct nlmsghdr *h)
{
	if (h->nlmsg_type == RTM_NEWLINK)
		read_link(arg, h);
}

int nl_link_get(struct nl *nl, const char *name, struct nl_link *ret, struct err *err)
{
	struct nl_link link = { .index = 0 };
	struct request r;
	int error;

	request_init(&r, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	add_text(&r, IFLA_IFNAME, name);
	error = exchange(nl, &r, on_one_link, &link);
	if (error == ENODEV)
		return err_set(err, ERR_NOT_FOUND, "there is no network link %s", name);
	errno = error;
	if (error)
		return err_errno(err, ERR_INTERNAL, "looking at link %s", name);
	*ret = link;
	return 0;
}

struct each_link {
	nl_link_fn *fn;
	void *arg;
};

static void on_each_link(void *arg, struct nlmsghdr *h)
{
	const struct each_link *each = arg;
	struct nl_link link;

	if (h->nlmsg_type != RTM_NEWLINK)
		return;
	read_link(&link, h);
	each->fn(each->arg, &link);
}

int nl_link_each(struct nl *nl, nl_link_fn *fn, void *arg, struct err *err)
{
	struct each_link each = { .fn = fn, .arg = arg };
	struct request r;

	request_init(&r, RTM_GETLINK, NLM_F_DUMP, sizeof(struct ifinfomsg));
	errno = exchange(nl, &r, on_each_link, &each);
	return errno ? err_errno(err, ERR_INTERNAL, "listing network links") : 0;
}

int nl_link_del(struct nl *nl, const char *name, struct err *err)
{
	struct request r;
	int rc;

	request_init(&r, RTM_DELLINK, 0, sizeof(struct ifinfomsg));
	add_text(&r, IFLA_IFNAME, name);
	rc = run(nl, &r, err, "removing link", name);
	return rc == ERR_NOT_FOUND ? 0 : rc;
}

int nl_link_up(struct nl *nl, int index, struct err *err)
{
	struct request r;
	struct ifinfomsg *info =
		request_init(&r, RTM_NEWLINK, 0, sizeof(struct ifinfomsg));

	info->ifi_index = index;
	info->ifi_flags = IFF_UP;
	info->ifi_change = IFF_UP;
	return run(nl, &r, err, "bringing", "link up");
}

int nl_link_alias(struct nl *nl, int index, const char *alias, struct err *err)
{
	struct request r;
	struct ifinfomsg *info =
		request_init(&r, RTM_NEWLINK, 0, sizeof(struct ifinfomsg));

	info->ifi_index = index;
	add_text(&r, IFLA_IFALIAS, alias);
	return run(nl, &r, err, "naming link", alias);
}

int nl_bridge_add(struct nl *nl, const char *name, const uint8_t mac[6], struct err *err)
{
	struct request r;
	struct ifinfomsg *info = request_init(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL,
					      sizeof(struct ifinfomsg));
	struct rtattr *nest;

	info->ifi_flags = IFF_UP;
	info->ifi_change = IFF_UP;
	add_text(&r, IFLA_IFNAME, name);
	add_attr(&r, IFLA_ADDRESS, mac, 6);
	nest = add_attr(&r, IFLA_LINKINFO, NULL, 0);
	add_text(&r, IFLA_INFO_KIND, "bridge");
	end_nest(&r, nest);
	return run(nl, &r, err, "making bridge", name);
}

int nl_veth_add(struct nl *nl, const char *name, int bridge_index, const char *peer,
		const uint8_t peer_mac[6], pid_t pid, struct err *err)
{
	struct ifinfomsg peer_info = { .ifi_family = AF_UNSPEC };
	struct request r;
	struct ifinfomsg *info = request_init(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL,
					      sizeof(struct ifinfomsg));
	struct rtattr *nest, *data, *peer_nest;

	info->ifi_flags = IFF_UP;
	info->ifi_change = IFF_UP;
	add_text(&r, IFLA_IFNAME, name);
	add_attr(&r, IFLA_MASTER, &bridge_index, sizeof(bridge_index));
	nest = add_attr(&r, IFLA_LINKINFO, NULL, 0);
	add_text(&r, IFLA_INFO_KIND, "veth");
	data = add_attr(&r, IFLA_INFO_DATA, NULL, 0);
	peer_nest = add_attr(&r, VETH_INFO_PEER, &peer_info, sizeof(peer_info));
	add_text(&r, IFLA_IFNAME, peer);
	add_attr(&r, IFLA_ADDRESS, peer_mac, 6);
	add_attr(&r, IFLA_NET_NS_PID, &pid, sizeof(pid));
	end_nest(&r, peer_nest);
	end_nest(&r, data);
	end_nest(&r, nest);
	return run(nl, &r, err, "making veth", name);
}

/* ---------------------------------------------------------------- addresses, routes */

int nl_addr_add(struct nl *nl, int index, struct in_addr addr, int prefix,
		struct err *err)
{
	struct request r;
	struct ifaddrmsg *info = request_init(&r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL,
					      sizeof(struct ifaddrmsg));
	uint32_t mask = prefix ? htonl(~0u << (32 - prefix)) : 0;
	struct in_addr broadcast = { .s_addr = addr.s_addr | ~mask };
	int rc;

	info->ifa_family = AF_INET;
	info->ifa_prefixlen = (uint8_t)prefix;
	info->ifa_scope = RT_SCOPE_UNIVERSE;
	info->ifa_index = (uint32_t)index;
	add_attr(&r, IFA_LOCAL, &addr, sizeof(addr));
	add_attr(&r, IFA_ADDRESS, &addr, sizeof(addr));
	if (prefix < 31)
		add_attr(&r, IFA_BROADCAST, &broadcast, sizeof(broadcast));
	rc = run(nl, &r, err, "setting", "address");
	return rc == ERR_CONFLICT ? 0 : rc;
}

int nl_route_default(struct nl *nl, int index, struct in_addr gateway, struct err *err)
{
	struct request r;
	struct rtmsg *route = request_init(&r, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL,
					   sizeof(struct rtmsg));
	int rc;

	route->rtm_family = AF_INET;
	route->rtm_table = RT_TABLE_MAIN;
	route->rtm_protocol = RTPROT_BOOT;
	route->rtm_scope = RT_SCOPE_UNIVERSE;
	route->rtm_type = RTN_UNICAST;
	add_attr(&r, RTA_GATEWAY, &gateway, sizeof(gateway));
	add_attr(&r, RTA_OIF, &index, sizeof(index));
	rc = run(nl, &r, err, "setting", "default route");
	return rc == ERR_CONFLICT ? 0 : rc;
}

void nl_mac_of(struct in_addr addr, uint8_t ret_mac[6])
{
	ret_mac[0] = 0x02; /* locally administered */
	ret_mac[1] = 0xf7;
	memcpy(ret_mac + 2, &addr, 4);
}
