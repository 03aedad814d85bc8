/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wrong_tokens.h - invalid tokens that addresses present. Twenty of one address within a
 * minute are answered one by one; of more it is said that they are too many. A valid
 * token is never refused for them: there is nothing to guess.
 *
 * Safe from any thread.
 */
#ifndef CONTROLLER_API_WRONG_TOKENS_H
#define CONTROLLER_API_WRONG_TOKENS_H

#include <stdint.h>

struct wrong_tokens;

struct wrong_tokens *wrong_tokens_new(void);
void wrong_tokens_free(struct wrong_tokens *w);

/* Counts one. Returns the seconds that its sender should wait; 0: they are few. */
unsigned wrong_tokens_note(struct wrong_tokens *w, uint64_t who);

#endif
