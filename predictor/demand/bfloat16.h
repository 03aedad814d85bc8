/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bfloat16.h - a float in 16 bits (bfloat16): its range, and 8 bits of its digits, 0.4 %.
 */
#ifndef PREDICTOR_DEMAND_BFLOAT16_H
#define PREDICTOR_DEMAND_BFLOAT16_H

#include <stdint.h>
#include <string.h>

/* The nearest one; v is finite. */
static inline uint16_t bfloat16_of(float v)
{
	uint32_t bits;

	memcpy(&bits, &v, sizeof(bits));
	return (uint16_t)((bits + 0x8000u) >> 16);
}

static inline float bfloat16_value(uint16_t half)
{
	const uint32_t bits = (uint32_t)half << 16;
	float v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

#endif
