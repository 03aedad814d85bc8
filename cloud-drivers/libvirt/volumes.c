/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * volumes.c - a host's disk and its seed, two volumes of a storage pool. Their names are
 * made from the launch id: nothing else is ever deleted, and all of a host is found.
 */
#include "cloud.h"

#include "check.h"
#include "driver_util.h"
#include "rest.h"
#include "seed.h"
#include "text.h"
#include "xml_text.h"

#include <libvirt/virterror.h>

#define XML_MAX 16384
#define GB (INT64_C(1) << 30)

char *lv_disk_name(const char *launch_id)
{
	return xasprintf("ft-%s.qcow2", launch_id);
}

char *lv_seed_name(const char *launch_id)
{
	return xasprintf("ft-%s.iso", launch_id);
}

/* ---------------------------------------------------------------- storage pools */

int lv_storage(const struct lv_connected *c, const char *name, virStoragePoolPtr *ret,
	       struct drv_err *err)
{
	*ret = virStoragePoolLookupByName(c->conn, name);
	return *ret ? 0 : lv_fail(err, c, "cannot use the storage");
}

/* Disks are files upon files: pools of other kinds have no copy-on-write of that kind. */
int lv_storage_folder(const struct lv_connected *c, virStoragePoolPtr pool, char **ret,
		      struct drv_err *err)
{
	static const char *const items[] = { NULL };
	CLEANUP(free) char *xml = virStoragePoolGetXMLDesc(pool, 0);
	CLEANUP(json_decref) json_t *doc = NULL;
	char kind[32] = "";
	struct err e;

	if (!xml)
		return lv_fail(err, c, "cannot read what the storage is");
	if (xml_read(xml, strlen(xml), items, "storage", &doc, &e) < 0)
		return drv_fail(err, DRV_BUG, "hypervisor %s: %s", c->at->zone, e.msg);
	if (!xml_attribute(xml, "<pool type='", kind, sizeof(kind)) ||
	    (strcmp(kind, "dir") != 0 && strcmp(kind, "fs") != 0 &&
	     strcmp(kind, "netfs") != 0))
		return drv_fail(err, DRV_BADREQ,
				"hypervisor %s: the storage '%s' is of the kind '%s': it "
				"must be dir, fs or netfs",
				c->at->zone, virStoragePoolGetName(pool), kind);
	*ret = xstrdup(rest_text(doc, "pool.target.path"));
	return 0;
}

/* *ret is NULL when there is none. */
static int find_volume(const struct lv_connected *c, virStoragePoolPtr pool,
		       const char *name, virStorageVolPtr *ret, struct drv_err *err)
{
	*ret = virStorageVolLookupByName(pool, name);
	if (!*ret && lv_code() != VIR_ERR_NO_STORAGE_VOL)
		return lv_fail(err, c, "cannot look into the storage");
	return 0;
}

int lv_image(const struct lv_connected *c, virStoragePoolPtr pool, const char *name,
	     virStorageVolPtr *ret, struct drv_err *err)
{
	int rc = find_volume(c, pool, name, ret, err);

	/* What was copied into its folder the pool knows after it has looked again. */
	if (rc == 0 && !*ret && virStoragePoolRefresh(pool, 0) == 0)
		rc = find_volume(c, pool, name, ret, err);
	if (rc == 0 && !*ret)
		rc = drv_fail(err, DRV_BADREQ,
			      "hypervisor %s: the storage '%s' has no image '%s'",
			      c->at->zone, virStoragePoolGetName(pool), name);
	return rc;
}

/* ---------------------------------------------------------------- the disk */

struct image {
	char *path;
	char format[32];
	int64_t bytes;
};

static void image_done(struct image *i)
{
	free(i->path);
}
DEFINE_CLEANUP_OBJECT(struct image, image_done);

static int read_image(const struct lv_connected *c, virStorageVolPtr vol,
		      struct image *ret, struct drv_err *err)
{
	CLEANUP(free) char *xml = virStorageVolGetXMLDesc(vol, 0);
	virStorageVolInfo info;

	if (!xml || virStorageVolGetInfo(vol, &info) < 0)
		return lv_fail(err, c, "cannot read what the image is");
	ret->path = virStorageVolGetPath(vol);
	if (!ret->path)
		return lv_fail(err, c, "cannot find the image");
	if (!xml_attribute(xml, "<format type='", ret->format, sizeof(ret->format)))
		snprintf(ret->format, sizeof(ret->format), "raw");
	ret->bytes = (int64_t)info.capacity;
	return 0;
}

static int write_disk(const struct lv_connected *c, virStoragePoolPtr pool,
		      const char *name, const struct image *image, int64_t bytes,
		      struct drv_err *err)
{
	CLEANUP(virStorageVolFree) virStorageVolPtr made = NULL;
	CLEANUP(buf_done) struct buf xml;

	buf_init(&xml, XML_MAX);
	buf_puts(&xml, "<volume>");
	xml_put(&xml, "name", name);
	buf_printf(&xml,
		   "<capacity unit='bytes'>%lld</capacity>"
		   "<target><format type='qcow2'/><compat>1.1</compat></target>"
		   "<backingStore>",
		   (long long)bytes);
	xml_put(&xml, "path", image->path);
	buf_printf(&xml, "<format type='%s'/></backingStore></volume>", image->format);
	if (buf_is_full(&xml))
		return drv_fail(err, DRV_BADREQ, "the path of the image is too long");
	made = virStorageVolCreateXML(pool, buf_str(&xml), 0);
	return made ? 0 : lv_fail(err, c, "cannot make the disk");
}

