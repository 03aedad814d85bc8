/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent.h"

#include "check.h"
#include "clock.h"
#include "collect.h"
#include "host.h"
#include "host_record.h"
#include "interruption.h"
#include "log.h"
#include "own.h"
#include "registrator.h"
#include "store_modules.h"
#include "systemd.h"
#include "text.h"
#include "wanted.h"

#include <string.h>

#define AGENT_MAGIC 0x6167656eu
#define STORE_TIMEOUT_MS 2000
#define PUT_RIGHT_TOLD_MS 60000
#define HELD_MS 1000 /* the loop was held for so long: it is told */

struct agent {
	uint32_t magic;
	struct loop *loop;
	const struct agent_conf *conf;
	char address[ADDRESS_TEXT];
	char *domain;
	struct unit_log *log;
	struct files *files;   /* in state_dir */
	struct httpm *http;    /* to the controller */
	struct httpm *sources; /* to what units serve: checks and metrics */
	struct enroll *enroll;
	struct programs *programs; /* NULL: they have no certificate of the controller */
	struct units *units;
	struct registrator *registrator;
	struct wanted *wanted;
	struct store *store;
	struct lease *lease;
	struct agent_names *names;
	struct metrics *metrics;
	json_t *vanished; /* services whose last list is kept */
	char *put_right;  /* what others changed in the store; NULL: nothing lately */
	struct loop_timer *put_right_end;
	struct interruption *interruption; /* NULL: it is not asked */
	struct interruption_notice notice;
};

/* ---------------------------------------------------------------- between modules */

static void on_unit(void *arg, const char *name)
{
	struct agent *a = arg;

	(void)name;
	if (a->wanted)
		wanted_poke(a->wanted);
}

static void on_restart(void *arg, const char *name)
{
	struct agent *a = arg;
	struct err err;

	if (units_restart(a->units, name, &err) < 0)
		log_warn("unit-not-restarted", STR("unit", name), ERR(&err));
}

static void on_ready(void *arg)
{
	on_unit(arg, "");
}

static void on_seen(void *arg, const struct mirror_change *change)
{
	struct agent *a = arg;

	lease_seen(a->lease, change);
}

static void publish_record(struct agent *a)
{
	host_record_publish(a->lease, a->conf, a->address, a->domain,
			    enroll_joined_ms(a->enroll), a->vanished,
			    a->put_right ? a->put_right : "", &a->notice);
}

/* Names of hosts are no service, and go with them. */
static void on_vanished(void *arg, const char *group, size_t n)
{
	struct agent *a = arg;

	if (group_is_hosts(group, strlen(group)))
		return;
	host_record_set_vanished(a->vanished, group, n > 0);
	publish_record(a);
}

static void on_put_right(void *arg, const char *key, const char *why)
{
	struct agent *a = arg;

	free(a->put_right);
	a->put_right = xasprintf("%s: %s", key, why);
	loop_timer_in(a->put_right_end, PUT_RIGHT_TOLD_MS);
	publish_record(a);
}

static void on_put_right_end(void *arg)
{
	struct agent *a = arg;

	CHECK_MAGIC(a, AGENT_MAGIC);
	free(TAKE(a->put_right));
	publish_record(a);
}

static void on_interruption(void *arg, const struct interruption_notice *n)
{
	struct agent *a = arg;

	CHECK_MAGIC(a, AGENT_MAGIC);
	log_warn("host-interrupted", STR("how", *n->how ? n->how : "withdrawn"),
		 STR("at", n->at));
	a->notice = *n;
	if (a->lease)
		publish_record(a);
}

static bool is_ready(void *arg, const char *stack, const char *tier)
{
	struct agent *a = arg;

	/* Without a store nothing new can be rendered: what was rendered must suffice. */
	return !a->names || agent_names_is_ready(a->names, stack, tier);
}

static const char *why_not_ready(void *arg, const char *stack, const char *tier)
{
	struct agent *a = arg;

	return a->names ? agent_names_problem(a->names, stack, tier) : "";
}

static void on_units(void *arg)
{
	struct agent *a = arg;

	if (a->names && a->wanted)
		agent_names_set_tiers(a->names, a->wanted);
}

static void on_file(void *arg, const char *path, const struct err *err)
{
	(void)arg;
	if (err)
		log_warn("file-not-written", STR("path", path), ERR(err));
}

/* Told where a person looks, not only in the log: meanwhile nothing was done here. */
static void on_held(void *arg, int64_t ms, const char *what)
{
	struct agent *a = arg;

	CHECK_MAGIC(a, AGENT_MAGIC);
	log_warn("loop-held", INT("ms", ms), STR("by", what));
	if (a->metrics)
		metrics_held(a->metrics, ms, what);
}

