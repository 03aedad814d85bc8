/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * knocks.h - hosts that call with a certificate of ours and are refused, as no record
 * knows them: after a database was restored they may serve all the same.
 *
 * Safe from any thread.
 */
#ifndef CONTROLLER_API_KNOCKS_H
#define CONTROLLER_API_KNOCKS_H

#include <stdbool.h>
#include <stdint.h>

struct knocks;

struct knocks *knocks_new(void);
void knocks_free(struct knocks *k);

void knocks_note(struct knocks *k, const char *host);
/* Whether the host called within the last real ms. Of thousands the oldest are forgotten.
 */
bool knocks_has(struct knocks *k, const char *host, int64_t within_ms);

#endif
