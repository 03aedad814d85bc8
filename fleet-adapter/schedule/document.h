/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * document.h - what schedules and states share as JSON documents. Inside the room only.
 */
#ifndef FLEET_ADAPTER_SCHEDULE_DOCUMENT_H
#define FLEET_ADAPTER_SCHEDULE_DOCUMENT_H

#include <jansson.h>
#include <stddef.h>

#define DOCUMENT_UNITS_MAX 10000 /* on one host; more is not a document of ours */

/* The place of word in the list; -1 when it is not in it. */
int document_find_word(const char *word, const char *const *list, size_t n);
/* A copy; "" for NULL. */
char *document_copy(const char *s);
/* The same of text from outside, whose bytes that are not UTF-8 become "?". */
char *document_copy_text(const char *s);
/* The document's text, compact and in a stable order; frees doc. */
char *document_dump(json_t *doc);

#endif
