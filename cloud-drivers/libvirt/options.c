/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "options.h"

#include "check.h"
#include "driver_util.h"
#include "rest.h"
#include "text.h"

#include <stddef.h>

#define CPUS_MAX 1024

#define AT(member) offsetof(struct lv_options, member)
#define TEXT(name, member, def, choices, help)                              \
	{                                                                   \
		"", name, CONF_STRING, AT(member), def, 0, 0, choices, help \
	}
static const struct conf_option table[] = {
	TEXT("uri", uri, "qemu:///system", NULL,
	     "Hypervisors, as URI or ZONE=URI, by commas"),
	TEXT("types", types_text, NULL, NULL,
	     "What hosts may be, as NAME:CORES:MEMORY, by commas"),
	TEXT("type", type, NULL, NULL, "One of them; the first otherwise"),
	TEXT("image", image, NULL, NULL, "Volume that each host's disk begins as"),
	TEXT("storage", storage, "default", NULL, "Storage pool of hosts' volumes"),
	TEXT("image_storage", image_storage, NULL, NULL,
	     "Storage pool of images; that of hosts otherwise"),
	{ "", "disk_gb", CONF_INT, AT(disk_gb), "0", 0, 65536, NULL,
	  "Size of a host's disk; 0: the image's" },
	TEXT("network", network, NULL, NULL, "Network of libvirt, or none"),
	TEXT("bridge", bridge, NULL, NULL, "Bridge of the hypervisors, for a network"),
	TEXT("seed", seed, "iso", "iso|fwcfg|none", "How a host gets its user data"),
	TEXT("virt", virt, "kvm", "kvm|qemu", "By the processor, or emulated"),
	TEXT("firmware", firmware, "bios", "bios|efi", "What boots a host"),
	TEXT("reserve_memory", reserve_text, "1G", NULL,
	     "Memory of each hypervisor that hosts leave free"),
	{ "", "cpu_ratio", CONF_NUMBER, AT(cpu_ratio), "1", 0.1, 64, NULL,
	  "Cores of hosts for each core of a hypervisor" },
	{ NULL, NULL, CONF_STRING, 0, NULL, 0, 0, NULL, NULL },
};

void lv_options_done(struct lv_options *o)
{
	for (size_t i = 0; i < o->n_hypervisors; i++) {
		free(o->hypervisors[i].zone);
		free(o->hypervisors[i].uri);
	}
	for (size_t i = 0; i < o->n_types; i++)
		free(o->types[i].name);
	conf_done(table, o);
}

const struct lv_type *lv_type(const struct lv_options *o, const char *name)
{
	if (!name && !o->type)
		return &o->types[0];
	for (size_t i = 0; i < o->n_types; i++)
		if (strcmp(o->types[i].name, name ? name : o->type) == 0)
			return &o->types[i];
	return NULL;
}

/* ---------------------------------------------------------------- hypervisors */

/* The machine that a URI names; "local" when it names none. The caller's. */
static char *machine_of(const char *uri)
{
	const char *from = strstr(uri, "://"), *at;
	char *name;
	size_t n;

	from = from ? from + 3 : uri + strlen(uri);
	n = strcspn(from, "/?");
	at = memrchr(from, '@', n);
	if (at) {
		n -= (size_t)(at + 1 - from);
		from = at + 1;
	}
	name = n > 0 ? xstrndup(from, n) : xstrdup("local");
	/* Dots and colons of addresses are not of a zone's characters. */
	for (char *c = name; *c; c++)
		*c = *c == '.' || *c == ':' || *c == '[' || *c == ']' ? '-' : *c;
	return name;
}

static int check_hypervisor(const struct lv_options *o, const struct lv_hypervisor *h,
			    struct drv_err *err)
{
	if (!strstr(h->uri, "://"))
		return drv_fail(err, DRV_BADREQ,
				"uri: '%s' is no address of a hypervisor, such as "
				"qemu:///system or qemu+tls://kvm1/system",
				h->uri);
	if (!drv_is_word(h->zone))
		return drv_fail(err, DRV_BADREQ,
				"uri: give '%s' a name of a-z, 0-9 and '-', as "
				"NAME=URI",
				h->uri);
	for (size_t i = 0; i < o->n_hypervisors; i++)
		if (strcmp(o->hypervisors[i].zone, h->zone) == 0)
			return drv_fail(err, DRV_BADREQ,
					"uri: two hypervisors are called '%s': name "
					"each, as NAME=URI",
					h->zone);
	return 0;
}