static bool on_found(void *arg, const char *key)
{
	struct agent *a = arg;

	return registrator_knows(a->registrator, key);
}

/* ---------------------------------------------------------------- start */

static void start_units(struct agent *a)
{
	struct wanted_opts o = { .host = a->conf->id,
				 .state_dir = a->conf->state_dir,
				 .files = a->files,
				 .units = a->units,
				 .registrator = a->registrator,
				 .is_ready = is_ready,
				 .why_not_ready = why_not_ready,
				 .on_units = on_units,
				 .arg = a };

	a->wanted = wanted_new(a->loop, &o);
	on_units(a);
	if (a->conf->registrator_on)
		registrator_set_lease(a->registrator, a->lease);
	wanted_set_store(a->wanted, a->store, a->lease);
}

static void start_metrics(struct agent *a, int64_t interval_ms)
{
	CLEANUP(free) char *logs = xasprintf("%s/logs", a->conf->state_dir);
	struct metrics_opts o = {
		.controller = a->conf->controller,
		.ca_file = a->conf->ca,
		.cert_file = enroll_cert_file(a->enroll),
		.key_file = enroll_key_file(a->enroll),
		.host = a->conf->id,
		.address = a->address,
		.log_dir = logs,
		.interval_ms = a->conf->metrics_interval_ms ? a->conf->metrics_interval_ms
							    : interval_ms,
		.queue_bytes = (size_t)a->conf->metrics_queue_bytes,
		.wanted = a->wanted,
		.units = a->units,
	};

	a->metrics = metrics_new(a->loop, a->http, a->sources, &o);
}

static int start_store(struct agent *a, const struct enroll_info *info, struct err *err)
{
	CLEANUP(free) char *file = xasprintf("%s/lease", a->conf->state_dir);
	struct store_opts s = { .endpoints = info->store,
				.ca_file = a->conf->ca,
				.cert_file = enroll_cert_file(a->enroll),
				.key_file = enroll_key_file(a->enroll),
				.user = info->store_user,
				.password = info->store_password,
				.timeout_ms = STORE_TIMEOUT_MS };
	struct lease_opts l = {
		.ttl_s = info->lease_ttl_s,
		.store = &s,
		.file = file,
		.files = a->files,
		.found = on_found,
		.put_right = on_put_right,
		.arg = a,
	};
	int rc = store_open(a->loop, &s, &a->store, err);

	return rc < 0 ? rc : lease_new(a->loop, a->store, &l, &a->lease, err);
}

/* An external etcd knows other certificates: programs have what the options give. */
static void start_programs(struct agent *a, const struct enroll_info *info)
{
	const struct programs_opts o = { .controller = a->conf->controller,
					 .ca_file = a->conf->ca,
					 .cert_file = enroll_cert_file(a->enroll),
					 .key_file = enroll_key_file(a->enroll),
					 .state_dir = a->conf->state_dir,
					 .host = a->conf->id,
					 .files = a->files };
	struct err err;

	if (!a->conf->proxy_on || info->is_external || *a->conf->proxy_cert)
		return;
	if (programs_open(a->loop, a->http, &o, &a->programs, &err) < 0)
		log_error("no-programs-certificate", ERR(&err));
}

static void start_names(struct agent *a, const struct enroll_info *info)
{
	struct agent_names_opts o = { .conf = a->conf,
				      .store = a->store,
				      .store_endpoints = info->store,
				      .programs_user = info->programs_user,
				      .programs_password = info->programs_password,
				      .address = a->address,
				      .domain = a->domain,
				      .files = a->files,
				      .seen = on_seen,
				      .vanished = on_vanished,
				      .refused = on_ready,
				      .on_ready = on_ready,
				      .arg = a };

	if (*a->conf->proxy_cert) {
		o.programs_cert = a->conf->proxy_cert;
		o.programs_key = a->conf->proxy_key;
	} else if (a->programs) {
		o.programs_cert = programs_cert_file(a->programs);
		o.programs_key = programs_key_file(a->programs);
	}
	a->names = agent_names_new(a->loop, &o);
}

static void on_joined(void *arg, const struct enroll_info *info)
{
	struct agent *a = arg;
	struct err err;

	CHECK_MAGIC(a, AGENT_MAGIC);
	if (info->time_scale > 1)
		clock_set_scale(info->time_scale, info->time_epoch_ms);
	free(a->domain);
	a->domain = xstrdup(a->conf->dns_domain ? a->conf->dns_domain : info->domain);
	if (start_store(a, info, &err) < 0) {
		log_error("store-unusable", ERR(&err));
		loop_stop(a->loop);
		return;
	}
	start_programs(a, info);
	start_names(a, info);
	if (a->units) {
		registrator_set_domain(a->registrator, a->domain);
		start_units(a);
	}
	publish_record(a);
	if (a->conf->metrics_on)
		start_metrics(a, info->metrics_interval_ms);
}

