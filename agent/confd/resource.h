/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * resource.h - confd's state: tiers, and the template resources of each.
 */
#ifndef AGENT_CONFD_RESOURCE_H
#define AGENT_CONFD_RESOURCE_H

#include "buf.h"
#include "confd.h"
#include "process.h"
#include "spec.h"

#define CONFD_MAGIC 0x434f4e46u
#define RESOURCE_MAGIC 0x52455343u
#define CONFD_FILE_MAX ((size_t)8 << 20) /* a rendered file */
#define CONFD_DISKS 4 /* threads for files; one file is always with the same */

/* The resources of one tier, or (stack NULL) of the folder. */
struct confd_group {
	struct confd_group *next;
	struct confd *confd;
	char *stack, *tier;
	bool active;   /* reload commands are run */
	bool starting; /* but not yet */
	bool listed;   /* its resources were read once */
	bool wanted;   /* while tiers are set */
	bool notified; /* that it is ready */
	struct keys_user *conf;
	struct confd_resource *resources;
};

/* One template resource, and when its file is rendered next. */
struct confd_resource {
	uint32_t magic;
	struct confd_resource *next;
	struct confd_group *group;
	char *key;               /* in the store, or the file's path */
	struct confd_spec *spec; /* NULL: it can not be read */
	char *text;              /* of the template */
	char *dest;              /* with the root */
	char *problem;           /* NULL: none */
	char *mark;              /* path of a file that exists while a reload is due */
	bool marked; /* it was left by a previous run: its reload is not yet asked for */
	struct keys_user *uses[CONFD_KEYS_MAX];
	size_t n_uses;
	bool rendered; /* once, or the one before it was */
	bool is_large; /* rendered apart from now on */

	struct loop_timer *timer;
	struct shell *shell; /* a command that runs */
	struct child *child; /* that renders */
	struct disk_job *disk;
	char *staged; /* waits for its check */
	bool dirty;   /* a key changed since the last rendering */
	int64_t dirty_since_ms, render_at_ms, render_retry_ms;
	bool reload_due;
	bool reloading; /* from its command's start until it was verified */
	int64_t reload_at_ms, reload_retry_ms, last_reload_ms;
	int64_t reloaded_ms; /* when the last one ended */
	bool verifying;
	int64_t verify_at_ms, verify_until_ms;
};

struct confd {
	uint32_t magic;
	struct loop *loop;
	struct keys *keys;
	struct confd_opts opts; /* with strings of its own */
	struct loop_timer
		*notify; /* on_ready comes from here, never from inside a call */
	struct confd_group *groups;
	size_t n_children; /* that render */
	struct worker *disks[CONFD_DISKS];
	struct confd_stats stats;
};

/* Takes spec and text over. was_rendered: an earlier version of it was. */
struct confd_resource *confd_resource_new(struct confd_group *g, const char *key,
					  struct confd_spec *spec, char *text,
					  bool was_rendered);
/* A resource that cannot be read: it only has a problem. */
struct confd_resource *confd_resource_bad(struct confd_group *g, const char *key,
					  const struct err *err);
void confd_resource_free(struct confd_resource *r);
/* The group's active changed. */
void confd_resource_active(struct confd_resource *r);

/*
 * Renders into out from the keys in memory, if that is little work; CONFD_TOO_LARGE: it
 * is not, confd_render_apart() has to do it, in a process of its own.
 */
#define CONFD_TOO_LARGE 1
int confd_render(struct confd_resource *r, struct buf *out, struct err *err) MUST_CHECK;
struct child *confd_render_apart(struct confd_resource *r, child_fn *fn);
/* A command with {{.src}} and {{.dest}} put in; the caller frees *ret. */
int confd_command(const struct confd_resource *r, const char *command, const char *src,
		  char **ret, struct err *err) MUST_CHECK;

#endif
