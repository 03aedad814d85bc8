/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api_internal.h"

#include "check.h"
#include "clock.h"
#include "conf.h"
#include "kv.h"
#include "log.h"
#include "token.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <string.h>

#define THREADS 2u
#define CONNECTIONS_MAX 4096u
#define IDLE_S 120u
#define TICK_MS 1000
#define HEARTBEAT_TICKS 15
#define AGENT_MAX_BYTES (64 << 20)
#define LISTENER_MAGIC 0x6c736e72u

/* ---------------------------------------------------------------- one exchange */

static struct request *request_new(struct api_listener *l, struct MHD_Connection *conn,
				   const char *method, const char *path)
{
	struct request *r = xcalloc(1, sizeof(*r));
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	r->magic = REQUEST_MAGIC;
	r->api = l->api;
	r->conn = conn;
	r->is_tls = l->is_tls;
	r->is_loopback = info && api_is_loopback(info->client_addr);
	/* The answer to HEAD is GET's; libmicrohttpd leaves its body out. */
	r->method = xstrdup(strcmp(method, "HEAD") == 0 ? "GET" : method);
	r->path = xstrdup(path);
	r->route = api_route_find(r->method, path, r->args, r->allow);
	if (!r->route && l->api->hooks.kv && kv_handles(path))
		r->route = &api_kv_route;
	buf_init(&r->body, r->route ? r->route->body_max : 0);
	return r;
}

static void request_free(struct request *r)
{
	if (r->again)
		api_log_ask_drop(r);
	if (r->answer)
		MHD_destroy_response(r->answer);
	if (r->replay_key)
		api_replay_forget(r);
	buf_done(&r->body);
	free(r->replay_key);
	free(r->etag);
	free(r->location);
	free(r->method);
	free(r->path);
	free(r);
}

static bool announces_body(struct request *r)
{
	const char *length = request_header(r, "Content-Length");

	return request_header(r, "Transfer-Encoding") ||
	       (length && strcmp(length, "0") != 0);
}

static int check_size(struct request *r, struct err *err)
{
	const char *length = request_header(r, "Content-Length");

	if ((length && strtoull(length, NULL, 10) > r->route->body_max) ||
	    buf_is_full(&r->body))
		return request_fail(r, 413, err, "the body is larger than %zu bytes",
				    r->route->body_max);
	return 0;
}

static bool is_media_type(const char *have, const char *want)
{
	size_t n = strlen(want);

	return strncasecmp(have, want, n) == 0 && strchr("; \t", have[n]) != NULL;
}

static int check_type(struct request *r, struct err *err)
{
	const char *type = request_header(r, "Content-Type");

	if (r->route->body == API_NO_BODY || r->route->body == API_OPAQUE)
		return 0;
	if (!type)
		type = "";
	if (is_media_type(type, "application/json") ||
	    (r->route->body == API_TEXT &&
	     (is_media_type(type, "text/plain") || is_media_type(type, "text/csv"))))
		return 0;
	return request_fail(r, 415, err, "the body must be %s",
			    r->route->body == API_JSON
				    ? "application/json"
				    : "text/plain, text/csv or application/json");
}

/* What can be refused before the body is read. */
static int begin(struct request *r, struct err *err)
{
	int rc;

	r->has_begun = true;
	if (!r->route) {
		if (strcmp(r->allow, "") != 0)
			return request_fail(r, 405, err, "%s is not possible here",
					    r->method);
		return strcmp(r->method, "GET") == 0
			       ? 0
			       : request_fail(r, 404, err, "there is no %s", r->path);
	}
	rc = api_authorize(r, err);
	if (rc == 0)
		rc = check_size(r, err);
	if (rc == 0 && announces_body(r))
		rc = check_type(r, err);
	return rc;
}

static int run(struct request *r, struct err *err)
{
	int rc;

	if (!r->route)
		return api_web_file(r)
			       ? 0
			       : request_fail(r, 404, err, "there is no %s", r->path);
	rc = check_size(r, err);
	if (rc < 0 || api_replay(r))
		return rc;
	return r->route->handler(r, err);
}

static void count(struct request *r)
{
	struct api *api = r->api;

	pthread_mutex_lock(&api->lock);
	api->requests[r->status / 100 % ARRAY_SIZE(api->requests)]++;
	pthread_mutex_unlock(&api->lock);
}

/* Sends what the handler made; nothing when it suspended the connection. */
static enum MHD_Result finish(struct request *r, int rc, const struct err *err)
{
	enum MHD_Result ret;

