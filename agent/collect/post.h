/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * post.h - requests to the controller, with the host's certificate.
 */
#ifndef AGENT_COLLECT_POST_H
#define AGENT_COLLECT_POST_H

#include "net.h"

#define POST_MS 10000

struct post {
	struct httpm *http;
	char *controller, *ca_file, *cert_file, *key_file; /* owned */
};

void post_done(struct post *p);
/* POSTs JSON; body is the caller's and must remain valid until fn is called. */
void post_json(const struct post *p, const char *path, const char *body, size_t len,
	       httpm_done_fn *fn, void *arg, struct httpm_call **ret);

#endif