static int add_hypervisor(void *arg, const char *word, struct drv_err *err)
{
	const char *equals = strchr(word, '=');
	CLEANUP(free)
	char *zone = equals ? xstrndup(word, (size_t)(equals - word)) : NULL;
	/* A URI has them too, in its query. */
	const bool is_named = zone && drv_is_word(zone);
	const char *uri = is_named ? equals + 1 : word;
	struct lv_options *o = arg;
	struct lv_hypervisor h;
	int rc;

	if (o->n_hypervisors == HYPERVISORS_MAX)
		return drv_fail(err, DRV_BADREQ, "uri: more than %d hypervisors",
				HYPERVISORS_MAX);
	h.zone = is_named ? xstrdup(zone) : machine_of(uri);
	h.uri = xstrdup(uri);
	rc = check_hypervisor(o, &h, err);
	o->hypervisors[o->n_hypervisors++] = h; /* freed with the others */
	return rc;
}

/* ---------------------------------------------------------------- types */

static int read_type(const char *word, struct lv_type *ret, struct err *err)
{
	const char *cpus = strchr(word, ':');
	const char *memory = cpus ? strchr(cpus + 1, ':') : NULL;
	CLEANUP(free) char *number = NULL;
	int64_t n = 0;
	int rc;

	if (!memory)
		return err_set(err, ERR_INVAL, "it has not the form NAME:CORES:MEMORY");
	number = xstrndup(cpus + 1, (size_t)(memory - cpus - 1));
	rc = conf_parse_int(number, &n, err);
	if (rc == 0 && (n < 1 || n > CPUS_MAX))
		rc = err_set(err, ERR_INVAL, "it must have 1 to %d cores", CPUS_MAX);
	if (rc == 0)
		rc = conf_parse_size(memory + 1, &ret->memory_bytes, err);
	if (rc == 0 && ret->memory_bytes < 1 << 20)
		rc = err_set(err, ERR_INVAL, "it must have 1M of memory or more");
	if (rc < 0)
		return rc;
	ret->cpus = (unsigned)n;
	ret->name = xstrndup(word, (size_t)(cpus - word));
	return 0;
}

static int add_type(void *arg, const char *word, struct drv_err *err)
{
	struct lv_options *o = arg;
	struct lv_type *t = &o->types[o->n_types];
	struct err e;

	if (o->n_types == TYPES_MAX)
		return drv_fail(err, DRV_BADREQ, "types: more than %d", TYPES_MAX);
	if (read_type(word, t, &e) < 0)
		return drv_fail(err, DRV_BADREQ, "types: '%s': %s", word, e.msg);
	if (!drv_is_word(t->name) || lv_type(o, t->name)) {
		free(t->name);
		return drv_fail(err, DRV_BADREQ,
				"types: '%s': its name must be another than those "
				"before it, of a-z, 0-9 and '-'",
				word);
	}
	o->n_types++;
	return 0;
}

/* ---------------------------------------------------------------- all of them */

static int check_names(const struct lv_options *o, struct drv_err *err)
{
	if (o->n_hypervisors == 0)
		return drv_fail(err, DRV_BADREQ, "uri names no hypervisor");
	if (o->n_types == 0)
		return drv_fail(err, DRV_BADREQ,
				"types is missing: what hosts may be, such as "
				"small:1:2G, large:4:8G");
	if (!lv_type(o, NULL))
		return drv_fail(err, DRV_BADREQ, "types has no '%s', which is the type",
				o->type);
	if (!o->network == !o->bridge)
		return drv_fail(err, DRV_BADREQ,
				"give a network of libvirt or a bridge, one of them");
	if (strlen(o->storage) > STORAGE_NAME_MAX)
		return drv_fail(err, DRV_BADREQ, "the name of the storage is too long");
	return 0;
}

static int read_words(struct lv_options *o, struct drv_err *err)
{
	struct err e;
	int rc = rest_each_word(o->uri, add_hypervisor, o, err);

	if (rc == 0)
		rc = rest_each_word(o->types_text, add_type, o, err);
	if (rc == 0 && conf_parse_size(o->reserve_text, &o->reserve_bytes, &e) < 0)
		rc = drv_fail(err, DRV_BADREQ, "reserve_memory: %s", e.msg);
	return rc == 0 ? check_names(o, err) : rc;
}

int lv_options_read(const char *config_json, struct lv_options *ret, struct drv_err *err)
{
	static const char *const skip[] = { "cpu", "memory", NULL };
	CLEANUP(json_decref) json_t *doc = NULL;
	struct lv_options o = { .uri = NULL };
	struct err e;
	int rc = json_parse(config_json, strlen(config_json), "driver options", &doc, &e);

	if (rc < 0)
		return drv_fail_err(err, rc, &e);
	if (json_object_size(json_object_get(doc, "credentials")) > 0)
		return drv_fail(err, DRV_BADREQ,
				"it takes no credentials: the URI names keys, and "
				"libvirt reads passwords from its own auth.conf");
	conf_defaults(table, &o);
	rc = conf_load_json(table, &o, doc, skip, &e);
	rc = rc < 0 ? drv_fail_err(err, rc, &e) : read_words(&o, err);
	if (rc < 0) {
		lv_options_done(&o);
		return rc;
	}
	*ret = o;
	return 0;
}
