/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * domain_xml.c - the definition of a host.
 *
 * All devices are virtio: images for clouds have no other drivers, so the seed is a disk
 * as well, not a CD.
 *
 * Source: https://libvirt.org/formatdomain.html
 */
#include "cloud.h"

#include "check.h"
#include "driver_util.h"
#include "xml_text.h"

#define XML_MAX (1u << 20)

/* Where Ignition looks, under both of its systems' names. */
static const char *const fwcfg_names[] = { "opt/com.coreos/config",
					   "opt/org.flatcar-linux/config" };

static bool has_seed(const struct drv *d, const char *kind)
{
	return strcmp(d->opt.seed, kind) == 0;
}

/* libvirt's own test driver has domains of no other kind. */
static const char *kind_of(const struct drv *d, const struct lv_connected *c)
{
	const char *driver = virConnectGetType(c->conn);

	return driver && strcasecmp(driver, "test") == 0 ? "test" : d->opt.virt;
}

static void put_mark_ms(struct buf *b, const char *name, int64_t ms)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", (long long)ms);
	xml_put(b, name, text);
}

static void put_marks(struct buf *b, const struct drv *d, const struct drv_launch *l,
		      const struct lv_type *t)
{
	buf_puts(b, "<metadata><ft:host xmlns:ft='" NAMESPACE "'>");
	xml_put(b, "ft:owner", l->owner);
	xml_put(b, "ft:pool", l->pool);
	xml_put(b, "ft:launch", l->launch_id);
	xml_put(b, "ft:type", t->name);
	xml_put(b, "ft:storage", d->opt.storage);
	put_mark_ms(b, "ft:created", d->host->wall_ms(d->host->ctx));
	if (l->expires_ms)
		put_mark_ms(b, "ft:expires", l->expires_ms / 1000);
	for (size_t i = 0; i < l->n_labels; i++) {
		buf_printf(b, "<ft:label name='%s'>", l->labels[i].key);
		xml_put_text(b, l->labels[i].value);
		buf_puts(b, "</ft:label>");
	}
	buf_puts(b, "</ft:host></metadata>");
}

static int put_fwcfg(struct buf *b, const struct drv_launch *l, struct drv_err *err)
{
	CLEANUP(free) char *text = xstrndup(l->user_data, l->user_data_len);

	if (!xml_can_hold(l->user_data, l->user_data_len))
		return drv_fail(err, DRV_BADREQ,
				"the user data is no text in UTF-8, as it must be with "
				"seed = fwcfg");
	buf_puts(b, "<sysinfo type='fwcfg'>");
	for (size_t i = 0; i < ARRAY_SIZE(fwcfg_names); i++) {
		buf_printf(b, "<entry name='%s'>", fwcfg_names[i]);
		xml_put_text(b, text);
		buf_puts(b, "</entry>");
	}
	buf_puts(b, "</sysinfo>");
	return 0;
}

static void put_machine(struct buf *b, const struct drv *d)
{
	const bool is_efi = strcmp(d->opt.firmware, "efi") == 0;

	buf_printf(b, "<os%s><type>hvm</type><boot dev='hd'/></os>",
		   is_efi ? " firmware='efi'" : "");
	buf_puts(b, "<features><acpi/></features>");
	if (strcmp(d->opt.virt, "kvm") == 0)
		buf_puts(b, "<cpu mode='host-passthrough'/>");
	buf_puts(b, "<clock offset='utc'/><on_poweroff>destroy</on_poweroff>"
		    "<on_reboot>restart</on_reboot><on_crash>destroy</on_crash>");
}

static void put_disk(struct buf *b, const char *folder, char *name, const char *format,
		     const char *target, const char *more)
{
	CLEANUP(free) char *file = name;

	buf_printf(b, "<disk type='file' device='disk'><driver name='qemu' type='%s'/>",
		   format);
	buf_puts(b, "<source file='");
	xml_put_text(b, folder);
	buf_printf(b, "/%s'/><target dev='%s' bus='virtio'/>%s</disk>", file, target,
		   more);
}

static void put_link(struct buf *b, const struct lv_options *o)
{
	const char *kind = o->bridge ? "bridge" : "network";

	if (!o->bridge && strcmp(o->network, "none") == 0)
		return;
	buf_printf(b, "<interface type='%s'><source %s='", kind, kind);
	xml_put_text(b, o->bridge ? o->bridge : o->network);
	buf_puts(b, "'/><model type='virtio'/></interface>");
}

static void put_devices(struct buf *b, const struct drv *d, const struct drv_launch *l,
			const char *folder)
{
	buf_puts(b, "<devices>");
	put_disk(b, folder, lv_disk_name(l->launch_id), "qcow2", "vda", "");
	if (has_seed(d, "iso"))
		put_disk(b, folder, lv_seed_name(l->launch_id), "raw", "vdb",
			 "<readonly/>");
	put_link(b, &d->opt);
	buf_puts(b, "<serial type='pty'/><console type='pty'/>"
		    "<rng model='virtio'><backend model='random'>/dev/urandom</backend>"
		    "</rng></devices>");
}

int lv_domain_xml(const struct drv *d, const struct lv_connected *c,
		  const struct drv_launch *l, const struct lv_type *t, const char *folder,
		  char **ret, struct drv_err *err)
{
	CLEANUP(buf_done) struct buf b;
	int rc = 0;

	buf_init(&b, XML_MAX);
	buf_printf(&b, "<domain type='%s'>", kind_of(d, c));
	xml_put(&b, "name", l->name);
	xml_put(&b, "uuid", l->launch_id);
	put_marks(&b, d, l, t);
	buf_printf(&b, "<memory unit='bytes'>%lld</memory><vcpu>%u</vcpu>",
		   (long long)t->memory_bytes, t->cpus);
	if (has_seed(d, "fwcfg") && l->user_data_len)
		rc = put_fwcfg(&b, l, err);
	if (rc < 0)
		return rc;
	put_machine(&b, d);
	put_devices(&b, d, l, folder);
	buf_puts(&b, "</domain>");
	if (buf_is_full(&b))
		return drv_fail(err, DRV_BADREQ,
				"the definition of the host is too large");
	*ret = buf_take(&b);
	return 0;
}
