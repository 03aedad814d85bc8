/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sample_list.h - growing arrays of samples.
 */
#ifndef DB_SAMPLES_SAMPLE_LIST_H
#define DB_SAMPLES_SAMPLE_LIST_H

#include "samples.h"

void db_samples_push(struct db_samples *s, int64_t t_ms, double v);
void db_samples_append(struct db_samples *s, const struct db_sample *v, size_t n);

#endif
