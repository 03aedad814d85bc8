/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "texts.h"

#include "check.h"
#include "log.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define TEXT_MAX_BYTES (256 << 10)
#define FETCH_AGAIN_MS 500

void texts_open(const struct wanted *w)
{
	CLEANUP(free) char *dir = xasprintf("%s/texts", w->state_dir);

	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		log_warn("folder-not-made", STR("path", dir));
}

static bool is_hash(const char *s)
{
	return *s && strspn(s, "0123456789abcdefABCDEF") == strlen(s) && strlen(s) < 129;
}

static char *text_path(const struct wanted *w, const char *hash)
{
	return xasprintf("%s/texts/%s", w->state_dir, hash);
}

static void keep_text(struct entry *e)
{
	CLEANUP(free) char *path = text_path(e->w, e->u.hash);

	files_write(e->w->o.files, path, e->text, strlen(e->text), 0600, FILES_UNSYNCED);
	e->kept = true;
}

static void on_fetched(void *arg, const struct store_kv *kvs, size_t n, int64_t rev,
		       const struct err *err)
{
	struct entry *e = arg;

	(void)rev;
	CHECK_MAGIC(e, WANTED_MAGIC);
	e->fetch = NULL;
	if (err || n == 0) {
		log_warn("unit-text-not-read", STR("unit", e->u.name),
			 STR("hash", e->u.hash),
			 STR("error", err ? err->msg : "it is not in the store"));
		loop_timer_in(e->fetch_again, FETCH_AGAIN_MS);
		return;
	}
	free(e->text);
	e->text = xstrdup(kvs[0].value);
	keep_text(e);
	wanted_look_soon(e->w);
}

static void read_text(struct entry *e)
{
	CLEANUP(free) char *path = text_path(e->w, e->u.hash);

	/* A power cut may leave an empty one. */
	if (conf_read_file(path, TEXT_MAX_BYTES, &e->text, NULL, NULL) < 0 || !*e->text) {
		free(TAKE(e->text));
		return;
	}
	/* It may be about to be removed. */
	e->kept = !e->w->forgets;
	wanted_look_soon(e->w);
}

static void fetch_text(struct entry *e)
{
	CLEANUP(free) char *key = xasprintf("/foretide/units/%s", e->u.hash);

	e->fetch = store_range(e->w->store, key, NULL, 1, 0, on_fetched, e);
}

void entry_find_text(struct entry *e)
{
	if (e->fetch || !is_hash(e->u.hash))
		return;
	if (!e->text)
		read_text(e);
	if (e->text && !e->kept)
		keep_text(e);
	if (!e->text && e->w->store)
		fetch_text(e);
}

static bool names_hash(const struct schedule *s, const char *hash)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->units[i].hash, hash) == 0)
			return true;
	return false;
}

/* Whoever has it in memory and is wanted again writes it again. */
static void forget(struct wanted *w, const char *hash)
{
	CLEANUP(free) char *path = text_path(w, hash);

	w->forgets = true;
	for (struct entry *e = w->entries; e; e = e->next)
		if (strcmp(e->u.hash, hash) == 0)
			e->kept = false;
	files_remove(w->o.files, path);
}

void texts_forget(struct wanted *w, const struct schedule *s)
{
	CLEANUP(free) char *dir = xasprintf("%s/texts", w->state_dir);
	DIR *d = opendir(dir);
	const struct dirent *f;

	while (d && (f = readdir(d)))
		if (is_hash(f->d_name) && !names_hash(s, f->d_name))
			forget(w, f->d_name);
	if (d)
		closedir(d);
}
