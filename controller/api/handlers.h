/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * handlers.h - the handlers that the table of routes names, by file, and the JSON
 * forms that several of them use. All of them return the caller's own documents.
 */
#ifndef CONTROLLER_API_HANDLERS_H
#define CONTROLLER_API_HANDLERS_H

#include "server.h"

/* status.c */
api_handler_fn api_healthz, api_own_metrics, api_status, api_whoami;
/* stacks.c */
api_handler_fn api_stack_list, api_stack_get, api_stack_put, api_stack_delete,
	api_stack_events;
/* tiers.c */
api_handler_fn api_tier_list, api_tier_get, api_tier_patch;
/* tier_views.c */
api_handler_fn api_tier_explain, api_tier_decisions, api_tier_leads, api_tier_series,
	api_tier_forecast;
/* backtest_report.c */
api_handler_fn api_tier_backtest, api_tier_backtest_get;
/* replay.c */
api_handler_fn api_tier_replay, api_tier_replay_get;
/* promote.c */
api_handler_fn api_tier_promote;
/* history.c */
api_handler_fn api_tier_history;
/* holds.c */
api_handler_fn api_hold_list, api_hold_get, api_hold_post, api_hold_delete;
/* hosts.c */
api_handler_fn api_pool_list, api_pool_get, api_host_list, api_host_get, api_host_drain;
/* units.c */
api_handler_fn api_unit_list, api_unit_get, api_services;
/* logs.c */
api_handler_fn api_unit_logs, api_agent_logs;
/* event_stream.c */
api_handler_fn api_decision_list, api_decision_get, api_event_list, api_event_stream;
/* tokens.c */
api_handler_fn api_token_list, api_token_post, api_token_delete;
/* metrics.c */
api_handler_fn api_metrics_post, api_series_list, api_series_data;
/* agent.c */
api_handler_fn api_join, api_agent_renew, api_agent_metrics, api_agent_binary,
	api_kv_handler;

json_t *hold_json(const struct db_hold *h);
json_t *unit_json(const struct db_unit *u);
json_t *decision_json(const struct db_decision *d, bool with_explanation);
json_t *event_json(const struct db_event *e);
json_t *tier_json(struct request *r, const struct db_tier *t, struct err *err);

/* A text that the database holds as JSON; null when it is empty or none. */
json_t *json_of_text(const char *text);

/* Whether the tier that the path names is there; *ret is the caller's. */
int api_tier_of_path(struct request *r, struct db_tier *ret, struct err *err) MUST_CHECK;
/* What of a tier is learned, as the last round had it; as declared before the first. */
struct tier_now {
	double capacity;          /* in force; 0: not known */
	char capacity_source[16]; /* "declared", "learned", "cautious", "none" */
	int64_t lead_ms;
};
struct tier_now api_tier_now(struct request *r, const struct db_tier *t);

/* Sets one option of a tier, a string or a number as stack.conf would have it. */
int api_tier_set(struct db_tier *t, const char *key, const json_t *value,
		 struct err *err) MUST_CHECK;

/* ERR_INVAL names the tier's expression that cannot be understood, and where. */
int api_tier_check(struct request *r, const struct db_tier *t,
		   struct err *err) MUST_CHECK;

#endif
