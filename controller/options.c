/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "options.h"

#include "check.h"
#include "cleanup.h"
#include "file.h"
#include "money.h"

#include <string.h>

#define FILE_MAX_BYTES (1 << 20)
#define S 1e3
#define DAY (86400 * S)
#define AT(member) offsetof(struct options, member)

const struct conf_option options_table[] = {
	{ "controller", "state_dir", CONF_STRING, AT(state_dir), "/var/lib/foretide", 0,
	  0, NULL, "Folder of the database, the keys and the drivers' state" },
	{ "controller", "listen", CONF_STRING, AT(listen), "127.0.0.1:7070", 0, 0, NULL,
	  "Address of the API and the dashboard, plain HTTP; loopback only, unless "
	  "insecure_listen is set" },
	{ "controller", "host_listen", CONF_STRING, AT(host_listen), "0.0.0.0:7071", 0, 0,
	  NULL,
	  "Address for hosts and remote users, TLS; [::]:7071 is for IPv4 and IPv6" },
	{ "controller", "advertise", CONF_STRING, AT(advertise), NULL, 0, 0, NULL,
	  "URL at which hosts reach host_listen, such as https://10.0.0.1:7071" },
	{ "controller", "names", CONF_STRING, AT(names), "", 0, 0, NULL,
	  "Names, separated by commas, by which a proxy before a loopback listen is "
	  "called "
	  "and that it passes on as Host" },
	{ "controller", "insecure_listen", CONF_BOOL, AT(insecure_listen), "no", 0, 0,
	  NULL, "Allow plain HTTP on an address that is not loopback" },
	{ "controller", "tick", CONF_DURATION, AT(tick_ms), "10s", 100, 3600 * S, NULL,
	  "Interval between decisions" },
	{ "controller", "time_scale", CONF_NUMBER, AT(time_scale), "1", 1, 10000, NULL,
	  "Factor by which time runs faster than the clock, for demonstrations" },
	{ "controller", "log_level", CONF_STRING, AT(log_level), "info", 0, 0,
	  "debug|info|warn|error", "Events below this are not logged" },
	{ "controller", "web_root", CONF_STRING, AT(web_root), NULL, 0, 0, NULL,
	  "Folder of dashboard files to serve in place of the built-in ones" },
	{ "controller", "drivers_dir", CONF_STRING, AT(drivers_dir),
	  FORETIDE_LIBDIR "/drivers", 0, 0, NULL, "Folder of the cloud drivers" },
	{ "controller", "agent", CONF_STRING, AT(agent),
	  FORETIDE_SBINDIR "/foretide-agent", 0, 0, NULL,
	  "Agent program that new hosts download" },
	{ "controller", "credentials", CONF_STRING, AT(credentials),
	  "/etc/foretide/credentials", 0, 0, NULL,
	  "File of cloud credentials, one section per profile, mode 0600" },
	{ "controller", "domain", CONF_STRING, AT(domain), "foretide.local", 0, 0, NULL,
	  "DNS domain of hosts, and of stacks without one" },
	{ "controller", "metrics_interval", CONF_DURATION, AT(metrics_interval_ms), "10s",
	  100, 3600 * S, NULL, "Interval between measurements of agents" },
	{ "controller", "join_timeout", CONF_DURATION, AT(join_timeout_ms), "20m", 10 * S,
	  DAY, NULL, "A host whose agent has not joined by then is terminated" },
	{ "controller", "host_grace", CONF_DURATION, AT(host_grace_ms), "3s", 0, 3600 * S,
	  NULL,
	  "Real time after the end of a host's lease until it is unknown, and its units "
	  "are replaced" },
	{ "controller", "host_lost_after", CONF_DURATION, AT(host_lost_after_ms), "5m",
	  1 * S, 31 * DAY, NULL,
	  "Real time for which an unknown host must not have been heard before it is "
	  "ended for it; lost_after of its pool overrides it" },
	{ "controller", "restore_grace", CONF_DURATION, AT(restore_grace_ms), "30m", 0,
	  7 * DAY, NULL, "After a restore no host is ended for so long" },
	{ "store", "url", CONF_STRING, AT(store_url), NULL, 0, 0, NULL,
	  "etcd members, https://a:2379,https://b:2379; empty: the built-in store" },
	{ "store", "ca", CONF_STRING, AT(store_ca), NULL, 0, 0, NULL,
	  "Certificates to trust for etcd" },
	{ "store", "cert", CONF_STRING, AT(store_cert), NULL, 0, 0, NULL,
	  "Client certificate for etcd" },
	{ "store", "key", CONF_STRING, AT(store_key), NULL, 0, 0, NULL,
	  "Key of the client certificate for etcd" },
	{ "store", "user", CONF_STRING, AT(store_user), NULL, 0, 0, NULL,
	  "User of the controller at an etcd with users, with the role root; empty: "
	  "none" },
	{ "store", "password_file", CONF_STRING, AT(store_password_file), NULL, 0, 0,
	  NULL, "File with the password of user, mode 0600" },
	{ "store", "auth", CONF_BOOL, AT(store_auth), "no", 0, 0, NULL,
	  "Give an etcd without users the user root, and let it ask for users from then "
	  "on" },
	{ "metrics", "raw_retention", CONF_DURATION, AT(raw_retention_ms), "2d", 3600 * S,
	  400 * DAY, NULL, "How long raw samples are kept" },
	{ "metrics", "retention_5m", CONF_DURATION, AT(retention_5m_ms), "30d", 3600 * S,
	  400 * DAY, NULL, "How long roll-ups of 5 minutes are kept" },
	{ "metrics", "retention_1h", CONF_DURATION, AT(retention_1h_ms), "400d", 3600 * S,
	  4000 * DAY, NULL, "How long roll-ups of an hour are kept" },
	{ "metrics", "prometheus_hosts", CONF_STRING, AT(prometheus_hosts), NULL, 0, 0,
	  NULL,
	  "Prometheus servers that demands may ask, host or host:port, separated by "
	  "commas; empty: any but this machine and link-local addresses" },
	{ "limits", "terminations_per_hour", CONF_INT, AT(terminations_per_hour), "0", 0,
	  1e6, NULL,
	  "Hosts of one pool that may be terminated within an hour; 0: a fifth of its "
	  "hosts, at least 30" },
	{ "limits", "terminations_per_hour_total", CONF_INT,
	  AT(terminations_per_hour_total), "0", 0, 1e6, NULL,
	  "Hosts of all pools that may be terminated within an hour; 0: a fifth of all "
	  "hosts, at least 60" },
	{ "limits", "launches_per_hour", CONF_INT, AT(launches_per_hour), "0", 0, 1e6,
	  NULL,
	  "Hosts of one pool that may be launched within an hour; 0: twice its maximum, "
	  "at least 30" },
	{ "limits", "launches_per_hour_total", CONF_INT, AT(launches_per_hour_total), "0",
	  0, 1e6, NULL,
	  "Hosts of all pools that may be launched within an hour; 0: the sum of their "
	  "maxima, at least 100" },
	{ "limits", "unknown_vm_grace", CONF_DURATION, AT(unknown_vm_grace_ms), "10m", 0,
	  30 * DAY, NULL,
	  "A VM of ours that no record knows and that does not serve is terminated after "
	  "that time" },
	{ "limits", "query_time", CONF_DURATION, AT(query_ms), "10s", 100, 600 * S, NULL,
	  "Real time that a request which reads may take" },
	{ "limits", "query_samples", CONF_INT, AT(query_samples), "50000000", 1000, 1e12,
	  NULL, "Samples that one request may read" },
	{ "limits", "queries_at_once", CONF_INT, AT(queries_at_once), "2", 1, 5, NULL,
	  "Queries that are evaluated at once, one of each caller; others wait" },
	{ NULL, NULL, CONF_STRING, 0, NULL, 0, 0, NULL, NULL },
};

