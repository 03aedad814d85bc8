/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decide.h - who decides: how many instances a tier should have. A snapshot in, a plan
 * and its explanation out.
 *
 * A tier scales out at once for demand that is certain, and for the forecast's need when
 * that is worth an action: when the short time that it avoids, at the price of a short
 * step, pays for the action before the next change is likely.
 *
 * It scales in when nobody needed the instances within the dwell, and letting them go
 * saves more than it costs: each instance saves the time until it is likely needed again,
 * and costs its boot; all of them cost one action. When it is likely needed again is
 * where the middle of the largest demand, over the lead time and over the outlook, comes
 * to what the others serve. An instance that is paid for by the hour goes when its hour
 * ends. By demand it never scales in on missing, stale or distrusted data, when it is
 * stateful, or in mode out.
 *
 * What a person writes down is obeyed in every mode, with and without data: minimum and
 * maximum, the tier's and its schedules', in steps as the limits of a step allow. Where
 * they contradict each other the tier's maximum is the strongest, then a minimum, then a
 * schedule's maximum. An instance above the minimum is given up to a tier of a higher
 * priority that waits for its room. All that scales in waits while the fleet is
 * distrusted; under a hold, nothing changes at all.
 *
 * Decisions repeated without a newer forecast or demand change nothing.
 *
 * Pure: no I/O, no clock, no logging, no global state; safe from any thread.
 *
 * Sources: Lin, Wierman, Andrew, Thereska, Dynamic right-sizing for power-proportional
 * data centers, INFOCOM 2011 (lazy capacity provisioning with a window of forecasts);
 * Gandhi et al., AutoScale, TOCS 2012 (delayed off).
 */
#ifndef PREDICTOR_RULE_DECIDE_H
#define PREDICTOR_RULE_DECIDE_H

#include "err.h"
#include "window.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum decide_mode {
	DECIDE_OBSERVE, /* demand changes nothing: it explains what it would do */
	DECIDE_OUT,     /* demand scales out, never in */
	DECIDE_AUTO,
};

const char *decide_mode_name(enum decide_mode mode); /* "observe" */
/* ERR_INVAL: there is no such mode. */
int decide_mode_parse(const char *name, enum decide_mode *ret,
		      struct err *err) MUST_CHECK;

#define DECIDE_EVENTS_MAX 4

/* The events that a forecast accounts for. Names are the caller's. */
struct decide_events {
	const char *names[DECIDE_EVENTS_MAX]; /* [n] whose effect is known */
	size_t n;
	const char *unknown; /* one whose effect is not, so it is ignored; NULL */
	double uplift;       /* factor included in the forecast; 0 and 1: none */
	size_t learned_from; /* past events; 0: given */
};

/* Strings are the caller's and may be NULL where noted. */
struct decide_input {
	const char *stack;
	const char *tier;
	int64_t now_ms;

	/* Set by the operator. */
	enum decide_mode mode;
	int64_t min, max; /* instances; max < 0: no maximum */
	double capacity;  /* demand that one instance serves; <= 0: not known */
	const char *capacity_source; /* "declared", "learned", ...; NULL: unspecified */
	const char *capacity_note; /* after it in the sentence: ", learned", or why there
				      is none; NULL: nothing */
	const char *unit; /* after figures of demand: "/s", "req/s"; NULL: none */
	double risk;      /* share of time that may be short of capacity; explained,
			   * not used */
	double price; /* instance-hours that a minute short of capacity costs, in place of
			 the risk; 0: the risk is used. Explained, not used */
	double target_utilisation; /* of the reactive rule, 0 to 1; 0 means 1 */
	int64_t step_out_max;      /* instances that may be starting at once; 0:
				    * no limit */
	int64_t step_in_max; /* instances that may be removed within any one dwell; 0: no
				limit */
	int64_t dwell_ms;
	double action_price; /* instance-minutes that a change is worth avoiding for */
	bool stateful;       /* demand never scales it in */

	/* What was learned. */
	int64_t lead_ms;    /* the quantile of the lead time that is planned for */
	bool is_lead_prior; /* too few launches yet: it is the prior */

