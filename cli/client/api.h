/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * api.h - calls of the controller's REST API.
 *
 * Failures carry the message of the controller's problem document. A command ends with
 * client_exit(), which turns an error's code into the exit status.
 */
#ifndef CLI_CLIENT_API_H
#define CLI_CLIENT_API_H

#include "args.h"
#include "exit_status.h"
#include "net.h"
#include "text.h"

#include <stdbool.h>

struct client {
	char *url;
	char *token; /* NULL: none */
	const char *ca;
	bool is_raw;          /* answers are for programs: text stays as it came */
	const char *if_match; /* of the next requests; NULL: none */
	long status;          /* of the last answer; 0: none came */
	int64_t retry_ms;     /* after which it said to try again; 0: it did not */
};

int client_init(struct client *c, const struct args *a, struct err *err) MUST_CHECK;
void client_done(struct client *c);
DEFINE_CLEANUP_OBJECT(struct client, client_done);

/* The answer's document, the caller's, its text printable unless is_raw; NULL when it has
 * no body. */
int client_get(struct client *c, const char *path, json_t **ret,
	       struct err *err) MUST_CHECK;
/* An answer of any type, the caller's. */
int client_get_text(struct client *c, const char *path, char **ret,
		    struct err *err) MUST_CHECK;
/* An answer of any size into a file of mode 0600, which is complete or absent. */
int client_get_file(struct client *c, const char *path, const char *file,
		    size_t *ret_bytes, struct err *err) MUST_CHECK;
/* Adds a query parameter, unless value is NULL. */
void client_query(struct buf *path, const char *name, const char *value);
/* body: NULL for none. */
int client_send(struct client *c, const char *method, const char *path,
		const json_t *body, json_t **ret, struct err *err) MUST_CHECK;
/* A body of any type. */
int client_send_text(struct client *c, const char *method, const char *path,
		     const char *type, const char *body, size_t len, json_t **ret,
		     struct err *err) MUST_CHECK;
/* All pages of a list: an array, the caller's. */
int client_list(struct client *c, const char *path, json_t **ret,
		struct err *err) MUST_CHECK;

/* Prints "foretide COMMAND: message" when rc is an error; returns the exit status. */
int client_exit(const struct args *a, int rc, const struct err *err);

/* Prints a document unchanged, for --json; on a terminal in ASCII. */
void client_print(const json_t *doc);
/* The same in one line. */
void client_print_line(const json_t *doc);

#endif
