/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Source: https://docs.digitalocean.com/reference/api/ */
#include "droplet.h"

#include "check.h"
#include "cloud.h"
#include "utf8.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

void do_tag_of(const json_t *droplet, const char *prefix, char *ret, size_t size)
{
	const size_t n = strlen(prefix);
	const json_t *tag;
	size_t i;

	*ret = '\0';
	json_array_foreach(rest_at(droplet, "tags"), i, tag)
	{
		const char *text = rest_text(tag, "");

		if (strncasecmp(text, prefix, n) == 0)
			snprintf(ret, size, "%s", text + n);
	}
	for (char *c = ret; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	utf8_make_plain(ret, size - 1);
}

static const struct {
	const char *status;
	enum drv_vm_state state;
} states[] = {
	{ "new", DRV_VM_PENDING },
	{ "active", DRV_VM_RUNNING },
	{ "off", DRV_VM_FAILED },
	{ "archive", DRV_VM_FAILED },
};

static void note_state(const json_t *droplet, struct drv_vm *ret)
{
	const char *status = rest_text(droplet, "status");

	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		if (strcmp(states[i].status, status) == 0)
			ret->state = states[i].state;
	if (ret->state == DRV_VM_FAILED)
		snprintf(ret->message, sizeof(ret->message), "its status is %s", status);
}

/* The first address of that kind ("v4") and type ("public") unless to has one. */
static void note_address(const json_t *droplet, const char *kind, const char *type,
			 char *to, size_t size)
{
	const json_t *each;
	size_t i;

	json_array_foreach(rest_at(droplet, kind), i,
			   each) if (!*to && strcmp(rest_text(each, "type"), type) == 0)
		rest_copy(to, size, each, "ip_address");
}

void do_droplet_read(const json_t *droplet, struct drv_vm *ret)
{
	memset(ret, 0, sizeof(*ret));
	snprintf(ret->id, sizeof(ret->id), "%lld", (long long)rest_int(droplet, "id", 0));
	do_tag_of(droplet, TAG_LAUNCH, ret->launch_id, sizeof(ret->launch_id));
	do_tag_of(droplet, TAG_OWNER, ret->owner, sizeof(ret->owner));
	do_tag_of(droplet, TAG_POOL, ret->pool, sizeof(ret->pool));
	rest_copy(ret->name, sizeof(ret->name), droplet, "name");
	rest_copy(ret->type, sizeof(ret->type), droplet, "size_slug");
	rest_copy(ret->zone, sizeof(ret->zone), droplet, "region.slug");
	note_address(droplet, "networks.v4", "private", ret->address,
		     sizeof(ret->address));
	note_address(droplet, "networks.v4", "public", ret->public_address,
		     sizeof(ret->public_address));
	note_address(droplet, "networks.v6", "public", ret->public_address,
		     sizeof(ret->public_address));
	ret->created_ms = rest_time_ms(droplet, "created_at");
	note_state(droplet, ret);
}
