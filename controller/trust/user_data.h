/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * user_data.h - what a new host is started with, so that it joins.
 *
 * A script for any POSIX shell, which downloads the agent from the controller, checks it
 * and runs it; or, for hosts without cloud-init, the same in an Ignition document. A host
 * that does not join in time powers itself off.
 */
#ifndef CONTROLLER_TRUST_USER_DATA_H
#define CONTROLLER_TRUST_USER_DATA_H

#include "err.h"

#include <stdbool.h>
#include <stdint.h>

#define USER_DATA_MAX (12 << 10) /* bytes; some clouds take no more than 16 KiB */

/* Strings are checked: nothing in them can break out of the script. */
struct user_data {
	const char *host;
	const char *pool;
	const char *token;
	const char *controller; /* "https://10.90.0.1:7071" */
	const char *ca_pem;
	const char *agent_sha256; /* in hex */
	/* Of the portable agent (portable.h), for hosts that cannot run the other; NULL
	 * or
	 * "": there is none. */
	const char *portable_sha256;
	const char *domain; /* for its DNS; NULL: foretide.local */
	/* Whose metadata service tells it that its cloud takes it back, and where: as the
	 * agent's section [interruption]; NULL: none does, and where the agent knows. */
	const char *interruption, *interruption_url;
	double time_scale;
	int64_t time_epoch_ms;
	int64_t give_up_ms; /* real: it powers off unless it has joined by then; 0:
			     * 20 min */
	bool ignition;      /* as a document of Ignition 3.0 and later */
};

/*
 * The caller frees *ret. The same input gives the same bytes. ERR_INVAL for a string with
 * forbidden characters; ERR_LIMIT when the result has USER_DATA_MAX bytes or more.
 */
int user_data_make(const struct user_data *in, char **ret, struct err *err) MUST_CHECK;

#endif
