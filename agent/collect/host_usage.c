/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "parsers.h"

#include "process.h"
#include "text.h"

#include <string.h>
#include <unistd.h>

#define PROC_FILE_BYTES (256 * 1024)

static char *read_proc(const char *path)
{
	char *text = NULL;

	return conf_read_file(path, PROC_FILE_BYTES, &text, NULL, NULL) < 0 ? NULL : text;
}

/* User, nice, system, irq, softirq, steal of all processors. */
static double proc_cpu_seconds(void)
{
	CLEANUP(free) char *text = read_proc("/proc/stat");
	double user, nice, sys, idle, iowait, irq, softirq, steal;

	if (!text || sscanf(text, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", &user, &nice,
			    &sys, &idle, &iowait, &irq, &softirq, &steal) != 8)
		return -1;
	return (user + nice + sys + irq + softirq + steal) / (double)sysconf(_SC_CLK_TCK);
}

static double meminfo(const char *text, const char *key)
{
	const char *p = text ? strstr(text, key) : NULL;
	double kib;

	return p && sscanf(p + strlen(key), ": %lf", &kib) == 1 ? kib * 1024 : -1;
}

static void add_known(const struct collect_sink *to, const char *name, bool counter,
		      double value)
{
	if (value >= 0)
		to->add(to->arg, name, NULL, counter, value);
}

static void add_network(const struct collect_sink *to)
{
	CLEANUP(free) char *text = read_proc("/proc/net/dev");
	double in = 0, out = 0;
	char *next = text, *line;

	while (next && (line = strsep(&next, "\n"))) {
		char *colon = strchr(line, ':');
		double rx, tx;

		line += strspn(line, " ");
		if (!colon || strncmp(line, "lo:", 3) == 0 ||
		    sscanf(colon + 1, "%lf %*s %*s %*s %*s %*s %*s %*s %lf", &rx, &tx) !=
			    2)
			continue;
		in += rx;
		out += tx;
	}
	if (!text)
		return;
	to->add(to->arg, "host_network_receive_bytes_total", NULL, true, in);
	to->add(to->arg, "host_network_transmit_bytes_total", NULL, true, out);
}

void collect_host(const struct collect_sink *to)
{
	CLEANUP(free) char *mem = read_proc("/proc/meminfo");
	double total = meminfo(mem, "MemTotal");
	double available = meminfo(mem, "MemAvailable");
	struct cgroup_usage u;

	cgroup_own_usage(&u);
	if (u.cpu_seconds < 0)
		u.cpu_seconds = proc_cpu_seconds();
	if (u.cpu_limit_cores < 0)
		u.cpu_limit_cores = (double)sysconf(_SC_NPROCESSORS_ONLN);
	if (u.memory_bytes < 0 && total >= 0 && available >= 0)
		u.memory_bytes = total - available;
	if (u.memory_limit_bytes < 0)
		u.memory_limit_bytes = total;
	add_known(to, "host_cpu_seconds_total", true, u.cpu_seconds);
	add_known(to, "host_cpu_limit_cores", false, u.cpu_limit_cores);
	add_known(to, "host_memory_bytes", false, u.memory_bytes);
	add_known(to, "host_memory_limit_bytes", false, u.memory_limit_bytes);
	add_network(to);
}
