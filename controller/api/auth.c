/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "auth.h"

#include "check.h"
#include "clock.h"
#include "knocks.h"
#include "log.h"
#include "server.h"
#include "trust.h"

#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <string.h>

/* Invalid tokens that one address may present in a window before it is rejected. */
#define WRONG_MAX 20
#define WRONG_WINDOW_MS 60000
#define WRONG_SLOTS 256

static const char *const role_names[] = { "anyone", "host", "viewer", "operator",
					  "admin" };

const char *api_role_name(enum api_role role)
{
	return role_names[role];
}

/* ---------------------------------------------------------------- the first one */

int api_first_token(struct db *db, char **ret, struct err *err)
{
	CLEANUP(db_token_list_done) struct db_token_list all = { NULL, 0 };
	char hash[TOKEN_HASH_TEXT], secret[TOKEN_TEXT] = "", name[] = "admin";
	struct db_token t = { .name = name, .role = DB_ROLE_ADMIN };
	int rc = db_token_list(db, &all, err);

	if (rc == 0 && all.n == 0) {
		token_new(secret);
		token_hash(secret, hash);
		t.hash = hash;
		t.created_ms = clock_now_ms();
		rc = db_token_add(db, &t, NULL, err);
	}
	if (rc < 0)
		return rc;
	*ret = *secret ? xstrdup(secret) : NULL;
	gnutls_memset(secret, 0, sizeof(secret));
	return 0;
}

/* ---------------------------------------------------------------- wrong log-ins */

struct api_logins {
	pthread_mutex_t lock;
	struct {
		uint64_t who;
		int64_t since_mono_ms;
		int wrong;
	} v[WRONG_SLOTS];
};

struct api_logins *api_logins_new(void)
{
	struct api_logins *l = xcalloc(1, sizeof(*l));

	pthread_mutex_init(&l->lock, NULL);
	return l;
}

void api_logins_free(struct api_logins *l)
{
	if (!l)
		return;
	pthread_mutex_destroy(&l->lock);
	free(l);
}

static uint64_t caller_of(struct request *r)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(r->conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr_in6 *in6 = (const void *)info->client_addr;
	const struct sockaddr_in *in = (const void *)info->client_addr;
	uint64_t ret = 0;

	/* One caller has the whole network of an IPv6 address. */
	if (info->client_addr->sa_family == AF_INET6)
		memcpy(&ret, &in6->sin6_addr, sizeof(ret));
	else
		ret = in->sin_addr.s_addr;
	return ret;
}

/* Seconds that the caller must wait; add: counts one more invalid token. */
static unsigned wrong_logins(struct request *r, bool add)
{
	struct api_logins *l = r->api->logins;
	uint64_t who = caller_of(r);
	size_t i = (who * 0x9e3779b97f4a7c15u) >> 56;
	int64_t now = clock_mono_ms();
	unsigned wait = 0;

	pthread_mutex_lock(&l->lock);
	if (l->v[i].who == who && now - l->v[i].since_mono_ms < WRONG_WINDOW_MS) {
		l->v[i].wrong += add;
		if (l->v[i].wrong > WRONG_MAX)
			wait = 1 + (unsigned)((l->v[i].since_mono_ms + WRONG_WINDOW_MS -
					       now) /
					      1000);
	} else if (add) {
		l->v[i].who = who;
		l->v[i].since_mono_ms = now;
		l->v[i].wrong = 1;
	}
	pthread_mutex_unlock(&l->lock);
	return wait;
}

/* ---------------------------------------------------------------- known tokens */

/* Those that were valid lately: when the database fails, their owners can still read
 * what is wrong. */
#define KNOWN_MAX 64

struct api_known {
	pthread_mutex_t lock;
	char hash[KNOWN_MAX][TOKEN_HASH_TEXT];
	size_t n; /* ever noted; the oldest gives way */
};

struct api_known *api_known_new(void)
{
	struct api_known *k = xcalloc(1, sizeof(*k));

	pthread_mutex_init(&k->lock, NULL);
	return k;
}

void api_known_free(struct api_known *k)
{
	if (!k)
		return;
	pthread_mutex_destroy(&k->lock);
	free(k);
}

/* The lock is held. */
static char *find_known(struct api_known *k, const char *hash)
{
	for (size_t i = 0; i < KNOWN_MAX; i++)
		if (strcmp(k->hash[i], hash) == 0)
			return k->hash[i];
	return NULL;
}

static void note_known(struct api_known *k, const char *hash, bool is_valid)
{
	char *at;

	pthread_mutex_lock(&k->lock);
	at = find_known(k, hash);
	if (at && !is_valid)
		*at = '\0';
	else if (!at && is_valid)
		snprintf(k->hash[k->n++ % KNOWN_MAX], TOKEN_HASH_TEXT, "%s", hash);
	pthread_mutex_unlock(&k->lock);
}

/* Whether the caller may see the status though the database cannot be asked. */
static bool may_see_status(struct request *r, const char *hash)
{
	struct api_known *k = r->api->known;
	bool is_known;

	pthread_mutex_lock(&k->lock);
	is_known = find_known(k, hash) != NULL;
	pthread_mutex_unlock(&k->lock);
	return is_known && strcmp(r->route->pattern, "/v1/status") == 0;
}

