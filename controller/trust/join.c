/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "join.h"

#include "buf.h"
#include "token.h"

#include <gnutls/crypto.h>
#include <inttypes.h>
#include <string.h>

/* ---------------------------------------------------------------- admission */

static int refuse(struct err *err)
{
	return err_set(err, ERR_DENIED,
		       "the join token is not valid for this host, or was used before");
}

static bool is_token_of(const struct db_host *h, const char *hash)
{
	size_t len = strlen(hash);

	return strlen(h->join_token_hash) == len &&
	       gnutls_memcmp(h->join_token_hash, hash, len) == 0;
}

/* A repetition after a lost answer: same host, token and key. */
static bool is_repetition(const struct db_host *h, const struct join_request *ask)
{
	return h->join_token_used && h->state == DB_HOST_UP &&
	       ca_serial_is_of(h->cert_serial, ask->csr);
}

int join_host(struct db *db, struct ca *ca, const struct join_request *ask,
	      int64_t cert_life_ms, int64_t now_ms, struct ca_issued *ret,
	      struct err *err)
{
	CLEANUP(db_host_done) struct db_host h = { .id = NULL };
	CLEANUP(ca_issued_done) struct ca_issued c = { .pem = NULL };
	char hash[TOKEN_HASH_TEXT];
	int rc = db_host_get(db, ask->host, &h, err);

	if (rc < 0 && rc != ERR_NOT_FOUND)
		return rc;
	token_hash(ask->token, hash);
	if (rc == ERR_NOT_FOUND || !is_token_of(&h, hash))
		return refuse(err);
	rc = ca_issue(ca, ask->csr, ask->host, cert_life_ms, &c, err);
	if (rc < 0)
		return rc;
	if (!is_repetition(&h, ask))
		rc = db_host_join(db, ask->host, hash, ask->address, c.serial, now_ms,
				  err);
	if (rc == ERR_DENIED)
		return refuse(err);
	if (rc < 0)
		return rc;
	*ret = c;
	memset(&c, 0, sizeof(c));
	return 0;
}

/* ---------------------------------------------------------------- user data */

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

#define GIVE_UP_MS (20 * 60000)

static const char *domain_of(const struct join_user_data *in)
{
	return in->domain ? in->domain : "foretide.local";
}

static int check(const char *what, const char *value, const char *allowed,
		 struct err *err)
{
	if (*value && strspn(value, allowed) == strlen(value))
		return 0;
	return err_set(err, ERR_INVAL,
		       "user data: the %s '%s' cannot be used in a script", what, value);
}

static int check_all(const struct join_user_data *in, struct err *err)
{
	int rc = check("host", in->host, LETTERS "-", err);

	if (rc == 0)
		rc = check("pool", in->pool, LETTERS "-", err);
	if (rc == 0)
		rc = check("token", in->token, LETTERS "_", err);
	if (rc == 0)
		rc = check("controller", in->controller, LETTERS ":/.-[]", err);
	if (rc == 0)
		rc = check("agent's checksum", in->agent_sha256, "0123456789abcdef", err);
	if (rc == 0)
		rc = check("domain", domain_of(in), LETTERS ".-", err);
	if (rc == 0)
		rc = check("certificate", in->ca_pem, LETTERS "+/=- \r\n", err);
	return rc;
}

/* Each program costs a new host some milliseconds, so the shell does what it can itself.
 * The values were checked: none contains a quote. */
static void add_files(struct buf *b, const struct join_user_data *in)
{
	buf_puts(b, "install -d -m 755 /etc/foretide /var/lib/foretide-agent\n"
		    "printf '%s' '");
	buf_puts(b, in->ca_pem);
	buf_printf(b,
		   "' >/etc/foretide/ca.pem\n"
		   "umask 077\n"
		   "printf '%%s' '[agent]\n"
		   "id = %s\n"
		   "pool = %s\n"
		   "controller = %s\n"
		   "ca = /etc/foretide/ca.pem\n"
		   "token = %s\n"
		   "state_dir = /var/lib/foretide-agent\n"
		   "time_scale = %.17g\n"
		   "time_epoch_ms = %" PRId64 "\n"
		   "\n"
		   "[dns]\n"
		   "domain = %s\n"
		   "' >/etc/foretide/agent.conf\n"
		   "umask 022\n",
		   in->host, in->pool, in->controller, in->token, in->time_scale,
		   in->time_epoch_ms, domain_of(in));
}

