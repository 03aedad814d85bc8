/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spot.h - which of a pool's hosts are spot capacity. Pure.
 */
#ifndef CONTROLLER_POOLS_SPOT_H
#define CONTROLLER_POOLS_SPOT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Whether the next host is to be spot capacity, beside these: of the hosts above base, so
 * that at most this share is.
 */
bool spot_is_next(double share, int64_t base, int64_t regular, int64_t spot);

#endif