	if (rc < 0)
		reply_problem(r, rc, err);
	if (r->is_queued || !r->answer)
		return r->queue_result;
	count(r);
	ret = MHD_queue_response(r->conn, r->status, r->answer);
	MHD_destroy_response(TAKE(r->answer));
	r->is_queued = true;
	return ret;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *conn,
				  const char *path, const char *method,
				  const char *version, const char *data, size_t *size,
				  void **state)
{
	struct api_listener *l = arg;
	struct request *r = *state;
	struct err e = { .code = 0, .msg = "" };
	int rc = 0;

	(void)version;
	CHECK_MAGIC(l, LISTENER_MAGIC);
	if (!r) {
		*state = r = request_new(l, conn, method, path);
		r->queue_result = MHD_YES;
		if (!announces_body(r) || (rc = begin(r, &e)) == 0)
			return MHD_YES;
		return finish(r, rc, &e);
	}
	CHECK_MAGIC(r, REQUEST_MAGIC);
	if (*size > 0) {
		buf_add(&r->body, data, *size);
		*size = 0;
		return MHD_YES;
	}
	if (r->again)
		return finish(r, r->again(r, &e), &e);
	if (!r->has_begun)
		rc = begin(r, &e);
	if (rc == 0)
		rc = run(r, &e);
	return finish(r, rc, &e);
}

static void on_completed(void *arg, struct MHD_Connection *conn, void **state,
			 enum MHD_RequestTerminationCode why)
{
	struct request *r = *state;

	(void)arg;
	(void)conn;
	(void)why;
	if (!r)
		return;
	CHECK_MAGIC(r, REQUEST_MAGIC);
	request_free(r);
	*state = NULL;
}

/* Who is at the other end of a TLS connection is found out once. */
static void on_connection(void *arg, struct MHD_Connection *conn, void **context,
			  enum MHD_ConnectionNotificationCode what)
{
	(void)arg;
	(void)conn;
	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		*context = xcalloc(1, sizeof(struct api_peer));
	else
		free(*context);
}

/* ---------------------------------------------------------------- listeners */

bool api_is_loopback(const struct sockaddr *a)
{
	const struct sockaddr_in *in = (const void *)a;
	const struct sockaddr_in6 *in6 = (const void *)a;

	if (a->sa_family == AF_INET)
		return ntohl(in->sin_addr.s_addr) >> 24 == 127;
	return a->sa_family == AF_INET6 && (IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr) ||
					    (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr) &&
					     in6->sin6_addr.s6_addr[12] == 127));
}

/* "127.0.0.1:7070", "[::1]:7070". */
static int parse_address(const char *text, struct sockaddr_storage *ret, struct err *err)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
				  .ai_socktype = SOCK_STREAM };
	CLEANUP(free) char *host = xstrdup(text);
	char *colon = strrchr(host, ':');
	char *name = host;
	struct addrinfo *found = NULL;

	if (!colon || !colon[1])
		return err_set(err, ERR_INVAL, "'%s' is no ADDRESS:PORT", text);
	*colon = '\0';
	if (*name == '[' && colon[-1] == ']') {
		colon[-1] = '\0';
		name++;
	}
	if (getaddrinfo(name, colon + 1, &hints, &found) != 0)
		return err_set(err, ERR_INVAL, "'%s' is no ADDRESS:PORT", text);
	memset(ret, 0, sizeof(*ret));
	memcpy(ret, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return 0;
}

struct tls_files {
	char *cert, *key;
};

/* The certificate is for whatever hosts and people may call us. */
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

static int listen_on(struct api *api, struct api_listener *l, const char *where,
		     bool is_tls, struct err *err)
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
	int rc = parse_address(where, &addr, err);

	if (rc == 0 && !is_tls && !api->opts.insecure_listen &&
	    !api_is_loopback((struct sockaddr *)&addr))
		rc = err_set(err, ERR_DENIED,
			     "plain HTTP on %s is refused: set insecure_listen=yes to "
			     "allow it, or use host_listen, which is TLS",
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
		flags, 0, NULL, NULL, on_request, l, MHD_OPTION_SOCK_ADDR, &addr,
		MHD_OPTION_THREAD_POOL_SIZE, THREADS, MHD_OPTION_CONNECTION_LIMIT,
		CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S,
		MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_NOTIFY_COMPLETED,
		on_completed, NULL, MHD_OPTION_NOTIFY_CONNECTION, on_connection, NULL,
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

/* ---------------------------------------------------------------- life */

/* Wakes suspended exchanges: at a notice, every second, and with a heartbeat. */
static void *tick(void *arg)
{
	struct api *api = arg;
	unsigned n = 0;

	CHECK_MAGIC(api, API_MAGIC);
	pthread_mutex_lock(&api->lock);
	while (!api->stopping) {
		int64_t until = clock_mono_ms() + TICK_MS;
		struct timespec at = { .tv_sec = until / 1000,
				       .tv_nsec = until % 1000 * 1000000 };

		(void)pthread_cond_timedwait(&api->wake, &api->lock, &at);
		n++;
		api_streams_wake(api, n % HEARTBEAT_TICKS == 0);
		api_log_asks_wake(api);
	}
	pthread_mutex_unlock(&api->lock);
	return NULL;
}

static void start_ticker(struct api *api)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&api->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&api->wake, &attr);
	pthread_condattr_destroy(&attr);
	CHECK(pthread_create(&api->ticker, NULL, tick, api) == 0);
}

