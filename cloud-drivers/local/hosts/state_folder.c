/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state_folder.h"

#include "check.h"
#include "clock.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define META_MAX_BYTES 16384

/* Two state folders shall not share link and cgroup names: FNV-1a of the path. */
static void make_tag(struct state *s)
{
	uint32_t h = 2166136261u;

	for (const char *p = s->dir; *p; p++)
		h = (h ^ (unsigned char)*p) * 16777619u;
	snprintf(s->tag, sizeof(s->tag), "%06x", (h ^ (h >> 24)) & 0xffffff);
}

/* The folder need not be there: it may have been removed by hand under running hosts. */
int state_name(const char *dir, struct state *ret, struct err *err)
{
	CLEANUP(free) char *real = realpath(dir, NULL);
	const char *path = real ? real : dir;

	if (path[0] != '/')
		return err_set(err, ERR_INVAL, "'%s' is no absolute path", path);
	if (strlen(path) >= sizeof(ret->dir))
		return err_set(err, ERR_LIMIT, "the path %s is too long", path);
	snprintf(ret->dir, sizeof(ret->dir), "%s", path);
	for (size_t n = strlen(ret->dir); n > 1 && ret->dir[n - 1] == '/'; n--)
		ret->dir[n - 1] = '\0';
	make_tag(ret);
	return 0;
}

int state_open(const char *dir, bool make, struct state *ret, struct err *err)
{
	CLEANUP(free) char *hosts = xasprintf("%s/hosts", dir);
	CLEANUP(free) char *addresses = xasprintf("%s/addresses", dir);
	struct stat st;
	int rc = 0;

	if (make && (stat(hosts, &st) < 0 || stat(addresses, &st) < 0)) {
		rc = make_dirs(hosts, 0700, err);
		if (rc == 0)
			rc = make_dirs(addresses, 0700, err);
	}
	if (rc < 0)
		return rc;
	if (!make && stat(dir, &st) < 0)
		return err_errno(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_STORE, "%s",
				 dir);
	return state_name(dir, ret, err);
}

/* ---------------------------------------------------------------- meta.json */

static json_t *meta_to_json(const struct meta *m)
{
	return json_pack(
		"{ss ss ss ss ss ss ss sf sI sI sb sI sI ss ss si sI ss}", "launch_id",
		m->launch_id, "owner", m->owner, "pool", m->pool, "name", m->name, "type",
		m->type, "address", m->address, "veth", m->veth, "cpu", m->cpu,
		"memory_bytes", (json_int_t)m->memory_bytes, "created_ms",
		(json_int_t)m->created_ms, "spot", m->spot, "pid", (json_int_t)m->pid,
		"pid_start", (json_int_t)m->pid_start, "boot_id", m->boot_id, "gateway",
		m->gateway, "prefix", m->prefix, "boot_delay_ms",
		(json_int_t)m->boot_delay_ms, "mask", m->mask);
}

int meta_write(int dirfd, const struct meta *m, struct err *err)
{
	CLEANUP(json_decref) json_t *doc = meta_to_json(m);
	CLEANUP(free) char *text = doc ? json_dumps(doc, JSON_COMPACT) : NULL;
	int rc;

	if (!text)
		return err_set(err, ERR_INVAL, "a name is no UTF-8 text");
	rc = write_file_at(dirfd, "meta.json.new", text, strlen(text), 0600, err);
	if (rc < 0)
		return rc;
	if (renameat(dirfd, "meta.json.new", dirfd, "meta.json") < 0)
		return err_errno(err, ERR_STORE, "meta.json");
	return 0;
}

static int read_text_at(int dirfd, const char *name, char *text, size_t size,
			struct err *err)
{
	CLEANUP(close_fd) int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : pread(fd, text, size - 1, 0);

	if (n < 0)
		return err_errno(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_STORE, "%s",
				 name);
	text[n] = '\0';
	return 0;
}

struct text_member {
	const char *key;
	char *to;
	size_t size;
};

static int read_texts(const json_t *doc, const struct text_member *t, size_t n,
		      struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		const char *value = NULL;
		int rc = jread_str(doc, t[i].key, &value, err);

		if (rc < 0)
			return rc;
		snprintf(t[i].to, t[i].size, "%s", value);
	}
	return 0;
}

struct int_member {
	const char *key;
	int64_t *to;
};

static int read_ints(const json_t *doc, const struct int_member *t, size_t n,
		     struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = jread_int(doc, t[i].key, t[i].to, err);
	return rc;
}

