/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lookupIP and lookupSRV of templates, from the records in memory. */
#include "check.h"
#include "resolve.h"
#include "server.h"
#include "srv.h"

#include <arpa/inet.h>
#include <string.h>

struct ip_visit {
	template_ip_fn *fn;
	void *arg;
};

static void on_address(void *arg, const struct dns_record *r)
{
	const struct ip_visit *v = arg;
	char text[INET6_ADDRSTRLEN];

	v->fn(v->arg, inet_ntop(r->family == 4 ? AF_INET : AF_INET6, r->addr, text,
				sizeof(text)));
}

static int our_path(const struct dns *d, const char *name, char path[DNS_PATH_MAX],
		    struct err *err)
{
	if (!dns_path_from_name(name, path) || !dns_zone_domain(d->zone, path))
		return err_set(err, ERR_INVAL, "'%s' is not a name under the domain",
			       name);
	return 0;
}

int dns_lookup_ip(void *arg, const char *name, int family, template_ip_fn *fn,
		  void *fn_arg, struct err *err)
{
	const struct dns *d = arg;
	struct ip_visit v = { .fn = fn, .arg = fn_arg };
	char path[DNS_PATH_MAX];
	int rc = our_path(d, name, path, err);

	if (rc == 0)
		dns_each_address(d->zone, path, family, on_address, &v);
	return rc;
}

int dns_lookup_srv(void *arg, const char *name, template_srv_fn *fn, void *fn_arg,
		   struct err *err)
{
	const struct dns *d = arg;
	const struct dns_record *all[RECORDS_MAX];
	char path[DNS_PATH_MAX], target[DNS_PATH_MAX];
	int rc = our_path(d, name, path, err);
	size_t n;

	if (rc < 0)
		return rc;
	n = dns_zone_find(d->zone, path, all, RECORDS_MAX, 0);
	for (size_t i = 0; i < n; i++) {
		struct template_srv srv = { .target = target,
					    .port = all[i]->port,
					    .priority = all[i]->priority,
					    .weight = dns_srv_weight(all, n, all[i]) };

		if (!all[i]->family && !all[i]->host)
			continue;
		if (all[i]->host)
			snprintf(target, sizeof(target), "%s", all[i]->host);
		else
			dns_name_from_path(all[i]->path, all[i]->target_strip, target);
		fn(fn_arg, &srv);
	}
	return 0;
}
