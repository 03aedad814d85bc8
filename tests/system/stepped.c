/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stepped CONF [CALL_MS] - the controller with a calendar that stands still between
 *steps.
 *
 * All of foretided but its main(): the options in CONF, the daemon, its threads. A line
 * of standard input is a command; each is answered by the revision of the built-in
 * store, once it is done:
 *
 *	at MS      the calendar is MS
 *	tick       a full round, and what follows from it in the controller
 *	rest REV   what follows from changes of the store up to REV, or of hosts
 *
 * Rounds, pools and store run in real time meanwhile. The end of the input ends it.
 * With CALL_MS, calls to clouds may take that long and are soon tried again.
 */
#include "check.h"
#include "clock.h"
#include "daemon.h"
#include "file_limit.h"
#include "log.h"
#include "wiring.h"

#include <curl/curl.h>
#include <gsl/gsl_errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOOK_NS 100000
#define PATIENCE_MS 240000

/*
 * Twice idle with no round in between: then the pools' jobs, which were idle meanwhile,
 * have left nothing to be seen.
 */
static bool is_at_rest(struct daemon *d)
{
	int64_t before, after;

	return tick_is_idle(d->tick, &before) && sched_is_idle(d->sched) &&
	       tick_is_idle(d->tick, &after) && after == before;
}

static int wait_for_rest(struct daemon *d)
{
	const struct timespec look = { .tv_nsec = LOOK_NS };
	const int64_t until = clock_mono_ms() + PATIENCE_MS;

	while (!is_at_rest(d)) {
		if (clock_mono_ms() > until)
			return ERR_TIMEOUT;
		nanosleep(&look, NULL);
	}
	return 0;
}

static int do_line(struct daemon *d, const char *line)
{
	int64_t n = 0;
	struct err err;

	if (sscanf(line, "at %" SCNd64, &n) == 1) {
		clock_hold(n);
		return 0;
	}
	if (sscanf(line, "rest %" SCNd64, &n) == 1) {
		int rc = view_wait(d->view, n, PATIENCE_MS, &err);

		return rc < 0 ? rc : wait_for_rest(d);
	}
	if (strncmp(line, "tick", 4) != 0)
		return ERR_INVAL;
	tick_poke(d->tick, true);
	return wait_for_rest(d);
}

static int follow(struct daemon *d)
{
	CLEANUP(free) char *line = NULL;
	size_t cap = 0;

	while (getline(&line, &cap, stdin) > 0) {
		struct kv_stats stats;
		int rc;

		if (*line == '\n') /* of the first one */
			continue;
		rc = do_line(d, line);

		if (rc < 0) {
			fprintf(stderr, "stepped: %s: %s", err_name(rc), line);
			return 1;
		}
		kv_stats(d->kv, &stats);
		printf("%" PRId64 "\n", stats.rev);
		fflush(stdout);
	}
	return 0;
}

static int serve(const struct options *o, int64_t call_ms)
{
	struct daemon *d = NULL;
	enum log_level level;
	struct err err;
	int64_t first_ms;
	int rc = 1;

	/* Nothing is recorded before the calendar is known. */
	if (scanf("at %" SCNd64, &first_ms) != 1) {
		fprintf(stderr, "stepped: the first line is: at MS\n");
		return 2;
	}
	clock_hold(first_ms);
	if (log_level_from_name(o->log_level, &level, &err) == 0)
		log_set_level(level);
	if (daemon_start(o, &d, &err) < 0) {
		fprintf(stderr, "stepped: %s\n", err.msg);
		return 1;
	}
	d->tick_opts.settle_ms = 0; /* here nobody pokes meanwhile */
	d->pool_opts.call_ms = call_ms;
	d->pool_opts.backoff_first_ms = call_ms / 100;
	d->pool_opts.held_ms = call_ms / 20;
	/* Before that, rounds do nothing. */
	if (view_wait(d->view, 1, PATIENCE_MS, &err) < 0)
		fprintf(stderr, "stepped: %s\n", err.msg);
	else
		rc = follow(d);
	(void)daemon_stop(d);
	return rc;
}

int main(int argc, char **argv)
{
	struct options o = { 0 };
	struct err err;
	int rc = 2;

	signal(SIGPIPE, SIG_IGN);
	file_limit_raise();
	curl_global_init(CURL_GLOBAL_DEFAULT);
	gsl_set_error_handler_off();
	if (argc != 2 && argc != 3)
		fprintf(stderr, "usage: stepped CONF [CALL_MS]\n");
	else if (options_load(&o, argv[1], &err) < 0)
		fprintf(stderr, "stepped: %s\n", err.msg);
	else
		rc = serve(&o, argc == 3 ? strtol(argv[2], NULL, 10) : 0);
	options_done(&o);
	curl_global_cleanup();
	return rc;
}
