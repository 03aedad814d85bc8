/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_metrics - samples into SQLite, their size on the disk, and what reading costs.
 *
 * Usage: bench_metrics FOLDER [HOSTS [HOURS]]
 *
 * Plays HOSTS hosts (20) of 50 series each, a sample every 10 s, for HOURS hours (3), a
 * batch a host, with the upkeep of a tick in between, and writes the same samples to
 * FOLDER/samples.txt in the OpenMetrics format, for the Prometheus of the comparison
 * (bench_metrics.sh). Prints one "name value unit" a line.
 */
#include "buf.h"
#include "check.h"
#include "clock.h"
#include "db.h"
#include "metrics.h"
#include "samples.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SERIES 50
#define INTERVAL_MS 10000
#define DAY_MS ((int64_t)86400000)
#define T0 (20000 * DAY_MS)

static struct err err;

static void must(int rc)
{
	if (rc < 0) {
		fprintf(stderr, "bench_metrics: %s\n", err.msg);
		exit(1);
	}
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double uniform(void)
{
	static uint64_t s = 88172645463325252u;

	s ^= s << 13;
	s ^= s >> 7;
	s ^= s << 17;
	return (double)(s >> 11) / 9007199254740992.0;
}

/* What an agent finds, by kind: requests, CPU seconds, memory, busy workers, ratios. */
static const struct kind {
	const char *name;
	enum db_series_kind type;
	int share; /* of the 50 */
} kinds[] = {
	{ "bench_requests_total", DB_COUNTER, 20 },
	{ "bench_cpu_seconds_total", DB_COUNTER, 10 },
	{ "bench_memory_bytes", DB_GAUGE, 8 },
	{ "bench_limit_bytes", DB_GAUGE, 5 },
	{ "bench_busy_workers", DB_GAUGE, 5 },
	{ "bench_load_ratio", DB_GAUGE, 2 },
};

static double next_value(size_t kind, double v, double day)
{
	switch (kind) {
	case 0:
		return v +
		       floor(300 * (1.2 + sin(day * 6.2832)) * (0.8 + 0.4 * uniform()));
	case 1:
		return rint((v + 2 + 3 * uniform()) * 100) / 100;
	case 2:
		return fabs(v + 4096 * floor(40 * (uniform() - 0.5)));
	case 3:
		return 536870912;
	case 4:
		return floor(12 * (1.1 + sin(day * 6.2832)) * uniform());
	default:
		return uniform();
	}
}

struct host {
	struct db_sample_in in[SERIES];
	char labels[SERIES][128];
	size_t kind[SERIES];
};

static void host_init(struct host *h, int id)
{
	size_t i = 0;

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
		for (int n = 0; n < kinds[k].share; n++, i++) {
			snprintf(h->labels[i], sizeof(h->labels[i]),
				 "host=\"web-%08x\",id=\"%d\",stack=\"wp\",tier=\"web\"",
				 (unsigned)id, n);
			h->kind[i] = k;
			h->in[i] = (struct db_sample_in){ kinds[k].name, h->labels[i],
							  kinds[k].type, 0, 1e8 };
		}
}

static void host_next(struct host *h, int64_t t, FILE *text)
{
	for (size_t i = 0; i < SERIES; i++) {
		double day = (double)(t % DAY_MS) / (double)DAY_MS;

		h->in[i].t_ms = t;
		h->in[i].v = next_value(h->kind[i], h->in[i].v, day);
		fprintf(text, "%zu %s{%s} %.17g %.3f\n", h->kind[i], h->in[i].name,
			h->in[i].labels, h->in[i].v, (double)t / 1000);
	}
}

static void upkeep(struct db *db, int64_t now)
{
	bool more = true;

	while (more)
		must(db_maintain(db, now, 50, &more, &err));
}

static void bench_ingest(struct db *db, struct host *hosts, int n_hosts, int64_t to,
			 FILE *text)
{
	double spent = 0, worst = 0, packing = 0;
	size_t n = 0;

	for (int64_t t = T0; t < to; t += INTERVAL_MS) {
		double start;

		for (int h = 0; h < n_hosts; h++) {
			host_next(&hosts[h], t + h * 37, text);
			start = seconds();
			must(db_samples_add(db, hosts[h].in, SERIES, t + INTERVAL_MS,
					    NULL, &err));
			spent += seconds() - start;
			worst = fmax(worst, seconds() - start);
			n += SERIES;
		}
		start = seconds();
		upkeep(db, t + INTERVAL_MS);
		packing += seconds() - start;
	}
	printf("metrics_in %.0f samples/s\n", (double)n / (spent + packing));
	printf("metrics_in_batches_only %.0f samples/s\n", (double)n / spent);
	printf("metrics_batch_worst %.2f ms\n", worst * 1000);
	printf("metrics_samples %zu samples\n", n);
	upkeep(db, to + 21 * 60000);
}

/* 1,000 tiers, each with five series of its own, as a tick asks. */
static void bench_eval(struct db *db)
{
	enum { TIERS = 1000, EACH = 5 };
	struct metrics_expr *e[TIERS];
	double start, v = 0, first, best = 1e9;
	int64_t at, now = T0 + DAY_MS;

	for (int i = 0; i < TIERS * EACH; i++) {
		CLEANUP(free)
		char *labels = xasprintf("i=\"%d\",stack=\"s\",tier=\"t%d\"", i % EACH,
					 i / EACH);
		struct db_sample_in in[7];

		for (int k = 0; k < 7; k++)
			in[k] = (struct db_sample_in){ "tick_requests_total", labels,
						       DB_COUNTER, now + k * INTERVAL_MS,
						       100.0 * k };
		must(db_samples_add(db, in, 7, now + 60000, NULL, &err));
	}
	start = seconds();
	for (int i = 0; i < TIERS; i++) {
		CLEANUP(free)
		char *text = xasprintf(
			"sum(rate(tick_requests_total{tier=\"t%d\"})) * 1.5", i);

		must(metrics_expr_parse(text, "s", "t", &e[i], &err));
		must(metrics_expr_now(db, e[i], now + 60000, &v, &at, &err));
	}
	first = seconds() - start;
	for (int round = 0; round < 20; round++) {
		start = seconds();
		for (int i = 0; i < TIERS; i++)
			must(metrics_expr_now(db, e[i], now + 60000, &v, &at, &err));
		best = fmin(best, seconds() - start);
	}
	printf("demand_1000_tiers_first %.1f ms\n", first * 1000);
	printf("demand_1000_tiers %.2f ms\n", best * 1000);
	CHECK(fabs(v - 75) < 1e-6);
	for (int i = 0; i < TIERS; i++)
		metrics_expr_free(e[i]);
}

static void bench_demand(struct db *db)
{
	enum { MINUTES = 14 * 1440 };
	static double v[MINUTES];
	double start, best = 1e9;
	int64_t from = T0 - 13 * DAY_MS;
	size_t added;

	for (int i = 0; i < MINUTES; i++)
		v[i] = 100 + 50 * sin(i * 6.2832 / 1440) + uniform();
	start = seconds();
	must(db_demand_import(db, "s", "t", from, v, MINUTES, T0 + DAY_MS, &added, &err));
	printf("demand_import_14d %.1f ms\n", (seconds() - start) * 1000);
	for (int round = 0; round < 20; round++) {
		start = seconds();
		must(db_demand_range(db, "s", "t", from, v, MINUTES, &err));
		best = fmin(best, seconds() - start);
	}
	CHECK(added == MINUTES);
	printf("demand_range_14d %.2f ms\n", best * 1000);
}

static void print_memory(void)
{
	CLEANUP(fclose) FILE *f = fopen("/proc/self/status", "r");
	char line[200];

	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, "VmRSS:", 6) == 0)
			printf("metrics_rss %.1f MB\n", strtod(line + 6, NULL) / 1024);
}

