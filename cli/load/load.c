/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "load.h"

#include "check.h"
#include "clock.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#define REQUEST_MAGIC 0x72657175u
#define TARGETS_MAX 64
#define TARGET_LEN 128

struct load {
	struct load_opts opts;
	struct load_stats stats;
	CURLM *multi;
	char targets[TARGETS_MAX][TARGET_LEN];
	size_t n_targets;
	size_t turn;      /* next target */
	size_t next_path; /* and path */
	double fresh_due; /* grows by fresh_ratio a request; each whole is one fresh
			     request */
	double due;       /* requests that should have started and have not */
	uint64_t serial;
	struct request *first; /* in flight, linked both ways */
};

struct request {
	uint32_t magic;
	struct request *prev, *next;
	CURL *easy;
	char path[512];
	size_t tries;
	int64_t started_ms;
	char error[CURL_ERROR_SIZE];
};

int load_new(const struct load_opts *opts, struct load **ret, struct err *err)
{
	CLEANUP(load_free) struct load *l = xcalloc(1, sizeof(*l));

	CHECK(opts->paths && opts->paths[0] && opts->in_flight_max > 0);
	l->opts = *opts;
	l->multi = curl_multi_init();
	if (!l->multi)
		return err_set(err, ERR_INTERNAL, "curl_multi_init");
	curl_multi_setopt(l->multi, CURLMOPT_MAXCONNECTS, (long)opts->in_flight_max);
	*ret = TAKE(l);
	return 0;
}

static void request_free(struct load *l, struct request *r)
{
	if (r->prev)
		r->prev->next = r->next;
	else
		l->first = r->next;
	if (r->next)
		r->next->prev = r->prev;
	curl_easy_cleanup(r->easy);
	free(r);
}

static struct request *request_of(CURL *easy)
{
	struct request *r = NULL;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &r);
	CHECK_MAGIC(r, REQUEST_MAGIC);
	return r;
}

void load_free(struct load *l)
{
	if (!l)
		return;
	while (l->first) {
		curl_multi_remove_handle(l->multi, l->first->easy);
		request_free(l, l->first);
	}
	if (l->multi)
		curl_multi_cleanup(l->multi);
	free(l);
}

void load_set_targets(struct load *l, const char *const *targets, size_t n)
{
	if (n == 0)
		return;
	l->n_targets = MIN(n, (size_t)TARGETS_MAX);
	for (size_t i = 0; i < l->n_targets; i++)
		snprintf(l->targets[i], TARGET_LEN, "%s", targets[i]);
}

size_t load_targets(const struct load *l)
{
	return l->n_targets;
}

const struct load_stats *load_stats(const struct load *l)
{
	return &l->stats;
}

static size_t discard(char *data, size_t size, size_t n, void *arg)
{
	(void)data;
	(void)arg;
	return size * n;
}

static void send_to_next(struct load *l, struct request *r)
{
	char url[TARGET_LEN + sizeof(r->path) + 16];

	snprintf(url, sizeof(url), "http://%s%s", l->targets[l->turn++ % l->n_targets],
		 r->path);
	r->tries++;
	curl_easy_setopt(r->easy, CURLOPT_URL, url);
	CHECK(curl_multi_add_handle(l->multi, r->easy) == CURLM_OK);
}

static void next_path(struct load *l, struct request *r)
{
	const char *path = l->opts.paths[l->next_path];
	bool fresh;

	if (!l->opts.paths[++l->next_path])
		l->next_path = 0;
	l->fresh_due += l->opts.fresh_ratio;
	fresh = l->fresh_due >= 1;
	if (fresh)
		l->fresh_due -= 1;
	l->serial++;
	if (fresh)
		snprintf(r->path, sizeof(r->path), "%s%cvisit=%llx-%llu", path,
			 strchr(path, '?') ? '&' : '?',
			 (unsigned long long)clock_wall_ms(),
			 (unsigned long long)l->serial);
	else
		snprintf(r->path, sizeof(r->path), "%s", path);
}

