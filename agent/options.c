/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "options.h"

#include "check.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

#define AT(member) offsetof(struct agent_conf, member)
#define ON(section, member, what)                                                  \
	{                                                                          \
		section, "enabled", CONF_BOOL, AT(member), "yes", 0, 0, NULL, what \
	}

const struct conf_option agent_conf_table[] = {
	{ "agent", "id", CONF_STRING, AT(id), NULL, 0, 0, NULL,
	  "This host's id, as the controller gave it" },
	{ "agent", "controller", CONF_STRING, AT(controller), NULL, 0, 0, NULL,
	  "https://HOST:PORT of the controller's listener for hosts" },
	{ "agent", "ca", CONF_STRING, AT(ca), "/etc/foretide/ca.pem", 0, 0, NULL,
	  "The only authority whose certificates are trusted" },
	{ "agent", "token", CONF_STRING, AT(token), NULL, 0, 0, NULL,
	  "The join token; it works once" },
	{ "agent", "state_dir", CONF_STRING, AT(state_dir), "/var/lib/foretide-agent", 0,
	  0, NULL, "Key, certificate, schedule, unit states and logs" },
	{ "agent", "pool", CONF_STRING, AT(pool), "", 0, 0, NULL, "The host's pool" },
	{ "agent", "address", CONF_STRING, AT(address), NULL, 0, 0, NULL,
	  "The host's address; default: that from which it reaches the controller" },
	{ "agent", "metadata", CONF_STRING, AT(metadata), "", 0, 0, NULL,
	  "NAME=VALUE,... for MachineMetadata of units" },
	{ "agent", "log_level", CONF_STRING, AT(log_level), "info", 0, 0,
	  "debug|info|warn|error", "Events below it are not logged" },
	{ "agent", "time_scale", CONF_NUMBER, AT(time_scale), "1", 1, 10000, NULL,
	  "How much faster than the wall clock calendar time runs" },
	{ "agent", "time_epoch_ms", CONF_INT, AT(time_epoch_ms), "0", 0, 0, NULL,
	  "Unix time in ms from which it does" },
	ON("units", units_on, "Run units"),
	{ "units", "backend", CONF_STRING, AT(units_backend), "auto", 0, 0,
	  "auto|own|systemd", "What runs them; auto: systemd where it is PID 1" },
	{ "units", "cgroup", CONF_STRING, AT(units_cgroup), "foretide", 0, 0, NULL,
	  "Name of the group for the units' cgroups below our own; empty: none" },
	{ "units", "log_max_bytes", CONF_INT, AT(log_max_bytes), "1048576", 65536, 1e10,
	  NULL, "Size of a unit's log file; one rotated file is kept" },
	ON("registrator", registrator_on, "Check and register services of units"),
	ON("metrics", metrics_on, "Read and push metrics"),
	{ "metrics", "interval", CONF_DURATION, AT(metrics_interval_ms), "0", 0, 0, NULL,
	  "Calendar time between two readings; 0: as the controller specifies" },
	{ "metrics", "queue_bytes", CONF_INT, AT(metrics_queue_bytes), "2097152", 65536,
	  1e9, NULL, "Samples kept while the controller is unreachable" },
	{ "store", "keep_vanished", CONF_DURATION, AT(keep_vanished_ms), "5m", 0, 86400e3,
	  NULL,
	  "How long records of a service stay in use that vanish together; 0: not at "
	  "all" },
	{ "interruption", "source", CONF_STRING, AT(interruption_source), "none", 0, 0,
	  "none|ec2|gce|azure",
	  "Whose metadata service says that the cloud takes this host back" },
	{ "interruption", "url", CONF_STRING, AT(interruption_url),
	  "http://169.254.169.254", 0, 0, NULL, "That service" },
	{ "interruption", "interval", CONF_DURATION, AT(interruption_ms), "5s", 100,
	  60000, NULL, "Real time between two requests" },
	ON("confd", confd_on, "Render files from the store's keys"),
	{ "confd", "folder", CONF_STRING, AT(confd_folder), "/etc/confd", 0, 0, NULL,
	  "Local template resources; those of tiers come from the store" },
	ON("dns", dns_on, "Answer DNS queries"),
	{ "dns", "listen", CONF_STRING, AT(dns_listen), "127.0.0.1:53", 0, 0, NULL,
	  "Address and port of the name server" },
	{ "dns", "domain", CONF_STRING, AT(dns_domain), NULL, 0, 0, NULL,
	  "Domain of services; default: as the controller specifies" },
	{ "dns", "forward", CONF_STRING, AT(dns_forward), NULL, 0, 0, NULL,
	  "Name servers for other names; default: those of /etc/resolv.conf" },
	ON("etcd_proxy", proxy_on, "Serve etcd's port to programs of this host"),
	{ "etcd_proxy", "listen", CONF_STRING, AT(proxy_listen), "127.0.0.1:2379", 0, 0,
	  NULL, "Address and port of the proxy" },
	{ "etcd_proxy", "cert", CONF_STRING, AT(proxy_cert), "", 0, 0, NULL,
	  "Certificate of programs for an external etcd" },
	{ "etcd_proxy", "key", CONF_STRING, AT(proxy_key), "", 0, 0, NULL,
	  "Its private key" },
	{ .name = NULL },
};

static bool is_id(const char *s)
{
	size_t n = 0;

	for (; s[n]; n++)
		if (!islower((unsigned char)s[n]) && !isdigit((unsigned char)s[n]) &&
		    s[n] != '-')
			return false;
	return n > 0 && n < 64;
}

int agent_conf_check(const struct agent_conf *c, struct err *err)
{
	if (!c->id || !is_id(c->id))
		return err_set(err, ERR_INVAL,
			       "[agent] id is missing or has characters other than "
			       "a-z, 0-9 and -");
	if (!c->controller || strncmp(c->controller, "https://", 8) != 0)
		return err_set(err, ERR_INVAL, "[agent] controller must be https://...");
	if (c->controller[strlen(c->controller) - 1] == '/')
		return err_set(err, ERR_INVAL, "[agent] controller must not end in /");
	if (strncmp(c->interruption_url, "http://", 7) != 0 ||
	    c->interruption_url[strlen(c->interruption_url) - 1] == '/')
		return err_set(err, ERR_INVAL,
			       "[interruption] url must be http://HOST, without a / at "
			       "its end");
	if (access(c->ca, R_OK) < 0)
		return err_errno(err, ERR_INVAL, "[agent] ca: %s", c->ca);
	return 0;
}
