/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "book.h"

#include "check.h"
#include "clock.h"
#include "file.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define KEPT_MS (INT64_C(7) * 86400 * 1000)
#define BYTES_MAX ((size_t)16 << 20)
#define FORMAT 1
#define WAIT_MAX_MS INT64_C(600000)

void book_done(struct book *b)
{
	if (b->lock >= 0)
		close(b->lock);
	free(b->path);
	free(b->v);
	*b = (struct book){ .lock = -1 };
}

/* ---------------------------------------------------------------- as JSON */

struct text_member {
	const char *key;
	size_t at, size;
};

#define TEXT(member)                                             \
	{                                                        \
#member, offsetof(struct book_entry, member),    \
			sizeof(((struct book_entry *)0)->member) \
	}
static const struct text_member texts[] = {
	TEXT(launch_id), TEXT(owner), TEXT(pool), TEXT(name), TEXT(type), TEXT(machine),
};

static char *text_at(const struct book_entry *e, const struct text_member *t)
{
	return (char *)(uintptr_t)e + t->at;
}

static json_t *entry_json(const struct book_entry *e)
{
	json_t *o =
		json_pack("{s:I, s:I, s:I, s:b, s:b}", "given_ms",
			  (json_int_t)e->given_ms, "ended_ms", (json_int_t)e->ended_ms,
			  "missed_ms", (json_int_t)e->missed_ms, "is_ready", e->is_ready,
			  "is_ending", e->is_ending);

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		json_object_set_new(o, texts[i].key, json_text(text_at(e, &texts[i])));
	return o;
}

static int entry_read(const json_t *o, struct book_entry *ret, struct err *err)
{
	int rc = jread_int(o, "given_ms", &ret->given_ms, err);

	if (rc == 0)
		rc = jread_int(o, "ended_ms", &ret->ended_ms, err);
	if (rc == 0)
		rc = jread_int_opt(o, "missed_ms", &ret->missed_ms, err);
	if (rc == 0)
		rc = jread_bool_opt(o, "is_ready", &ret->is_ready, err);
	if (rc == 0)
		rc = jread_bool_opt(o, "is_ending", &ret->is_ending, err);
	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(texts); i++) {
		const char *text = NULL;

		rc = jread_str(o, texts[i].key, &text, err);
		if (rc == 0 && strlen(text) >= texts[i].size)
			rc = err_set(err, ERR_INVAL, "'%s' is too long", texts[i].key);
		if (rc == 0)
			memcpy(text_at(ret, &texts[i]), text, strlen(text) + 1);
	}
	return rc;
}

static int entries_read(const json_t *doc, struct book *b, struct err *err)
{
	const json_t *all = json_object_get(doc, "entries"), *one;
	int64_t format = 0;
	size_t i;
	int rc = jread_int(doc, "format", &format, err);

	if (rc < 0)
		return rc;
	if (format != FORMAT || !json_is_array(all))
		return err_set(err, ERR_INVAL, "it is of another version");
	json_array_foreach(all, i, one)
	{
		struct book_entry e = { .given_ms = 0 };

		rc = entry_read(one, &e, err);
		if (rc == 0)
			rc = book_add(b, &e, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---------------------------------------------------------------- on disk */

static int make_folder(const char *dir, struct err *err)
{
	CLEANUP(free) char *path = xstrdup(dir);

	for (char *at = path + 1; (at = strchr(at, '/')); *at++ = '/') {
		*at = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return err_errno(err, ERR_STORE, "%s", path);
	}
	return mkdir(path, 0700) < 0 && errno != EEXIST
		       ? err_errno(err, ERR_STORE, "%s", path)
		       : 0;
}

static int lock(const char *path, int64_t wait_ms, int *ret, struct err *err)
{
	const int64_t deadline = clock_mono_ms() + MIN(wait_ms, WAIT_MAX_MS);
	CLEANUP(close_fd)
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return err_errno(err, ERR_STORE, "%s", path);
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_errno(err, ERR_STORE, "%s", path);
		if (clock_mono_ms() >= deadline)
			return err_set(err, ERR_CONFLICT,
				       "%s is locked by another process", path);
		(void)poll(NULL, 0, 2);
	}
	*ret = fd;
	fd = -1;
	return 0;
}

static int read_all(struct book *b, struct err *err)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(free) char *text = NULL;
	size_t len = 0;
	int rc;

	if (access(b->path, F_OK) < 0 && errno == ENOENT)
		return 0;
	rc = conf_read_file(b->path, BYTES_MAX, &text, &len, err);
	if (rc == 0)
		rc = json_parse(text, len, b->path, &doc, err);
	if (rc == 0)
		rc = entries_read(doc, b, err);
	/* Without it machines in use would look free. */
	return rc < 0 ? err_set(err, ERR_STORE,
				"%s, which says whose machines are, cannot be read: put "
				"it back from a backup, or move it away when no host "
				"uses them",
				b->path)
		      : 0;
}

int book_open(const char *dir, const char *name, int64_t wait_ms, struct book *ret,
	      struct err *err)
{
	CLEANUP(free) char *guard = xasprintf("%s/%s.lock", dir, name);
	CLEANUP(book_done) struct book b = { .lock = -1 };
	int rc = make_folder(dir, err);

	b.path = xasprintf("%s/%s.json", dir, name);
	if (rc == 0)
		rc = lock(guard, wait_ms, &b.lock, err);
	if (rc == 0)
		rc = read_all(&b, err);
	if (rc < 0)
		return rc;
	*ret = b;
	b = (struct book){ .lock = -1 };
	return 0;
}

static bool is_old(const struct book_entry *e, int64_t now_ms)
{
	return e->ended_ms && now_ms - e->ended_ms > KEPT_MS;
}

int book_save(struct book *b, int64_t now_ms, struct err *err)
{
	CLEANUP(json_decref)
	json_t *doc = json_pack("{s:i, s:[]}", "format", FORMAT, "entries");
	CLEANUP(free) char *text = NULL;
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		if (!is_old(&b->v[i], now_ms))
			b->v[n++] = b->v[i];
	b->n = n;
	for (size_t i = 0; i < b->n; i++)
		json_array_append_new(json_object_get(doc, "entries"),
				      entry_json(&b->v[i]));
	text = json_dumps(doc, JSON_COMPACT);
	CHECK(text);
	return file_write(b->path, text, strlen(text), 0600, err);
}

/* ---------------------------------------------------------------- entries */

struct book_entry *book_find(const struct book *b, const char *launch_id)
{
	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->v[i].launch_id, launch_id) == 0)
			return &b->v[i];
	return NULL;
}

struct book_entry *book_holder(const struct book *b, const char *machine)
{
	for (size_t i = 0; i < b->n; i++)
		if (!b->v[i].ended_ms && strcmp(b->v[i].machine, machine) == 0)
			return &b->v[i];
	return NULL;
}

int64_t book_freed_ms(const struct book *b, const char *machine)
{
	int64_t last = 0;

	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->v[i].machine, machine) == 0)
			last = MAX(last, b->v[i].ended_ms);
	return last;
}

int book_add(struct book *b, const struct book_entry *e, struct err *err)
{
	if (b->n >= BOOK_ENTRIES_MAX)
		return err_set(err, ERR_LIMIT, "%s has %d launches, as many as it may",
			       b->path, BOOK_ENTRIES_MAX);
	b->v = xrealloc(b->v, (b->n + 1) * sizeof(*b->v));
	b->v[b->n++] = *e;
	return 0;
}

void book_end(struct book_entry *e, int64_t now_ms)
{
	e->ended_ms = now_ms;
	e->is_ending = false;
}
