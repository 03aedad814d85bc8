/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phase.h"

#include "check.h"

static const struct {
	const char *active, *sub;
} phases[PHASE_N] = {
	[PHASE_DEAD] = { "inactive", "dead" },
	[PHASE_WAITING] = { "activating", "waiting" },
	[PHASE_START_PRE] = { "activating", "start-pre" },
	[PHASE_START] = { "activating", "start" },
	[PHASE_START_POST] = { "activating", "start-post" },
	[PHASE_RUNNING] = { "active", "running" },
	[PHASE_EXITED] = { "active", "exited" },
	[PHASE_RELOAD] = { "reloading", "reload" },
	[PHASE_STOP] = { "deactivating", "stop" },
	[PHASE_STOP_SIGTERM] = { "deactivating", "stop-sigterm" },
	[PHASE_STOP_SIGKILL] = { "deactivating", "stop-sigkill" },
	[PHASE_STOP_POST] = { "deactivating", "stop-post" },
	[PHASE_FAILED] = { "failed", "failed" },
	[PHASE_AUTO_RESTART] = { "activating", "auto-restart" },
};

const char *phase_active(enum phase p)
{
	return phases[p].active;
}

const char *phase_sub(enum phase p)
{
	return phases[p].sub;
}

bool phase_is_idle(enum phase p)
{
	return p == PHASE_DEAD || p == PHASE_FAILED;
}

bool phase_is_up(enum phase p)
{
	return p == PHASE_RUNNING || p == PHASE_EXITED || p == PHASE_RELOAD;
}

bool phase_is_coming_up(enum phase p)
{
	return p >= PHASE_WAITING && p <= PHASE_START_POST;
}

bool phase_is_going_down(enum phase p)
{
	return p >= PHASE_STOP && p <= PHASE_STOP_POST;
}

enum phase phase_after(enum phase p)
{
	switch ((int)p) {
	case PHASE_START_PRE:
		return PHASE_START;
	case PHASE_START:
		return PHASE_START_POST;
	case PHASE_START_POST:
	case PHASE_RELOAD:
		return PHASE_RUNNING;
	case PHASE_STOP:
		return PHASE_STOP_SIGTERM;
	default:
		CHECK(p == PHASE_STOP_POST);
		return PHASE_DEAD;
	}
}

enum phase phase_after_failure(enum phase p)
{
	switch ((int)p) {
	case PHASE_START_POST:
		return PHASE_STOP;
	case PHASE_RELOAD:
		return PHASE_RUNNING;
	case PHASE_STOP_POST:
		return PHASE_DEAD;
	default:
		return PHASE_STOP_SIGTERM;
	}
}
