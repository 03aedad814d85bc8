/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keys.h - the keys and values of registrations, as SkyDNS reads them. Pure.
 */
#ifndef AGENT_REGISTRATOR_KEYS_H
#define AGENT_REGISTRATOR_KEYS_H

/* "/skydns/local/foretide/wordpress/web/web-3-8080", and of lb.service, which is no
 * template's instance, ".../lb/lb-HOST-80"; the caller frees. */
char *registrator_key(const char *domain, const char *stack, const char *service,
		      const char *unit, const char *host, int port);
/* The host itself: "/skydns/local/foretide/hosts/web-0a1b2c3d"; the caller frees. */
char *registrator_host_key(const char *domain, const char *host);
/* {"host":"10.90.0.7","port":8080}; port, priority and weight only when not 0. */
char *registrator_value(const char *address, int port, int priority, int weight);

#endif
