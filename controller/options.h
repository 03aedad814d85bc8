/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options.h - the configuration of foretided: one table for the file, the command line,
 * the example file and the manual.
 */
#ifndef CONTROLLER_OPTIONS_H
#define CONTROLLER_OPTIONS_H

#include "text.h"

#include <jansson.h>

struct options {
	/* [controller] */
	char *state_dir;
	char *listen;
	char *host_listen;
	char *advertise; /* URL that hosts use */
	char *names;     /* of the plain listener, separated by commas */
	bool insecure_listen;
	int64_t tick_ms; /* calendar */
	double time_scale;
	char *log_level;
	char *web_root; /* NULL: the built-in files */
	char *drivers_dir;
	char *agent; /* program that hosts download */
	char *credentials;
	char *domain;
	int64_t metrics_interval_ms; /* calendar */
	int64_t join_timeout_ms;     /* calendar */
	int64_t host_grace_ms;       /* real */
	int64_t host_lost_after_ms;  /* real */
	int64_t restore_grace_ms;    /* calendar */
	/* [store] */
	char *store_url; /* NULL or "": the built-in store */
	char *store_ca, *store_cert, *store_key;
	char *store_user, *store_password_file;
	bool store_auth; /* an etcd without users gets them */
	/* [metrics] */
	char *prometheus_hosts; /* NULL: any but this machine */
	int64_t raw_retention_ms, retention_5m_ms, retention_1h_ms;
	/* [limits] */
	int64_t terminations_per_hour, terminations_per_hour_total;
	int64_t launches_per_hour, launches_per_hour_total;
	int64_t unknown_vm_grace_ms; /* calendar */
	int64_t query_ms;            /* real */
	int64_t query_samples, queries_at_once;
	/* Of the command line alone. */
	bool is_new; /* may start keys that have no database */
	/* [driver NAME] sections: {"local": {"subnet": ...}} */
	json_t *drivers;
	/* [prices NAME] sections, checked: {"ec2": {"t3.small": "0.0416 USD/h"}} */
	json_t *prices;
};

extern const struct conf_option options_table[];

/* Defaults, then the file (unless path is NULL), as options_set() does. */
int options_load(struct options *o, const char *path, struct err *err) MUST_CHECK;
/* One option as on the command line: "controller.tick" and "5s". */
int options_set(struct options *o, const char *name, const char *value,
		struct err *err) MUST_CHECK;
/* Whether this process may read the files that the options name for the store. */
int options_check_files(const struct options *o, struct err *err) MUST_CHECK;
void options_done(struct options *o);

#endif
