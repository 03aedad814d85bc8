/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * programs.h - the identity of the programs on this host: a key of their own and a
 * certificate that opens the store alone, with the rights of programs. The host's own
 * certificate asks the controller for it (POST /v1/agent/programs), at the first start,
 * at two thirds of its lifetime, and within seconds after another changed or removed one
 * of the files, which is logged.
 *
 * In state_dir: programs-key.pem and programs.pem (both 0600).
 */
#ifndef AGENT_HOST_PROGRAMS_H
#define AGENT_HOST_PROGRAMS_H

#include "cleanup.h"
#include "err.h"
#include "net.h"

struct programs;

struct programs_opts {
	const char *controller;                     /* https://host:port */
	const char *ca_file, *cert_file, *key_file; /* the host's */
	const char *state_dir;
	const char *host;
	struct files *files;
	int64_t look_ms; /* between two looks at its files; 0: 2 s */
};

/* The strings of opts are copied. ERR_INVAL for a key that is there but cannot be used.
 */
int programs_open(struct loop *loop, struct httpm *http, const struct programs_opts *opts,
		  struct programs **ret, struct err *err) MUST_CHECK;
void programs_close(struct programs *p); /* NULL is allowed */
DEFINE_CLEANUP(struct programs *, programs_close);

/* The files; without a certificate yet the first does not exist. */
const char *programs_cert_file(const struct programs *p);
const char *programs_key_file(const struct programs *p);

#endif