static int meta_from_json(const json_t *doc, struct meta *m, struct err *err)
{
	const struct text_member texts[] = {
		{ "launch_id", m->launch_id, sizeof(m->launch_id) },
		{ "owner", m->owner, sizeof(m->owner) },
		{ "pool", m->pool, sizeof(m->pool) },
		{ "name", m->name, sizeof(m->name) },
		{ "type", m->type, sizeof(m->type) },
		{ "address", m->address, sizeof(m->address) },
		{ "veth", m->veth, sizeof(m->veth) },
		{ "boot_id", m->boot_id, sizeof(m->boot_id) },
		{ "gateway", m->gateway, sizeof(m->gateway) },
		{ "mask", m->mask, sizeof(m->mask) },
	};
	int64_t pid, pid_start, prefix;
	const struct int_member ints[] = {
		{ "memory_bytes", &m->memory_bytes },
		{ "created_ms", &m->created_ms },
		{ "boot_delay_ms", &m->boot_delay_ms },
		{ "pid", &pid },
		{ "pid_start", &pid_start },
		{ "prefix", &prefix },
	};
	int rc = read_texts(doc, texts, ARRAY_SIZE(texts), err);

	if (rc == 0)
		rc = read_ints(doc, ints, ARRAY_SIZE(ints), err);
	if (rc == 0)
		rc = jread_num(doc, "cpu", &m->cpu, err);
	if (rc == 0)
		rc = jread_bool_opt(doc, "spot", &m->spot, err);
	if (rc < 0)
		return rc;
	m->pid = (pid_t)pid;
	m->pid_start = (uint64_t)pid_start;
	m->prefix = (int)prefix;
	return 0;
}

int meta_read(int dirfd, struct meta *ret, struct err *err)
{
	char text[META_MAX_BYTES];
	CLEANUP(json_decref) json_t *doc = NULL;
	struct meta m = { .pid = 0 };
	int rc = read_text_at(dirfd, "meta.json", text, sizeof(text), err);

	if (rc == 0)
		rc = json_parse(text, strlen(text), "meta.json", &doc, err);
	if (rc == 0)
		rc = meta_from_json(doc, &m, err);
	if (rc == 0)
		*ret = m;
	return rc;
}

/* ---------------------------------------------------------------- folders of hosts */

static int lock_within(int fd, int64_t wait_ms)
{
	int64_t deadline = clock_mono_ms() + wait_ms;

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -1;
		if (clock_mono_ms() >= deadline) {
			errno = EWOULDBLOCK;
			return -1;
		}
		(void)poll(NULL, 0, 2);
	}
	return 0;
}

/* Whoever had the lock may have removed the folder: then it is not the one in place. */
static bool is_in_place(int fd, const char *path)
{
	struct stat held, there;

	return fstat(fd, &held) == 0 && stat(path, &there) == 0 &&
	       held.st_ino == there.st_ino && held.st_dev == there.st_dev;
}

int host_open(const struct state *s, const char *launch_id, bool make, bool lock,
	      int64_t wait_ms, int *ret_dirfd, struct err *err)
{
	CLEANUP(free) char *path = xasprintf("%s/hosts/%s", s->dir, launch_id);

	for (;;) {
		CLEANUP(close_fd) int fd = -1;

		if (make && mkdir(path, 0700) < 0 && errno != EEXIST)
			return err_errno(err, ERR_STORE, "%s", path);
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT && make)
			continue;
		if (fd < 0)
			return err_errno(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_STORE,
					 "host %s", launch_id);
		if (lock && lock_within(fd, wait_ms) < 0)
			return err_set(err, ERR_CONFLICT,
				       "host %s is being made or removed", launch_id);
		if (lock && !is_in_place(fd, path))
			continue;
		*ret_dirfd = fd;
		fd = -1;
		return 0;
	}
}

int host_each(const struct state *s, host_id_fn *fn, void *arg, struct err *err)
{
	CLEANUP(free) char *path = xasprintf("%s/hosts", s->dir);
	DIR *d = opendir(path);
	struct dirent *e;
	int why;

	if (!d)
		return err_errno(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_STORE, "%s",
				 path);
	while (errno = 0, (e = readdir(d)))
		if (e->d_name[0] != '.')
			fn(arg, e->d_name);
	why = errno;
	closedir(d);
	errno = why;
	return why ? err_errno(err, ERR_STORE, "reading %s", path) : 0;
}

enum host_status host_status(int dirfd, char text[HOST_STATUS_BYTES])
{
	static const struct {
		const char *word;
		enum host_status status;
	} words[] = {
		{ "pending", HOST_PENDING },
		{ "running", HOST_RUNNING },
		{ "failed", HOST_FAILED },
	};
	char line[HOST_STATUS_BYTES];

	text[0] = '\0';
	if (read_text_at(dirfd, "status", line, sizeof(line), NULL) < 0)
		return HOST_UNMADE;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t n = strlen(words[i].word);
		size_t end;

		if (strncmp(line, words[i].word, n) != 0)
			continue;
		for (end = strlen(line); end > n && strchr(" \n", line[end - 1]); end--)
			line[end - 1] = '\0';
		snprintf(text, HOST_STATUS_BYTES, "%s",
			 line + n + (line[n] == ' ' ? 1 : 0));
		return words[i].status;
	}
	return HOST_UNMADE;
}

bool host_is_removing(int dirfd)
{
	return faccessat(dirfd, "removing", F_OK, 0) == 0;
}
