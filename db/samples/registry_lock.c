/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The registry's lock, which long work shares with those in a hurry. */
#include "registry.h"

void db_registry_lock(struct db_metrics *m)
{
	if (pthread_mutex_trylock(&m->lock) == 0)
		return;
	atomic_fetch_add(&m->n_locking, 1);
	pthread_mutex_lock(&m->lock);
	atomic_fetch_sub(&m->n_locking, 1);
	m->n_passed++;
	pthread_cond_broadcast(&m->passed);
}

/* Who comes later does not make it wait longer. */
void db_registry_let_pass(struct db_metrics *m)
{
	const uint64_t until = m->n_passed + atomic_load(&m->n_locking);

	while (m->n_passed < until)
		pthread_cond_wait(&m->passed, &m->lock);
}
