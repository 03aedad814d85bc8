/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * head.h - the newest samples of a series, in its entry. Under both locks.
 */
#ifndef DB_SAMPLES_HEAD_H
#define DB_SAMPLES_HEAD_H

#include "registry.h"

#define HEAD_KEEP_MS 180000
#define HEAD_KEEP 16u /* packed samples that stay in memory for db_samples_recent() */

/* False when there is already one of that time. A packed one older than the head is
 * ignored. */
bool db_head_insert(struct db_entry *e, int64_t t_ms, double v);
void db_head_forget(struct db_entry *e, int64_t before_ms); /* packed ones only */
void db_head_packed(struct db_entry *e, uint32_t n); /* the first n unpacked are packed */

#endif
