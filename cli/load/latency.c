/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "latency.h"

#include <math.h>

#define LEAST_S 1e-4
#define STEP 1.02

void latency_add(struct latency *h, double seconds)
{
	double pos = seconds > LEAST_S ? log(seconds / LEAST_S) / log(STEP) : 0;
	int i = pos < LATENCY_BUCKETS - 1 ? (int)pos : LATENCY_BUCKETS - 1;

	h->count[i]++;
	h->total++;
}

double latency_quantile(const struct latency *h, double q)
{
	uint64_t below = 0;

	for (int i = 0; i < LATENCY_BUCKETS; i++) {
		below += h->count[i];
		if (below > 0 && (double)below >= q * (double)h->total)
			return LEAST_S * pow(STEP, i + 0.5);
	}
	return 0;
}
