/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prometheus_hosts.h"

#include "check.h"
#include "cleanup.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

DEFINE_CLEANUP(CURLU *, curl_url_cleanup);
DEFINE_CLEANUP(char *, curl_free);
DEFINE_CLEANUP(struct ifaddrs *, freeifaddrs);

#define BLANKS ", \t"

/* ---------------------------------------------------------------- by address */

/* Both as IPv6: an IPv4 address as ::ffff:a.b.c.d. */
static bool as_ipv6(const struct sockaddr *a, struct in6_addr *ret)
{
	if (a->sa_family == AF_INET6) {
		*ret = ((const struct sockaddr_in6 *)(const void *)a)->sin6_addr;
		return true;
	}
	if (a->sa_family != AF_INET)
		return false;
	memset(ret, 0, sizeof(*ret));
	ret->s6_addr[10] = ret->s6_addr[11] = 0xff;
	memcpy(&ret->s6_addr[12],
	       &((const struct sockaddr_in *)(const void *)a)->sin_addr, 4);
	return true;
}

/* Where clouds tell a machine its credentials. */
static bool is_metadata(const struct in6_addr *a)
{
	static const char *const known[] = { "::ffff:100.100.100.200",
					     "::ffff:168.63.129.16", "::ffff:192.0.0.192",
					     "fd00:ec2::254" };

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		struct in6_addr b;

		if (inet_pton(AF_INET6, known[i], &b) == 1 && IN6_ARE_ADDR_EQUAL(a, &b))
			return true;
	}
	return false;
}

static bool is_here(const struct in6_addr *a)
{
	CLEANUP(freeifaddrs) struct ifaddrs *all = NULL;

	/* Without the list nobody knows. */
	if (getifaddrs(&all) < 0)
		return true;
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		struct in6_addr own;

		if (i->ifa_addr && as_ipv6(i->ifa_addr, &own) &&
		    IN6_ARE_ADDR_EQUAL(a, &own))
			return true;
	}
	return false;
}

/* 0/8, 127/8, 169.254/16, and from 224/4 on. */
static bool is_special_ipv4(const uint8_t *a)
{
	return a[0] == 0 || a[0] == 127 || (a[0] == 169 && a[1] == 254) || a[0] >= 224;
}

bool prometheus_address_is_open(const struct sockaddr *address)
{
	struct in6_addr a;

	if (!as_ipv6(address, &a) || is_metadata(&a))
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&a) || IN6_IS_ADDR_V4COMPAT(&a))
		return !is_special_ipv4(&a.s6_addr[12]) && !is_here(&a);
	return !IN6_IS_ADDR_LOOPBACK(&a) && !IN6_IS_ADDR_UNSPECIFIED(&a) &&
	       !IN6_IS_ADDR_LINKLOCAL(&a) && !IN6_IS_ADDR_MULTICAST(&a) && !is_here(&a);
}

/* ---------------------------------------------------------------- by name */

struct place {
	char *host, *port; /* curl's */
};

static void place_done(struct place *p)
{
	curl_free(p->host);
	curl_free(p->port);
}
DEFINE_CLEANUP_OBJECT(struct place, place_done);

static int read_place(const char *url, struct place *ret, struct err *err)
{
	CLEANUP(curl_url_cleanup) CURLU *u = curl_url();
	CLEANUP(curl_free) char *scheme = NULL;

	CHECK(u);
	if (curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0) ||
	    curl_url_get(u, CURLUPART_HOST, &ret->host, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_PORT, &ret->port, CURLU_DEFAULT_PORT) != CURLUE_OK)
		return err_set(err, ERR_INVAL,
			       "'%s' is not the URL of a Prometheus server, such as "
			       "http://10.0.0.5:9090",
			       url);
	return 0;
}

static bool is_allowed(const char *allowed, const struct place *p)
{
	CLEANUP(free) char *with_port = xasprintf("%s:%s", p->host, p->port);

	for (const char *at = allowed + strspn(allowed, BLANKS); *at;) {
		const size_t n = strcspn(at, BLANKS);

		if ((strlen(p->host) == n && strncasecmp(at, p->host, n) == 0) ||
		    (strlen(with_port) == n && strncasecmp(at, with_port, n) == 0))
			return true;
		at += n + strspn(at + n, BLANKS);
	}
	return false;
}

/* A name is looked up when it is called. */
static bool is_closed_address(const char *host)
{
	CLEANUP(free) char *text = xstrdup(*host == '[' ? host + 1 : host);
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	text[strcspn(text, "]%")] = '\0';
	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		return !prometheus_address_is_open((struct sockaddr *)&in);
	return inet_pton(AF_INET6, text, &in6.sin6_addr) == 1 &&
	       !prometheus_address_is_open((struct sockaddr *)&in6);
}

int prometheus_hosts_check(const char *allowed, const char *url, struct err *err)
{
	CLEANUP(place_done) struct place p = { NULL, NULL };
	int rc = read_place(url, &p, err);

	if (rc < 0)
		return rc;
	if (allowed && *allowed ? !is_allowed(allowed, &p) : is_closed_address(p.host))
		return err_set(err, ERR_DENIED,
			       "a demand may not ask %s:%s: the administrator of the "
			       "controller's machine can allow it in foretide.conf, "
			       "[metrics] prometheus_hosts",
			       p.host, p.port);
	return 0;
}
