/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * registration.h - the keys and values of registrations, as SkyDNS reads them: agents
 * write them, the controller knows who may. Pure.
 */
#ifndef FLEET_ADAPTER_REGISTRATION_REGISTRATION_H
#define FLEET_ADAPTER_REGISTRATION_REGISTRATION_H

/* "/skydns/local/foretide/wordpress/web/web-3-8080", and of lb.service, which is no
 * template's instance, ".../lb/lb-HOST-80"; the caller frees. */
char *registration_key(const char *domain, const char *stack, const char *service,
		       const char *unit, const char *host, int port);
/* The host itself: "/skydns/local/foretide/hosts/web-0a1b2c3d"; the caller frees. */
char *registration_host_key(const char *domain, const char *host);
/* What the keys of all hosts and services begin with: "/skydns/local/foretide/"; the
 * caller frees. */
char *registration_root(const char *domain);
/* {"host":"10.90.0.7","port":8080}; port, priority and weight only when not 0. */
char *registration_value(const char *address, int port, int priority, int weight);

#endif
