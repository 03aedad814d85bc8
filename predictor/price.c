/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "price.h"

#include <math.h>

size_t price_choose(const struct sketch *s, const struct price_view *v, double price,
		    double *ret_over)
{
	double best = INFINITY, best_n = 1, best_over = 1;

	for (size_t k = 0; k <= SKETCH_BINS; k++) {
		if (s->over[k] > 0.5)
			continue;

		const double demand = v->mid + v->sigma * s->edge[k];
		const double n = fmax(ceil(demand / v->capacity - 1e-9), 1);
		const double cost = n + price * s->over[k];

		if (n >= best)
			break;
		if (cost < best) {
			best = cost;
			best_n = n;
			best_over = s->over[k];
		}
	}
	if (ret_over)
		*ret_over = best_over;
	return (size_t)fmin(best_n, 1e9);
}
