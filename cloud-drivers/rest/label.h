/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * label.h - labels and tags in the narrowest alphabet, [a-z0-9-].
 */
#ifndef CLOUD_DRIVERS_REST_LABEL_H
#define CLOUD_DRIVERS_REST_LABEL_H

#include <stddef.h>

/*
 * prefix, as it is, and value in to of size bytes, at most max bytes of text (fewer than
 * size). Capitals become small, other characters '-'. A value that does not fit or was
 * changed ends in '-' and 16 digits of its digest, so that two values never share a
 * label; one that is a word and fits is itself. max must leave 17 bytes for the value.
 */
void rest_label(char *to, size_t size, size_t max, const char *prefix, const char *value);

#endif
