/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * host.c - what is known of one domain: our marks are in its metadata, so they are with
 * it from its first moment and need no other place.
 */
#include "cloud.h"

#include "check.h"
#include "driver_util.h"
#include "rest.h"
#include "text.h"

#include <arpa/inet.h>
#include <libvirt/virterror.h>

/* A host is defined, then gets its volumes, then is started. */
#define START_MS 120000

/* ---------------------------------------------------------------- metadata */

/* A copy that somebody made of a host has its marks too, but another UUID. */
static bool is_own(virDomainPtr dom, const char *launch_id)
{
	unsigned char raw[VIR_UUID_BUFLEN];
	char uuid[2 * sizeof(raw) + 1];

	if (virDomainGetUUID(dom, raw) < 0)
		return false;
	hex_encode(raw, sizeof(raw), uuid);
	return strcmp(uuid, launch_id) == 0;
}

static int read_marks(const struct lv_connected *c, virDomainPtr dom, struct lv_host *h,
		      struct drv_err *err)
{
	static const char *const items[] = { NULL };
	CLEANUP(free)
	char *text = virDomainGetMetadata(dom, VIR_DOMAIN_METADATA_ELEMENT, NAMESPACE, 0);
	CLEANUP(json_decref) json_t *doc = NULL;
	struct drv_vm *vm = &h->vm;
	const json_t *marks;
	struct err e;

	if (!text && lv_code() == VIR_ERR_NO_DOMAIN_METADATA)
		return 0;
	if (!text)
		return lv_fail(err, c, "cannot read the metadata of a domain");
	/* What is not as we write it is not ours. */
	if (xml_read(text, strlen(text), items, "metadata", &doc, &e) < 0)
		return 0;
	marks = rest_at(doc, "host");
	if (!is_own(dom, rest_text(marks, "launch")))
		return 0;
	h->is_marked = true;
	rest_copy(vm->launch_id, sizeof(vm->launch_id), marks, "launch");
	rest_copy(vm->owner, sizeof(vm->owner), marks, "owner");
	rest_copy(vm->pool, sizeof(vm->pool), marks, "pool");
	rest_copy(vm->type, sizeof(vm->type), marks, "type");
	rest_copy(h->storage, sizeof(h->storage), marks, "storage");
	vm->created_ms = rest_int(marks, "created", 0);
	return 0;
}

/* ---------------------------------------------------------------- state */

static const char *why_off(int state, int reason)
{
	if (state == VIR_DOMAIN_CRASHED || reason == VIR_DOMAIN_SHUTOFF_CRASHED)
		return "it has crashed";
	switch (reason) {
	case VIR_DOMAIN_SHUTOFF_SHUTDOWN:
		return "it has powered itself off";
	case VIR_DOMAIN_SHUTOFF_DESTROYED:
		return "it was ended";
	case VIR_DOMAIN_SHUTOFF_FAILED:
		return "it could not be started";
	default:
		return "it is off";
	}
}

static void note_paused(int reason, struct drv_vm *vm)
{
	vm->state = DRV_VM_RUNNING;
	if (reason == VIR_DOMAIN_PAUSED_STARTING_UP)
		vm->state = DRV_VM_PENDING;
	if (reason == VIR_DOMAIN_PAUSED_IOERROR || reason == VIR_DOMAIN_PAUSED_CRASHED) {
		vm->state = DRV_VM_FAILED;
		snprintf(vm->message, sizeof(vm->message), "%s",
			 reason == VIR_DOMAIN_PAUSED_IOERROR
				 ? "it was stopped, as its disk failed or is full"
				 : "it has crashed");
	}
}

static void note_state(int state, int reason, int64_t wall_ms, struct lv_host *h)
{
	struct drv_vm *vm = &h->vm;

	h->is_active = state != VIR_DOMAIN_SHUTOFF && state != VIR_DOMAIN_CRASHED;
	switch (state) {
	case VIR_DOMAIN_RUNNING:
	case VIR_DOMAIN_BLOCKED:
	case VIR_DOMAIN_PMSUSPENDED:
		vm->state = DRV_VM_RUNNING;
		break;
	case VIR_DOMAIN_PAUSED:
		note_paused(reason, vm);
		break;
	case VIR_DOMAIN_SHUTDOWN:
		vm->state = DRV_VM_STOPPING;
		break;
	case VIR_DOMAIN_SHUTOFF:
	case VIR_DOMAIN_CRASHED:
		/* One that was never started has no reason. */
		if (state == VIR_DOMAIN_SHUTOFF && reason == VIR_DOMAIN_SHUTOFF_UNKNOWN &&
		    wall_ms - vm->created_ms < START_MS) {
			vm->state = DRV_VM_PENDING;
			break;
		}
		vm->state = DRV_VM_FAILED;
		snprintf(vm->message, sizeof(vm->message), "%s", why_off(state, reason));
		break;
	default:
		vm->state = DRV_VM_UNKNOWN;
	}
}

