/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tier_model.h"

#include "check.h"
#include "clock.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#define MINUTE_MS DB_DEMAND_STEP_MS
#define HISTORY_MINUTES (28 * 1440)
#define CATCH_UP_MINUTES 1440  /* a longer gap is learned anew */
#define LEARN_MS 500           /* of a round */
#define KNOWN_AFTER_MINUTES 60 /* of demand; before, a forecast is a guess */

/* The same demand seen over two times: the lead time, and that and the dwell. */
enum { NEAR, FAR, N_MODELS };
static const char *const kinds[N_MODELS] = { "demand/near", "demand/far" };

struct tier_model {
	char *stack, *tier;
	struct demand_model *model[N_MODELS];
	size_t lead_steps[N_MODELS];
	double capacity, risk;
	int64_t first_ms;                 /* of the history that it was learned from */
	int64_t fed_ms;                   /* end of the last minute that it knows */
	const struct tier_events *events; /* of this round: what demand is divided by */
	uint64_t events_mark;             /* of the division that it was fed with */
	bool is_used, is_dirty, must_learn;
};

struct tier_models {
	struct db *db;
	struct tier_model **v; /* by stack and tier */
	size_t n;
	size_t next_save; /* index into v */
	int64_t learn_until_mono_ms;
	bool is_behind;
};

struct tier_models *tier_models_new(struct db *db)
{
	struct tier_models *m = xcalloc(1, sizeof(*m));

	m->db = db;
	return m;
}

static void forget(struct tier_model *t)
{
	for (int k = 0; k < N_MODELS; k++) {
		demand_model_free(t->model[k]);
		t->model[k] = NULL;
	}
	t->fed_ms = t->first_ms = 0;
}

static void tier_model_free(struct tier_model *t)
{
	forget(t);
	free(t->stack);
	free(t->tier);
	free(t);
}

void tier_models_free(struct tier_models *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n; i++)
		tier_model_free(m->v[i]);
	free(m->v);
	free(m);
}

static int order(const struct tier_model *t, const char *stack, const char *tier)
{
	int c = strcmp(t->stack, stack);

	return c ? c : strcmp(t->tier, tier);
}

static struct tier_model *get(struct tier_models *m, const char *stack, const char *tier)
{
	size_t low = 0, high = m->n;
	struct tier_model *t;

	while (low < high) {
		size_t mid = (low + high) / 2;
		int c = order(m->v[mid], stack, tier);

		if (c == 0)
			return m->v[mid];
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	t = xcalloc(1, sizeof(*t));
	t->stack = xstrdup(stack);
	t->tier = xstrdup(tier);
	m->v = xrealloc(m->v, (m->n + 1) * sizeof(struct tier_model *));
	memmove(m->v + low + 1, m->v + low, (m->n - low) * sizeof(struct tier_model *));
	m->v[low] = t;
	m->n++;
	return t;
}

/* ---------------------------------------------------------------- learning */

void tier_models_begin(struct tier_models *m)
{
	m->learn_until_mono_ms = clock_mono_ms() + LEARN_MS;
	m->is_behind = false;
}

bool tier_models_are_behind(const struct tier_models *m)
{
	return m->is_behind;
}

static int64_t minute_of(int64_t ms)
{
	return ms / MINUTE_MS * MINUTE_MS;
}

/* Minutes recorded in [from, to), without those missing at the start; n may be 0. */
static int read_history(struct tier_models *m, const struct tier_model *t,
			int64_t *from_ms, int64_t to_ms, double **ret, size_t *ret_n,
			struct err *err)
{
	size_t n = (size_t)((to_ms - *from_ms) / MINUTE_MS), skip = 0;
	CLEANUP(free) double *y = xcalloc(n, sizeof(*y));
	int rc = db_demand_range(m->db, t->stack, t->tier, *from_ms, y, n, err);

