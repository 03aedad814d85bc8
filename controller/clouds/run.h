/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * run.h - looks after one life of a driver's process.
 */
#ifndef CLOUDS_RUN_H
#define CLOUDS_RUN_H

#include "life.h"

/* A thread: starts the process and reads what it writes until it ends. What it does not
 * understand ends it. arg is the struct drv. */
void *run_process(void *arg);

#endif
