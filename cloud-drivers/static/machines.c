/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "machines.h"

#include "check.h"
#include "driver_util.h"
#include "text.h"
#include "unicast.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BYTES_MAX ((size_t)1 << 20)

#define AT(member) offsetof(struct machine, member)
#define TEXT(name, member, def)                                        \
	{                                                              \
		"", name, CONF_STRING, AT(member), def, 0, 0, NULL, "" \
	}
static const struct conf_option table[] = {
	TEXT("address", address, NULL),
	TEXT("memory", memory_text, NULL),
	TEXT("type", type, MACHINE_TYPE),
	TEXT("mac", mac, NULL),
	TEXT("broadcast", broadcast, "255.255.255.255"),
	TEXT("power_on", power_on, NULL),
	TEXT("power_off", power_off, NULL),
	{ "", "cpu", CONF_NUMBER, AT(cpu), "0", 0, 1024, NULL, "" },
	{ NULL, NULL, CONF_STRING, 0, NULL, 0, 0, NULL, NULL },
};

void machines_done(struct machines *m)
{
	for (size_t i = 0; i < m->n; i++) {
		conf_done(table, &m->v[i]);
		free(m->v[i].name);
	}
	free(m->v);
	*m = (struct machines){ .v = NULL };
}

const struct machine *machines_find(const struct machines *m, const char *name)
{
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->v[i].name, name) == 0)
			return &m->v[i];
	return NULL;
}

/* ---------------------------------------------------------------- reading */

struct reading {
	struct machines *m;
	size_t at; /* whose pair was read last */
	const char *path;
};

/* Pairs come in the order of the sections. */
static struct machine *machine_of(struct reading *r, const char *section)
{
	while (r->at < r->m->n && strcmp(r->m->v[r->at].name, section) != 0)
		r->at++;
	return r->at < r->m->n ? &r->m->v[r->at] : NULL;
}

static int on_section(void *arg, const char *section, int line, struct err *err)
{
	const struct reading *r = arg;
	struct machines *m = r->m;

	if (!drv_is_word(section))
		return err_set(err, ERR_INVAL,
			       "%s line %d: a machine's name must be 1 to 60 of a-z, 0-9 "
			       "and '-'",
			       r->path, line);
	if (machines_find(m, section))
		return err_set(err, ERR_INVAL, "%s line %d: [%s] is there twice", r->path,
			       line, section);
	if (m->n >= MACHINES_MAX)
		return err_set(err, ERR_LIMIT, "%s has more than %d machines", r->path,
			       MACHINES_MAX);
	m->v = xrealloc(m->v, (m->n + 1) * sizeof(*m->v));
	m->v[m->n] = (struct machine){ .name = xstrdup(section) };
	conf_defaults(table, &m->v[m->n++]);
	return 0;
}

static int on_pair(void *arg, const char *section, const char *name, const char *value,
		   int line, struct err *err)
{
	struct reading *r = arg;
	struct machine *m = machine_of(r, section);
	int rc;

	if (!m)
		return err_set(err, ERR_INVAL, "%s line %d: '%s' is of no [machine]",
			       r->path, line, name);
	rc = conf_set(table, m, "", name, value, err);
	return rc < 0 ? err_wrap(err, rc, "%s line %d", r->path, line) : 0;
}

static int read_mac(const char *text, unsigned char ret[6])
{
	unsigned b[6];
	char rest;

	if (strlen(text) != 17 || sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &b[0], &b[1],
					 &b[2], &b[3], &b[4], &b[5], &rest) != 6)
		return -1;
	for (int i = 0; i < 6; i++)
		ret[i] = (unsigned char)b[i];
	return 0;
}

static int check_machine(struct machine *m, struct err *err)
{
	if (m->cpu <= 0 || !m->memory_text)
		return err_set(err, ERR_INVAL, "'%s' is missing",
			       m->cpu <= 0 ? "cpu" : "memory");
	if (m->address && !is_unicast(m->address))
		return err_set(err, ERR_INVAL, "address '%s' is no address of a host",
			       m->address);
	if (!drv_is_word(m->type))
		return err_set(err, ERR_INVAL,
			       "type '%s' must be 1 to 60 of a-z, 0-9 and '-'", m->type);
	if (m->mac && read_mac(m->mac, m->mac_bytes) < 0)
		return err_set(err, ERR_INVAL, "mac '%s' must be as 52:54:00:12:34:56",
			       m->mac);
	return conf_parse_size(m->memory_text, &m->memory_bytes, err);
}

static int check_file(const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_errno(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_STORE, "%s",
				 path);
	if ((st.st_uid != 0 && st.st_uid != geteuid()) ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)))
		return err_set(err, ERR_DENIED,
			       "%s has commands that run with the controller's rights: "
			       "it must be root's, and no one else may write it (chown "
			       "root, chmod 644)",
			       path);
	return 0;
}

static int read_machines(const char *path, struct machines *m, struct err *err)
{
	struct reading r = { .m = m, .path = path };
	CLEANUP(free) char *text = NULL;
	size_t len = 0;
	int rc = check_file(path, err);

	if (rc == 0)
		rc = conf_read_file(path, BYTES_MAX, &text, &len, err);
	if (rc == 0)
		rc = conf_each_section(text, path, on_section, &r, err);
	if (rc == 0)
		rc = conf_each(text, path, on_pair, &r, err);
	for (size_t i = 0; rc == 0 && i < m->n; i++) {
		rc = check_machine(&m->v[i], err);
		if (rc < 0)
			rc = err_wrap(err, rc, "%s: [%s]", path, m->v[i].name);
	}
	return rc;
}

int machines_read(const char *path, struct machines *ret, struct err *err)
{
	CLEANUP(machines_done) struct machines m = { .v = NULL };
	int rc = read_machines(path, &m, err);

	if (rc < 0)
		return rc;
	*ret = m;
	m = (struct machines){ .v = NULL };
	return 0;
}
