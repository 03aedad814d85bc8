/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jobs.h"

#include "call.h"
#include "check.h"
#include "list.h"
#include "log.h"
#include "state.h"
#include "unit_file.h"

#include <string.h>

static void job_failed(struct sysd *s, const char *name, const sd_bus_error *e)
{
	struct sd_unit *u = sysd_find(s, name);

	log_warn("systemd-refused", STR("unit", name), STR("error", e->message));
	if (!u)
		return;
	sysd_set_message(u, e->message);
	s->on_change(s->arg, name);
}

static int on_job(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	struct call *c = arg;

	(void)error;
	CHECK_MAGIC(c->s, SYSTEMD_MAGIC);
	if (sd_bus_message_is_method_error(m, NULL))
		job_failed(c->s, c->name, sd_bus_message_get_error(m));
	sysd_list_all(c->s);
	return 0;
}

void sysd_job(const struct sd_unit *u, const char *method)
{
	struct call *c = sysd_call_new(u);
	sd_bus_slot *slot = NULL;
	int r = sd_bus_call_method_async(u->s->bus, &slot, SD_NAME, SD_PATH, SD_MANAGER,
					 method, on_job, c, "ss", u->name, "replace");

	sysd_call_hand_over(c, slot, r);
}

static int on_reloaded(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	struct sysd *s = arg;

	(void)error;
	CHECK_MAGIC(s, SYSTEMD_MAGIC);
	if (sd_bus_message_is_method_error(m, NULL))
		log_warn("systemd-not-reloaded",
			 STR("error", sd_bus_message_get_error(m)->message));
	s->reloading = false;
	for (struct sd_unit *u = s->units; u; u = u->next)
		u->ready = u->ready || !u->text;
	sysd_list_all(s);
	loop_timer_in(s->work, 0);
	return 0;
}

static void reload(struct sysd *s)
{
	int r = sd_bus_call_method_async(s->bus, NULL, SD_NAME, SD_PATH, SD_MANAGER,
					 "Reload", on_reloaded, s, NULL);

	s->reload_again = false;
	s->reloading = r >= 0;
	if (r < 0)
		sysd_call_failed(r);
}

static void remove_unit(struct sysd *s, struct sd_unit *u)
{
	CLEANUP(free) char *name = xstrdup(u->name);

	sysd_file_remove(u);
	(void)sd_bus_call_method_async(s->bus, NULL, SD_NAME, SD_PATH, SD_MANAGER,
				       "ResetFailedUnit", NULL, NULL, "s", name);
	sysd_remove(s, u);
	s->on_change(s->arg, name);
	s->reload_again = true;
}

static void write_text(struct sysd *s, struct sd_unit *u)
{
	struct err e;

	if (sysd_file_write(u, &e) < 0) {
		log_warn("unit-not-written", STR("unit", u->name), ERR(&e));
		sysd_set_message(u, e.msg);
		snprintf(u->load, sizeof(u->load), "error");
		s->on_change(s->arg, u->name);
	}
	free(TAKE(u->text));
	u->ready = false;
	s->reload_again = true;
}

/* What this unit needs next; it may be freed afterwards. */
static void work_on(struct sysd *s, struct sd_unit *u)
{
	if (!u->asked && !u->run && u->ready) {
		u->asked = true;
		if (!sysd_is_stopped(u))
			sysd_job(u, "StopUnit");
	}
	if (u->dropping && sysd_is_stopped(u)) {
		remove_unit(s, u);
		return;
	}
	if (u->next_text && sysd_is_stopped(u)) {
		free(u->hash);
		free(u->text);
		u->hash = TAKE(u->next_hash);
		u->text = TAKE(u->next_text);
		u->restarts = 0;
		sysd_set_message(u, NULL);
		u->asked = false;
	}
	if (u->text)
		write_text(s, u);
	if (!u->asked && u->run && u->ready && !u->next_text) {
		u->asked = true;
		sysd_job(u, "StartUnit");
	}
}

void sysd_work(struct sysd *s)
{
	if (s->reloading)
		return;
	for (struct sd_unit *u = s->units, *next; u; u = next) {
		next = u->next;
		work_on(s, u);
	}
	if (s->reload_again)
		reload(s);
	loop_timer_in(s->timer, 0); /* so that the calls are sent */
}
