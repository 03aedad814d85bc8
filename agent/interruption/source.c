/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source.h"

#include "check.h"
#include "clock.h"
#include "text.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

static json_t *object(const char *body, size_t len)
{
	json_t *doc = NULL;

	return json_parse(body, len, "metadata", &doc, NULL) < 0 ? NULL : doc;
}

/* Of a word for people no more than what prints; "": there is none. */
static void copy(char *to, size_t size, const json_t *text)
{
	const char *from = json_is_string(text) ? json_string_value(text) : "";
	size_t n = 0;

	for (; *from && n < size - 1; from++)
		if (*from >= ' ' && *from < 127)
			to[n++] = *from;
	to[n] = '\0';
}

/* "Mon, 19 Sep 2026 18:29:47 GMT"; "": it is under way */
static void copy_date(char to[CLOCK_TEXT], const json_t *text)
{
	const char *from = json_is_string(text) ? json_string_value(text) : "";
	const time_t at = curl_getdate(from, NULL);

	if (at > 0)
		(void)clock_format((int64_t)at * 1000, to);
}

/* {"action":"terminate","time":"2026-09-18T08:22:00Z"}; 404 until there is one */
static void read_ec2_action(const char *body, size_t len, const char *kept,
			    struct interruption_notice *ret)
{
	CLEANUP(json_decref) json_t *doc = object(body, len);

	(void)kept;
	copy(ret->how, sizeof(ret->how), json_object_get(doc, "action"));
	copy(ret->at, sizeof(ret->at), json_object_get(doc, "time"));
}

/* {"noticeTime":"2026-10-27T08:22:00Z"}; 404 until there is one */
static void read_ec2_rebalance(const char *body, size_t len, const char *kept,
			       struct interruption_notice *ret)
{
	CLEANUP(json_decref) json_t *doc = object(body, len);

	(void)kept;
	if (json_object_get(doc, "noticeTime"))
		snprintf(ret->how, sizeof(ret->how), "rebalance");
}

/* TRUE or FALSE */
static void read_gce(const char *body, size_t len, const char *kept,
		     struct interruption_notice *ret)
{
	(void)kept;
	if (len >= 4 && strncasecmp(body, "TRUE", 4) == 0)
		snprintf(ret->how, sizeof(ret->how), "preempt");
}

static bool names(const json_t *list, const char *name)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one) if (json_is_string(one) &&
					     strcasecmp(json_string_value(one), name) ==
						     0) return true;
	return false;
}

static bool ends_host(const json_t *event)
{
	const char *type = json_string_value(json_object_get(event, "EventType"));

	return type && (strcmp(type, "Preempt") == 0 || strcmp(type, "Terminate") == 0);
}

/*
 * {"DocumentIncarnation":1,"Events":[{"EventType":"Preempt","Resources":["NAME"],
 * "NotBefore":"Mon, 19 Sep 2026 18:29:47 GMT",..}]}: of others of its set as well
 */
static void read_azure(const char *body, size_t len, const char *kept,
		       struct interruption_notice *ret)
{
	CLEANUP(json_decref) json_t *doc = object(body, len);
	const json_t *event;
	size_t i;

	json_array_foreach(json_object_get(doc, "Events"), i, event)
	{
		if (!ends_host(event) ||
		    !names(json_object_get(event, "Resources"), kept))
			continue;
		copy(ret->how, sizeof(ret->how), json_object_get(event, "EventType"));
		ret->how[0] = (char)tolower((unsigned char)ret->how[0]);
		copy_date(ret->at, json_object_get(event, "NotBefore"));
	}
}

static const struct source sources[] = {
	{
		.name = "ec2",
		.first_method = "PUT",
		.first_path = "/latest/api/token",
		.first_header = "X-aws-ec2-metadata-token-ttl-seconds: 21600",
		.kept_header = "X-aws-ec2-metadata-token",
		.questions = { { "/latest/meta-data/spot/instance-action",
				 read_ec2_action },
			       { "/latest/meta-data/events/recommendations/rebalance",
				 read_ec2_rebalance } },
	},
	{
		.name = "gce",
		.header = "Metadata-Flavor: Google",
		.questions = { { "/computeMetadata/v1/instance/preempted", read_gce } },
	},
	{
		.name = "azure",
		.header = "Metadata: true",
		.first_path = "/metadata/instance/compute/name"
			      "?api-version=2021-02-01&format=text",
		.questions = { { "/metadata/scheduledevents?api-version=2020-07-01",
				 read_azure } },
	},
};

const struct source *source_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		if (strcmp(sources[i].name, name) == 0)
			return &sources[i];
	return NULL;
}

bool source_keep(const char *body, size_t len, char ret[KEPT_MAX])
{
	while (len > 0 && isspace((unsigned char)body[len - 1]))
		len--;
	for (size_t i = 0; i < len; i++)
		if (body[i] <= ' ' || body[i] >= 127)
			return false;
	if (len == 0 || len >= KEPT_MAX)
		return false;
	memcpy(ret, body, len);
	ret[len] = '\0';
	return true;
}
