/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proxy_user.h"

#include "check.h"
#include "log_streak.h"
#include "store.h"

#include <string.h>

#define PROXY_USER_MAGIC 0x70757372u
#define TRY_EVERY_MS 10000
#define TRY_AGAIN_MS 1000
#define TIMEOUT_MS 5000

struct proxy_user {
	uint32_t magic;
	struct etcd_proxy *proxy;
	struct store *store; /* through the proxy */
	struct store_call *call;
	struct loop_timer *timer;
	struct log_streak failed;
};

/* The store is used through the proxy, so the call that waits for it has it too. */
static void on_token(void *arg, const char *token)
{
	struct proxy_user *u = arg;

	CHECK_MAGIC(u, PROXY_USER_MAGIC);
	etcd_proxy_set_token(u->proxy, token);
}

static void on_tried(void *arg, const struct store_range_res *res, const struct err *err)
{
	struct proxy_user *u = arg;

	(void)res;
	CHECK_MAGIC(u, PROXY_USER_MAGIC);
	u->call = NULL;
	log_streak(&u->failed, "etcd-proxy-without-user", err);
	loop_timer_in(u->timer, err ? TRY_AGAIN_MS : TRY_EVERY_MS);
}

static void on_timer(void *arg)
{
	struct proxy_user *u = arg;
	const struct store_range_req one = { .key = "/skydns/",
					     .key_len = strlen("/skydns/"),
					     .keys_only = true };

	CHECK_MAGIC(u, PROXY_USER_MAGIC);
	u->call = store_range_full(u->store, &one, on_tried, u);
}

int proxy_user_open(struct loop *loop, struct etcd_proxy *p, const char *user,
		    const char *password, struct proxy_user **ret, struct err *err)
{
	CLEANUP(proxy_user_close) struct proxy_user *u = xcalloc(1, sizeof(*u));
	char url[64];
	const struct store_opts o = { .endpoints = url,
				      .user = user,
				      .password = password,
				      .on_token = on_token,
				      .token_arg = u,
				      .timeout_ms = TIMEOUT_MS };
	int rc;

	u->magic = PROXY_USER_MAGIC;
	u->proxy = p;
	u->timer = loop_timer_new(loop, on_timer, u);
	etcd_proxy_own_url(p, url, sizeof(url));
	rc = store_open(loop, &o, &u->store, err);
	if (rc < 0)
		return rc;
	loop_timer_in(u->timer, 0);
	*ret = TAKE(u);
	return 0;
}

void proxy_user_close(struct proxy_user *u)
{
	if (!u)
		return;
	CHECK_MAGIC(u, PROXY_USER_MAGIC);
	store_cancel(u->call);
	store_close(u->store);
	loop_timer_free(u->timer);
	u->magic = 0;
	free(u);
}
