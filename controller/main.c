/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * foretided - options, wiring, signals: the only process-wide set-up.
 */
#include "admin_token.h"
#include "check.h"
#include "cleanup.h"
#include "daemon.h"
#include "file.h"
#include "file_limit.h"
#include "log.h"
#include "options.h"
#include "priority.h"
#include "restore.h"
#include "service.h"

#include <curl/curl.h>
#include <errno.h>
#include <gsl/gsl_errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define NICE (-5) /* of a service, beside the others of its machine */

static void usage(FILE *to)
{
	fprintf(to,
		"usage: foretided [-c FILE] [-n] [--section.name=value ...]\n\n"
		"  -c FILE          configuration (default: /etc/foretide/foretide.conf, "
		"if\n"
		"                   it exists)\n"
		"  -n               check the configuration and exit\n"
		"  --new-admin-token\n"
		"                   make an admin token without an end, print the path "
		"of "
		"its\n"
		"                   file and exit; also while a controller runs\n"
		"  --new            start keys without a database: without the hosts of "
		"before\n"
		"  --restore PATH   put a backup into the state folder, which must be "
		"empty,\n"
		"                   and start; with -n only say what is in it\n"
		"  --state-dir DIR  short for --controller.state_dir=DIR\n"
		"  --time-scale N   short for --controller.time_scale=N\n"
		"  --example        print an example configuration with every option\n"
		"  --version        print the version\n\nOptions:\n");
	for (const struct conf_option *o = options_table; o->name; o++)
		fprintf(to, "  --%s.%s=%s\n        %s\n", o->section, o->name,
			o->def ? o->def : "", o->help);
}

struct command_line {
	const char *config;
	const char *restore; /* a backup; NULL: none */
	bool check_only;
	bool new_admin_token;
};

/* "--name=value" or "--name value"; moves *i over a value of its own. */
static int set_option(struct options *o, char **argv, int argc, int *i, struct err *err)
{
	const char *name = argv[*i] + 2;
	const char *equals = strchr(name, '=');
	const char *value = equals ? equals + 1 : *i + 1 < argc ? argv[++*i] : NULL;
	CLEANUP(free)
	char *key = equals ? xstrndup(name, (size_t)(equals - name)) : xstrdup(name);

	if (!value)
		return err_set(err, ERR_INVAL, "--%s needs a value", name);
	if (strcmp(key, "state-dir") == 0)
		return options_set(o, "controller.state_dir", value, err);
	if (strcmp(key, "time-scale") == 0)
		return options_set(o, "controller.time_scale", value, err);
	return options_set(o, key, value, err);
}

/* Reads the arguments that come before options; an exit status, or -1 to continue. */
static int first_look(int argc, char **argv, struct command_line *c)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			usage(stdout);
			return 0;
		}
		if (strcmp(argv[i], "--version") == 0) {
			puts("foretided " FORETIDE_VERSION);
			return 0;
		}
		if (strcmp(argv[i], "--example") == 0) {
			conf_print_example(options_table, stdout);
			return 0;
		}
		if (strcmp(argv[i], "-c") == 0 && i + 1 < argc)
			c->config = argv[++i];
	}
	return -1;
}

static int read_options(int argc, char **argv, struct command_line *c, struct options *o,
			struct err *err)
{
	static const char standard[] = "/etc/foretide/foretide.conf";
	int rc;

	/* One that may not be read is not skipped: without it the store is another. */
	if (!c->config && (access(standard, F_OK) == 0 || errno != ENOENT))
		c->config = standard;
	rc = c->config ? file_check_readable(c->config, err) : 0;
	if (rc == 0)
		rc = options_load(o, c->config, err);
	for (int i = 1; rc == 0 && i < argc; i++) {
		if (strcmp(argv[i], "-c") == 0)
			i++;
		else if (strcmp(argv[i], "-n") == 0)
			c->check_only = true;
		else if (strcmp(argv[i], "--new-admin-token") == 0)
			c->new_admin_token = true;
		else if (strcmp(argv[i], "--new") == 0)
			o->is_new = true;
		else if (strcmp(argv[i], "--restore") == 0 && i + 1 < argc)
			c->restore = argv[++i];
		else if (strncmp(argv[i], "--restore=", 10) == 0)
			c->restore = argv[i] + 10;
		else if (strncmp(argv[i], "--", 2) == 0)
			rc = set_option(o, argv, argc, &i, err);
		else
			rc = err_set(err, ERR_INVAL, "unknown argument '%s'; see --help",
				     argv[i]);
	}
	return rc < 0 ? rc : options_check_files(o, err);
}

