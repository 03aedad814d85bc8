/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * handlers.h - the handlers that the table of routes names, by file.
 */
#ifndef CONTROLLER_API_HANDLERS_H
#define CONTROLLER_API_HANDLERS_H

#include "notify.h"
#include "reply.h"
#include "request.h"
#include "row_json.h"
#include "server.h"

/* status.c */
api_handler_fn api_healthz, api_own_metrics, api_status, api_whoami;
/* stacks.c */
api_handler_fn api_stack_list, api_stack_get, api_stack_put, api_stack_delete,
	api_stack_events, api_stack_versions, api_stack_rollback;
/* tiers.c */
api_handler_fn api_tier_list, api_tier_get, api_tier_patch;
/* tier_views.c */
api_handler_fn api_tier_explain, api_tier_decisions, api_tier_leads, api_tier_series,
	api_tier_forecast;
/* backtest.c */
api_handler_fn api_tier_backtest, api_tier_backtest_get;
/* replay.c */
api_handler_fn api_tier_replay, api_tier_replay_get;
/* promote.c */
api_handler_fn api_tier_promote;
/* history.c */
api_handler_fn api_tier_history;
/* holds.c */
api_handler_fn api_hold_list, api_hold_get, api_hold_post, api_hold_delete;
/* drills.c */
api_handler_fn api_drill_list, api_drill_get, api_drill_post;
/* hosts.c */
api_handler_fn api_pool_list, api_pool_get, api_host_list, api_host_get, api_host_drain;
/* launches.c */
api_handler_fn api_launch_list;
/* gates.c */
api_handler_fn api_gate_list;
/* profiles.c */
api_handler_fn api_profile_list, api_profile_get, api_profile_check;
/* units.c */
api_handler_fn api_unit_list, api_unit_get, api_services;
/* logs.c */
api_handler_fn api_unit_logs, api_agent_logs;
/* decisions.c */
api_handler_fn api_decision_list, api_decision_get;
api_handler_fn api_ledger_list;
api_handler_fn api_cost_list;
/* events.c */
api_handler_fn api_event_list;
/* event_stream.c */
api_handler_fn api_event_stream;
/* tokens.c */
api_handler_fn api_token_list, api_token_post, api_token_delete;
/* backup.c */
api_handler_fn api_backup;
/* metrics_push.c */
api_handler_fn api_metrics_post;
/* metrics.c */
api_handler_fn api_series_list, api_series_data, api_series_forget;
/* standby.c */
api_handler_fn api_standby_script, api_enrolment_get, api_assignment;
/* agent.c */
api_handler_fn api_join, api_agent_renew, api_agent_programs, api_agent_metrics,
	api_agent_binary, api_agent_portable, api_kv_handler;

#endif