	if (rc < 0)
		return rc;
	while (skip < n && isnan(y[skip]))
		skip++;
	memmove(y, y + skip, (n - skip) * sizeof(*y));
	*from_ms += (int64_t)skip * MINUTE_MS;
	*ret_n = n - skip;
	*ret = TAKE(y);
	return 0;
}

/* A model lives in demand without events. One that was fed with another idea of what past
 * events did, than is held now, has learned them as if they were ordinary days. */
static uint64_t mark(const struct tier_model *t)
{
	return tier_events_mark(
		t->events, t->fed_ms - (int64_t)HISTORY_MINUTES * MINUTE_MS, t->fed_ms);
}

static int learn(struct tier_models *m, struct tier_model *t, int64_t offset_ms,
		 int64_t now_ms, struct err *err)
{
	int64_t to_ms = minute_of(now_ms);
	int64_t from_ms = to_ms - (int64_t)HISTORY_MINUTES * MINUTE_MS;
	int64_t first_ms = 0, last_ms = 0;
	CLEANUP(free) double *y = NULL;
	size_t n;
	int rc;

	forget(t);
	t->must_learn = false;
	if ((rc = db_demand_span(m->db, t->stack, t->tier, &first_ms, &last_ms, err)) <
		    0 ||
	    first_ms == 0)
		return rc;
	rc = read_history(m, t, &from_ms, to_ms, &y, &n, err);
	if (rc < 0 || n == 0)
		return rc;
	tier_events_divide(t->events, from_ms, MINUTE_MS, y, n);
	for (int k = 0; k < N_MODELS; k++) {
		struct demand_opts opts = {
			.step_ms = MINUTE_MS,
			.lead_steps = t->lead_steps[k],
			.risk = t->risk,
			.capacity = t->capacity,
		};

		rc = demand_model_new(&opts, &t->model[k], err);
		if (rc < 0)
			return rc;
		demand_model_set_offset(t->model[k], (int32_t)(offset_ms / 1000));
		rc = demand_model_train(t->model[k], y, n, from_ms, err);
		if (rc < 0)
			return rc;
	}
	t->first_ms = first_ms;
	t->fed_ms = to_ms;
	t->events_mark = mark(t);
	t->is_dirty = true;
	return 0;
}

/* The state in the database begins with what it is for. The model behind it is aligned as
 * any object may be. */
struct saved {
	_Alignas(max_align_t) int64_t first_ms;
	int64_t fed_ms;
	uint64_t lead_steps;
	double capacity, risk;
	uint64_t events_mark;
};

static int load_one(struct tier_models *m, struct tier_model *t, int k, struct err *err)
{
	CLEANUP(db_model_state_done) struct db_model_state s = { 0 };
	struct saved head;
	int rc = db_model_state_get(m->db, t->stack, t->tier, kinds[k], &s, err);

	if (rc < 0)
		return rc;
	if (s.len < sizeof(head))
		return err_set(err, ERR_INVAL, "a saved model is too short");
	memcpy(&head, s.data, sizeof(head));
	if (head.lead_steps != t->lead_steps[k] || head.capacity != t->capacity ||
	    head.risk != t->risk)
		return err_set(err, ERR_NOT_FOUND, "a saved model is for other options");
	t->first_ms = head.first_ms;
	t->fed_ms = head.fed_ms;
	t->events_mark = head.events_mark;
	return demand_model_load((const char *)s.data + sizeof(head),
				 s.len - sizeof(head), &t->model[k], err);
}

/* Whatever is wrong with a saved model, learning anew is the cure. */
static bool load(struct tier_models *m, struct tier_model *t)
{
	for (int k = 0; k < N_MODELS; k++) {
		if (load_one(m, t, k, NULL) < 0) {
			forget(t);
			return false;
		}
	}
	return true;
}

static int feed(struct tier_models *m, struct tier_model *t, int64_t offset_ms,
		int64_t now_ms, struct err *err)
{
	int64_t to_ms = minute_of(now_ms);
	size_t n = (size_t)((to_ms - t->fed_ms) / MINUTE_MS);
	CLEANUP(free) double *y = NULL;
	int rc;

	if (to_ms <= t->fed_ms)
		return 0;
	y = xcalloc(n, sizeof(*y));
	rc = db_demand_range(m->db, t->stack, t->tier, t->fed_ms, y, n, err);
	tier_events_divide(t->events, t->fed_ms, MINUTE_MS, y, n);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		for (int k = 0; k < N_MODELS && rc == 0 && !isnan(y[i]); k++) {
			demand_model_set_offset(t->model[k], (int32_t)(offset_ms / 1000));
			rc = demand_model_update(t->model[k],
						 t->fed_ms + (int64_t)i * MINUTE_MS, y[i],
						 err);
		}
	}
	if (rc < 0)
		return rc;
	t->fed_ms = to_ms;
	t->events_mark = mark(t);
	t->is_dirty = true;
	return 0;
}

static bool has_older_history(struct tier_models *m, const struct tier_model *t)
{
	int64_t first_ms = 0, last_ms = 0;

	return db_demand_span(m->db, t->stack, t->tier, &first_ms, &last_ms, NULL) == 0 &&
	       first_ms && first_ms < t->first_ms;
}

static size_t steps_of(int64_t ms)
{
	int64_t n = (ms + MINUTE_MS - 1) / MINUTE_MS;

	return (size_t)MIN(MAX(n, 1), DEMAND_LEAD_MAX);
}

/* Also one that knows a time to come: it was fed before the clock was set back. */
static bool is_far_behind(const struct tier_model *t, int64_t now_ms)
{
	return minute_of(now_ms) - t->fed_ms > (int64_t)CATCH_UP_MINUTES * MINUTE_MS ||
	       t->fed_ms > minute_of(now_ms) + MINUTE_MS;
}

