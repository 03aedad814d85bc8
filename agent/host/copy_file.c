/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "copy_file.h"

#include "check.h"
#include "fnv.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define FOLDER "copies"
#define HEAD "foretide-copy 1 "
#define DIGEST_CHARS 16

DEFINE_CLEANUP_OBJECT(struct store_kv, store_kv_done);

char *copy_file_path(const char *dir, const char *prefix)
{
	CLEANUP(free) char *folder = xasprintf("%s/" FOLDER, dir);

	(void)mkdir(folder, 0700); /* if it fails, so does the writing, with a reason */
	return xasprintf("%s/%016llx", folder,
			 (unsigned long long)fnv(FNV_START, prefix, strlen(prefix)));
}

void copy_file_begin(struct buf *b, const char *prefix)
{
	buf_printf(b, HEAD "%s\n", prefix);
}

void copy_file_add(struct buf *b, const struct store_kv *kv)
{
	CLEANUP(buf_done) struct buf line;

	buf_init(&line, COPY_FILE_MAX);
	buf_printf(&line, "%lld %lld ", (long long)kv->mod_rev, (long long)kv->lease);
	base64_encode(&line, kv->key, kv->key_len);
	buf_putc(&line, ' ');
	base64_encode(&line, kv->value, kv->value_len);
	buf_printf(b, "%016llx ",
		   (unsigned long long)fnv(FNV_START, buf_str(&line), line.len));
	buf_add(b, buf_str(&line), line.len);
	buf_putc(b, '\n');
}

static bool take_number(char **p, int64_t *ret)
{
	char *end;

	*ret = strtoll(*p, &end, 10);
	if (end == *p || *end != ' ')
		return false;
	*p = end + 1;
	return true;
}

static bool take_bytes(char **p, const char **ret, size_t *ret_len)
{
	size_t n = strcspn(*p, " ");
	char *bytes;

	if (base64_decode(*p, n, &bytes, ret_len, NULL) < 0)
		return false;
	*ret = bytes;
	*p += n + ((*p)[n] == ' ');
	return true;
}

/* False: the line is damaged. */
static bool read_line(char *line, const char *prefix, copy_file_fn *fn, void *arg)
{
	CLEANUP(store_kv_done) struct store_kv kv = { 0 };
	const size_t len = strlen(line);
	char *end, *p = line + DIGEST_CHARS + 1;
	unsigned long long digest;

	if (len <= DIGEST_CHARS || line[DIGEST_CHARS] != ' ')
		return false;
	digest = strtoull(line, &end, 16);
	if (end != line + DIGEST_CHARS || digest != fnv(FNV_START, p, strlen(p)))
		return false;
	if (!take_number(&p, &kv.mod_rev) || !take_number(&p, &kv.lease) ||
	    !take_bytes(&p, &kv.key, &kv.key_len) ||
	    !take_bytes(&p, &kv.value, &kv.value_len) ||
	    strncmp(kv.key, prefix, strlen(prefix)) != 0)
		return false;
	fn(arg, &kv);
	return true;
}

int copy_file_read(const char *path, const char *prefix, copy_file_fn *fn, void *arg,
		   size_t *ret_damaged, struct err *err)
{
	CLEANUP(free) char *text = NULL;
	size_t len, damaged = 0;
	char *next, *line;
	int rc = conf_read_file(path, COPY_FILE_MAX, &text, &len, err);

	if (rc < 0)
		return rc;
	/* NULs would hide the lines behind them. */
	for (size_t i = 0; i < len; i++)
		if (!text[i])
			text[i] = '?';
	next = text;
	line = strsep(&next, "\n");
	damaged += strncmp(line, HEAD, strlen(HEAD)) != 0 ||
		   strcmp(line + strlen(HEAD), prefix) != 0;
	while ((line = strsep(&next, "\n")))
		damaged += *line && !read_line(line, prefix, fn, arg);
	*ret_damaged = damaged;
	return 0;
}

void copy_file_tidy(const char *dir, bool (*is_used)(void *arg, const char *path),
		    void *arg)
{
	CLEANUP(free) char *folder = xasprintf("%s/" FOLDER, dir);
	DIR *d = opendir(folder);
	const struct dirent *f;

	while (d && (f = readdir(d))) {
		CLEANUP(free) char *path = xasprintf("%s/%s", folder, f->d_name);

		if (*f->d_name != '.' && !is_used(arg, path))
			(void)unlink(path);
	}
	if (d)
		closedir(d);
}