/* ---------------------------------------------------------------- who it is */

static int by_token(struct request *r, const char *header, struct err *err)
{
	CLEANUP(db_token_done) struct db_token t = { .id = 0 };
	char hash[TOKEN_HASH_TEXT];
	int rc;

	r->retry_s = wrong_logins(r, false);
	if (r->retry_s > 0)
		return request_fail(r, 429, err,
				    "too many invalid tokens from this address");
	if (strncasecmp(header, "Bearer ", 7) != 0)
		return request_fail(r, 401, err, "Authorization must be: Bearer TOKEN");
	header += 7 + strspn(header + 7, " ");
	/* The time to look up a hash reveals nothing about the secret. */
	token_hash(header, hash);
	rc = db_token_find(r->api->db, hash, clock_now_ms(), &t, err);
	if (rc == ERR_STORE && may_see_status(r, hash)) {
		r->role = API_VIEWER;
		return 0;
	}
	if (rc == ERR_NOT_FOUND) {
		note_known(r->api->known, hash, false);
		(void)wrong_logins(r, true);
		return request_fail(r, 401, err,
				    "the token is unknown, revoked or expired");
	}
	if (rc < 0)
		return rc;
	note_known(r->api->known, hash, true);
	/* A full disk must not lock people out. */
	if (db_token_used(r->api->db, t.id, clock_now_ms(), err) < 0)
		log_debug("token-used", ERR(err));
	r->role = t.role == DB_ROLE_ADMIN      ? API_ADMIN
		  : t.role == DB_ROLE_OPERATOR ? API_OPERATOR
					       : API_VIEWER;
	snprintf(r->who, sizeof(r->who), "%s", t.name);
	return 0;
}

/* A drill cuts it off: it finds what it would find behind a broken link. */
static bool is_cut(struct api *api, const char *host)
{
	bool ret;

	pthread_mutex_lock(&api->lock);
	ret = *api->cut_host && strcmp(api->cut_host, host) == 0;
	pthread_mutex_unlock(&api->lock);
	return ret;
}

void api_cut_host(struct api *api, const char *host)
{
	pthread_mutex_lock(&api->lock);
	snprintf(api->cut_host, sizeof(api->cut_host), "%s", host);
	pthread_mutex_unlock(&api->lock);
}

/* A certificate can outlive its host; only existing hosts are accepted. */
static int check_host(struct request *r, const char *name, struct err *err)
{
	CLEANUP(db_host_done) struct db_host h = { .id = NULL };
	int rc = db_host_get(r->api->db, name, &h, err);

	if (rc == ERR_NOT_FOUND ||
	    (rc == 0 && (h.state == DB_HOST_GONE || h.state == DB_HOST_FAILED))) {
		knocks_note(r->api->knocks, name);
		return err_set(err, ERR_DENIED, "host %s no longer exists", name);
	}
	return rc;
}

static int by_certificate(struct request *r, struct err *err)
{
	const union MHD_ConnectionInfo *context =
		MHD_get_connection_info(r->conn, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	const union MHD_ConnectionInfo *tls =
		MHD_get_connection_info(r->conn, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	struct api_peer *p = context ? context->socket_context : NULL;
	int rc;

	if (!p || !tls)
		return ERR_NOT_FOUND;
	if (!p->is_known) {
		p->is_known = true;
		p->rc = ca_peer(r->api->ca, tls->tls_session, p->name, sizeof(p->name),
				err);
	}
	if (p->rc == ERR_NOT_FOUND)
		return p->rc;
	if (p->rc < 0)
		return err_set(err, p->rc, "the client certificate is not valid");
	rc = check_host(r, p->name, err);
	if (rc == 0 && is_cut(r->api, p->name))
		return err_set(err, ERR_UNAVAIL, "host %s is cut off by a drill",
			       p->name);
	/* While the database fails hosts keep their leases. */
	if (rc < 0 && !(rc == ERR_STORE && p->was_a_host))
		return rc;
	p->was_a_host = true;
	r->role = API_HOST;
	snprintf(r->host, sizeof(r->host), "%s", p->name);
	return 0;
}

/* /metrics may be scraped on this machine without a token. */
static bool is_open(const struct request *r)
{
	return r->route->role == API_ANYONE ||
	       (r->is_loopback && strcmp(r->route->pattern, "/metrics") == 0);
}

static bool may(const struct request *r)
{
	if (r->route->role == API_HOST)
		return r->role == API_HOST || r->role == API_ADMIN;
	return r->role != API_HOST && r->role >= r->route->role;
}

int api_authorize(struct request *r, struct err *err)
{
	const char *header = request_header(r, "Authorization");
	int rc;

	if (is_open(r))
		return 0;
	rc = header ? by_token(r, header, err) : by_certificate(r, err);
	if (rc == ERR_NOT_FOUND && !header)
		return request_fail(
			r, 401, err,
			r->route->role == API_HOST
				? "a host certificate is required"
				: "a token is required: Authorization: Bearer "
				  "TOKEN");
	if (rc < 0)
		return rc;
	if (!may(r))
		return err_set(err, ERR_DENIED, "this needs the role %s, yours is %s",
			       api_role_name(r->route->role), api_role_name(r->role));
	return 0;
}
