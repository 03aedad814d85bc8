/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view.h"

#include "histogram.h"

#include <math.h>

double demand_view_quantile(const struct demand_view *v, double level)
{
	return fmin(fmax(v->mid + v->sigma * histogram_quantile(v->z, level), 0),
		    v->most);
}

double demand_view_over(const struct demand_view *v, double demand)
{
	if (demand >= v->most)
		return 0;
	if (v->sigma > 0)
		return histogram_over(v->z, (demand - v->mid) / v->sigma);
	return v->mid > demand;
}

size_t demand_view_instances(const struct demand_view *v, double capacity, double price,
			     double *ret_over)
{
	const double sinh_width = sinh(HISTOGRAM_WIDTH),
		     cosh_width = cosh(HISTOGRAM_WIDTH);
	const size_t first = histogram_edge(v->z, 0.5);
	const double at = HISTOGRAM_LOW + HISTOGRAM_WIDTH * (double)first;
	double z = sinh(at), c = cosh(at); /* of the edge; on by the sum of angles */
	double best = INFINITY, best_n = 1, best_over = 1;

	for (size_t k = first; k <= HISTOGRAM_BINS; k++) {
		const double over = (double)v->z->over[k], edge = z;
		const double demand = fmin(v->mid + v->sigma * edge, v->most);
		const double n = fmax(ceil(demand / capacity - 1e-9), 1);
		const double cost = n + price * over;

		if (n >= best)
			break;
		if (cost < best) {
			best = cost;
			best_n = n;
			best_over = over;
		}
		if (demand >= v->most)
			break;
		z = edge * cosh_width + c * sinh_width;
		c = c * cosh_width + edge * sinh_width;
	}
	if (ret_over)
		*ret_over = best_over;
	return (size_t)fmin(best_n, 1e9);
}