/* The service manager starts it again; units run on meanwhile. */
static void on_users(void *arg)
{
	const struct agent *a = arg;

	CHECK_MAGIC(a, AGENT_MAGIC);
	log_info("store-user-changed", STR("next", "the agent starts again with it"));
	loop_stop(a->loop);
}

static int open_units(struct agent *a, struct err *err)
{
	struct registrator_opts r = { .domain = "foretide.local",
				      .address = a->address,
				      .host = a->conf->id,
				      .on_health = on_unit,
				      .on_restart = on_restart,
				      .arg = a };
	struct units_opts o = { .state_dir = a->conf->state_dir,
				.cgroup_name = *a->conf->units_cgroup
						       ? a->conf->units_cgroup
						       : NULL,
				.host = a->conf->id,
				.log = a->log,
				.on_change = on_unit,
				.arg = a };
	bool own = strcmp(a->conf->units_backend, "own") == 0 ||
		   (strcmp(a->conf->units_backend, "auto") == 0 &&
		    access("/run/systemd/system", F_OK) < 0);
	int rc;

	a->registrator = registrator_new(a->loop, a->sources, &r);
	rc = own ? units_own_open(a->loop, &o, &a->units, err)
		 : units_systemd_open(a->loop, &o, &a->units, err);
	return rc < 0 ? err_wrap(err, rc, "units") : 0;
}

static int find_address(struct agent *a, struct err *err)
{
	if (!a->conf->address || !*a->conf->address)
		return address_find(a->conf->controller, a->address, err);
	snprintf(a->address, sizeof(a->address), "%s", a->conf->address);
	return 0;
}

/* At once: a host may be interrupted before it has joined. */
static void start_interruption(struct agent *a)
{
	const struct interruption_opts o = { .source = a->conf->interruption_source,
					     .url = a->conf->interruption_url,
					     .interval_ms = a->conf->interruption_ms,
					     .fn = on_interruption,
					     .arg = a };

	a->interruption = interruption_new(a->loop, a->sources, &o);
}

int agent_open(struct loop *loop, const struct agent_conf *conf, struct unit_log *log,
	       struct agent **ret, struct err *err)
{
	CLEANUP(agent_close) struct agent *a = xcalloc(1, sizeof(*a));
	struct enroll_opts o = { .controller = conf->controller,
				 .ca_file = conf->ca,
				 .token = conf->token,
				 .state_dir = conf->state_dir,
				 .host = conf->id,
				 .address = a->address,
				 .on_joined = on_joined,
				 .on_users = on_users,
				 .arg = a };
	int rc;

	a->magic = AGENT_MAGIC;
	a->vanished = json_array();
	a->put_right_end = loop_timer_new(loop, on_put_right_end, a);
	a->loop = loop;
	a->conf = conf;
	a->log = log;
	loop_on_held(loop, HELD_MS, on_held, a);
	rc = find_address(a, err);
	if (rc == 0)
		rc = files_open(loop, on_file, NULL, &a->files, err);
	if (rc == 0)
		rc = httpm_open(loop, &a->http, err);
	if (rc == 0)
		rc = httpm_open(loop, &a->sources, err);
	if (rc == 0 && conf->units_on)
		rc = open_units(a, err);
	o.files = a->files;
	if (rc == 0)
		rc = enroll_open(loop, a->http, &o, &a->enroll, err);
	if (rc < 0)
		return rc;
	start_interruption(a);
	log_info("agent-started", STR("host", conf->id), STR("address", a->address),
		 STR("version", FORETIDE_VERSION));
	*ret = TAKE(a);
	return 0;
}

void agent_close(struct agent *a)
{
	if (!a)
		return;
	CHECK_MAGIC(a, AGENT_MAGIC);
	loop_on_held(a->loop, 0, NULL, NULL);
	interruption_free(a->interruption);
	metrics_free(a->metrics);
	wanted_free(a->wanted);
	registrator_free(a->registrator);
	agent_names_free(a->names);
	lease_free(a->lease);
	units_close(a->units);
	programs_close(a->programs);
	enroll_close(a->enroll);
	store_close(a->store);
	httpm_close(a->sources);
	httpm_close(a->http);
	files_close(a->files);
	free(a->domain);
	json_decref(a->vanished);
	loop_timer_free(a->put_right_end);
	free(a->put_right);
	a->magic = 0;
	free(a);
}
