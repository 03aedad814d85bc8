/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options.h - the agent's options.
 */
#ifndef AGENT_OPTIONS_H
#define AGENT_OPTIONS_H

#include "text.h"

struct agent_conf {
	char *id, *pool, *controller, *ca, *token, *state_dir, *address, *metadata;
	char *log_level;
	double time_scale;
	int64_t time_epoch_ms;
	bool units_on;
	char *units_backend, *units_cgroup;
	int64_t log_max_bytes;
	bool registrator_on;
	bool metrics_on;
	int64_t metrics_interval_ms, metrics_queue_bytes;
	int64_t keep_vanished_ms;
	bool confd_on;
	char *confd_folder;
	bool dns_on;
	char *dns_listen, *dns_domain, *dns_forward;
	bool proxy_on;
	char *interruption_source, *interruption_url;
	int64_t interruption_ms;
	char *proxy_listen, *proxy_cert, *proxy_key;
};

extern const struct conf_option agent_conf_table[];

/* Checks what no single option can: ERR_INVAL for what is missing. */
int agent_conf_check(const struct agent_conf *c, struct err *err) MUST_CHECK;

#endif
