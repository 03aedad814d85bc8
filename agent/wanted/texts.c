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

static void keep_text(const struct wanted *w, const char *hash, const char *text,
		      size_t len)
{
	CLEANUP(free) char *path = text_path(w, hash);

	files_write(w->o.files, path, text, len, 0600, FILES_UNSYNCED);
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
	keep_text(e->w, e->u.hash, e->text, strlen(e->text));
	wanted_look_soon(e->w);
}

void entry_find_text(struct entry *e)
{
	CLEANUP(free) char *path = NULL;
	CLEANUP(free) char *key = NULL;

	if (e->text || e->fetch || !is_hash(e->u.hash))
		return;
	path = text_path(e->w, e->u.hash);
	/* A power cut may leave an empty one. */
	if (conf_read_file(path, TEXT_MAX_BYTES, &e->text, NULL, NULL) == 0 && *e->text) {
		wanted_look_soon(e->w);
		return;
	}
	free(TAKE(e->text));
	if (!e->w->store)
		return;
	key = xasprintf("/foretide/units/%s", e->u.hash);
	e->fetch = store_range(e->w->store, key, NULL, 1, 0, on_fetched, e);
}

static bool names_hash(const struct schedule *s, const char *hash)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->units[i].hash, hash) == 0)
			return true;
	return false;
}

void texts_forget(const struct wanted *w, const struct schedule *s)
{
	CLEANUP(free) char *dir = xasprintf("%s/texts", w->state_dir);
	DIR *d = opendir(dir);
	struct dirent *f;

	while (d && (f = readdir(d))) {
		CLEANUP(free) char *path = xasprintf("%s/%s", dir, f->d_name);

		if (is_hash(f->d_name) && !names_hash(s, f->d_name))
			files_remove(w->o.files, path);
	}
	if (d)
		closedir(d);
}
