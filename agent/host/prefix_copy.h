/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * prefix_copy.h - the copy of one prefix of the store: watched, kept on disk
 * (copy_file.h), and with the service records that vanished (vanished.h). For
 * store_copy.c.
 */
#ifndef AGENT_HOST_PREFIX_COPY_H
#define AGENT_HOST_PREFIX_COPY_H

#include "net.h"
#include "store_copy.h"

struct prefix_copy;

/* fn as of a mirror; not called for what was read from disk. */
struct prefix_copy *prefix_copy_new(struct loop *l, struct store *s, const char *prefix,
				    const struct keys_opts *o, mirror_fn *fn, void *arg);
void prefix_copy_free(struct prefix_copy *c);
DEFINE_CLEANUP(struct prefix_copy *, prefix_copy_free);

const struct mirror *prefix_copy_mirror(const struct prefix_copy *c);
/* Why the store does not give the keys; "" when it does, or is away. */
const char *prefix_copy_problem(const struct prefix_copy *c);
/* Where it is on disk; "" when it is not. */
const char *prefix_copy_path(const struct prefix_copy *c);

#endif