	/* Current state. */
	int64_t running;  /* healthy instances */
	int64_t starting; /* placed or waiting, neither healthy nor failing */
	int64_t overdue;  /* of the starting ones: later than their lead times allow;
			     others  take their place */
	int64_t desired;  /* last decided; < 0: never */
	int64_t desired_since_ms; /* when it last changed */

	/* What was measured. */
	double demand;          /* NaN: none */
	double demand_sure;     /* of it certain, beyond the noise of a short count */
	int64_t demand_at_ms;   /* of the newest sample */
	int64_t stale_after_ms; /* older than that is stale */
	int64_t ending; /* instances whose paid time ends before the next decision; < 0:
			   they are paid for by the minute */
	const char
		*distrust;   /* why observations cannot be trusted for scaling in, such as
				"the inventory shrank from 9 to 2 hosts"; NULL: they can */
	const char *missing; /* which part of the demand is missing, such as "no metrics
				from web@2.service on host h for 95 s"; NULL: none. The
				demand is too low to scale in on */

	/* What is forecast: quantiles of the largest demand within ...; NaN: none. */
	double forecast_mid;   /* ... the lead time, median */
	double forecast_high;  /* ... the lead time, upper */
	double forecast_level; /* of forecast_high, 0 to 1; 0: not stated */
	int64_t forecast_need; /* instances that the forecast calls for; 0: those that
				  serve forecast_high */
	double need_level;     /* probability that they suffice; 0: not stated */
	double out_gain;   /* instances that going to the forecast's need is worth at each
			      moment: short time avoided, at its price, less the instances;
			      NaN: not known, any need is worth an action */
	double again_near; /* demand that is likely to be provided for again within the
			      lead time, ... */
	double again_far;  /* ... and within lead time and outlook */
	int64_t outlook_ms;
	int64_t forecast_at_ms;      /* the newest sample that it includes */
	const char *fallback_level;  /* "full", "seasonal", "reactive"; NULL: none */
	const char *fallback_reason; /* as text; NULL */
	const char *follows;      /* the tier whose demand the forecast uses too, as that
				     proved better; NULL: none */
	int64_t follows_ahead_ms; /* by which its demand leads */
	double follows_gain;      /* of the forecast's loss by that: 0.18 is 18 %
				     lower */
	int64_t follows_over_ms;  /* lately, over so long a time */
	struct decide_events events;     /* within the lead time */
	struct decide_events events_far; /* within lead time and outlook */

	/* Bounds. */
	int64_t floor; /* schedules in force; < 0: none */
	const char *floor_name;
	int64_t ceiling; /* < 0: none */
	const char *ceiling_name;
	int64_t budget;          /* the most instances that there can be hosts for; < 0:
				  * no limit. It never takes away what there is, and a
				  * minimum may be above it: those instances wait */
	const char *budget_name; /* "pool web", "the budget of ..."; NULL: the budget */
	const char *budget_note; /* behind it, such as "max = 4 hosts"; NULL: nothing */
	int64_t waiting;         /* of the starting ones: there is no room for them yet */
	const char *takes_from;  /* the tier of a lower priority that gives up instances
				  * for them; NULL: none */
	const char *yields_to;   /* the tier of a higher priority that waits for the room
				  * of one of its instances; NULL: none */
	const char *thrift; /* why no instance is started ahead of demand, by a forecast:
			     * "stack shop will have cost ..."; NULL: they are */
	const char *hold_owner;  /* NULL: no hold */
	const char *hold_reason; /* NULL: none given */
	int64_t hold_until_ms;   /* 0: until released */
};

/* The state between a tier's decisions, kept by the caller; all zero is a tier without a
 * past. Losing it delays scaling in by a dwell, nothing else. */
struct decide_state {
	struct decide_window needed; /* within the dwell */
	int64_t in_since_ms;         /* when the last of in_count was removed */
	int64_t in_count;            /* instances that were removed, without a dwell in
				      * which none was */
};

enum decide_cause {
	DECIDE_STEADY,   /* no change is needed */
	DECIDE_FORECAST, /* out, for the forecast */
	DECIDE_REACTIVE, /* out, for the demand now */
	DECIDE_OVERDUE,  /* out, in place of instances that do not come */
	DECIDE_FELL,     /* in, for the forecast */
	DECIDE_MIN,      /* the operator's bounds */
	DECIDE_MAX,
	DECIDE_SCHEDULE, /* a schedule's bounds */
	DECIDE_PRIORITY, /* in, for a tier of a higher priority */
	DECIDE_KEPT,     /* stays, though fewer would suffice or more are needed */
};

