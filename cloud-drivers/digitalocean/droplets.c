/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Droplets that there are: those with the owner's tag, and the end of one. */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"
#include "droplet.h"
#include "net.h"

#include <string.h>

struct listing {
	const char *owner;
	drv_vm_fn *each;
	void *arg;
};

static void give(void *arg, const json_t *droplet)
{
	const struct listing *l = arg;
	struct drv_vm vm;

	do_droplet_read(droplet, &vm);
	if (strcmp(vm.owner, l->owner) == 0)
		l->each(l->arg, &vm);
}

int do_list(struct drv *d, const char *owner, int64_t deadline, drv_vm_fn *each,
	    void *arg, struct drv_err *err)
{
	struct listing l = { .owner = owner, .each = each, .arg = arg };
	CLEANUP(buf_done) struct buf path;

	buf_init(&path, 1024);
	buf_puts(&path, "/v2/droplets?tag_name=");
	http_escape(&path, TAG_OWNER);
	http_escape(&path, owner);
	return do_each(d, buf_str(&path), "droplets", "id", deadline, give, &l, err);
}

/*
 * A tag outlives its droplets, and each launch has one of its own. One that cannot be
 * removed, as the token may not, does no harm.
 */
static void forget_launch(struct drv *d, const json_t *droplet, int64_t deadline)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(free) char *path = NULL;
	struct drv_err ignored;
	char id[64];

	do_tag_of(droplet, TAG_LAUNCH, id, sizeof(id));
	if (!drv_is_word(id))
		return;
	path = xasprintf("/v2/tags/" TAG_LAUNCH "%s", id);
	(void)do_call(d, "DELETE", path, NULL, deadline, &a, &ignored);
}

int do_terminate(struct drv *d, const char *owner, const char *vm_id, int64_t deadline,
		 struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer shown = { .status = 0 };
	CLEANUP(rest_answer_done) struct rest_answer ended = { .status = 0 };
	CLEANUP(free) char *path = xasprintf("/v2/droplets/%s", vm_id);
	const json_t *droplet;
	char is_of[64] = "";
	int rc;

	if (!*vm_id || vm_id[strspn(vm_id, "0123456789")])
		return drv_fail(err, DRV_BADREQ, "'%s' is not a droplet's id", vm_id);
	rc = do_call(d, "GET", path, NULL, deadline, &shown, err);
	if (rc < 0)
		return rc == DRV_NOTFOUND ? 0 : rc;
	droplet = rest_at(shown.doc, "droplet");
	do_tag_of(droplet, TAG_OWNER, is_of, sizeof(is_of));
	if (strcmp(is_of, owner) != 0)
		return drv_fail(err, DRV_CONFLICT,
				"droplet %s has not this installation's tag: it %s%s",
				vm_id, *is_of ? "belongs to " : "is somebody else's",
				is_of);
	rc = do_call(d, "DELETE", path, NULL, deadline, &ended, err);
	if (rc < 0 && rc != DRV_NOTFOUND)
		return rc;
	forget_launch(d, droplet, deadline);
	return 0;
}
