/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * out.h - lines to the controller, whole, from any thread.
 */
#ifndef RUNNER_OUT_H
#define RUNNER_OUT_H

#include <jansson.h>
#include <pthread.h>

struct out {
	int fd;
	pthread_mutex_t lock;
};

/*
 * Writes the message, and takes it over. An answer that is too long for a line is
 * replaced by an error, anything else that is too long is dropped. Waits for the
 * controller to read; when that has gone, the process ends.
 */
void out_json(struct out *out, json_t *message);

#endif