/* The agent's sum is what user data pins; without the file hosts cannot be made. */
static void sum_agent(struct api *api)
{
	CLEANUP(free) char *path = NULL;
	CLEANUP(free) char *data = NULL;
	struct err e;

	if (!*api->opts.agent)
		return;
	api->agent_fd = open(api->opts.agent, O_RDONLY | O_CLOEXEC);
	path = xasprintf("/proc/self/fd/%d", api->agent_fd);
	if (api->agent_fd < 0 ||
	    conf_read_file(path, AGENT_MAX_BYTES, &data, &api->agent_size, &e) < 0) {
		log_warn("agent-unreadable", STR("path", api->opts.agent));
		return;
	}
	token_hash_bytes(data, api->agent_size, api->agent_sum);
}

int api_open(const struct api_opts *opts, struct db *db, struct ca *ca,
	     const struct api_hooks *hooks, struct api **ret, struct err *err)
{
	CLEANUP(api_close) struct api *api = xcalloc(1, sizeof(*api));
	int rc = 0;

	api->magic = API_MAGIC;
	api->opts = *opts;
	api->db = db;
	api->ca = ca;
	api->hooks = *hooks;
	api->agent_fd = -1;
	api->started_ms = clock_now_ms();
	api->replays = api_replays_new();
	api->logins = api_logins_new();
	sum_agent(api);
	start_ticker(api);
	if (*opts->listen)
		rc = listen_on(api, &api->plain, opts->listen, false, err);
	if (rc == 0 && *opts->host_listen)
		rc = listen_on(api, &api->tls, opts->host_listen, true, err);
	if (rc < 0)
		return rc;
	*ret = TAKE(api);
	return 0;
}

void api_close(struct api *api)
{
	if (!api)
		return;
	CHECK_MAGIC(api, API_MAGIC);
	pthread_mutex_lock(&api->lock);
	api->stopping = true;
	api_streams_wake(api, false);
	api_log_asks_wake(api);
	pthread_cond_signal(&api->wake);
	pthread_mutex_unlock(&api->lock);
	pthread_join(api->ticker, NULL);
	if (api->plain.daemon)
		MHD_stop_daemon(api->plain.daemon);
	if (api->tls.daemon)
		MHD_stop_daemon(api->tls.daemon);
	pthread_cond_destroy(&api->wake);
	pthread_mutex_destroy(&api->lock);
	api_replays_free(api->replays);
	api_logins_free(api->logins);
	if (api->agent_fd >= 0)
		close(api->agent_fd);
	api->magic = 0;
	free(api);
}

uint16_t api_port(const struct api *api)
{
	return api->plain.port;
}

uint16_t api_host_port(const struct api *api)
{
	return api->tls.port;
}

const char *api_agent_sum(const struct api *api)
{
	return api->agent_sum;
}

void api_notify_event(struct api *api)
{
	pthread_mutex_lock(&api->lock);
	api->event_seq++;
	pthread_cond_signal(&api->wake);
	pthread_mutex_unlock(&api->lock);
}

void api_poke(struct request *r, const char *why)
{
	if (API_HOOK(r, poke))
		API_HOOK(r, poke)(API_HOOK(r, arg), why);
}

void api_event(struct request *r, const char *kind, const char *stack, const char *tier,
	       const char *host, const char *fmt, ...)
{
	char message[512];
	char text[32], name[256], layer[256], machine[256];
	struct db_event ev = { .at_ms = clock_now_ms(), .level = DB_LEVEL_INFO };
	struct err e;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	snprintf(text, sizeof(text), "%s", kind);
	snprintf(name, sizeof(name), "%s", stack);
	snprintf(layer, sizeof(layer), "%s", tier);
	snprintf(machine, sizeof(machine), "%s", host);
	ev.kind = text;
	ev.stack = name;
	ev.tier = layer;
	ev.host = machine;
	ev.message = message;
	if (db_event_add(r->api->db, &ev, NULL, &e) < 0)
		log_warn("event-lost", STR("kind", kind), ERR(&e));
	api_notify_event(r->api);
}
