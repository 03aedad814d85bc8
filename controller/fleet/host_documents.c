/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host_documents.h"

#include "check.h"
#include "sorted.h"

#include <stdlib.h>
#include <string.h>

#define HOST_MAX_BYTES 32768u    /* of a host, with its metadata */
#define STATES_MAX_BYTES 524288u /* of its units: over a thousand */
#define MEMBERS_MAX 64           /* of a host's metadata */
#define TEXT_MAX_BYTES 256

/* As it was parsed. Compared itself: after a restore the store may give a revision to
 * something else. */
struct text {
	char *v; /* NULL: none was */
	size_t len;
};

struct host_document {
	char *id;
	struct text host, units;
	bool is_sound; /* host is a JSON document */
	json_t *metadata, *vanished, *put_right, *notice;
	struct states *states;
};

struct host_documents {
	struct host_document *v; /* by id */
	size_t n;
};

static void forget_members(struct host_document *d)
{
	json_decref(TAKE(d->metadata));
	json_decref(TAKE(d->vanished));
	json_decref(TAKE(d->put_right));
	json_decref(TAKE(d->notice));
}

static void forget_host(struct host_document *d)
{
	forget_members(d);
	free(TAKE(d->host.v));
}

static void forget_units(struct host_document *d)
{
	states_free(TAKE(d->states));
	free(TAKE(d->units.v));
}

static void document_done(struct host_document *d)
{
	forget_host(d);
	forget_units(d);
	free(d->id);
}

struct host_documents *host_documents_new(void)
{
	return xcalloc(1, sizeof(struct host_documents));
}

void host_documents_free(struct host_documents *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->n; i++)
		document_done(&d->v[i]);
	free(d->v);
	free(d);
}

/* ---------------------------------------------------------------- reading */

/* The keys below one, in order: they are asked for so, too. */
struct walk {
	const struct view_snapshot *s;
	const char *below;
	size_t len, at;
};

static struct walk walk_below(const struct view_snapshot *s, const char *below)
{
	const size_t at = SORTED_PLACE(s->n, i, strcmp(s->kvs[i].key, below) < 0);

	return (struct walk){ s, below, strlen(below), at };
}

/* That of a host; NULL: it has none. */
static const struct view_kv *walk_to(struct walk *w, const char *id)
{
	for (; w->at < w->s->n; w->at++) {
		const struct view_kv *kv = &w->s->kvs[w->at];
		const int order = strncmp(kv->key, w->below, w->len) == 0
					  ? strcmp(kv->key + w->len, id)
					  : 1;

		if (order >= 0)
			return order == 0 ? kv : NULL;
	}
	return NULL;
}

/* Whether it is another than the last, which it then takes the place of. */
static bool is_new(struct text *last, const struct view_kv *kv)
{
	if (last->v && last->len == kv->len && memcmp(last->v, kv->value, kv->len) == 0)
		return false;
	free(last->v);
	last->v = xcalloc(1, kv->len + 1);
	memcpy(last->v, kv->value, kv->len);
	last->len = kv->len;
	return true;
}

/* NULL: it has none, or one that is no text for people. */
static json_t *plain_member(const json_t *doc, const char *key)
{
	json_t *v = json_object_get(doc, key);

	return v && json_object_size(v) <= MEMBERS_MAX &&
			       json_array_size(v) <= MEMBERS_MAX &&
			       json_is_plain(v, TEXT_MAX_BYTES)
		       ? json_incref(v)
		       : NULL;
}

/* Returns whether the host is heard: what costs much to read is not read. */
static bool read_host(struct host_document *d, const struct view_kv *kv)
{
	CLEANUP(json_decref) json_t *doc = NULL;

	if (!kv || kv->len > HOST_MAX_BYTES) {
		forget_host(d);
		return kv != NULL;
	}
	if (!is_new(&d->host, kv))
		return d->is_sound;
	forget_members(d);
	d->is_sound = json_parse(kv->value, kv->len, kv->key, &doc, NULL) == 0;
	/* What a host writes is shown to people, and placed by. */
	d->metadata = plain_member(doc, "metadata");
	d->vanished = plain_member(doc, "vanished");
	d->put_right = plain_member(doc, "put_right");
	d->notice = plain_member(doc, "interruption");
	return d->is_sound;
}

static void read_units(struct host_document *d, const struct view_kv *kv)
{
	if (!kv || kv->len > STATES_MAX_BYTES) {
		forget_units(d);
		return;
	}
	if (!is_new(&d->units, kv))
		return;
	states_free(TAKE(d->states));
	if (states_parse(kv->value, kv->len, &d->states, NULL) < 0)
		d->states = NULL;
}

static void read_one(struct host_document *d, struct fleet_host *h, struct walk *hosts,
		     struct walk *states)
{
	h->alive = read_host(d, walk_to(hosts, h->h.id));
	read_units(d, h->alive ? walk_to(states, h->h.id) : NULL);
	if (!h->alive)
		return;
	h->metadata = json_incref(d->metadata);
	h->vanished = json_incref(d->vanished);
	h->put_right = json_incref(d->put_right);
	h->notice = json_incref(d->notice);
	h->states = d->states ? states_share(d->states) : NULL;
}

/* Both are by id: that of the host, if there is one, out of the last; others before it
 * are of hosts that are gone. */
static struct host_document take(struct host_documents *last, size_t *at, const char *id)
{
	for (; *at < last->n; (*at)++) {
		struct host_document *d = &last->v[*at];
		const int order = strcmp(d->id, id);

		if (order > 0)
			break;
		if (order == 0)
			return last->v[(*at)++];
		document_done(d);
	}
	return (struct host_document){ .id = xstrdup(id) };
}

void host_documents_read(struct host_documents *d, struct fleet *f,
			 const struct view_snapshot *s)
{
	struct host_document *v = xcalloc(f->n_hosts, sizeof(*v));
	struct walk hosts = walk_below(s, "/foretide/hosts/");
	struct walk states = walk_below(s, "/foretide/states/");
	size_t at = 0;

	for (size_t i = 0; i < f->n_hosts; i++) {
		v[i] = take(d, &at, f->hosts[i].h.id);
		read_one(&v[i], &f->hosts[i], &hosts, &states);
	}
	for (; at < d->n; at++)
		document_done(&d->v[at]);
	free(d->v);
	d->v = v;
	d->n = f->n_hosts;
}
