/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tier_settings.h - the [tier NAME] sections of a file in the syntax of stack.conf.
 */
#ifndef CLI_FILES_TIER_SETTINGS_H
#define CLI_FILES_TIER_SETTINGS_H

#include "cleanup.h"
#include "text.h"

struct tier_settings {
	const char *file; /* NULL: none */
	json_t *tiers;    /* {"web": {"max": "9", "schedule": [..]}} */
	char *stack;      /* named by a complete stack.conf; NULL: any */
};

/* file NULL: no settings. ERR_INVAL when it has no [tier NAME]. */
int tier_settings_read(const char *file, struct tier_settings *s,
		       struct err *err) MUST_CHECK;
void tier_settings_done(struct tier_settings *s);
DEFINE_CLEANUP_OBJECT(struct tier_settings, tier_settings_done);

/* The options of a tier, the settings' own; NULL: none. */
json_t *tier_settings_of(const struct tier_settings *s, const char *stack,
			 const char *tier);

#endif
