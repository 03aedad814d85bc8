/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netlink.h"

#include "check.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#define ANSWER_BYTES 32768
#define REQUEST_BYTES 1024
#define NESTS_BYTES 64 /* reserved for the headers of nests, which are not checked */

struct nl {
	struct mnl_socket *socket;
	uint32_t seq;
};

/* One request under construction; attributes are appended at the end. */
struct request {
	_Alignas(struct nlmsghdr) char bytes[REQUEST_BYTES + NESTS_BYTES];
	struct nlmsghdr *head;
};

int nl_open(struct nl **ret, struct err *err)
{
	struct timeval patience = { .tv_sec = 10 };
	CLEANUP(nl_close) struct nl *nl = xcalloc(1, sizeof(*nl));

	nl->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!nl->socket || mnl_socket_bind(nl->socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    setsockopt(mnl_socket_get_fd(nl->socket), SOL_SOCKET, SO_RCVTIMEO, &patience,
		       sizeof(patience)) < 0)
		return err_errno(err, ERR_INTERNAL, "rtnetlink");
	*ret = TAKE(nl);
	return 0;
}

void nl_close(struct nl *nl)
{
	if (!nl)
		return;
	if (nl->socket)
		mnl_socket_close(nl->socket);
	free(nl);
}

/* ---------------------------------------------------------------- exchanges */

static void *request_init(struct request *r, uint16_t type, uint16_t flags, size_t size)
{
	r->head = mnl_nlmsg_put_header(r->bytes);
	r->head->nlmsg_type = type;
	r->head->nlmsg_flags = NLM_F_REQUEST | flags;
	return mnl_nlmsg_put_extra_header(r->head, size);
}

static void add_attr(struct request *r, uint16_t type, const void *data, size_t len)
{
	CHECK(mnl_attr_put_check(r->head, REQUEST_BYTES, type, len, data));
}

static void add_text(struct request *r, uint16_t type, const char *text)
{
	add_attr(r, type, text, strlen(text) + 1);
}

/* A list that changed while it was read is not an error. */
static void take_as_it_is(struct nlmsghdr *h, int len)
{
	for (; mnl_nlmsg_ok(h, len); h = mnl_nlmsg_next(h, &len))
		h->nlmsg_flags &= (uint16_t)~NLM_F_DUMP_INTR;
}

/* Sends and reads until acknowledged or done; 0 or an errno. */
static int exchange(struct nl *nl, struct request *r, mnl_cb_t fn, void *arg)
{
	_Alignas(struct nlmsghdr) char bytes[ANSWER_BYTES];
	struct nlmsghdr *first = (struct nlmsghdr *)bytes;
	int rc = MNL_CB_OK;

	r->head->nlmsg_seq = ++nl->seq;
	if ((r->head->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP) /* EXCL shares a bit */
		r->head->nlmsg_flags |= NLM_F_ACK;
	if (mnl_socket_sendto(nl->socket, r->head, r->head->nlmsg_len) < 0)
		return errno;
	while (rc > MNL_CB_STOP) {
		ssize_t n = mnl_socket_recvfrom(nl->socket, bytes, sizeof(bytes));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (first->nlmsg_seq != nl->seq) /* of an abandoned request */
			continue;
		take_as_it_is(first, (int)n);
		rc = mnl_cb_run(bytes, (size_t)n, nl->seq, 0, fn, arg);
	}
	return rc < 0 ? errno : 0;
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

static void copy_text(char *to, size_t size, const struct nlattr *a)
{
	snprintf(to, size, "%.*s", mnl_attr_get_payload_len(a), mnl_attr_get_str(a));
}

static int on_info_attr(const struct nlattr *a, void *arg)
{
	struct nl_link *link = arg;

	if (mnl_attr_get_type(a) == IFLA_INFO_KIND)
		copy_text(link->kind, sizeof(link->kind), a);
	return MNL_CB_OK;
}

static int on_link_attr(const struct nlattr *a, void *arg)
{
	struct nl_link *link = arg;
	const uint16_t type = mnl_attr_get_type(a);

	if (type == IFLA_IFNAME)
		copy_text(link->name, sizeof(link->name), a);
	else if (type == IFLA_IFALIAS)
		copy_text(link->alias, sizeof(link->alias), a);
	else if (type == IFLA_ADDRESS && mnl_attr_get_payload_len(a) == 6)
		memcpy(link->mac, mnl_attr_get_payload(a), 6);
	else if (type == IFLA_LINKINFO)
		mnl_attr_parse_nested(a, on_info_attr, link);
	return MNL_CB_OK;
}

static int read_link(const struct nlmsghdr *h, void *arg)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(h);
	struct nl_link *link = arg;

	*link = (struct nl_link){ .index = info->ifi_index };
	return mnl_attr_parse(h, sizeof(*info), on_link_attr, link);
}

int nl_link_get(struct nl *nl, const char *name, struct nl_link *ret, struct err *err)
{
	struct nl_link link = { .index = 0 };
	struct request r;
	int error;

	request_init(&r, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	add_text(&r, IFLA_IFNAME, name);
	error = exchange(nl, &r, read_link, &link);
	if (error == ENODEV)
		return err_set(err, ERR_NOT_FOUND, "there is no network link %s", name);
	errno = error;
	if (error)
		return err_errno(err, ERR_INTERNAL, "reading the link %s", name);
	*ret = link;
	return 0;
}

struct each_link {
	nl_link_fn *fn;
	void *arg;
};

static int on_each_link(const struct nlmsghdr *h, void *arg)
{
	const struct each_link *each = arg;
	struct nl_link link;

	read_link(h, &link);
	each->fn(each->arg, &link);
	return MNL_CB_OK;
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
	struct nlattr *nest;

	info->ifi_flags = IFF_UP;
	info->ifi_change = IFF_UP;
	add_text(&r, IFLA_IFNAME, name);
	add_attr(&r, IFLA_ADDRESS, mac, 6);
	nest = mnl_attr_nest_start(r.head, IFLA_LINKINFO);
	add_text(&r, IFLA_INFO_KIND, "bridge");
	mnl_attr_nest_end(r.head, nest);
	return run(nl, &r, err, "making bridge", name);
}

int nl_veth_add(struct nl *nl, const char *name, int bridge_index, const char *peer,
		const uint8_t peer_mac[6], pid_t pid, struct err *err)
{
	struct request r;
	struct ifinfomsg *info = request_init(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL,
					      sizeof(struct ifinfomsg));
	struct nlattr *nest, *data, *peer_nest;

	info->ifi_flags = IFF_UP;
	info->ifi_change = IFF_UP;
	add_text(&r, IFLA_IFNAME, name);
	add_attr(&r, IFLA_MASTER, &bridge_index, sizeof(bridge_index));
	nest = mnl_attr_nest_start(r.head, IFLA_LINKINFO);
	add_text(&r, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(r.head, IFLA_INFO_DATA);
	peer_nest = mnl_attr_nest_start(r.head, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(r.head, sizeof(struct ifinfomsg));
	add_text(&r, IFLA_IFNAME, peer);
	add_attr(&r, IFLA_ADDRESS, peer_mac, 6);
	add_attr(&r, IFLA_NET_NS_PID, &pid, sizeof(pid));
	mnl_attr_nest_end(r.head, peer_nest);
	mnl_attr_nest_end(r.head, data);
	mnl_attr_nest_end(r.head, nest);
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
