/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "listen.h"

#include "address.h"
#include "auth.h"
#include "check.h"
#include "clock.h"
#include "door.h"
#include "exchange.h"
#include "listening.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>

/* Of a connection, for its headers and what is on its way. A host holds several open that
 * are mostly idle, and its requests' headers are short. */
#define POOL_BYTES 32768
#define HOST_POOL_BYTES 8192
#define THREADS 2u
/* As far as there are descriptors (file_limit.h); door.c bounds strangers. */
#define CONNECTIONS_MAX 250000u
#define IDLE_S 130u /* peers.c ends idle ones before */

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
		     struct api_peer *p)
{
	const struct api *api = l->api;

	if (!p->has_asked && *p->address && l->is_tls && api->hooks.connection &&
	    !peers_was_ended(p) && has_certificate(conn) && !was_held(api))
		api->hooks.connection(api->hooks.arg, p->address, false);
}

/* The peer of a TLS connection is identified once. */
static void on_connection(void *arg, struct MHD_Connection *conn, void **context,
			  enum MHD_ConnectionNotificationCode what)
{
	const struct api_listener *l = arg;
	struct api_peer *p = *context;
	const union MHD_ConnectionInfo *info, *fd, *tls;
	char address[API_ADDRESS_TEXT] = "", network[API_ADDRESS_TEXT] = "";

	CHECK_MAGIC(l, LISTENER_MAGIC);
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		fd = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);
		info = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
		if (info && info->client_addr) {
			api_address_text(info->client_addr, address);
			api_address_network(info->client_addr, network);
		}
		tls = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_GNUTLS_SESSION);
		p = peers_add(door_peers(l->door), fd->connect_fd, address, network);
		if (tls && tls->tls_session) {
			ca_bound_peer(tls->tls_session);
			handshakes_add(door_handshakes(l->door), &p->handshake, conn,
				       tls->tls_session, &p->has_asked);
		}
		*context = p;
		return;
	}
	if (!p)
		return;
	tell_end(l, conn, p);
	peers_remove(p);
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

static void tls_files_done(struct tls_files *t)
{
	free(t->cert);
	if (t->key)
		gnutls_memset(t->key, 0, strlen(t->key));
	free(t->key);
}
DEFINE_CLEANUP_OBJECT(struct tls_files, tls_files_done);

static int check_address(const struct api *api, const char *where, bool is_tls,
			 struct sockaddr_storage *ret, struct err *err)
{
	int rc = api_address_parse(where, ret, err);

	if (rc == 0 && !is_tls && !api->opts.insecure_listen &&
	    !api_is_loopback((struct sockaddr *)ret))
		rc = err_set(
			err, ERR_DENIED,
			"plain HTTP on %s is not allowed: set insecure_listen=yes to "
			"allow it, or use host_listen, which uses TLS",
			where);
	return rc;
}

/* The socket is the door's: the daemon is given what comes in. */
static int start_daemon(struct api_listener *l, const struct tls_files *tls,
			struct err *err)
{
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC |
			 MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET;
	/* A group of primes costs a hundred times what a curve does. */
	char priorities[] = "NORMAL:-VERS-TLS1.0:-VERS-TLS1.1:-GROUP-DH-ALL";
	CLEANUP(free) char *trust = xstrdup(ca_pem(l->api->ca));
	struct MHD_OptionItem secure[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, tls->cert },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, tls->key },
		{ MHD_OPTION_HTTPS_MEM_TRUST, 0, trust },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, priorities },
		{ MHD_OPTION_END, 0, NULL },
	};

	if (l->is_tls)
		flags |= MHD_USE_TLS;
	else
		secure[0].option = MHD_OPTION_END;
	l->daemon = MHD_start_daemon(
		flags, 0, NULL, NULL, api_on_request, l, MHD_OPTION_THREAD_POOL_SIZE,
		THREADS, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)(l->is_tls ? HOST_POOL_BYTES : POOL_BYTES),
		MHD_OPTION_STRICT_FOR_CLIENT, 0, MHD_OPTION_URI_LOG_CALLBACK,
		api_on_target, l, MHD_OPTION_NOTIFY_COMPLETED, api_on_completed, NULL,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, l, MHD_OPTION_ARRAY, secure,
		MHD_OPTION_END);
	return l->daemon ? 0
			 : err_errno(err, ERR_UNAVAIL, "libmicrohttpd does not start");
}

int api_listen(struct api *api, struct api_listener *l, const char *where, bool is_tls,
	       struct err *err)
{
	CLEANUP(tls_files_done) struct tls_files tls = { NULL, NULL };
	struct sockaddr_storage addr;
	int rc = check_address(api, where, is_tls, &addr, err);

	if (rc == 0 && is_tls)
		rc = make_tls(api, where, &tls, err);
	if (rc < 0)
		return rc;
	*l = (struct api_listener){ .magic = LISTENER_MAGIC,
				    .api = api,
				    .is_tls = is_tls,
				    .is_loopback =
					    api_is_loopback((struct sockaddr *)&addr) };
	rc = door_open(&addr, is_tls ? api->opts.listening : NULL, api->crowd,
		       api->acquainted, is_tls, &l->door, &l->port, err);
	if (rc < 0)
		return err_wrap(err, rc, "listening on %s", where);
	rc = start_daemon(l, &tls, err);
	if (rc == 0)
		door_lead_to(l->door, l->daemon);
	return rc;
}

void api_listen_end(struct api_listener *l)
{
	door_shut(l->door);
	if (l->daemon)
		MHD_stop_daemon(l->daemon);
	door_free(l->door);
}