static void start_request(struct load *l)
{
	struct request *r;

	if (l->stats.in_flight >= l->opts.in_flight_max || l->n_targets == 0) {
		l->stats.skipped++;
		return;
	}
	r = xcalloc(1, sizeof(*r));
	r->magic = REQUEST_MAGIC;
	r->easy = curl_easy_init();
	CHECK(r->easy);
	r->next = l->first;
	if (r->next)
		r->next->prev = r;
	l->first = r;
	r->started_ms = clock_mono_ms();
	next_path(l, r);
	curl_easy_setopt(r->easy, CURLOPT_PRIVATE, r);
	curl_easy_setopt(r->easy, CURLOPT_ERRORBUFFER, r->error);
	curl_easy_setopt(r->easy, CURLOPT_WRITEFUNCTION, discard);
	curl_easy_setopt(r->easy, CURLOPT_TIMEOUT_MS, (long)l->opts.timeout_ms);
	curl_easy_setopt(r->easy, CURLOPT_CONNECTTIMEOUT_MS, 3000L);
	curl_easy_setopt(r->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(r->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(r->easy, CURLOPT_USERAGENT, "foretide-play/" FORETIDE_VERSION);
	l->stats.sent++;
	l->stats.in_flight++;
	send_to_next(l, r);
}

static bool never_connected(CURLcode code, CURL *easy)
{
	long connects = 0;

	if (code != CURLE_COULDNT_CONNECT && code != CURLE_OPERATION_TIMEDOUT)
		return false;
	curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connects);
	return code == CURLE_COULDNT_CONNECT || connects == 0;
}

/* The connection was kept from an earlier request and the server, which begins anew, had
 * closed it, as it had the others that curl tried by itself; nothing was answered. */
static bool found_only_closed(CURLcode code, CURL *easy)
{
	long connects = 0, status = 0;

	if (code != CURLE_SEND_ERROR && code != CURLE_RECV_ERROR)
		return false;
	curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connects);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	return connects == 0 && status == 0;
}

static void finish(struct load *l, struct request *r, CURLcode code)
{
	struct load_stats *s = &l->stats;
	double seconds = (double)(clock_mono_ms() - r->started_ms) / 1000;
	long status = 0;

	curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
	if (code == CURLE_OK && status > 0 && status < 400) {
		s->ok++;
		latency_add(&s->latency, seconds);
	} else {
		s->failed++;
		snprintf(s->last_failure, sizeof(s->last_failure), "%.60s: %.80s",
			 r->path,
			 code != CURLE_OK
				 ? (*r->error ? r->error : curl_easy_strerror(code))
				 : "");
		if (code == CURLE_OK)
			snprintf(s->last_failure, sizeof(s->last_failure),
				 "%.60s: status %ld", r->path, status);
	}
	s->in_flight--;
	request_free(l, r);
}

static void collect(struct load *l)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(l->multi, &left))) {
		struct request *r = request_of(msg->easy_handle);
		CURLcode code = msg->data.result;

		curl_multi_remove_handle(l->multi, r->easy);
		if (never_connected(code, r->easy) && r->tries <= l->n_targets) {
			l->stats.moved++;
			send_to_next(l, r);
		} else if (found_only_closed(code, r->easy)) {
			l->stats.moved++;
			curl_easy_setopt(r->easy, CURLOPT_FRESH_CONNECT, 1L);
			send_to_next(l, r);
		} else {
			finish(l, r, code);
		}
	}
}

int load_run(struct load *l, int64_t ms, double rate_rps, struct err *err)
{
	int64_t now = clock_mono_ms();
	int64_t until = now + ms;

	if (rate_rps <= 0)
		l->due = 0;
	while (now < until) {
		int64_t before = now;
		int running;

		while (l->due >= 1) {
			start_request(l);
			l->due -= 1;
		}
		if (curl_multi_perform(l->multi, &running) != CURLM_OK ||
		    curl_multi_poll(l->multi, NULL, 0, (int)MIN(until - now, 5), NULL) !=
			    CURLM_OK)
			return err_set(err, ERR_INTERNAL, "curl_multi failed");
		collect(l);
		now = clock_mono_ms();
		l->due += rate_rps * (double)(now - before) / 1000;
	}
	return 0;
}
