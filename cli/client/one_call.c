/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "one_call.h"

#include "printable.h"
#include "text.h"

#include <stdio.h>

int client_fetch(const struct args *a, const char *path, json_t **ret, struct err *err)
{
	CLEANUP(client_done) struct client c = { 0 };
	int rc = client_init(&c, a, err);

	return rc == 0 ? client_get(&c, path, ret, err) : rc;
}

int client_act(const struct args *a, const char *method, const char *path,
	       const json_t *body, const char *done, struct err *err)
{
	CLEANUP(client_done) struct client c = { 0 };
	CLEANUP(json_decref) json_t *answer = NULL;
	const char *warning = NULL;
	int rc = client_init(&c, a, err);

	if (rc == 0)
		rc = client_send(&c, method, path, body, &answer, err);
	if (rc < 0)
		return rc;
	if (a->json && answer)
		client_print(answer);
	else if (!a->json)
		puts(done);
	if (jread_str_opt(answer, "warning", &warning, NULL) == 0 && warning) {
		CLEANUP(free) char *text = printable(warning, "\n\t");

		fprintf(stderr, "warning: %s\n", text);
	}
	return 0;
}
