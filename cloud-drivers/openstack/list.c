/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * list.c - every server with the owner's tag, page after page until an empty one, or one
 * that has no link to a next; the last has one too when it is full.
 *
 * A page begins after a server, its marker. If that went meanwhile, or Nova shows it
 * again (as one that is just being built, which is in two of its databases for a moment),
 * the list begins anew; what was seen before is not given again.
 */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"
#include "net.h"
#include "server.h"

#include <stdio.h>
#include <string.h>

#define PAGES_MAX 1000
#define BEGINNINGS_MAX 3

struct listing {
	struct drv *d;
	const char *owner;
	int64_t deadline;
	drv_vm_fn *each;
	void *arg;
	struct rest_pages pages;
	char marker[128]; /* of the next page; "": the first */
	bool more;        /* whether there may be a next */
};

static void path_of(const struct listing *l, struct buf *path)
{
	char tag[TAG_MAX + 1];

	rest_label(tag, sizeof(tag), TAG_MAX, TAG_OWNER "=", l->owner);
	buf_puts(path, "/servers/detail?sort_key=uuid&sort_dir=asc&limit=1000&tags=");
	http_escape(path, tag);
	if (*l->marker) {
		buf_puts(path, "&marker=");
		http_escape(path, l->marker);
	}
}

static void give(struct listing *l, const json_t *server)
{
	struct drv_vm vm;

	os_server_read(server, &vm);
	snprintf(l->marker, sizeof(l->marker), "%s", vm.id);
	if (strcmp(vm.owner, l->owner) == 0 && *vm.id &&
	    rest_pages_is_new(&l->pages, vm.id))
		l->each(l->arg, &vm);
}

static bool has_next(const json_t *doc)
{
	const json_t *link;
	size_t i;

	json_array_foreach(rest_at(doc, "servers_links"), i, link)
	{
		if (strcmp(rest_text(link, "rel"), "next") == 0)
			return true;
	}
	return false;
}

static int read_page(struct listing *l, struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(buf_done) struct buf path;
	const json_t *servers, *server;
	size_t n;
	int rc;

	buf_init(&path, 1024);
	path_of(l, &path);
	rc = os_nova(l->d, "GET", buf_str(&path), NULL, l->deadline, &a, err);
	if (rc < 0)
		return rc;
	servers = rest_at(a.doc, "servers");
	if (!json_is_array(servers))
		return drv_fail(err, DRV_TRANSIENT,
				"GET /servers/detail: the answer has no servers");
	json_array_foreach(servers, n, server) give(l, server);
	l->more = n > 0 && has_next(a.doc);
	return l->more ? rest_pages_turn(&l->pages, l->marker, err) : 0;
}

/* "marker [ID] not found", or a marker that was had before. */
static bool has_changed(const struct listing *l, int rc, const struct drv_err *err)
{
	return *l->marker &&
	       ((rc == DRV_BADREQ && strstr(err->msg, "marker")) || rc == DRV_BUG);
}

static void begin_anew(struct listing *l)
{
	struct rest_seen ids = l->pages.ids;

	l->pages.ids = (struct rest_seen){ .n = 0 };
	rest_pages_done(&l->pages);
	l->pages = (struct rest_pages){ .max_pages = PAGES_MAX, .ids = ids };
	l->marker[0] = '\0';
	l->more = true;
}

int os_list(struct drv *d, const char *owner, int64_t deadline, drv_vm_fn *each,
	    void *arg, struct drv_err *err)
{
	struct listing l = { .d = d,
			     .owner = owner,
			     .deadline = deadline,
			     .each = each,
			     .arg = arg,
			     .pages.max_pages = PAGES_MAX };
	int beginnings = 0, rc;

	do {
		rc = read_page(&l, err);
		if (has_changed(&l, rc, err) && ++beginnings < BEGINNINGS_MAX) {
			begin_anew(&l);
			rc = 0;
		}
	} while (rc == 0 && l.more);
	if (rc == DRV_BADREQ && beginnings == BEGINNINGS_MAX)
		rc = err->cls = DRV_TRANSIENT; /* it changes all the time */
	rest_pages_done(&l.pages);
	return rc;
}
