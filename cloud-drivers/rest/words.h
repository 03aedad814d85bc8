/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * words.h - options that are lists: texts between commas.
 */
#ifndef CLOUD_DRIVERS_REST_WORDS_H
#define CLOUD_DRIVERS_REST_WORDS_H

#include "driver.h"

/* 0 or a class of failure with *err, which ends the visit. */
typedef int rest_word_fn(void *arg, const char *word, struct drv_err *err);

/* Calls fn for each text between commas, without blanks around it; list may be NULL. */
int rest_each_word(const char *list, rest_word_fn *fn, void *arg, struct drv_err *err);

#endif
