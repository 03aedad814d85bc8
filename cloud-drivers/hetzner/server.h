/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * server.h - a server of Hetzner's as a VM of the ABI, and the labels that say whose it
 * is.
 */
#ifndef HETZNER_SERVER_H
#define HETZNER_SERVER_H

#include "driver.h"

#include <jansson.h>

/* At most, of a label's value; with what hz_label_text() adds. */
#define LABEL_TEXT 64

/*
 * Labels begin and end with a letter or digit. A value of ours that does not is put
 * between two 'X', which values of ours do not have otherwise. Returns to.
 */
const char *hz_label_text(char to[LABEL_TEXT], const char *value);

/* The label's value as it was before, in ret of size bytes; "" when there is none. */
void hz_label_of(const json_t *server, const char *name, char *ret, size_t size);

/* From an element of GET /servers. */
void hz_server_read(const json_t *server, int64_t wall_ms, struct drv_vm *ret);

#endif
