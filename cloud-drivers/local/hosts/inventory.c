/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inventory.h"

#include "lifecycle.h"
#include "process.h"

#include <stdio.h>
#include <string.h>

struct listing {
	const struct state *s;
	inventory_fn *fn;
	void *arg;
	int64_t wait_ms;
	struct err *err;
	int rc;
};

static enum drv_vm_state judge(const struct meta *m, int dirfd,
			       char message[HOST_STATUS_BYTES])
{
	enum host_status status = host_status(dirfd, message);

	if (host_is_removing(dirfd))
		return DRV_VM_STOPPING;
	if (status == HOST_FAILED)
		return DRV_VM_FAILED;
	if (!init_is_alive(m)) {
		snprintf(message, HOST_STATUS_BYTES, "its init has ended");
		return DRV_VM_FAILED;
	}
	return status == HOST_RUNNING ? DRV_VM_RUNNING : DRV_VM_PENDING;
}

static bool is_complete(int dirfd)
{
	char text[HOST_STATUS_BYTES];

	return !host_is_removing(dirfd) && host_status(dirfd, text) != HOST_UNMADE;
}

/* An incomplete folder that is not locked; true when it was removed. */
static bool sweep(const struct listing *l, const char *launch_id)
{
	CLEANUP(close_fd) int dirfd = -1;
	struct err e;

	if (host_open(l->s, launch_id, false, true, 0, &dirfd, &e) < 0 ||
	    is_complete(dirfd))
		return false;
	return host_remove_locked(l->s, launch_id, dirfd, l->wait_ms, &e) == 0;
}

static int read_host(struct listing *l, const char *launch_id)
{
	char message[HOST_STATUS_BYTES];
	CLEANUP(close_fd) int dirfd = -1;
	enum drv_vm_state state;
	struct meta m;
	int rc = host_open(l->s, launch_id, false, false, 0, &dirfd, l->err);

	if (rc < 0)
		return rc;
	if (!is_complete(dirfd) && (sweep(l, launch_id) || !host_is_removing(dirfd)))
		return ERR_NOT_FOUND; /* swept, or not yet launched */
	rc = meta_read(dirfd, &m, l->err);
	if (rc < 0)
		return rc;
	state = judge(&m, dirfd, message);
	l->fn(l->arg, &m, state, message);
	return 0;
}

static void on_host(void *arg, const char *launch_id)
{
	struct listing *l = arg;
	int rc = l->rc < 0 ? ERR_NOT_FOUND : read_host(l, launch_id);

	if (rc < 0 && rc != ERR_NOT_FOUND)
		l->rc = err_wrap(l->err, rc, "host %s", launch_id);
}

int inventory_each(const struct state *s, int64_t wait_ms, inventory_fn *fn, void *arg,
		   struct err *err)
{
	struct listing l = {
		.s = s, .fn = fn, .arg = arg, .wait_ms = wait_ms, .err = err
	};
	int rc = host_each(s, on_host, &l, err);

	reap_inits();
	if (rc == ERR_NOT_FOUND)
		return 0;
	return rc < 0 ? rc : l.rc;
}