int main(int argc, char **argv)
{
	int n_hosts = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 20;
	double hours = argc > 3 ? strtod(argv[3], NULL) : 3;
	CLEANUP(free) struct host *hosts = xcalloc((size_t)n_hosts, sizeof(*hosts));
	CLEANUP(free) char *path = NULL;
	CLEANUP(free) char *text_path = NULL;
	CLEANUP(db_close) struct db *db = NULL;
	FILE *text;

	if (argc < 2) {
		fprintf(stderr, "usage: bench_metrics FOLDER [HOSTS [HOURS]]\n");
		return 2;
	}
	path = xasprintf("%s/foretide.db", argv[1]);
	text_path = xasprintf("%s/samples.txt", argv[1]);
	text = fopen(text_path, "w");
	CHECK(text);
	for (int i = 0; i < n_hosts; i++)
		host_init(&hosts[i], i);
	must(db_open(path, &db, &err));
	bench_ingest(db, hosts, n_hosts, T0 + (int64_t)(hours * 3600000), text);
	fclose(text);
	print_memory();
	db_close(TAKE(db));
	must(db_open(path, &db, &err));
	printf("metrics_bytes_per_sample %.2f B\n",
	       (double)db_size_bytes(db) /
		       (n_hosts * SERIES * hours * 3600000 / INTERVAL_MS));
	bench_demand(db);
	bench_eval(db);
	return 0;
}
