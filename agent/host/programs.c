/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "programs.h"

#include "check.h"
#include "clock.h"
#include "key.h"
#include "log_streak.h"
#include "text.h"

#include <string.h>
#include <sys/stat.h>

#define PROGRAMS_MAGIC 0x70726f67u
#define RETRY_FIRST_MS 200
#define RETRY_MOST_MS 15000
#define ANSWER_MAX_BYTES (64 * 1024)
/* How often it is looked whether the files are as they were left. */
#define LOOK_MS 2000 /* where the options say nothing */

/* Which file a path led to. */
struct mark {
	dev_t dev;
	ino_t ino;
	off_t size; /* -1: it was not looked at */
	struct timespec mtime;
};

struct programs {
	uint32_t magic;
	struct httpm *http;
	struct files *files;
	char *url, *host, *ca_file, *host_cert, *host_key, *cert_file, *key_file;
	int64_t due_wall_ms;     /* 0: there is no certificate */
	int64_t new_due_wall_ms; /* of the one that is written */
	struct loop_timer *timer;
	int64_t look_ms, pause_ms;
	struct httpm_call *call;
	char *body;
	char *pem, *new_pem;   /* the certificate; the one that is written */
	struct mark cert, key; /* as they were seen last */
	struct log_streak failed, touched;
};

static struct mark mark_of(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return (struct mark){ 0 };
	return (struct mark){ st.st_dev, st.st_ino, st.st_size, st.st_mtim };
}

static bool is_same(const struct mark *a, const struct mark *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->mtime.tv_sec == b->mtime.tv_sec && a->mtime.tv_nsec == b->mtime.tv_nsec;
}

static bool has(const char *path, const char *pem)
{
	CLEANUP(free) char *now = NULL;

	return conf_read_file(path, ANSWER_MAX_BYTES, &now, NULL, NULL) == 0 &&
	       strcmp(now, pem) == 0;
}

/* pem: what it should have; NULL: any change is another's. One that another put there may
 * be an older one, which the store does not take any more. */
static void look_at(struct programs *p, const char *path, struct mark *seen,
		    const char *pem)
{
	const struct mark now = mark_of(path);
	struct err err;

	if (is_same(&now, seen))
		return;
	*seen = now;
	if (pem && has(path, pem))
		return;
	p->due_wall_ms = 0;
	(void)err_set(&err, ERR_CONFLICT,
		      "%s was %s by another: it is the agent's, which asks for a new "
		      "certificate",
		      path, now.ino ? "replaced" : "removed");
	log_streak(&p->touched, "programs-certificate-touched", &err);
}

static void plan(struct programs *p)
{
	int64_t left = p->due_wall_ms - clock_wall_ms();

	p->pause_ms = RETRY_FIRST_MS;
	loop_timer_in(p->timer, MIN(MAX(left, 0), p->look_ms));
}

static void plan_retry(struct programs *p, const struct err *err)
{
	log_streak(&p->failed, "no-programs-certificate", err);
	loop_timer_in(p->timer, p->pause_ms);
	p->pause_ms = MIN(p->pause_ms * 2, RETRY_MOST_MS);
}

static int check(const struct programs *p, const char *pem, int64_t *ret_due_ms,
		 struct err *err)
{
	int64_t from, until;
	int rc = host_cert_check(pem, p->key_file, &from, &until, err);

	if (rc == 0)
		*ret_due_ms = from + (until - from) / 3 * 2;
	return rc;
}

static void on_written(void *arg, const char *path, const struct err *err)
{
	struct programs *p = arg;

	(void)path;
	CHECK_MAGIC(p, PROGRAMS_MAGIC);
	if (err) {
		plan_retry(p, err);
		return;
	}
	log_streak(&p->failed, "no-programs-certificate", NULL);
	p->due_wall_ms = p->new_due_wall_ms;
	free(p->pem);
	p->pem = TAKE(p->new_pem);
	p->cert.size = -1;
	plan(p);
}

static int on_answer(struct programs *p, const struct http_res *res, struct err *err)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	const char *pem;
	int rc;

	if (res->status < 200 || res->status > 299)
		return err_set(err, err_from_http_status(res->status),
			       "the controller answers %ld: %.200s", res->status,
			       buf_str(&res->body));
	rc = json_parse(buf_str(&res->body), res->body.len, "the answer", &doc, err);
	if (rc == 0)
		rc = jread_str(doc, "certificate", &pem, err);
	if (rc == 0)
		rc = check(p, pem, &p->new_due_wall_ms, err);
	if (rc < 0)
		return rc;
	free(p->new_pem);
	p->new_pem = xstrdup(pem);
	files_write_then(p->files, p->cert_file, pem, strlen(pem), 0600, FILES_UNSYNCED,
			 on_written, p);
	return 0;
}

