/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spec.h - one template resource as its author wrote it. For confd only.
 */
#ifndef AGENT_CONFD_SPEC_H
#define AGENT_CONFD_SPEC_H

#include "cleanup.h"
#include "err.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CONFD_KEYS_MAX 64

struct confd_spec {
	char *name;                 /* for errors: the file or key */
	char *src;                  /* template's file name (folder) or text (store) */
	char *dest;                 /* absolute */
	char *prefix;               /* "" or "/a/b" */
	char *keys[CONFD_KEYS_MAX]; /* full, with the prefix: "/a/b/key", sorted */
	size_t n_keys;
	int mode;  /* -1: as the destination has, else 0644; 0600 with a key of a secret
		      that sets none */
	uid_t uid; /* (uid_t)-1: the agent's own */
	gid_t gid;
	char *check_cmd;  /* NULL: none */
	char *reload_cmd; /* NULL: none */
	char *verify_cmd; /* NULL: none */
	int64_t min_reload_ms;
	int64_t check_ms; /* 0: as configured */
	int64_t reload_ms;
	int64_t verify_ms; /* 0: as verify.c has it */
};

/* ERR_INVAL when something is missing or invalid. The caller owns *ret. */
int confd_spec_from_toml(const char *text, const char *name, struct confd_spec **ret,
			 struct err *err) MUST_CHECK;
int confd_spec_from_json(const char *text, size_t len, const char *name,
			 struct confd_spec **ret, struct err *err) MUST_CHECK;
void confd_spec_free(struct confd_spec *s);
DEFINE_CLEANUP(struct confd_spec *, confd_spec_free);

/* The key with one "/" before each element and none at the end; "/" for none. */
char *confd_join_key(const char *prefix, const char *key);

#endif
