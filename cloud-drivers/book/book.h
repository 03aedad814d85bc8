/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * book.h - which launch has which machine, on disk: for drivers whose machines know
 * nothing of launches.
 *
 *	DIR/NAME.json   the entries, replaced as a whole and synced
 *	DIR/NAME.lock   locked by flock() while a book is open
 *
 * An entry that has ended stays for a week: a launch id launches once.
 */
#ifndef CLOUD_DRIVERS_BOOK_BOOK_H
#define CLOUD_DRIVERS_BOOK_BOOK_H

#include "cleanup.h"
#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BOOK_ENTRIES_MAX 20000 /* live and ended */
#define BOOK_MACHINE_MAX 128   /* bytes of a machine's name, with the NUL */

struct book_entry {
	char launch_id[64], owner[64], pool[64], name[64], type[64];
	char machine[BOOK_MACHINE_MAX]; /* "": it has none yet */
	int64_t given_ms;               /* Unix time of its launch */
	int64_t ended_ms;               /* 0: it lives */
	bool is_ready;                  /* all that its launch does was done */
	bool is_ending;                 /* its end was asked for, and may have happened */
	int64_t missed_ms; /* its machine is in no list since then; 0: it is */
};

struct book {
	int lock; /* -1: it is not open */
	char *path;
	struct book_entry *v; /* in the order of their launches */
	size_t n;
};

/*
 * Locks and reads it, and makes the folder (mode 0700) when it is missing; the caller
 * frees *ret with book_done(), which unlocks. ERR_CONFLICT: another process has it for
 * longer than wait_ms. ERR_STORE: it cannot be read or is no book; then nothing is given.
 */
int book_open(const char *dir, const char *name, int64_t wait_ms, struct book *ret,
	      struct err *err) MUST_CHECK;
void book_done(struct book *b); /* what was not saved is lost */
DEFINE_CLEANUP_OBJECT(struct book, book_done);

/* Writes it, without entries that ended long before now_ms. They move: look for an entry
 * again then. */
int book_save(struct book *b, int64_t now_ms, struct err *err) MUST_CHECK;

/* The entry of a launch, ended or not; NULL: there is none. */
struct book_entry *book_find(const struct book *b, const char *launch_id);
/* The living entry that has the machine; NULL: it is free. */
struct book_entry *book_holder(const struct book *b, const char *machine);
/* When the machine last was free again, as far as is known; 0: never given. */
int64_t book_freed_ms(const struct book *b, const char *machine);

/* Adds a copy of e. ERR_LIMIT: it is full. */
int book_add(struct book *b, const struct book_entry *e, struct err *err) MUST_CHECK;
/* Ends the entry; its machine is free. */
void book_end(struct book_entry *e, int64_t now_ms);

#endif
