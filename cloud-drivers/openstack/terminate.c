/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One server by its id: its end, and what its console shows. */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"
#include "server.h"

#include <string.h>

#define CONSOLE_LINES 500

/* NOTFOUND when there is none. */
static int owner_of(struct drv *d, const char *path, int64_t deadline, char *ret,
		    size_t size, struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	int rc = os_nova(d, "GET", path, NULL, deadline, &a, err);

	if (rc == 0)
		os_tag_of(rest_at(a.doc, "server"), TAG_OWNER, ret, size);
	return rc;
}

int os_terminate(struct drv *d, const char *owner, const char *vm_id, int64_t deadline,
		 struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(free) char *path = xasprintf("/servers/%s", vm_id);
	char is_of[64] = "";
	int rc;

	if (!drv_is_word(vm_id))
		return drv_fail(err, DRV_BADREQ, "'%s' is not a server's id", vm_id);
	rc = owner_of(d, path, deadline, is_of, sizeof(is_of), err);
	if (rc == 0 && strcmp(is_of, owner) != 0)
		return drv_fail(err, DRV_CONFLICT,
				"server %s has not this installation's tag: it %s%s",
				vm_id, *is_of ? "belongs to " : "is somebody else's",
				is_of);
	if (rc == 0)
		rc = os_nova(d, "DELETE", path, NULL, deadline, &a, err);
	return rc == DRV_NOTFOUND ? 0 : rc;
}

int os_console(struct drv *d, const char *vm_id, int64_t deadline, drv_text_fn *text,
	       void *arg, struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(free) char *path = xasprintf("/servers/%s/action", vm_id);
	CLEANUP(json_decref)
	json_t *body =
		json_pack("{s:{s:i}}", "os-getConsoleOutput", "length", CONSOLE_LINES);
	const char *output;
	int rc;

	if (!drv_is_word(vm_id))
		return drv_fail(err, DRV_BADREQ, "'%s' is not a server's id", vm_id);
	rc = os_nova(d, "POST", path, body, deadline, &a, err);
	/* It only reads; and before the server runs it is a conflict. */
	if (rc == DRV_AMBIGUOUS)
		rc = err->cls = DRV_TRANSIENT;
	if (rc < 0)
		return rc;
	output = rest_text(a.doc, "output");
	text(arg, output, strlen(output));
	return 0;
}
