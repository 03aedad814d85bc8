/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "user_data.h"

#include "check.h"
#include "cleanup.h"
#include "heap.h"
#include "ignition.h"
#include "script.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#define GIVE_UP_MS (20 * 60000)

/* The agent is one for the controller's own. */
static struct utsname this_machine(void)
{
	struct utsname u;

	CHECK(uname(&u) == 0);
	return u;
}

int user_data_make(const struct user_data *in, char **ret, struct err *err)
{
	const int64_t give_up_s = (in->give_up_ms ? in->give_up_ms : GIVE_UP_MS) / 1000;
	CLEANUP(free) char *give_up = xasprintf("%" PRId64, MAX(give_up_s, 1));
	CLEANUP(free) char *scale = xasprintf("%.17g", in->time_scale);
	CLEANUP(free) char *epoch = xasprintf("%" PRId64, in->time_epoch_ms);
	CLEANUP(free) char *unit = script_file("foretide-agent.service");
	const char *url = in->interruption_url;
	const char *portable =
		in->portable_sha256 && *in->portable_sha256 ? in->portable_sha256 : "-";
	const struct utsname machine = this_machine();
	const struct script_place places[] = {
		{ "host", in->host, SCRIPT_LETTERS "-" },
		{ "pool", in->pool, SCRIPT_LETTERS "-" },
		{ "token", in->token, SCRIPT_LETTERS "_" },
		{ "controller", in->controller, SCRIPT_LETTERS ":/.-[]" },
		{ "agent_sha256", in->agent_sha256, "0123456789abcdef" },
		{ "interruption", in->interruption ? in->interruption : "none",
		  SCRIPT_LETTERS },
		{ "interruption_url", url ? url : "http://169.254.169.254",
		  SCRIPT_LETTERS ":/.-[]" },
		{ "portable_sha256", portable, "-0123456789abcdef" },
		{ "machine", machine.machine, SCRIPT_LETTERS "_" },
		{ "domain", in->domain ? in->domain : "foretide.local",
		  SCRIPT_LETTERS ".-" },
		{ "ca_pem", in->ca_pem, SCRIPT_LETTERS "+/=- \r\n" },
		{ "give_up_s", give_up, NULL },
		{ "time_scale", scale, NULL },
		{ "time_epoch_ms", epoch, NULL },
		{ "agent_service", unit, NULL },
		{ "arguments", "\"$@\"", NULL },
		{ NULL, NULL, NULL },
	};
	CLEANUP(free) char *script = NULL;
	int rc = script_make("user_data.sh", places, &script, err);

	if (rc < 0)
		return rc;
	if (in->ignition) {
		char *document = ignition_document(script);

		free(script);
		script = document;
	}
	if (strlen(script) >= USER_DATA_MAX)
		return err_set(err, ERR_LIMIT,
			       "the user data has %zu bytes, and must have fewer than %d",
			       strlen(script), USER_DATA_MAX);
	*ret = TAKE(script);
	return 0;
}