/*
 * Powers off with systemd, or on a local host by ending its first process. Never by
 * reboot(2) itself.
 */
static const char give_up[] =
	"off() {\n"
	"\tif [ -d /run/systemd/system ]; then systemctl poweroff; else kill -s TERM 1; "
	"fi\n"
	"}\n";

static void add_watch(struct buf *b, const struct join_user_data *in)
{
	int64_t give_up_s = (in->give_up_ms ? in->give_up_ms : GIVE_UP_MS) / 1000;

	buf_puts(b, give_up);
	buf_printf(b,
		   "# A host that never joins only costs money.\n"
		   "# Not a child of this shell: the agent, which replaces it, must "
		   "inherit none.\n"
		   "watch() {\n"
		   "\tcd /\n"
		   "\texec </dev/null >/dev/null 2>&1\n"
		   "\ttrap '' HUP\n"
		   "\tsleep %" PRId64 "\n"
		   "\t[ -e /var/lib/foretide-agent/cert.pem ] || off\n"
		   "}\n"
		   "(watch &)\n",
		   give_up_s > 0 ? give_up_s : 1);
}

static void add_fetch(struct buf *b, const struct join_user_data *in)
{
	buf_printf(b,
		   "agent=/usr/local/sbin/foretide-agent\n"
		   "want=%s\n"
		   "is_right() {\n"
		   "\t[ -e \"$1\" ] && [ \"$(sha256sum <\"$1\")\" = \"$want  -\" ]\n"
		   "}\n"
		   "tries=0\n"
		   "until is_right \"$agent\"; do\n"
		   "\t[ -d /usr/local/sbin ] || mkdir -p /usr/local/sbin\n"
		   "\tif curl -fsS --cacert /etc/foretide/ca.pem --connect-timeout 5 \\\n"
		   "\t\t--max-time 300 -o \"$agent.new\" '%s/v1/agent/binary' &&\n"
		   "\t\tis_right \"$agent.new\"; then\n"
		   "\t\tchmod 755 \"$agent.new\"\n"
		   "\t\tmv \"$agent.new\" \"$agent\"\n"
		   "\t\tbreak\n"
		   "\tfi\n"
		   "\ttries=$((tries + 1))\n"
		   "\tif [ \"$tries\" -ge 600 ]; then off; exit 1; fi\n"
		   "\tsleep 1\n"
		   "done\n",
		   in->agent_sha256, in->controller);
}

/* Without systemd, process 1 of a local host runs respawn whenever the agent exits. */
static void add_start(struct buf *b)
{
	buf_puts(b, "if [ -d /run/systemd/system ]; then\n"
		    "\tcat >/etc/systemd/system/foretide-agent.service <<'END'\n"
		    "[Unit]\n"
		    "Description=Foretide host agent\n"
		    "After=network-online.target\n"
		    "Wants=network-online.target\n"
		    "\n"
		    "[Service]\n"
		    "ExecStart=/usr/local/sbin/foretide-agent run\n"
		    "Restart=always\n"
		    "RestartSec=1\n"
		    "KillMode=process\n"
		    "\n"
		    "[Install]\n"
		    "WantedBy=multi-user.target\n"
		    "END\n"
		    "\tsystemctl daemon-reload\n"
		    "\tsystemctl enable --now foretide-agent.service\n"
		    "else\n"
		    "\tprintf '#!/bin/sh\\nexec %s run\\n' \"$agent\" "
		    ">/etc/foretide/respawn\n"
		    "\tchmod 755 /etc/foretide/respawn\n"
		    "\texec \"$agent\" run\n"
		    "fi\n");
}

int join_user_data(const struct join_user_data *in, char **ret, struct err *err)
{
	CLEANUP(buf_done) struct buf b;
	int rc = check_all(in, err);

	buf_init(&b, JOIN_USER_DATA_MAX);
	if (rc < 0)
		return rc;
	buf_puts(&b, "#!/bin/sh\n"
		     "# Joins this host to its Foretide controller. Valid for this host "
		     "alone: the\n"
		     "# token in it works once.\n"
		     "set -eu\n"
		     "umask 022\n"
		     "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
		     "export PATH\n");
	add_files(&b, in);
	add_watch(&b, in);
	add_fetch(&b, in);
	add_start(&b);
	if (buf_is_full(&b))
		return err_set(err, ERR_LIMIT, "the user data is longer than %d bytes",
			       JOIN_USER_DATA_MAX);
	*ret = buf_take(&b);
	return 0;
}