static int refresh(struct tier_models *m, struct tier_model *t,
		   const struct db_tier *tier, int64_t lead_ms, int64_t offset_ms,
		   int64_t now_ms, struct err *err)
{
	size_t near = steps_of(lead_ms), far = steps_of(lead_ms + tier->dwell_ms);
	bool is_new = !t->model[NEAR];
	bool is_other = near != t->lead_steps[NEAR] || far != t->lead_steps[FAR] ||
			tier->capacity != t->capacity || tier->risk_ratio != t->risk;

	t->lead_steps[NEAR] = near;
	t->lead_steps[FAR] = far;
	t->capacity = tier->capacity;
	t->risk = tier->risk_ratio;
	if (is_new && load(m, t))
		is_new = false;
	else if (is_other)
		is_new = true;
	if (is_new || is_far_behind(t, now_ms) || mark(t) != t->events_mark ||
	    (minute_of(now_ms) > t->fed_ms && has_older_history(m, t)))
		t->must_learn = true;
	if (!t->must_learn)
		return feed(m, t, offset_ms, now_ms, err);
	if (clock_mono_ms() < m->learn_until_mono_ms)
		return learn(m, t, offset_ms, now_ms, err);
	m->is_behind = true;
	if (t->model[NEAR] && !is_far_behind(t, now_ms))
		return feed(m, t, offset_ms, now_ms, err);
	forget(t);
	return 0;
}

/* The first minutes of a service rise from nothing: what they foretell is no forecast. */
static bool is_known(const struct tier_model *t)
{
	return t->model[NEAR] &&
	       t->fed_ms - t->first_ms >= (int64_t)KNOWN_AFTER_MINUTES * MINUTE_MS;
}

int tier_models_forecast(struct tier_models *m, const struct db_tier *tier,
			 int64_t lead_ms, int64_t offset_ms, int64_t now_ms,
			 const struct tier_events *events, struct tier_forecast *ret,
			 struct err *err)
{
	struct tier_model *t = get(m, tier->stack, tier->name);
	struct demand_decision far;
	int rc;

	t->is_used = true;
	t->events = events;
	rc = refresh(m, t, tier, lead_ms, offset_ms, now_ms, err);
	if (rc < 0) {
		forget(t);
		return rc;
	}
	*ret = (struct tier_forecast){ .known = is_known(t), .fed_ms = t->fed_ms };
	if (!ret->known)
		return 0;
	demand_model_decide(t->model[NEAR], &ret->within_lead);
	demand_model_decide(t->model[FAR], &far);
	ret->upper_dwell = far.upper;
	return 0;
}

/* ---------------------------------------------------------------- saving */

static void save_one(const struct tier_model *t, int k, int64_t now_ms,
		     struct db_model_state *ret)
{
	struct saved head = {
		.first_ms = t->first_ms,
		.fed_ms = t->fed_ms,
		.lead_steps = t->lead_steps[k],
		.capacity = t->capacity,
		.risk = t->risk,
		.events_mark = t->events_mark,
	};
	size_t len = demand_model_size(t->model[k]);
	char *data = xcalloc(1, sizeof(head) + len);

	memcpy(data, &head, sizeof(head));
	demand_model_save(t->model[k], data + sizeof(head));
	*ret = (struct db_model_state){
		.stack = t->stack,
		.tier = t->tier,
		.kind = (char *)(uintptr_t)kinds[k],
		.data = data,
		.len = sizeof(head) + len,
		.updated_ms = now_ms,
	};
}

void tier_models_sweep(struct tier_models *m)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->n; i++) {
		struct tier_model *t = m->v[i];

		if (t->is_used) {
			t->is_used = false;
			m->v[kept++] = t;
		} else {
			tier_model_free(t);
		}
	}
	m->n = kept;
}

int tier_models_save(struct tier_models *m, size_t max, int64_t now_ms, struct err *err)
{
	const size_t most = MIN(max, m->n);
	CLEANUP(free)
	struct db_model_state *s = xcalloc(most * N_MODELS + 1, sizeof(*s));
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < m->n && n < most * N_MODELS; i++) {
		struct tier_model *t = m->v[m->next_save++ % m->n];

		/* One that waits to be learned is of other options than it should be. */
		if (!t->is_dirty || t->must_learn)
			continue;
		for (int k = 0; k < N_MODELS && t->model[k]; k++)
			save_one(t, k, now_ms, &s[n++]);
		t->is_dirty = false;
	}
	if (n)
		rc = db_model_states_put(m->db, s, n, err);
	for (size_t i = 0; i < n; i++)
		free(s[i].data);
	return rc;
}
