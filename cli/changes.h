/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * changes.h - what a change of a stack would do, as the API lists it.
 */
#ifndef CLI_CHANGES_H
#define CLI_CHANGES_H

#include <jansson.h>

/* Its "changes" and "warnings", a line each. */
void changes_print(const json_t *doc);

#endif
