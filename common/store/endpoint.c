/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which endpoint is used; those that failed are probed before they are used again. */
#include "check.h"
#include "clock.h"
#include "exchange.h"

#include <string.h>

#define CONNECT_MS 1000
#define OUT_MS 2000 /* an endpoint that failed is not used for so long */

struct http_req store_request(const struct store *s)
{
	return (struct http_req){
		.method = "POST",
		.ca_file = s->ca_file,
		.cert_file = s->cert_file,
		.key_file = s->key_file,
		.token = s->token,
		.connect_timeout_ms = CONNECT_MS,
	};
}

size_t store_endpoint_choose(struct store *s, size_t try)
{
	for (size_t i = 0; i < s->n_endpoints; i++) {
		size_t at = (s->current + i) % s->n_endpoints;

		if (!s->endpoints[at].out) {
			s->current = at;
			return at;
		}
	}
	/* None is known to work: try each in turn, to find the first that recovers. */
	if (try > 0)
		s->current = (s->current + 1) % s->n_endpoints;
	return s->current;
}

static void plan_probe(struct store *s)
{
	int64_t first = INT64_MAX;

	for (size_t i = 0; i < s->n_endpoints; i++)
		if (s->endpoints[i].out && !s->endpoints[i].probe)
			first = MIN(first, s->endpoints[i].out_until_ms);
	if (first == INT64_MAX)
		loop_timer_unset(s->probe_timer);
	else
		loop_timer_at(s->probe_timer, first);
}

void store_endpoint_failed(struct store *s, size_t i, const struct err *err)
{
	struct store_endpoint *e = &s->endpoints[i];

	s->failing = true;
	snprintf(s->problem, sizeof(s->problem), "%s", err->msg);
	e->out = true;
	e->out_until_ms = clock_mono_ms() + OUT_MS;
	plan_probe(s);
}

void store_endpoint_worked(struct store *s, size_t i)
{
	s->failing = false;
	s->problem[0] = '\0';
	s->endpoints[i].out = false;
	s->current = i;
}

static void on_probe(void *arg, const struct http_res *res, bool sent,
		     const struct err *err)
{
	struct store_endpoint *e = arg;

	(void)sent;
	(void)err;
	e->probe = NULL;
	/* A member without a leader answers 503, or 200 with "health":"false". */
	if (res && res->status < 500 && !strstr(buf_str(&res->body), "\"false\""))
		e->out = false;
	else
		e->out_until_ms = clock_mono_ms() + OUT_MS;
	plan_probe(e->store);
}

static void probe(struct store_endpoint *e)
{
	struct store *s = e->store;
	struct http_req req = store_request(s);

	req.method = "GET";
	req.timeout_ms = CONNECT_MS;
	e->probe = store_exchange_start(s, (size_t)(e - s->endpoints), "/health", &req,
					NULL, on_probe, e);
}

void store_endpoint_on_probe_timer(void *arg)
{
	struct store *s = arg;
	int64_t now = clock_mono_ms();

	CHECK_MAGIC(s, STORE_MAGIC);
	for (size_t i = 0; i < s->n_endpoints; i++) {
		struct store_endpoint *e = &s->endpoints[i];

		if (e->out && !e->probe && e->out_until_ms <= now)
			probe(e);
	}
	plan_probe(s);
}