/* Whether it is a section KIND NAME; then *section is its name. */
static bool is_of(const char *kind, const char **section)
{
	const size_t n = strlen(kind);

	if (strncmp(*section, kind, n) != 0 || (*section)[n] != ' ')
		return false;
	*section += n + 1;
	return true;
}

static void set_in(json_t *sections, const char *section, const char *name,
		   const char *value)
{
	json_t *own = json_object_get(sections, section);

	if (!own) {
		own = json_object();
		json_object_set_new(sections, section, own);
	}
	json_object_set_new(own, name, json_string(value));
}

static int set_price(struct options *o, const char *section, const char *type,
		     const char *value, struct err *err)
{
	struct price p;
	int rc = price_parse(value, &p, err);

	if (rc < 0)
		return err_wrap(err, rc, "[prices %s] %s", section, type);
	set_in(o->prices, section, type, value);
	return 0;
}

static int on_pair(void *arg, const char *section, const char *name, const char *value,
		   int line, struct err *err)
{
	struct options *o = arg;

	(void)line;
	if (is_of("prices", &section))
		return set_price(o, section, name, value, err);
	if (!is_of("driver", &section))
		return conf_set(options_table, o, section, name, value, err);
	set_in(o->drivers, section, name, value);
	return 0;
}

int options_load(struct options *o, const char *path, struct err *err)
{
	CLEANUP(free) char *text = NULL;
	int rc;

	*o = (struct options){ .drivers = json_object(), .prices = json_object() };
	conf_defaults(options_table, o);
	if (!path)
		return 0;
	rc = conf_read_file(path, FILE_MAX_BYTES, &text, NULL, err);
	return rc < 0 ? rc : conf_each(text, path, on_pair, o, err);
}

int options_set(struct options *o, const char *name, const char *value, struct err *err)
{
	const char *dot = strrchr(name, '.');
	CLEANUP(free) char *section = NULL;

	if (!dot)
		return err_set(err, ERR_INVAL,
			       "'%s' is not an option: write --section.name=value", name);
	section = xstrndup(name, (size_t)(dot - name));
	return on_pair(o, section, dot + 1, value, 0, err);
}

int options_check_files(const struct options *o, struct err *err)
{
	const char *const files[] = { o->store_ca, o->store_cert, o->store_key };
	int rc = 0;

	for (size_t i = 0; rc == 0 && o->store_url && i < ARRAY_SIZE(files); i++)
		if (files[i] && *files[i])
			rc = file_check_readable(files[i], err);
	return rc < 0 ? err_wrap(err, rc, "[store]") : 0;
}

void options_done(struct options *o)
{
	conf_done(options_table, o);
	json_decref(o->drivers);
	json_decref(o->prices);
}
