/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libarchive writes it: a library that most systems have, where libisofs is for burning
 * discs and genisoimage a program more.
 */
#include "seed.h"

#include "check.h"
#include "cleanup.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#define IMAGE_MAX (4u << 20)

DEFINE_CLEANUP(struct archive *, archive_write_free);
DEFINE_CLEANUP(struct archive_entry *, archive_entry_free);

static bool add_file(struct archive *a, const char *name, const void *text, size_t len)
{
	CLEANUP(archive_entry_free) struct archive_entry *e = archive_entry_new();

	archive_entry_set_pathname(e, name);
	archive_entry_set_size(e, (la_int64_t)len);
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_perm(e, 0600);
	return archive_write_header(a, e) == ARCHIVE_OK &&
	       archive_write_data(a, text, len) == (la_ssize_t)len;
}

static bool write_all(struct archive *a, const struct seed *s)
{
	CLEANUP(free)
	char *meta = xasprintf("instance-id: %s\nlocal-hostname: %s\n", s->instance_id,
			       s->name);

	return add_file(a, "meta-data", meta, strlen(meta)) &&
	       add_file(a, "user-data", s->user_data, s->user_data_len) &&
	       archive_write_close(a) == ARCHIVE_OK;
}

int seed_make(const struct seed *s, void **ret, size_t *ret_len, struct err *err)
{
	CLEANUP(archive_write_free) struct archive *a = archive_write_new();
	CLEANUP(free) void *image = xmalloc(IMAGE_MAX);
	size_t len = 0;

	if (archive_write_set_format_iso9660(a) != ARCHIVE_OK ||
	    archive_write_set_options(a, "volume-id=cidata,!pad") != ARCHIVE_OK ||
	    archive_write_open_memory(a, image, IMAGE_MAX, &len) != ARCHIVE_OK ||
	    !write_all(a, s))
		return err_set(err, ERR_INTERNAL, "cannot make the seed: %s",
			       archive_error_string(a));
	*ret = TAKE(image);
	*ret_len = len;
	return 0;
}
