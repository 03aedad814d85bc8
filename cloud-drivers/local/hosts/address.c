/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "address.h"

#include "check.h"
#include "cleanup.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define NUMBERS_MAX 65536 /* a /16 */

struct used {
	uint8_t bit[NUMBERS_MAX / 8];
	uint32_t highest;
};

static uint32_t host_bits(const struct local_conf *c)
{
	return ~0u >> c->prefix;
}

static void note_used(struct used *u, const struct local_conf *c, const char *name)
{
	struct in_addr a;
	uint32_t number;

	if (inet_pton(AF_INET, name, &a) != 1)
		return;
	number = ntohl(a.s_addr) - ntohl(c->network.s_addr);
	if (number > host_bits(c))
		return;
	u->bit[number / 8] |= (uint8_t)(1u << (number % 8));
	u->highest = MAX(u->highest, number);
}

static int read_used(const struct state *s, const struct local_conf *c, struct used *u,
		     struct err *err)
{
	CLEANUP(free) char *path = xasprintf("%s/addresses", s->dir);
	DIR *d = opendir(path);
	struct dirent *e;

	if (!d)
		return err_errno(err, ERR_STORE, "%s", path);
	while ((e = readdir(d)))
		note_used(u, c, e->d_name);
	closedir(d);
	return 0;
}

/* 0 when the address is now ours, 1 when it is taken. */
static int try_address(const struct state *s, const char *address, const char *launch_id,
		       struct err *err)
{
	CLEANUP(free) char *path = xasprintf("%s/addresses/%s", s->dir, address);

	if (symlink(launch_id, path) == 0)
		return 0;
	return errno == EEXIST ? 1 : err_errno(err, ERR_STORE, "%s", path);
}

/* Upwards from the last one, so that an address is not reused soon. */
static int take_free(const struct state *s, const struct local_conf *c,
		     const char *launch_id, const struct used *u, uint32_t from,
		     uint32_t *ret_number, char ret_address[16], struct err *err)
{
	uint32_t first = 2, n = host_bits(c) - first; /* not network, bridge, broadcast */

	for (uint32_t i = 0; i < n; i++) {
		uint32_t number = first + (from - first + i) % n;
		struct in_addr a = { htonl(ntohl(c->network.s_addr) + number) };
		int rc;

		if (u->bit[number / 8] & (1u << (number % 8)))
			continue;
		inet_ntop(AF_INET, &a, ret_address, 16);
		rc = try_address(s, ret_address, launch_id, err);
		if (rc == 1)
			continue;
		*ret_number = number;
		return rc;
	}
	return err_set(err, ERR_LIMIT, "subnet %s has no free address", c->subnet_text);
}

int address_take(const struct state *s, const struct local_conf *c, const char *launch_id,
		 uint32_t *hint, uint32_t *ret_number, char ret_address[16],
		 struct err *err)
{
	CLEANUP(free) struct used *u = xcalloc(1, sizeof(*u));
	uint32_t from;
	int rc = read_used(s, c, u, err);

	if (rc < 0)
		return rc;
	from = MAX(MAX(*hint, u->highest + 1), 2u);
	rc = take_free(s, c, launch_id, u, from, ret_number, ret_address, err);
	if (rc == 0)
		*hint = *ret_number + 1;
	return rc;
}

static bool is_address_of(const char *path, const char *launch_id)
{
	char target[256];
	ssize_t n = readlink(path, target, sizeof(target) - 1);

	if (n < 0)
		return false;
	target[n] = '\0';
	return strcmp(target, launch_id) == 0;
}

static void release_one(const struct state *s, const char *address, const char *launch_id)
{
	CLEANUP(free) char *path = xasprintf("%s/addresses/%s", s->dir, address);

	if (is_address_of(path, launch_id))
		(void)unlink(path);
}

void address_release(const struct state *s, const char *address, const char *launch_id)
{
	CLEANUP(free) char *path = xasprintf("%s/addresses", s->dir);
	struct dirent *e;
	DIR *d;

	if (address) {
		release_one(s, address, launch_id);
		return;
	}
	d = opendir(path);
	while (d && (e = readdir(d)))
		release_one(s, e->d_name, launch_id);
	if (d)
		closedir(d);
}

static void sweep_one(const struct state *s, const char *address)
{
	CLEANUP(free) char *path = xasprintf("%s/addresses/%s", s->dir, address);
	CLEANUP(free) char *folder = NULL;
	char target[256];
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	struct stat st;

	if (n < 0)
		return;
	target[n] = '\0';
	folder = xasprintf("%s/hosts/%s", s->dir, target);
	if (stat(folder, &st) < 0 && errno == ENOENT)
		(void)unlink(path);
}

void address_sweep(const struct state *s)
{
	CLEANUP(free) char *path = xasprintf("%s/addresses", s->dir);
	DIR *d = opendir(path);
	struct dirent *e;

	if (!d)
		return;
	while ((e = readdir(d)))
		sweep_one(s, e->d_name);
	closedir(d);
}
