/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "listen.h"

#include "address.h"
#include "auth.h"
#include "check.h"
#include "clock.h"
#include "exchange.h"
#include "listening.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>

#define THREADS 2u
#define CONNECTIONS_MAX 4096u
#define IDLE_S 120u

#define HELD_MS 5000          /* after this process was held nothing is said of peers */
#define CERTIFICATE_BYTES 300 /* less than any, more than an alert */

/* The peer took this listener's certificate: who only looks whether the port is open does
 * not, nor one that was gone before it was answered. */
static bool has_certificate(struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *fd =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct tcp_info tcp = { .tcpi_bytes_acked = 0 };
	socklen_t size = sizeof(tcp);

	return fd &&
	       getsockopt(fd->connect_fd, IPPROTO_TCP, TCP_INFO, &tcp, &size) == 0 &&
	       tcp.tcpi_bytes_acked >= CERTIFICATE_BYTES;
}

static bool was_held(const struct api *api)
{
	return api->opts.listening &&
	       clock_mono_ms() - listening_since(api->opts.listening, NULL) < HELD_MS;
}

static void tell_end(const struct api_listener *l, struct MHD_Connection *conn,
		     const struct api_peer *p)
{
	const struct api *api = l->api;

	if (!p->has_asked && *p->address && l->is_tls && api->hooks.connection &&
	    has_certificate(conn) && !was_held(api))
		api->hooks.connection(api->hooks.arg, p->address, false);
}

/* The peer of a TLS connection is identified once. */
static void on_connection(void *arg, struct MHD_Connection *conn, void **context,
			  enum MHD_ConnectionNotificationCode what)
{
	const struct api_listener *l = arg;
	struct api_peer *p = *context;
	const union MHD_ConnectionInfo *info;

	CHECK_MAGIC(l, LISTENER_MAGIC);
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		*context = p = xcalloc(1, sizeof(*p));
		info = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
		if (info && info->client_addr)
			api_address_text(info->client_addr, p->address);
		return;
	}
	if (p)
		tell_end(l, conn, p);
	free(p);
}

struct tls_files {
	char *cert, *key;
};

/* The certificate is for all names that hosts and users may use. */
static int make_tls(struct api *api, const char *listen, struct tls_files *ret,
		    struct err *err)
{
	const char *names[4] = { NULL };
	CLEANUP(free) char *advertised = NULL;
	CLEANUP(free) char *own = xstrdup(listen);
	const char *host = strstr(api->opts.advertise, "://");
	size_t n = 0;

	if (host) {
		host += 3;
		advertised = *host == '[' ? xstrndup(host + 1, strcspn(host + 1, "]"))
					  : xstrndup(host, strcspn(host, ":/"));
		names[n++] = advertised;
	}
	*strrchr(own, ':') = '\0';
	if (own[0] != '[' && strcmp(own, "0.0.0.0") != 0)
		names[n++] = own;
	names[n++] = "localhost";
	names[n++] = "127.0.0.1";
	return ca_server(api->ca, names, n, &ret->cert, &ret->key, err);
}

int api_listen(struct api *api, struct api_listener *l, const char *where, bool is_tls,
	       struct err *err)
{
	struct tls_files tls = { NULL, NULL };
	struct sockaddr_storage addr;
	unsigned flags =
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_ALLOW_SUSPEND_RESUME;
	struct MHD_OptionItem none[] = { { MHD_OPTION_END, 0, NULL } };
	struct MHD_OptionItem secure[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, NULL },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, NULL },
		{ MHD_OPTION_HTTPS_MEM_TRUST, 0, NULL },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, NULL },
		{ MHD_OPTION_END, 0, NULL },
	};
	char trust[8192], priorities[] = "NORMAL:-VERS-TLS1.0:-VERS-TLS1.1";
	const union MHD_DaemonInfo *info;
	int rc = api_address_parse(where, &addr, err);

	if (rc == 0 && !is_tls && !api->opts.insecure_listen &&
	    !api_is_loopback((struct sockaddr *)&addr))
		rc = err_set(
			err, ERR_DENIED,
			"plain HTTP on %s is not allowed: set insecure_listen=yes to "
			"allow it, or use host_listen, which uses TLS",
			where);
	if (rc == 0 && is_tls)
		rc = make_tls(api, where, &tls, err);
	if (rc < 0)
		return rc;
	if (is_tls) {
		flags |= MHD_USE_TLS;
		snprintf(trust, sizeof(trust), "%s", ca_pem(api->ca));
		secure[0].ptr_value = tls.cert;
		secure[1].ptr_value = tls.key;
		secure[2].ptr_value = trust;
		secure[3].ptr_value = priorities;
	}
	if (addr.ss_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	*l = (struct api_listener){ .magic = LISTENER_MAGIC,
				    .api = api,
				    .is_tls = is_tls };
	l->daemon = MHD_start_daemon(
		flags, 0, NULL, NULL, api_on_request, l, MHD_OPTION_SOCK_ADDR, &addr,
		MHD_OPTION_THREAD_POOL_SIZE, THREADS, MHD_OPTION_CONNECTION_LIMIT,
		CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S,
		MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_NOTIFY_COMPLETED,
		api_on_completed, NULL, MHD_OPTION_NOTIFY_CONNECTION, on_connection, l,
		MHD_OPTION_ARRAY, is_tls ? secure : none, MHD_OPTION_END);
	if (!l->daemon)
		rc = err_errno(err, ERR_UNAVAIL, "listening on %s", where);
	free(tls.cert);
	if (tls.key)
		gnutls_memset(tls.key, 0, strlen(tls.key));
	free(tls.key);
	if (rc < 0)
		return rc;
	info = MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_BIND_PORT);
	l->port = info ? info->port : 0;
	return 0;
}
