/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * publish_stacks.c - the stacks' part of the store: unit texts, confd documents and
 * secrets.
 */
#include "catalog_entries.h"

#include "check.h"

#include <gnutls/crypto.h>
#include <stdlib.h>
#include <string.h>

#define SECRET_BYTES 16

static int secret(struct db *db, const char *stack, const char *name, char **ret,
		  struct err *err)
{
	CLEANUP(free) char *key = xasprintf("secret/%s/%s", stack, name);
	unsigned char raw[SECRET_BYTES];
	char text[2 * SECRET_BYTES + 1];
	int rc = db_meta_get(db, key, ret, err);

	if (rc != ERR_NOT_FOUND)
		return rc;
	CHECK(gnutls_rnd(GNUTLS_RND_KEY, raw, sizeof(raw)) == 0);
	hex_encode(raw, sizeof(raw), text);
	rc = db_meta_put(db, key, text, err);
	if (rc == 0)
		*ret = xstrdup(text);
	return rc;
}

static int publish_secrets(const struct entry *e, struct publication *p, struct db *db,
			   struct err *err)
{
	for (size_t i = 0; i < e->file->n_secrets; i++) {
		CLEANUP(free) char *value = NULL;
		CLEANUP(free)
		char *key = xasprintf("/foretide/secrets/%s/%s", e->name,
				      e->file->secrets[i]);
		int rc = secret(db, e->name, e->file->secrets[i], &value, err);

		if (rc < 0)
			return rc;
		publication_add(p, key, value, strlen(value));
	}
	return 0;
}

static void publish_confs(const struct entry *e, struct publication *p)
{
	for (size_t i = 0; i < e->file->n_confs; i++) {
		const struct stack_conf *conf = &e->file->confs[i];
		CLEANUP(free)
		char *key = xasprintf("/foretide/conf/%s/%s/%s", e->name, conf->tier,
				      conf->name);
		CLEANUP(free)
		char *text = json_dumps(conf->doc, JSON_COMPACT | JSON_SORT_KEYS);

		publication_add(p, key, text, strlen(text));
	}
}

static void publish_units(const struct entry *e, struct publication *p)
{
	for (size_t i = 0; i < e->file->n_units; i++) {
		const struct stack_unit *u = &e->file->units[i];
		CLEANUP(free) char *key = xasprintf("/foretide/units/%s", u->hash);

		publication_add(p, key, u->text, strlen(u->text));
	}
}

/* Hosts keep using what they have of a stack that cannot be read. */
static void keep_unread(const struct catalog *c, struct publication *p)
{
	for (size_t i = 0; i < c->unread.n; i++) {
		CLEANUP(free)
		char *conf = xasprintf("/foretide/conf/%s/", c->unread.v[i]);
		CLEANUP(free)
		char *secrets = xasprintf("/foretide/secrets/%s/", c->unread.v[i]);

		publication_keep(p, conf);
		publication_keep(p, secrets);
	}
}

int catalog_publish(const struct catalog *c, struct publication *p, struct db *db,
		    struct err *err)
{
	for (size_t i = 0; i < c->n; i++) {
		int rc = publish_secrets(c->entries[i], p, db, err);

		if (rc < 0)
			return rc;
		publish_confs(c->entries[i], p);
		publish_units(c->entries[i], p);
	}
	keep_unread(c, p);
	return 0;
}