static void on_done(void *arg, const struct http_res *res, bool sent,
		    const struct err *failed)
{
	struct programs *p = arg;
	struct err err;

	(void)sent;
	CHECK_MAGIC(p, PROGRAMS_MAGIC);
	p->call = NULL;
	free(TAKE(p->body));
	if (failed)
		err = *failed;
	if (failed || on_answer(p, res, &err) < 0)
		plan_retry(p, &err);
}

static int make_body(struct programs *p, struct err *err)
{
	CLEANUP(free) char *csr = NULL;
	CLEANUP(json_decref) json_t *doc = NULL;
	int rc = host_key_ensure(p->key_file, err);

	if (rc < 0)
		return err_wrap(err, rc,
				"the key of this host's programs, without which another "
				"is made");
	p->key = mark_of(p->key_file);
	rc = host_key_csr(p->key_file, p->host, &csr, err);
	if (rc < 0)
		return rc;
	doc = json_pack("{s:s}", "csr", csr);
	CHECK(doc);
	p->body = json_dumps(doc, JSON_COMPACT);
	return 0;
}

static void ask(struct programs *p)
{
	static const char *const headers[] = { "Content-Type: application/json", NULL };
	struct http_req req = { .method = "POST",
				.url = p->url,
				.headers = headers,
				.ca_file = p->ca_file,
				.cert_file = p->host_cert,
				.key_file = p->host_key,
				.connect_timeout_ms = 3000,
				.timeout_ms = 15000,
				.max_answer_bytes = ANSWER_MAX_BYTES };
	struct err err;

	if (make_body(p, &err) < 0) {
		plan_retry(p, &err);
		return;
	}
	req.body = p->body;
	req.body_len = strlen(p->body);
	p->call = httpm_start(p->http, &req, NULL, on_done, p);
}

static void on_timer(void *arg)
{
	struct programs *p = arg;

	CHECK_MAGIC(p, PROGRAMS_MAGIC);
	if (p->due_wall_ms) {
		look_at(p, p->cert_file, &p->cert, p->pem);
		look_at(p, p->key_file, &p->key, NULL);
	}
	if (p->due_wall_ms > clock_wall_ms())
		plan(p);
	else if (!p->call)
		ask(p);
}

/* That of a previous run. */
static void load(struct programs *p)
{
	p->cert.size = -1;
	p->key = mark_of(p->key_file);
	if (conf_read_file(p->cert_file, ANSWER_MAX_BYTES, &p->pem, NULL, NULL) == 0 &&
	    check(p, p->pem, &p->due_wall_ms, NULL) < 0)
		p->due_wall_ms = 0;
}

int programs_open(struct loop *loop, struct httpm *http, const struct programs_opts *opts,
		  struct programs **ret, struct err *err)
{
	CLEANUP(programs_close) struct programs *p = xcalloc(1, sizeof(*p));
	int rc;

	p->magic = PROGRAMS_MAGIC;
	p->http = http;
	p->files = opts->files;
	p->url = xasprintf("%s/v1/agent/programs", opts->controller);
	p->host = xstrdup(opts->host);
	p->ca_file = opts->ca_file ? xstrdup(opts->ca_file) : NULL;
	p->host_cert = xstrdup(opts->cert_file);
	p->host_key = xstrdup(opts->key_file);
	p->cert_file = xasprintf("%s/programs.pem", opts->state_dir);
	p->key_file = xasprintf("%s/programs-key.pem", opts->state_dir);
	p->look_ms = opts->look_ms ? opts->look_ms : LOOK_MS;
	p->pause_ms = RETRY_FIRST_MS;
	p->timer = loop_timer_new(loop, on_timer, p);
	rc = host_key_ensure(p->key_file, err);
	if (rc < 0)
		return err_wrap(err, rc, "the key of this host's programs");
	load(p);
	loop_timer_in(p->timer, 0);
	*ret = TAKE(p);
	return 0;
}

void programs_close(struct programs *p)
{
	if (!p)
		return;
	CHECK_MAGIC(p, PROGRAMS_MAGIC);
	httpm_cancel(p->call);
	if (p->files)
		files_forget(p->files, p);
	loop_timer_free(p->timer);
	free(p->url);
	free(p->host);
	free(p->ca_file);
	free(p->host_cert);
	free(p->host_key);
	free(p->cert_file);
	free(p->key_file);
	free(p->body);
	free(p->pem);
	free(p->new_pem);
	p->magic = 0;
	free(p);
}

const char *programs_cert_file(const struct programs *p)
{
	return p->cert_file;
}

const char *programs_key_file(const struct programs *p)
{
	return p->key_file;
}
