/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lifecycle.h"

#include "address.h"
#include "bridge.h"
#include "cgroup.h"
#include "check.h"
#include "files.h"
#include "process.h"
#include "spawn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

void host_cgroup(const struct state *s, const char *launch_id, char ret[96])
{
	snprintf(ret, 96, "foretide-%s%s%s", s->tag, launch_id ? "/" : "",
		 launch_id ? launch_id : "");
}

/* ---------------------------------------------------------------- making */

/* A host being created: what every step needs. */
struct making {
	const struct state *s;
	const struct local_conf *c;
	const struct host_order *order;
	int dirfd;
	int64_t wait_ms;
	struct meta meta;
};

/* What must be on disk before anything outside the folder is created. */
static int record_intent(struct making *m, uint32_t *hint, struct err *err)
{
	uint32_t number = 0;
	char boot_id[40];
	/* before the address: a record without one means to search for it */
	int rc = meta_write(m->dirfd, &m->meta, err);

	if (rc < 0)
		return rc;
	rc = address_take(m->s, m->c, m->meta.launch_id, hint, &number, m->meta.address,
			  err);
	if (rc == ERR_LIMIT) {
		address_sweep(m->s);
		rc = address_take(m->s, m->c, m->meta.launch_id, hint, &number,
				  m->meta.address, err);
	}
	if (rc < 0)
		return rc;
	network_veth_name(m->s, number, m->meta.veth);
	rc = machine_boot_id(boot_id, err);
	if (rc < 0)
		return rc;
	snprintf(m->meta.boot_id, sizeof(m->meta.boot_id), "%s", boot_id);
	inet_ntop(AF_INET, &m->c->gateway, m->meta.gateway, sizeof(m->meta.gateway));
	m->meta.prefix = m->c->prefix;
	rc = meta_write(m->dirfd, &m->meta, err);
	if (rc == 0)
		rc = write_file_at(m->dirfd, "user-data", m->order->user_data,
				   m->order->user_data_len, 0700, err);
	return rc;
}

static int join_network(struct making *m, pid_t pid, struct err *err)
{
	CLEANUP(nl_close) struct nl *nl = NULL;
	struct in_addr address;
	uint8_t mac[6];
	int bridge = 0;
	int rc = nl_open(&nl, err);

	if (rc == 0)
		rc = network_bridge(nl, m->s, m->c, &bridge, err);
	if (rc < 0)
		return rc;
	inet_pton(AF_INET, m->meta.address, &address);
	nl_mac_of(address, mac);
	/* a link of that name is left over from an earlier host of the address */
	rc = nl_veth_add(nl, m->meta.veth, bridge, "eth0", mac, pid, err);
	if (rc == ERR_CONFLICT) {
		rc = nl_link_del(nl, m->meta.veth, err);
		if (rc == 0)
			rc = nl_veth_add(nl, m->meta.veth, bridge, "eth0", mac, pid, err);
	}
	return rc;
}

static int limit(struct making *m, pid_t pid, struct err *err)
{
	struct cgroups groups;
	char group[96];
	int rc = cgroups_find(&groups, err);

	host_cgroup(m->s, m->meta.launch_id, group);
	if (rc == 0)
		rc = cgroups_make(&groups, group, m->meta.cpu, m->meta.memory_bytes, err);
	if (rc == 0)
		rc = cgroups_enter(&groups, group, pid, err);
	return rc;
}

/* The init builds its root in the meantime; it continues when all outside is ready. */
static int start_init(struct making *m, struct err *err)
{
	CLEANUP(spawn_done) struct spawn sp = { .fd = -1 };
	CLEANUP(free)
	char *folder = xasprintf("%s/hosts/%s", m->s->dir, m->meta.launch_id);
	int rc = spawn_init(m->order->init, m->dirfd, folder, &sp, err);

	if (rc < 0)
		return rc;
	m->meta.pid = sp.pid;
	m->meta.pid_start = process_start(sp.pid);
	rc = meta_write(m->dirfd, &m->meta, err);
	if (rc == 0)
		rc = join_network(m, sp.pid, err);
	if (rc < 0 && spawn_complained(&sp, err))
		rc = ERR_INTERNAL;
	/* While its root is built: moving a process takes the kernel some time. */
	if (rc == 0)
		rc = limit(m, sp.pid, err);
	if (rc == 0)
		rc = spawn_receive(&sp, 'R', m->wait_ms, err);
	if (rc == 0)
		rc = spawn_go(&sp, err);
	if (rc == 0)
		rc = spawn_receive(&sp, 'G', m->wait_ms, err);
	return rc;
}

