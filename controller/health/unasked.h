/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unasked.h - addresses whose TLS connections end before a request: a peer that does not
 * accept this controller's certificate breaks off there, and says nothing. One that only
 * looks whether the port is open is not noted, nor what ends after this process was held.
 *
 * All times are real, in ms. Safe from any thread.
 */
#ifndef CONTROLLER_HEALTH_UNASKED_H
#define CONTROLLER_HEALTH_UNASKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unasked;

struct unasked *unasked_new(void);
void unasked_free(struct unasked *u);

/* A connection ended without a request. True: it is the one that is to be told: the third
 * or a later one of at least 5 s, none of them 2 min after the one before; then one in
 * ten minutes. */
bool unasked_note(struct unasked *u, const char *address, int64_t now_mono_ms);
/* A request of that address came. */
void unasked_clear(struct unasked *u, const char *address);

/* False: there is none lately. Else the message for people. */
bool unasked_problem(struct unasked *u, int64_t now_mono_ms, char *ret, size_t size);

#endif
