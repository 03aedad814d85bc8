/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shown.h - what is carried out is what was shown: the answer of a dry run has a tag of
 * all that it lists ("plan", and its ETag), and with this tag in If-Match the request
 * fails with 412 when it would do anything else by then.
 */
#ifndef CONTROLLER_API_SHOWN_H
#define CONTROLLER_API_SHOWN_H

#include "request.h"

#define SHOWN_TAG 48

/* "v3-0123456789abcdef": of a version and the list of changes. */
void shown_tag(int64_t version, const json_t *changes, char ret[SHOWN_TAG]);

/*
 * 412 when If-Match is neither a star, nor this tag, nor that of the version alone
 * ("v3"), or when If-None-Match forbids what exists. version 0: it does not exist; name:
 * of what, for the message.
 */
int shown_check(struct request *r, const char *name, int64_t version, const char *tag,
		struct err *err) MUST_CHECK;

#endif
