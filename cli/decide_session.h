/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decide_session.h - the tier of one run of foretide decide --jsonl.
 */
#ifndef CLI_DECIDE_SESSION_H
#define CLI_DECIDE_SESSION_H

#include "decide_launches.h"
#include "err.h"
#include "policy.h"

#include <jansson.h>

struct decide_session {
	struct demand_model *model; /* NULL before init */
	struct policy policy;
	struct policy_settings settings;
	struct decide_state state;
	struct decide_plan plan; /* the last */
	int64_t at_ms;           /* end of the newest sample's step */
	double value;            /* of the newest sample; NaN: none */
	struct decide_launches launches;
	int64_t desired;
	int64_t asked[POLICY_LEAD_MAX + 1]; /* desired before; a ring */
	size_t n_asked;
};

/* From an init message: forgets what was. */
int decide_session_init(struct decide_session *s, const json_t *msg,
			struct err *err) MUST_CHECK;
void decide_session_done(struct decide_session *s);

/* Takes the plan over. in: of the decision. */
void decide_session_note(struct decide_session *s, const struct decide_input *in);

/* The instances that serve now if each did a lead time after it was asked for. */
int64_t decide_session_served(const struct decide_session *s);

/* The answer to a sample. */
void decide_session_print(const struct decide_session *s, const struct decide_input *in,
			  double level);

#endif
