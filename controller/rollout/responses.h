/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * responses.h - how many requests a tier's instances have answered, and with errors,
 * since they are looked at.
 *
 * Counted by the balancer in front, haproxy's haproxy_server_http_responses_total, whose
 * server's name is that of the instance's record (web-3-8080, as "{{base .Key}}" gives);
 * of instances that no balancer counts by the application itself: a counter NAME that
 * ends in requests_total or responses_total with a label code, status or status_code. An
 * error is a 5xx.
 *
 * An instance is counted from its first sample on after it came to serve with its text.
 * Memory only. One thread.
 */
#ifndef CONTROLLER_ROLLOUT_RESPONSES_H
#define CONTROLLER_ROLLOUT_RESPONSES_H

#include "error_share.h"
#include "fleet.h"

struct response_count;

/* A fresh one, of the tier; its instances are told apart by their unit's text. */
struct response_count *response_count_new(const char *stack, const char *tier);
void response_count_free(struct response_count *c);
DEFINE_CLEANUP(struct response_count *, response_count_free);

/* Reads the newest samples; of_new: of instances with the text of that hash. */
void response_count_update(struct response_count *c, struct db *db, const struct fleet *f,
			   const struct fleet_tier *t, const char *hash,
			   struct responses *of_new, struct responses *of_old);

#endif