/* ---------------------------------------------------------------- addresses */

static bool is_useful(const struct _virDomainInterfaceIPAddress *a)
{
	struct in6_addr six;

	if (a->type == VIR_IP_ADDR_TYPE_IPV4)
		return strncmp(a->addr, "127.", 4) != 0;
	return inet_pton(AF_INET6, a->addr, &six) == 1 && !IN6_IS_ADDR_LINKLOCAL(&six) &&
	       !IN6_IS_ADDR_LOOPBACK(&six);
}

/* The first of IPv4, or of IPv6 when there is none. */
static void note_address(const struct _virDomainInterface *i, struct drv_vm *vm)
{
	for (unsigned n = 0; n < i->naddrs; n++) {
		const bool is_better = !*vm->address || strchr(vm->address, ':');

		if (is_useful(&i->addrs[n]) &&
		    (!*vm->address ||
		     (is_better && i->addrs[n].type == VIR_IP_ADDR_TYPE_IPV4)))
			snprintf(vm->address, sizeof(vm->address), "%s",
				 i->addrs[n].addr);
	}
}

/* As libvirt's network leased them, else as the hypervisor has seen them; or unknown. */
static void read_addresses(virDomainPtr dom, struct drv_vm *vm)
{
	static const unsigned sources[] = { VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE,
					    VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_ARP };

	for (size_t i = 0; i < ARRAY_SIZE(sources) && !*vm->address; i++) {
		virDomainInterfacePtr *found = NULL;
		const int n = virDomainInterfaceAddresses(dom, &found, sources[i], 0);

		for (int k = 0; k < n; k++) {
			note_address(found[k], vm);
			virDomainInterfaceFree(found[k]);
		}
		free(found);
	}
}

/* ---------------------------------------------------------------- all of it */

int lv_host_read(const struct lv_connected *c, virDomainPtr dom, int64_t wall_ms,
		 struct lv_host *ret, struct drv_err *err)
{
	int state = VIR_DOMAIN_NOSTATE, reason = 0, rc;
	virDomainInfo info;

	memset(ret, 0, sizeof(*ret));
	rc = read_marks(c, dom, ret, err);
	if (rc < 0)
		return rc;
	if (virDomainGetState(dom, &state, &reason, 0) < 0 ||
	    virDomainGetInfo(dom, &info) < 0)
		return lv_fail(err, c, "cannot read the state of a domain");
	ret->memory_bytes = (int64_t)info.maxMem << 10;
	ret->cpus = info.nrVirtCpu;
	note_state(state, reason, wall_ms, ret);
	if (!ret->is_marked)
		return 0;
	snprintf(ret->vm.id, sizeof(ret->vm.id), "%s.%s", c->at->zone, ret->vm.launch_id);
	snprintf(ret->vm.name, sizeof(ret->vm.name), "%s", virDomainGetName(dom));
	snprintf(ret->vm.zone, sizeof(ret->vm.zone), "%s", c->at->zone);
	if (ret->is_active)
		read_addresses(dom, &ret->vm);
	return 0;
}

int lv_each_host(const struct lv_connected *c, int64_t wall_ms, lv_host_fn *each,
		 void *arg, struct drv_err *err)
{
	virDomainPtr *all = NULL;
	const int n = virConnectListAllDomains(c->conn, &all, 0);
	int rc = 0;

	if (n < 0)
		return lv_fail(err, c, "cannot list the domains");
	for (int i = 0; i < n; i++) {
		struct lv_host h;

		if (rc == 0)
			rc = lv_host_read(c, all[i], wall_ms, &h, err);
		if (rc == 0)
			each(arg, &h);
		if (rc == DRV_NOTFOUND)
			rc = 0;
		virDomainFree(all[i]);
	}
	free(all);
	return rc;
}

int lv_find(const struct lv_connected *c, const char *launch_id, virDomainPtr *ret,
	    struct drv_err *err)
{
	*ret = virDomainLookupByUUIDString(c->conn, launch_id);
	if (!*ret && lv_code() != VIR_ERR_NO_DOMAIN)
		return lv_fail(err, c, "cannot look for a domain");
	return 0;
}
