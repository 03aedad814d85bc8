/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "auth.h"

#include "check.h"
#include "clock.h"
#include "fnv.h"
#include "knocks.h"
#include "log.h"
#include "server.h"
#include "trust.h"
#include "wrong_tokens.h"

#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <string.h>

static const char *const role_names[] = { "anyone", "host", "viewer", "operator",
					  "admin" };

const char *api_role_name(enum api_role role)
{
	return role_names[role];
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

static int by_token(struct request *r, const char *header, struct err *err)
{
	CLEANUP(db_token_done) struct db_token t = { .id = 0 };
	char hash[TOKEN_HASH_TEXT];
	int rc;

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
		r->retry_s = wrong_tokens_note(r->api->wrong_tokens, caller_of(r));
		if (r->retry_s > 0)
			return request_fail(r, 429, err,
					    "too many invalid tokens from this address");
		return request_fail(r, 401, err,
				    "the token is unknown, revoked or expired");
	}
	if (rc < 0)
		return rc;
	note_known(r->api->known, hash, true);
	r->token_id = t.id;
	snprintf(r->caller, sizeof(r->caller), "token %lld", (long long)t.id);
	r->role = t.role == DB_ROLE_ADMIN      ? API_ADMIN
		  : t.role == DB_ROLE_OPERATOR ? API_OPERATOR
					       : API_VIEWER;
	snprintf(r->who, sizeof(r->who), "%s", t.name);
	return 0;
}

/* Without the database nobody is cut off. */
bool api_token_lives(struct api *api, int64_t token_id)
{
	return !token_id || db_token_in_force(api->db, token_id, clock_now_ms(), NULL) !=
				    ERR_NOT_FOUND;
}

void api_token_used(struct request *r)
{
	struct err e;

	/* A full disk must not lock people out. */
	if (db_token_used(r->api->db, r->token_id, clock_now_ms(), &e) < 0)
		log_debug("token-used", ERR(&e));
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
	if (rc == 0)
		snprintf(r->host_address, sizeof(r->host_address), "%s", h.address);
	return rc;
}

/* Again for each request of a connection. While the database fails hosts keep their
 * leases.
 */
static int check_peer(struct request *r, const struct api_peer *p, struct err *err)
{
	int rc;

	if (p->id.expires_wall_ms <= clock_wall_ms())
		return err_set(err, ERR_DENIED, "the client certificate is expired");
	rc = check_host(r, p->id.host, err);
	if (rc == 0)
		rc = db_certificate_use(r->api->db, p->id.name, p->id.serial,
					p->id.issued_wall_ms, err);
	return rc == ERR_STORE && p->was_a_host ? 0 : rc;
}

static int by_certificate(struct request *r, struct err *err)
{
	const union MHD_ConnectionInfo *context =
		MHD_get_connection_info(r->conn, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	gnutls_session_t tls = api_tls_session(r);
	struct api_peer *p = context ? context->socket_context : NULL;
	int rc;

	if (!p || !tls)
		return ERR_NOT_FOUND;
	if (!p->is_known) {
		p->is_known = true;
		p->rc = ca_peer_of(r->api->ca, tls, &p->id, err);
	}
	if (p->rc == ERR_NOT_FOUND)
		return p->rc;
	/* The next connection may be that of another certificate. */
	r->ends_connection = true;
	if (p->rc < 0)
		return err_set(err, p->rc, "the client certificate is not valid");
	rc = check_peer(r, p, err);
	if (rc < 0)
		return rc;
	if (is_cut(r->api, p->id.host))
		return err_set(err, ERR_UNAVAIL, "host %s is cut off by a drill",
			       p->id.host);
	if (p->id.is_programs && r->route->body != API_OPAQUE)
		return err_set(err, ERR_DENIED,
			       "the programs of a host may call the store alone");
	r->ends_connection = false;
	p->was_a_host = true;
	r->role = API_HOST;
	r->is_programs = p->id.is_programs;
	r->certificate = fnv(FNV_START, p->id.serial, strlen(p->id.serial));
	snprintf(r->host, sizeof(r->host), "%s", p->id.host);
	snprintf(r->caller, sizeof(r->caller), "%s %s",
		 r->is_programs ? "programs" : "host", r->host);
	return 0;
}

gnutls_session_t api_tls_session(struct request *r)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(r->conn, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	return info ? info->tls_session : NULL;
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
