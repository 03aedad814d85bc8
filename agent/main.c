/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * foretide-agent - options, wiring, signals: the only process-wide set-up.
 */
#include "agent.h"
#include "check.h"
#include "clock.h"
#include "log.h"
#include "options.h"
#include "service.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define CONF_DEFAULT "/etc/foretide/agent.conf"

struct command_line {
	const char *file;
	bool check_only, run, version, help, example;
};

static void print_help(void)
{
	puts("usage: foretide-agent [-n] [-c FILE] [--SECTION.NAME=VALUE ...] run\n"
	     "       foretide-agent version\n\n"
	     "  -c FILE    configuration, default " CONF_DEFAULT "\n"
	     "  -n         check the configuration and exit\n"
	     "  --example  print a configuration file with every option\n"
	     "  --help, --version\n");
	for (const struct conf_option *o = agent_conf_table; o->name; o++)
		printf("  --%s.%s=%s\n        %s\n", o->section, o->name,
		       o->def ? o->def : "", o->help);
}

/* "--agent.id=x"; the first pass only looks for the file. */
static int set_option(struct agent_conf *conf, const char *arg, struct err *err)
{
	CLEANUP(free) char *text = xstrdup(arg + 2);
	char *equals = strchr(text, '=');
	char *dot = strchr(text, '.');

	if (!equals || !dot || dot > equals)
		return err_set(err, ERR_INVAL, "unknown argument '%s'; see --help", arg);
	*equals = *dot = '\0';
	return conf_set(agent_conf_table, conf, text, dot + 1, equals + 1, err);
}

static int look_at_argument(struct command_line *c, char **argv, int *i, struct err *err)
{
	const char *a = argv[*i];

	if (strcmp(a, "-c") == 0) {
		c->file = argv[++*i];
		if (!c->file)
			return err_set(err, ERR_INVAL, "-c needs a file");
	} else if (strcmp(a, "-n") == 0) {
		c->check_only = true;
	} else if (strcmp(a, "run") == 0) {
		c->run = true;
	} else if (strcmp(a, "version") == 0 || strcmp(a, "--version") == 0) {
		c->version = true;
	} else if (strcmp(a, "--help") == 0) {
		c->help = true;
	} else if (strcmp(a, "--example") == 0) {
		c->example = true;
	} else if (strncmp(a, "--", 2) != 0) {
		return err_set(err, ERR_INVAL, "unknown argument '%s'; see --help", a);
	}
	return 0;
}

static int read_options(int argc, char **argv, struct command_line *c,
			struct agent_conf *conf, struct err *err)
{
	int rc = 0;

	for (int i = 1; rc == 0 && i < argc; i++)
		rc = look_at_argument(c, argv, &i, err);
	if (rc < 0 || c->version || c->help || c->example)
		return rc;
	conf_defaults(agent_conf_table, conf);
	if (c->file || access(CONF_DEFAULT, F_OK) == 0)
		rc = conf_load(agent_conf_table, conf, c->file ? c->file : CONF_DEFAULT,
			       err);
	for (int i = 1; rc == 0 && i < argc; i++) {
		if (strcmp(argv[i], "-c") == 0)
			i++;
		else if (strncmp(argv[i], "--", 2) == 0)
			rc = set_option(conf, argv[i], err);
	}
	if (rc == 0)
		rc = agent_conf_check(conf, err);
	if (rc == 0 && !c->run && !c->check_only)
		rc = err_set(err, ERR_INVAL, "a command is missing: run or version");
	return rc;
}

static void on_stop(void *arg, int signo)
{
	log_info("stopping", INT("signal", signo));
	loop_stop(arg);
}

struct heart {
	struct service service;
	struct loop_timer *beat;
};

static void on_beat(void *arg)
{
	struct heart *h = arg;

	service_tell(&h->service, "WATCHDOG=1");
	loop_timer_in(h->beat, h->service.beat_ms);
}

/* The loop that must turn says that it does. */
static void run_loop(struct loop *loop, const struct service *service)
{
	struct heart h = { .service = *service };

	h.beat = loop_timer_new(loop, on_beat, &h);
	service_tell(&h.service, "READY=1");
	if (h.service.beat_ms)
		loop_timer_in(h.beat, h.service.beat_ms);
	loop_run(loop);
	service_tell(&h.service, "STOPPING=1");
	loop_timer_free(h.beat);
}

static int serve(const struct agent_conf *conf, struct err *err)
{
	CLEANUP(loop_free) struct loop *loop = NULL;
	CLEANUP(unit_log_close) struct unit_log *log = NULL;
	CLEANUP(agent_close) struct agent *agent = NULL;
	CLEANUP(free) char *logs = xasprintf("%s/logs", conf->state_dir);
	CLEANUP(service_close) struct service service = { .fd = -1 };
	int rc = loop_new(&loop, err);

	service_open(&service);
	if (rc == 0)
		rc = loop_signal_add(loop, SIGTERM, on_stop, loop, err);
	if (rc == 0)
		rc = loop_signal_add(loop, SIGINT, on_stop, loop, err);
	/* Early, while we are small: it forks the process that writes the logs. */
	if (rc == 0 && conf->units_on)
		rc = unit_log_open(loop, logs, (size_t)conf->log_max_bytes, &log, err);
	if (rc < 0)
		return rc;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	rc = agent_open(loop, conf, log, &agent, err);
	if (rc == 0)
		run_loop(loop, &service);
	return rc;
}

/* A unit that exhausts the host's memory should not take the agent with it. */
static void protect(void)
{
	static const char score[] = "-900\n";
	CLEANUP(close_fd) int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	/* Not allowed everywhere; then we do without. */
	if (fd >= 0)
		(void)!write(fd, score, sizeof(score) - 1);
}

static int run(const struct agent_conf *conf, struct err *err)
{
	enum log_level level;
	int rc = log_level_from_name(conf->log_level, &level, err);

	if (rc < 0)
		return rc;
	log_set_level(level);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)umask(022);
	protect();
	/* One thread does nearly all: a second arena and a large trim threshold would
	 * only hold memory. */
	(void)mallopt(M_ARENA_MAX, 1);
	(void)mallopt(M_TRIM_THRESHOLD, 64 * 1024);
	(void)mallopt(M_MMAP_THRESHOLD, 64 * 1024);
	if (conf->time_scale > 1)
		clock_set_scale(conf->time_scale, conf->time_epoch_ms);
	if (mkdir(conf->state_dir, 0755) < 0 && errno != EEXIST)
		return err_errno(err, ERR_STORE, "%s", conf->state_dir);
	return serve(conf, err);
}

int main(int argc, char **argv)
{
	struct command_line c = { 0 };
	struct agent_conf conf = { 0 };
	struct err err;
	int status = 0;

	/* Units start with what systemd gives them, whatever started us. */
	umask(022);
	if (read_options(argc, argv, &c, &conf, &err) < 0) {
		fprintf(stderr, "foretide-agent: %s\n", err.msg);
		status = 2;
	} else if (c.version) {
		puts("foretide-agent " FORETIDE_VERSION);
	} else if (c.help) {
		print_help();
	} else if (c.example) {
		conf_print_example(agent_conf_table, stdout);
	} else if (!c.check_only && run(&conf, &err) < 0) {
		fprintf(stderr, "foretide-agent: %s\n", err.msg);
		status = 1;
	}
	conf_done(agent_conf_table, &conf);
	return status;
}
