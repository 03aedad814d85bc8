/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ignition.h"

#include "buf.h"
#include "check.h"
#include "heap.h"
#include "text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define SCRIPT "/etc/foretide/join"

/*
 * Ignition writes files before the system starts, and runs nothing. What the script
 * leaves behind outlives it; when it has failed, it runs again at the next boot.
 */
static const char unit[] =
	"[Unit]\n"
	"Description=Join of this host to its Foretide controller\n"
	"Wants=network-online.target\n"
	"After=network-online.target\n"
	"ConditionPathExists=!/etc/systemd/system/foretide-agent.service\n"
	"\n"
	"[Service]\n"
	"Type=oneshot\n"
	"RemainAfterExit=yes\n"
	"KillMode=process\n"
	"ExecStart=/bin/sh " SCRIPT "\n"
	"\n"
	"[Install]\n"
	"WantedBy=multi-user.target\n";

static char *data_url(const char *text)
{
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, SIZE_MAX);
	buf_puts(&b, "data:;base64,");
	base64_encode(&b, text, strlen(text));
	return buf_take(&b);
}

char *ignition_document(const char *script)
{
	CLEANUP(free) char *source = data_url(script);
	CLEANUP(json_decref)
	json_t *doc = json_pack(
		"{s:{s:s}, s:{s:[{s:s, s:i, s:{s:s}}]}, s:{s:[{s:s, s:b, s:s}]}}",
		"ignition", "version", "3.0.0", "storage", "files", "path", SCRIPT,
		"mode", 0600, "contents", "source", source, "systemd", "units", "name",
		"foretide-join.service", "enabled", 1, "contents", unit);

	CHECK(doc);
	return json_dumps(doc, JSON_COMPACT);
}
