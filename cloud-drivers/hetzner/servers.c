/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Servers that there are: those with the owner's label, and the end of one. */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"
#include "net.h"
#include "server.h"

#include <string.h>

struct listing {
	const struct drv_host *host;
	const char *owner;
	drv_vm_fn *each;
	void *arg;
};

static void give(void *arg, const json_t *server)
{
	const struct listing *l = arg;
	struct drv_vm vm;

	hz_server_read(server, l->host->wall_ms(l->host->ctx), &vm);
	if (strcmp(vm.owner, l->owner) == 0)
		l->each(l->arg, &vm);
}

int hz_list(struct drv *d, const char *owner, int64_t deadline, drv_vm_fn *each,
	    void *arg, struct drv_err *err)
{
	struct listing l = {
		.host = d->rest.host, .owner = owner, .each = each, .arg = arg
	};
	CLEANUP(buf_done) struct buf path;
	char text[LABEL_TEXT];

	buf_init(&path, 1024);
	/* By id, so that new ones come on the last page. */
	buf_puts(&path, "/servers?sort=id%3Aasc&label_selector=" LABEL_OWNER "%3D%3D");
	http_escape(&path, hz_label_text(text, owner));
	return hz_each(d, buf_str(&path), "servers", deadline, give, &l, err);
}

int hz_terminate(struct drv *d, const char *owner, const char *vm_id, int64_t deadline,
		 struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer shown = { .status = 0 };
	CLEANUP(rest_answer_done) struct rest_answer ended = { .status = 0 };
	CLEANUP(free) char *path = xasprintf("/servers/%s", vm_id);
	char is_of[64] = "";
	int rc;

	if (!*vm_id || vm_id[strspn(vm_id, "0123456789")])
		return drv_fail(err, DRV_BADREQ, "'%s' is not a server's id", vm_id);
	rc = hz_call(d, "GET", path, NULL, deadline, &shown, err);
	if (rc == 0)
		hz_label_of(rest_at(shown.doc, "server"), LABEL_OWNER, is_of,
			    sizeof(is_of));
	if (rc == 0 && strcmp(is_of, owner) != 0)
		return drv_fail(err, DRV_CONFLICT,
				"server %s has not this installation's label: it %s%s",
				vm_id, *is_of ? "belongs to " : "is somebody else's",
				is_of);
	if (rc == 0)
		rc = hz_call(d, "DELETE", path, NULL, deadline, &ended, err);
	return rc == DRV_NOTFOUND ? 0 : rc;
}
