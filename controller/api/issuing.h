/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * issuing.h - how often a host gets certificates: each costs signatures and a write of
 * the database, and a host needs two in weeks. An agent that is restarted asks for one.
 *
 * Safe from any thread.
 */
#ifndef CONTROLLER_API_ISSUING_H
#define CONTROLLER_API_ISSUING_H

#include <stdint.h>

#define ISSUING_BURST 20   /* certificates at once, after a rest */
#define ISSUING_EACH_S 10u /* for each one more */

struct issuing;

struct issuing *issuing_new(void);
void issuing_free(struct issuing *x);

/* 0: it may have one, which is counted. Else after how many seconds it may ask again.
 * now_ms is real and monotonic. Of thousands of hosts those that asked longest ago are
 * forgotten. */
unsigned issuing_ask(struct issuing *x, const char *host, int64_t now_ms);

#endif