int host_make(const struct state *s, const struct local_conf *c,
	      const struct host_order *order, uint32_t *hint, int64_t wait_ms,
	      struct meta *ret, struct err *err)
{
	struct making m = {
		.s = s, .c = c, .order = order, .wait_ms = wait_ms, .meta = order->meta
	};
	char status[HOST_STATUS_BYTES];
	CLEANUP(close_fd) int dirfd = -1;
	int rc = host_open(s, order->meta.launch_id, true, true, wait_ms, &dirfd, err);

	if (rc < 0)
		return rc;
	if (host_status(dirfd, status) != HOST_UNMADE && !host_is_removing(dirfd))
		return meta_read(dirfd, ret, err);
	if (faccessat(dirfd, "meta.json", F_OK, 0) == 0) {
		/* what a killed launch left; its folder is emptied but stays ours */
		rc = host_remove_locked(s, order->meta.launch_id, dirfd, wait_ms, err);
		if (rc == 0)
			return host_make(s, c, order, hint, wait_ms, ret, err);
		return rc;
	}
	m.dirfd = dirfd;
	rc = record_intent(&m, hint, err);
	if (rc == 0)
		rc = start_init(&m, err);
	if (rc < 0) {
		struct err e;

		/* the cause is reported instead of its error; a list removes the rest */
		if (host_remove_locked(s, order->meta.launch_id, dirfd, wait_ms, &e) < 0)
			return rc;
		return rc;
	}
	*ret = m.meta;
	return 0;
}

/* ---------------------------------------------------------------- removing */

static int remove_outside(const struct state *s, const struct meta *m, int64_t wait_ms,
			  struct err *err)
{
	CLEANUP(nl_close) struct nl *nl = NULL;
	struct cgroups groups;
	char group[96];
	int rc = init_kill(m, wait_ms, err);

	if (rc == 0)
		rc = nl_open(&nl, err);
	if (rc == 0 && m->veth[0])
		rc = nl_link_del(nl, m->veth, err);
	host_cgroup(s, m->launch_id, group);
	if (rc == 0 && cgroups_find(&groups, NULL) == 0)
		rc = cgroups_remove(&groups, group, wait_ms, err);
	return rc;
}

/* meta.json last before the folder: until then the host can be found and removed. */
static int remove_folder(const struct state *s, const char *launch_id, int dirfd,
			 struct err *err)
{
	static const char *const names[] = {
		"u", "w", "root", "console.log", "status", "user-data", "meta.json.new"
	};
	CLEANUP(free) char *parent = xasprintf("%s/hosts", s->dir);
	CLEANUP(close_fd) int hosts = -1;
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names) && rc == 0; i++)
		rc = remove_tree(dirfd, names[i], err);
	if (rc < 0)
		return rc;
	hosts = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (hosts < 0)
		return err_errno(err, ERR_STORE, "%s", parent);
	return remove_tree(hosts, launch_id, err);
}

int host_remove_locked(const struct state *s, const char *launch_id, int dirfd,
		       int64_t wait_ms, struct err *err)
{
	struct meta m = { .pid = 0 };
	int rc = write_file_at(dirfd, "removing", "", 0, 0600, err);

	if (rc < 0)
		return rc;
	if (meta_read(dirfd, &m, NULL) < 0) /* never written, or damaged */
		m = (struct meta){ .pid = 0 };
	snprintf(m.launch_id, sizeof(m.launch_id), "%s", launch_id);
	rc = remove_outside(s, &m, wait_ms, err);
	if (rc < 0)
		return rc;
	rc = remove_folder(s, launch_id, dirfd, err);
	if (rc == 0)
		address_release(s, m.address[0] ? m.address : NULL, launch_id);
	return rc;
}

int host_remove(const struct state *s, const char *launch_id, int64_t wait_ms,
		struct err *err)
{
	CLEANUP(close_fd) int dirfd = -1;
	int rc = host_open(s, launch_id, false, true, wait_ms, &dirfd, err);

	if (rc == ERR_NOT_FOUND)
		return 0;
	return rc < 0 ? rc : host_remove_locked(s, launch_id, dirfd, wait_ms, err);
}
