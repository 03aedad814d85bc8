/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "routes.h"

#include "handlers.h"

#include <string.h>

#define KB 1024u
#define MB (1024u * KB)

/* query: the parameters that it takes, by name. */
#define GET(pattern, role, handler, query)                                   \
	{                                                                    \
		"GET", pattern, role, API_NO_BODY, KB, handler, query, false \
	}
/* Reads and computes for a while. */
#define QUERY(pattern, handler, query)                                            \
	{                                                                         \
		"GET", pattern, API_VIEWER, API_NO_BODY, KB, handler, query, true \
	}
#define SEND(method, pattern, role, max, handler, query)                    \
	{                                                                   \
		method, pattern, role, API_JSON, max, handler, query, false \
	}
#define DELETE(pattern, role, handler, query)                                   \
	{                                                                       \
		"DELETE", pattern, role, API_NO_BODY, KB, handler, query, false \
	}
/* All are described in openapi.json; a test compares the two. */
const struct api_route api_routes[] = {
	GET("/healthz", API_ANYONE, api_healthz, ""),
	GET("/metrics", API_VIEWER, api_own_metrics, ""),
	GET("/v1/status", API_VIEWER, api_status, ""),
	GET("/v1/whoami", API_VIEWER, api_whoami, ""),

	GET("/v1/stacks", API_VIEWER, api_stack_list, "limit cursor"),
	GET("/v1/stacks/{stack}", API_VIEWER, api_stack_get, ""),
	SEND("PUT", "/v1/stacks/{stack}", API_OPERATOR, 4 * MB, api_stack_put,
	     "dry_run force"),
	DELETE("/v1/stacks/{stack}", API_OPERATOR, api_stack_delete, "dry_run force"),
	GET("/v1/stacks/{stack}/events", API_VIEWER, api_stack_events,
	    "tier limit cursor"),
	GET("/v1/stacks/{stack}/versions", API_VIEWER, api_stack_versions,
	    "limit cursor"),
	SEND("POST", "/v1/stacks/{stack}/rollback", API_OPERATOR, 64 * KB,
	     api_stack_rollback, "dry_run force"),

	GET("/v1/tiers", API_VIEWER, api_tier_list, "stack explanations limit cursor"),
	GET("/v1/tiers/{stack}/{tier}", API_VIEWER, api_tier_get, ""),
	SEND("PATCH", "/v1/tiers/{stack}/{tier}", API_OPERATOR, 64 * KB, api_tier_patch,
	     "dry_run force"),
	QUERY("/v1/tiers/{stack}/{tier}/explain", api_tier_explain, ""),
	GET("/v1/tiers/{stack}/{tier}/decisions", API_VIEWER, api_tier_decisions,
	    "since until explanations limit cursor"),
	GET("/v1/tiers/{stack}/{tier}/leads", API_VIEWER, api_tier_leads,
	    "since limit cursor"),
	QUERY("/v1/tiers/{stack}/{tier}/series", api_tier_series, "from to step"),
	QUERY("/v1/tiers/{stack}/{tier}/forecast", api_tier_forecast, "horizon"),
	{ "POST", "/v1/tiers/{stack}/{tier}/history", API_OPERATOR, API_TEXT, 64 * MB,
	  api_tier_history, "dry_run", true },
	SEND("POST", "/v1/tiers/{stack}/{tier}/backtest", API_OPERATOR, 64 * KB,
	     api_tier_backtest, ""),
	SEND("POST", "/v1/tiers/{stack}/{tier}/replay", API_OPERATOR, 64 * KB,
	     api_tier_replay, ""),
	GET("/v1/tiers/{stack}/{tier}/replay", API_VIEWER, api_tier_replay_get, ""),
	GET("/v1/tiers/{stack}/{tier}/backtest", API_VIEWER, api_tier_backtest_get, ""),
	SEND("POST", "/v1/tiers/{stack}/{tier}/promote", API_OPERATOR, 64 * KB,
	     api_tier_promote, "dry_run"),

	GET("/v1/holds", API_VIEWER, api_hold_list, "stack all limit cursor"),
	SEND("POST", "/v1/holds", API_OPERATOR, 64 * KB, api_hold_post, "dry_run"),
	GET("/v1/holds/{id}", API_VIEWER, api_hold_get, ""),
	DELETE("/v1/holds/{id}", API_OPERATOR, api_hold_delete, "dry_run"),

	GET("/v1/drills", API_VIEWER, api_drill_list, "stack limit cursor"),
	/* It stops the controller, which is of all stacks. */
	SEND("POST", "/v1/drills", API_ADMIN, 64 * KB, api_drill_post, "dry_run"),
	GET("/v1/drills/{id}", API_VIEWER, api_drill_get, ""),

	GET("/v1/pools", API_VIEWER, api_pool_list, "stack limit cursor"),
	GET("/v1/pools/{pool}", API_VIEWER, api_pool_get, ""),
	GET("/v1/launches", API_VIEWER, api_launch_list, "pool limit cursor"),
	GET("/v1/gates", API_VIEWER, api_gate_list, "limit cursor"),
	GET("/v1/profiles", API_VIEWER, api_profile_list, "limit cursor"),
	GET("/v1/profiles/{profile}", API_VIEWER, api_profile_get, ""),
	/* It costs calls of the account's. */
	SEND("POST", "/v1/profiles/{profile}/check", API_ADMIN, KB, api_profile_check,
	     ""),
	GET("/v1/hosts", API_VIEWER, api_host_list, "pool all limit cursor"),
	GET("/v1/hosts/{host}", API_VIEWER, api_host_get, ""),
	SEND("POST", "/v1/hosts/{host}/drain", API_OPERATOR, 64 * KB, api_host_drain,
	     "dry_run force"),
	GET("/v1/units", API_VIEWER, api_unit_list, "stack tier host limit cursor"),
	GET("/v1/units/{unit}", API_VIEWER, api_unit_get, ""),
	GET("/v1/units/{unit}/logs", API_VIEWER, api_unit_logs, "lines"),
	GET("/v1/services", API_VIEWER, api_services, "stack name host limit cursor"),

	QUERY("/v1/ledger", api_ledger_list, "stack tier month days format limit cursor"),
	QUERY("/v1/costs", api_cost_list, "stack days limit cursor"),
	GET("/v1/decisions", API_VIEWER, api_decision_list,
	    "stack tier since limit cursor"),
	GET("/v1/decisions/{id}", API_VIEWER, api_decision_get, ""),
	GET("/v1/events", API_VIEWER, api_event_list,
	    "since stack tier host kind limit cursor"),
	GET("/v1/events/stream", API_VIEWER, api_event_stream, "since"),

	GET("/v1/tokens", API_ADMIN, api_token_list, "limit cursor"),
	SEND("POST", "/v1/tokens", API_ADMIN, 64 * KB, api_token_post, "dry_run"),
	DELETE("/v1/tokens/{id}", API_ADMIN, api_token_delete, "dry_run"),

	GET("/v1/enrolments/{kind}/{name}", API_ADMIN, api_enrolment_get, ""),

	GET("/v1/backup", API_ADMIN, api_backup, ""),

	{ "POST", "/v1/metrics", API_OPERATOR, API_TEXT, 8 * MB, api_metrics_post,
	  "stack tier dry_run", false },
	QUERY("/v1/series", api_series_list, "match limit cursor"),
	QUERY("/v1/series/data", api_series_data, "expr from to step"),
	SEND("POST", "/v1/series/forget", API_OPERATOR, 64 * KB, api_series_forget,
	     "dry_run"),

	SEND("POST", "/v1/join", API_ANYONE, 64 * KB, api_join, ""),
	SEND("POST", "/v1/agent/renew", API_HOST, 64 * KB, api_agent_renew, ""),
	SEND("POST", "/v1/agent/programs", API_HOST, 64 * KB, api_agent_programs, ""),
	/* Twice what an agent puts into one. */
	SEND("POST", "/v1/agent/metrics", API_HOST, 2 * MB, api_agent_metrics, ""),
	SEND("POST", "/v1/agent/logs", API_HOST, 2 * MB, api_agent_logs, ""),
	GET("/v1/agent/binary", API_ANYONE, api_agent_binary, ""),
	GET("/v1/agent/standby", API_ANYONE, api_standby_script, ""),
	SEND("POST", "/v1/agent/assignment", API_ANYONE, 4 * KB, api_assignment, ""),
	GET("/v1/agent/portable", API_ANYONE, api_agent_portable, ""),
	{ NULL, NULL, API_ANYONE, API_NO_BODY, 0, NULL, NULL, false },
};

