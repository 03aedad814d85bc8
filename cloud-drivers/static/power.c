/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * power.c - by Wake-on-LAN: six bytes 0xff and sixteen times the MAC address, in a
 * datagram to the discard port, which the network card looks for.
 *
 * Source: AMD, Magic Packet Technology, publication 20213.
 */
#include "power.h"

#include "check.h"
#include "command.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#define PORT 9
#define TIMES 3 /* nobody acknowledges it */

static int wake(const struct machine *m, struct err *err)
{
	unsigned char packet[6 + 16 * 6];
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	CLEANUP(close_fd) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const int yes = 1;

	memset(packet, 0xff, 6);
	for (size_t i = 6; i < sizeof(packet); i += 6)
		memcpy(packet + i, m->mac_bytes, 6);
	if (inet_pton(AF_INET, m->broadcast, &to.sin_addr) != 1)
		return err_set(err, ERR_INVAL, "broadcast '%s' is no IPv4 address",
			       m->broadcast);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &yes, sizeof(yes)) < 0)
		return err_errno(err, ERR_UNAVAIL, "a socket for Wake-on-LAN");
	for (int i = 0; i < TIMES; i++)
		if (sendto(fd, packet, sizeof(packet), 0, (struct sockaddr *)&to,
			   sizeof(to)) < 0)
			return err_errno(err, ERR_UNAVAIL, "Wake-on-LAN to %s",
					 m->broadcast);
	return 0;
}

static int run(const struct machine *m, const char *what, const char *command,
	       int64_t wait_ms, struct err *err)
{
	CLEANUP(free) char *name = xasprintf("FORETIDE_MACHINE=%s", m->name);
	CLEANUP(free)
	char *address = xasprintf("FORETIDE_ADDRESS=%s", m->address ? m->address : "");
	CLEANUP(free) char *mac = xasprintf("FORETIDE_MAC=%s", m->mac ? m->mac : "");
	char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	char *env[] = { path, name, address, mac, NULL };
	int rc = command_run(command, env, wait_ms, err);

	return rc < 0 ? err_wrap(err, rc, "%s of machine %s", what, m->name) : 0;
}

int power_on(const struct machine *m, int64_t wait_ms, struct err *err)
{
	int rc = m->mac ? wake(m, err) : 0;

	if (rc == 0 && m->power_on)
		rc = run(m, "power_on", m->power_on, wait_ms, err);
	return rc;
}

int power_off(const struct machine *m, int64_t wait_ms, struct err *err)
{
	return m->power_off ? run(m, "power_off", m->power_off, wait_ms, err) : 0;
}