/* Blocked before any thread starts, so that only main() receives them. */
static void block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
	CHECK(pthread_sigmask(SIG_BLOCK, set, NULL) == 0);
	signal(SIGPIPE, SIG_IGN);
}

/* The next signal. */
static int next_signal(const sigset_t *signals, const struct service *s, struct daemon *d)
{
	const struct timespec beat = { s->beat_ms / 1000, s->beat_ms % 1000 * 1000000 };
	int signo;

	while ((signo = s->beat_ms ? sigtimedwait(signals, NULL, &beat)
				   : sigwaitinfo(signals, NULL)) < 0)
		if (daemon_is_alive(d))
			service_tell(s, "WATCHDOG=1");
	return signo;
}

/* Until it shall end; returns the signal that said so. */
static int wait_for_end(const sigset_t *signals, const struct service *s,
			struct daemon *d)
{
	int signo;

	while ((signo = next_signal(signals, s, d)) == SIGHUP)
		daemon_reload(d);
	return signo;
}

static int serve(const struct options *o)
{
	struct service service;
	struct daemon *d = NULL;
	enum log_level level;
	sigset_t signals;
	struct err err;
	int signo;

	service_open(&service);
	if (log_level_from_name(o->log_level, &level, &err) == 0)
		log_set_level(level);
	block_signals(&signals);
	file_limit_raise();
	priority_set_session(NICE);
	/* A dozen threads that are mostly idle would each hold what they once needed. */
	(void)mallopt(M_ARENA_MAX, 2);
	(void)mallopt(M_TRIM_THRESHOLD, 256 * 1024);
	(void)mallopt(M_MMAP_THRESHOLD, 256 * 1024);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	gsl_set_error_handler_off();
	if (daemon_start(o, &d, &err) < 0) {
		fprintf(stderr, "foretided: %s\n", err.msg);
		return 1;
	}
	service_tell(&service, "READY=1");
	signo = wait_for_end(&signals, &service, d);
	service_tell(&service, "STOPPING=1");
	service_close(&service);
	log_info("stopping", STR("signal", signo == SIGINT ? "INT" : "TERM"));
	if (!daemon_stop(d)) {
		/* A thread is in a driver: no exit handlers under it. */
		fflush(NULL);
		_exit(0);
	}
	curl_global_cleanup();
	return 0;
}

static int new_admin_token(const struct options *o)
{
	CLEANUP(free) char *path = NULL;
	struct err err;

	if (admin_token_recover(o->state_dir, &path, &err) < 0) {
		fprintf(stderr, "foretided: %s\n", err.msg);
		return 1;
	}
	puts(path);
	return 0;
}

/* Returns the exit status. */
static int start(const struct command_line *c, const struct options *o)
{
	struct err err;

	if (c->new_admin_token)
		return new_admin_token(o);
	if (c->restore && restore_state(o, c->restore, c->check_only, &err) < 0) {
		fprintf(stderr, "foretided: %s\n", err.msg);
		return 1;
	}
	return c->check_only ? 0 : serve(o);
}

int main(int argc, char **argv)
{
	struct command_line c = { 0 };
	struct options o = { 0 };
	struct err err;
	int rc = first_look(argc, argv, &c);

	if (rc >= 0)
		return rc;
	rc = read_options(argc, argv, &c, &o, &err);
	if (rc < 0) {
		fprintf(stderr, "foretided: %s\n", err.msg);
		rc = 2;
	} else {
		rc = start(&c, &o);
	}
	options_done(&o);
	return rc;
}
