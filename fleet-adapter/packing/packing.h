/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * packing.h - the cheapest hosts, of several types, that have room for units.
 *
 * The units of a kind are alike. A pattern is what one host of a type can hold; the hosts
 * of each pattern are the variables of an integer program, solved by GLPK within a number
 * of nodes. Beside it each type alone is packed by first fit, the largest units first:
 * that is the plan when there are too many patterns, or the program finds none cheaper.
 *
 * Pure: no I/O, no clock, no logging; safe from any thread. Equal questions have equal
 * answers.
 *
 * Source: Gilmore and Gomory, A linear programming approach to the cutting-stock problem,
 * Operations Research 9 (1961).
 */
#ifndef FLEET_ADAPTER_PACKING_PACKING_H
#define FLEET_ADAPTER_PACKING_PACKING_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKING_TYPES_MAX 16
#define PACKING_KINDS_MAX 8
#define PACKING_UNITS_MAX 100000 /* of a kind */

struct packing_type {
	double cpu; /* cores; 0: not limited */
	int64_t memory_bytes;
	double price; /* of a host, an hour; above 0, all in one currency */
};

struct packing_kind {
	double cpu; /* that a unit requests; 0: none */
	int64_t memory_bytes;
	size_t n; /* units */
};

struct packing {
	size_t hosts[PACKING_TYPES_MAX]; /* of each type */
	double price;                    /* of all of them, an hour */
	bool is_best;                    /* there is no cheaper one */
};

/*
 * ERR_INVAL: too many types or kinds, or a figure that is out of range; ERR_LIMIT: some
 * kind fits no type.
 */
int packing_find(const struct packing_type *types, size_t n_types,
		 const struct packing_kind *kinds, size_t n_kinds, struct packing *ret,
		 struct err *err) MUST_CHECK;

/*
 * The order in which types are to be tried, ret [n_types] their indices: those that the
 * plan has, the ones with the most hosts first; then the others that have room for a unit
 * of each kind, the cheapest first; then the rest. p: NULL: there is no plan.
 */
void packing_order(const struct packing_type *types, size_t n_types,
		   const struct packing_kind *kinds, size_t n_kinds,
		   const struct packing *p, size_t *ret);

#endif