int lv_make_disk(const struct drv *d, const struct lv_connected *c,
		 const struct drv_launch *l, struct drv_err *err)
{
	const struct lv_options *o = &d->opt;
	CLEANUP(free) char *name = lv_disk_name(l->launch_id);
	CLEANUP(virStoragePoolFree) virStoragePoolPtr pool = NULL;
	CLEANUP(virStoragePoolFree) virStoragePoolPtr images = NULL;
	CLEANUP(virStorageVolFree) virStorageVolPtr there = NULL;
	CLEANUP(virStorageVolFree) virStorageVolPtr base = NULL;
	CLEANUP(image_done) struct image image = { .path = NULL };
	int rc = lv_storage(c, o->storage, &pool, err);

	if (rc == 0)
		rc = find_volume(c, pool, name, &there, err);
	if (rc < 0 || there)
		return rc;
	rc = lv_storage(c, o->image_storage ? o->image_storage : o->storage, &images,
			err);
	if (rc == 0)
		rc = lv_image(c, images, l->image ? l->image : o->image, &base, err);
	if (rc == 0)
		rc = read_image(c, base, &image, err);
	if (rc == 0 && o->disk_gb && o->disk_gb * GB < image.bytes)
		rc = drv_fail(err, DRV_BADREQ,
			      "disk_gb = %lld is less than the image's %lld bytes",
			      (long long)o->disk_gb, (long long)image.bytes);
	return rc < 0 ? rc
		      : write_disk(c, pool, name, &image,
				   o->disk_gb ? o->disk_gb * GB : image.bytes, err);
}

/* ---------------------------------------------------------------- the seed */

static int send_all(virStreamPtr stream, const char *data, size_t len)
{
	while (len > 0) {
		const int n = virStreamSend(stream, data, len);

		if (n <= 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return virStreamFinish(stream);
}

static int upload(const struct lv_connected *c, virStorageVolPtr vol, const void *image,
		  size_t len, struct drv_err *err)
{
	CLEANUP(virStreamFree) virStreamPtr stream = virStreamNew(c->conn, 0);

	if (stream && virStorageVolUpload(vol, stream, 0, len, 0) == 0 &&
	    send_all(stream, image, len) == 0)
		return 0;
	(void)lv_fail(err, c, "cannot write the seed");
	if (err->cls == DRV_NOTSUP)
		(void)drv_fail(err, DRV_NOTSUP,
			       "hypervisor %s takes no uploads of volumes: user data "
			       "cannot be on a disk (seed = fwcfg or none)",
			       c->at->zone);
	return err->cls;
}

static int delete_volume(const struct lv_connected *c, virStoragePoolPtr pool,
			 const char *name, struct drv_err *err)
{
	CLEANUP(virStorageVolFree) virStorageVolPtr vol = NULL;
	int rc = find_volume(c, pool, name, &vol, err);

	if (rc == 0 && vol && virStorageVolDelete(vol, 0) < 0 &&
	    lv_code() != VIR_ERR_NO_STORAGE_VOL)
		rc = lv_fail(err, c, "cannot delete a volume");
	return rc;
}

int lv_make_seed(const struct drv *d, const struct lv_connected *c,
		 const struct drv_launch *l, struct drv_err *err)
{
	const struct seed seed = { .instance_id = l->launch_id,
				   .name = l->name,
				   .user_data = l->user_data_len ? l->user_data : "",
				   .user_data_len = l->user_data_len };
	CLEANUP(free) char *name = lv_seed_name(l->launch_id);
	CLEANUP(virStoragePoolFree) virStoragePoolPtr pool = NULL;
	CLEANUP(virStorageVolFree) virStorageVolPtr vol = NULL;
	CLEANUP(free) void *image = NULL;
	CLEANUP(free) char *xml = NULL;
	size_t len = 0;
	struct err e;
	int rc = seed_make(&seed, &image, &len, &e);

	if (rc < 0)
		return drv_fail_err(err, rc, &e);
	rc = lv_storage(c, d->opt.storage, &pool, err);
	if (rc == 0)
		rc = delete_volume(c, pool, name, err);
	if (rc < 0)
		return rc;
	xml = xasprintf("<volume><name>%s</name><capacity unit='bytes'>%zu</capacity>"
			"<target><format type='raw'/></target></volume>",
			name, len);
	vol = virStorageVolCreateXML(pool, xml, 0);
	return vol ? upload(c, vol, image, len, err)
		   : lv_fail(err, c, "cannot make the seed");
}

/* ---------------------------------------------------------------- their end */

int lv_delete_volumes(const struct lv_connected *c, const char *storage,
		      const char *launch_id, struct drv_err *err)
{
	CLEANUP(free) char *disk = lv_disk_name(launch_id);
	CLEANUP(free) char *seed = lv_seed_name(launch_id);
	CLEANUP(virStoragePoolFree) virStoragePoolPtr pool = NULL;
	int rc = lv_storage(c, storage, &pool, err);

	if (rc == 0)
		rc = delete_volume(c, pool, seed, err);
	if (rc == 0)
		rc = delete_volume(c, pool, disk, err);
	return rc;
}