const struct api_route api_kv_route = { "POST", "/v3/",         API_HOST, API_OPAQUE,
					4 * MB, api_kv_handler, NULL,     false };

/* Matches the complete path; arguments are never empty. */
static bool matches(const char *pattern, const char *path,
		    char args[API_ARGS_MAX][API_ARG_MAX])
{
	size_t n = 0;

	while (*pattern) {
		size_t len;

		if (*pattern != '{') {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		len = strcspn(path, "/");
		if (len == 0 || len >= API_ARG_MAX || n == API_ARGS_MAX)
			return false;
		memcpy(args[n], path, len);
		args[n++][len] = '\0';
		path += len;
		pattern += strcspn(pattern, "}") + 1;
	}
	return *path == '\0';
}

const struct api_route *api_route_find(const char *method, const char *path,
				       char args[API_ARGS_MAX][API_ARG_MAX],
				       char ret_allow[64])
{
	const struct api_route *found = NULL;
	size_t used = 0;

	*ret_allow = '\0';
	for (const struct api_route *r = api_routes; r->method; r++) {
		char mine[API_ARGS_MAX][API_ARG_MAX] = { "" };

		if (!matches(r->pattern, path, mine))
			continue;
		if (strcmp(r->method, method) == 0) {
			memcpy(args, mine, sizeof(mine));
			found = r;
			break;
		}
		if (!strstr(ret_allow, r->method))
			used += (size_t)snprintf(
				ret_allow + used, 64 - used, "%s%s%s", used ? ", " : "",
				r->method, strcmp(r->method, "GET") == 0 ? ", HEAD" : "");
	}
	return found;
}
