/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spot.h"

#include "check.h"

bool spot_is_next(double share, int64_t base, int64_t regular, int64_t spot)
{
	const int64_t above = MAX(regular + spot + 1 - base, INT64_C(0));

	/* Half of two is one, in spite of what a double makes of a share. */
	return (double)(spot + 1) <= share * (double)above + 1e-9;
}
