/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * foretide-driver - the process of one cloud driver: a shared object that it loads, or a
 * program that speaks the protocol itself.
 *
 * The controller starts it, see foretide-drivers(7). Nothing secret is in its arguments
 * or its environment.
 */
#include "confine.h"
#include "serve.h"

#include "check.h"
#include "cleanup.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int usage(void)
{
	fputs("foretide-driver runs a cloud driver for the controller, which starts it:\n"
	      "  foretide-driver MEMORY_BYTES load FILE.so\n"
	      "  foretide-driver MEMORY_BYTES exec COMMAND\n",
	      stderr);
	return 2;
}

static int run_command(const char *command, uint64_t memory_bytes)
{
	CLEANUP(free) char *line = xasprintf("exec %s", command);

	confine_memory_at_exec(memory_bytes);
	execl("/bin/sh", "sh", "-c", line, (char *)NULL);
	perror("/bin/sh");
	return 127;
}

static int run_so(const char *path)
{
	static struct out out = { .fd = STDOUT_FILENO,
				  .lock = PTHREAD_MUTEX_INITIALIZER };
	const struct drv_ops *ops = NULL;
	struct err e;

	signal(SIGPIPE, SIG_IGN);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (so_load(path, &ops, &e) < 0) {
		serve_refused(&out, &e);
		return 1;
	}
	serve(STDIN_FILENO, &out, ops);
	return 0;
}

int main(int argc, char **argv)
{
	char *end = NULL;
	unsigned long long memory_bytes = argc == 4 ? strtoull(argv[1], &end, 10) : 0;

	if (!memory_bytes || *end)
		return usage();
	confine();
	if (strcmp(argv[2], "exec") == 0)
		return run_command(argv[3], memory_bytes);
	if (strcmp(argv[2], "load") != 0)
		return usage();
	confine_memory_here(memory_bytes);
	return run_so(argv[3]);
}