const char *decide_cause_name(enum decide_cause cause); /* "forecast" */

enum decide_binding {
	DECIDE_BY_NOTHING,
	DECIDE_BY_FORECAST,
	DECIDE_BY_DEMAND,
	DECIDE_BY_DWELL,  /* was needed within the dwell */
	DECIDE_BY_AGAIN,  /* is likely needed again too soon */
	DECIDE_BY_ACTION, /* more would be better, but not worth an action */
	DECIDE_BY_THRIFT, /* more would be better, but are not needed yet */
	DECIDE_BY_PAID,   /* is paid for some time more */
	DECIDE_BY_STEP_OUT,
	DECIDE_BY_STEP_IN,
	DECIDE_BY_BUDGET,
	DECIDE_BY_FLOOR, /* of a schedule */
	DECIDE_BY_CEILING,
	DECIDE_BY_MIN,
	DECIDE_BY_MAX,
	DECIDE_BY_PRIORITY,
	DECIDE_BY_NO_CAPACITY,
	DECIDE_BY_NO_DATA,
	DECIDE_BY_STALE_DATA,
	DECIDE_BY_MISSING, /* a part of the demand */
	DECIDE_BY_DISTRUST,
	DECIDE_BY_NO_FORECAST,
	DECIDE_BY_STATEFUL,
	DECIDE_BY_MODE,
	DECIDE_BY_HOLD,
};

const char *decide_binding_name(enum decide_binding binding); /* "dwell" */

/* The result of a stage. */
struct decide_stage {
	const char *name; /* "predictive"; constant */
	int64_t value;
};

#define DECIDE_STAGES 20

struct decide_plan {
	int64_t from;    /* what was desired before; the running ones at first */
	int64_t desired; /* desired from now on */
	int64_t would;   /* desired without hold and mode */
	int64_t needed;  /* by demand and forecast alone; -1: not known */
	int64_t sure;    /* needed by the demand that there is; -1: not known */
	int64_t held;    /* the most that was needed within the dwell; -1: not known */
	int64_t lacks;   /* instances that it should have beyond the budget */
	enum decide_cause cause;
	enum decide_cause would_cause;
	enum decide_binding binding; /* the constraint that made desired what it is */
	enum decide_binding would_binding; /* the same for would */
	struct decide_stage stages[DECIDE_STAGES];
	size_t n_stages;
	int64_t in_count;    /* instances that could go, for the figures below; 0: none */
	double in_saves;     /* instance-minutes that letting them go saves */
	double in_costs;     /* and costs: their boots and the action */
	int64_t in_again_ms; /* until the first of them is likely needed again */
	char sentence[640];  /* the explanation in one sentence; by decide() */
};

/*
 * Decides, and records the decision in the state. Never fails: missing or invalid input
 * keeps the tier as it is, and the plan explains it. Cost: microseconds.
 */
void decide(const struct decide_input *in, struct decide_state *state,
	    struct decide_plan *ret);

/* The same without the sentence, for playing a rule over weeks: about 0.1 us. */
void decide_silently(const struct decide_input *in, struct decide_state *state,
		     struct decide_plan *ret);

/* The instances that are there, or come when they should: those desired without the
 * overdue ones, of which at most a tenth, or one, are left out: when a cloud launches
 * nothing, more launches do not help. */
int64_t decide_counted(const struct decide_input *in);

/* What the operator's bounds and schedules allow; *ret_most < 0: no maximum. */
void decide_bounds(const struct decide_input *in, int64_t *ret_least, int64_t *ret_most);

/* Whether a minimum set the number, and not demand: the operator's or a schedule's. */
bool decide_is_bound(const struct decide_plan *plan);

/* {"tier","ahead_ms","gain","over_ms"} of the tier that the forecast follows; null: none.
 * The caller owns it. */
json_t *decide_follows_json(const struct decide_input *in);

/* The explanation: inputs with their ages, forecast, stages, binding constraint,
 * sentence. The caller owns it. */
json_t *decide_explain(const struct decide_input *in, const struct decide_plan *plan);

#endif
