/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state.h"

#include "call.h"
#include "check.h"
#include "clock.h"
#include "list.h"
#include "log.h"

#include <string.h>

static void take_state(struct sd_unit *u, const char *active, const char *sub,
		       const char *load)
{
	bool same = (!active || strcmp(u->active, active) == 0) &&
		    (!sub || strcmp(u->sub, sub) == 0) &&
		    (!load || strcmp(u->load, load) == 0);

	if (same)
		return;
	if (active)
		snprintf(u->active, sizeof(u->active), "%s", active);
	if (sub)
		snprintf(u->sub, sizeof(u->sub), "%s", sub);
	if (load)
		snprintf(u->load, sizeof(u->load), "%s", load);
	u->since_ms = clock_now_ms();
	u->s->on_change(u->s->arg, u->name);
	loop_timer_in(u->s->work, 0);
}

struct changes {
	const char *active, *sub, *load, *result;
	uint32_t main_pid, restarts;
	bool has_main_pid, has_restarts;
};

static int read_property(sd_bus_message *m, const char *name, struct changes *c)
{
	const struct {
		const char *name;
		const char **place;
	} strings[] = { { "ActiveState", &c->active },
			{ "SubState", &c->sub },
			{ "LoadState", &c->load },
			{ "Result", &c->result } };

	for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
		if (strcmp(strings[i].name, name) == 0)
			return sd_bus_message_read(m, "v", "s", strings[i].place);
	if (strcmp(name, "MainPID") == 0) {
		c->has_main_pid = true;
		return sd_bus_message_read(m, "v", "u", &c->main_pid);
	}
	if (strcmp(name, "NRestarts") == 0) {
		c->has_restarts = true;
		return sd_bus_message_read(m, "v", "u", &c->restarts);
	}
	return sd_bus_message_skip(m, "v");
}

/* a{sv} */
static int read_changes(sd_bus_message *m, struct changes *c)
{
	const char *name;
	int r = sd_bus_message_enter_container(m, 'a', "{sv}");

	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = sd_bus_message_read(m, "s", &name);
		if (r >= 0)
			r = read_property(m, name, c);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	return r;
}

static void apply_changes(struct sd_unit *u, const struct changes *c)
{
	if (c->has_main_pid)
		u->main_pid = (pid_t)c->main_pid;
	if (c->has_restarts)
		u->restarts = c->restarts;
	if (c->result && strcmp(c->result, "success") != 0)
		sysd_set_message(u, c->result);
	else if (c->result)
		sysd_set_message(u, NULL);
	take_state(u, c->active, c->sub, c->load);
}

int sysd_on_properties(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	struct sysd *s = arg;
	struct changes c = { 0 };
	CLEANUP(free) char *name = NULL;
	const char *interface;
	struct sd_unit *u;

	(void)error;
	CHECK_MAGIC(s, SYSTEMD_MAGIC);
	if (sd_bus_path_decode(sd_bus_message_get_path(m), SD_PATH "/unit", &name) <= 0 ||
	    !(u = sysd_find(s, name)) || sd_bus_message_read(m, "s", &interface) < 0)
		return 0;
	if (read_changes(m, &c) >= 0)
		apply_changes(u, &c);
	return 0;
}

static int on_listed(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	struct sysd *s = arg;
	const char *name, *load, *active, *sub;
	int r = sd_bus_message_enter_container(m, 'a', "(ssssssouso)");

	(void)error;
	while (r >= 0 &&
	       (r = sd_bus_message_read(m, "(ssssssouso)", &name, NULL, &load, &active,
					&sub, NULL, NULL, NULL, NULL, NULL)) > 0) {
		struct sd_unit *u = sysd_find(s, name);

		if (u)
			take_state(u, active, sub, load);
	}
	loop_timer_in(s->work, 0);
	return 0;
}

void sysd_list_all(struct sysd *s)
{
	sd_bus_message *m = NULL;
	int r = sd_bus_message_new_method_call(s->bus, &m, SD_NAME, SD_PATH, SD_MANAGER,
					       "ListUnitsByNames");

	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "s");
	for (const struct sd_unit *u = s->units; u && r >= 0; u = u->next)
		r = sd_bus_message_append(m, "s", u->name);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	if (r >= 0)
		r = sd_bus_call_async(s->bus, NULL, m, on_listed, s, 0);
	if (r < 0)
		sysd_call_failed(r);
	sd_bus_message_unref(m);
}

static int on_main_pid(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	struct call *c = arg;
	struct sd_unit *u = sysd_find(c->s, c->name);
	uint32_t pid;

	(void)error;
	if (u && sd_bus_message_read(m, "v", "u", &pid) >= 0)
		u->main_pid = (pid_t)pid;
	return 0;
}

void sysd_ask_main_pid(const struct sd_unit *u)
{
	CLEANUP(free) char *path = NULL;
	struct call *c = sysd_call_new(u);
	sd_bus_slot *slot = NULL;
	int r = sd_bus_path_encode(SD_PATH "/unit", u->name, &path);

	if (r >= 0)
		r = sd_bus_call_method_async(u->s->bus, &slot, SD_NAME, path,
					     "org.freedesktop.DBus.Properties", "Get",
					     on_main_pid, c, "ss", SD_NAME ".Service",
					     "MainPID");
	sysd_call_hand_over(c, slot, r);
}
