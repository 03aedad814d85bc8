/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guests.h"

void guests_put(struct guests *l, struct guest *g)
{
	g->prev = l->last;
	g->next = NULL;
	*(l->last ? &l->last->next : &l->first) = g;
	l->last = g;
	l->n++;
}

void guests_take(struct guests *l, struct guest *g)
{
	*(g->prev ? &g->prev->next : &l->first) = g->next;
	*(g->next ? &g->next->prev : &l->last) = g->prev;
	l->n--;
}
