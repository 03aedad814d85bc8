/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * standby.c - machines that exist already: how one is enrolled, and which host it is to
 * be.
 */
#include "handlers.h"

#include "check.h"
#include "peers.h"
#include "trust.h"

#include <string.h>

#define SHELL "text/x-shellscript"

/* Without a secret; who runs it knows its digest. */
int api_standby_script(struct request *r, struct err *err)
{
	CLEANUP(free) char *script = NULL;
	int rc = API_HOOK(r, standby)
			 ? API_HOOK(r, standby)(API_HOOK(r, arg), &script, err)
			 : request_absent(err, "the script of machines");

	if (rc == 0)
		reply_data(r, 200, SHELL, script, strlen(script));
	return rc;
}

int api_enrolment_get(struct request *r, struct err *err)
{
	CLEANUP(free) char *command = NULL;
	int rc = API_HOOK(r, enrolment)
			 ? API_HOOK(r, enrolment)(API_HOOK(r, arg), r->args[0],
						  r->args[1], &command, err)
			 : request_absent(err, "the enrolment of machines");

	if (rc < 0)
		return rc;
	api_event(r, "enrolment-shown", "", "", "",
		  "%s asked for the command that enrols %s %s", r->who, r->args[0],
		  r->args[1]);
	reply_json(r, 200,
		   json_pack("{s:s, s:s, s:s}", "kind", r->args[0], "name", r->args[1],
			     "command", command));
	explicit_bzero(command, strlen(command));
	return 0;
}

static int read_ask(const json_t *body, struct api_standby *ret, struct err *err)
{
	const char *machine = NULL, *pool = NULL;
	int rc = jread_line_opt(body, STANDBY_MACHINE, API_NAME_MAX - 1, &machine, err);

	if (rc == 0)
		rc = jread_line_opt(body, STANDBY_POOL, API_NAME_MAX - 1, &pool, err);
	if (rc == 0)
		rc = jread_str(body, "key", &ret->key, err);
	if (rc == 0)
		rc = jread_line_opt(body, "host", API_NAME_MAX - 1, &ret->host, err);
	if (rc < 0)
		return rc;
	if (!machine == !pool)
		return err_set(err, ERR_INVAL, "give \"machine\" or \"pool\"");
	ret->kind = machine ? STANDBY_MACHINE : STANDBY_POOL;
	ret->name = machine ? machine : pool;
	return 0;
}

int api_assignment(struct request *r, struct err *err)
{
	static const char *const keys[] = { STANDBY_MACHINE, STANDBY_POOL, "key", "host",
					    NULL };
	struct api_standby ask = { .host = "",
				   .address = r->peer ? r->peer->address : "" };
	CLEANUP(json_decref) json_t *body = NULL;
	CLEANUP(free) char *script = NULL;
	int rc;

	if (!r->is_tls && !r->is_loopback)
		return err_set(err, ERR_DENIED, "machines may ask over TLS only");
	rc = request_json(r, keys, &body, err);
	if (rc == 0)
		rc = read_ask(body, &ask, err);
	if (rc == 0 && !API_HOOK(r, assignment))
		rc = request_absent(err, "the pools");
	if (rc == 0)
		rc = API_HOOK(r, assignment)(API_HOOK(r, arg), &ask, &script, err);
	if (rc < 0)
		return rc;
	reply_data(r, 200, SHELL, script, strlen(script));
	explicit_bzero(script, strlen(script));
	return 0;
}
