/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_driver_libvirt.c - the libvirt driver against libvirt's own test driver, whose
 * domains, volumes and networks are of this process; tests/peers has real ones of QEMU.
 *
 * That hypervisor has 16 cores and 3 GiB of memory. It takes no uploads of volumes: most
 * launches here are without a seed.
 */
#include "scripted_driver.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#define ID_B "fedcba9876543210fedcba9876543210"
#define DISK_A "ft-" ID_A ".qcow2"
#define ID_OF_A "local." ID_A
#define MARKS "https://foretide.invalid/libvirt/1"
#define URI "\"uri\": \"test:///default\", "
#define HOSTS                                                                       \
	"\"types\": \"large:4:4G, small:1:512M\", \"type\": \"small\", \"image\": " \
	"\"debian.qcow2\", \"storage\": \"default-pool\", "
#define NO_SEED "\"seed\": \"none\", "
#define LINK "\"network\": \"default\""
#define CONFIG "{" URI HOSTS NO_SEED LINK "}"
#define WALL_MS INT64_C(1767225600000)

struct site {
	struct world w;
	virConnectPtr hypervisor;
	virStoragePoolPtr pool;
};

DEFINE_CLEANUP(virDomainPtr, virDomainFree);
DEFINE_CLEANUP(virStorageVolPtr, virStorageVolFree);

static void no_words(void *arg, virErrorPtr e)
{
	(void)arg;
	(void)e;
}

static void make_volume(struct site *s, const char *name, const char *format)
{
	CLEANUP(free)
	char *xml = xasprintf("<volume><name>%s</name><capacity unit='G'>2</capacity>"
			      "<target><format type='%s'/></target></volume>",
			      name, format);
	CLEANUP(virStorageVolFree)
	virStorageVolPtr vol = virStorageVolCreateXML(s->pool, xml, 0);

	assert_non_null(vol);
}

/* Its state lasts as long as somebody is connected. */
static void begin_with(struct site *s, const char *config)
{
	CLEANUP(virDomainFree) virDomainPtr there = NULL;

	memset(s, 0, sizeof(*s));
	virSetErrorFunc(NULL, no_words);
	s->hypervisor = virConnectOpen("test:///default");
	assert_non_null(s->hypervisor);
	s->pool = virStoragePoolLookupByName(s->hypervisor, "default-pool");
	assert_non_null(s->pool);
	make_volume(s, "debian.qcow2", "qcow2");
	/* It has more memory than the hypervisor. */
	there = virDomainLookupByName(s->hypervisor, "test");
	assert_int_equal(virDomainDestroy(there), 0);
	world_begin(&s->w, "libvirt", config, NULL, 0);
	s->w.host.wall_ms = WALL_MS;
}

static void begin(struct site *s)
{
	begin_with(s, CONFIG);
}

static void finish(struct site *s)
{
	end(&s->w);
	virStoragePoolFree(s->pool);
	/* A test may still hold a domain of it. */
	(void)virConnectClose(s->hypervisor);
}

/* What the next calls are made with. */
static void use(struct site *s, const char *config)
{
	end(&s->w);
	world_begin(&s->w, "libvirt", config, NULL, 0);
	s->w.host.wall_ms = WALL_MS;
}

static int launch_with(struct site *s, const struct drv_launch *l, struct drv_vm *vm,
		       struct drv_err *e)
{
	return s->w.d->ops->launch(s->w.d->drv, l, INT64_MAX, vm, e);
}

static void launch_ok(struct site *s, const char *launch_id, const char *name)
{
	struct drv_launch l = a_launch(launch_id, "#!/bin/sh\n");
	struct drv_vm vm;
	struct drv_err e;

	l.name = name;
	assert_drv_ok(launch_with(s, &l, &vm, &e), &e);
}

static virDomainPtr domain_of(struct site *s, const char *launch_id)
{
	return virDomainLookupByUUIDString(s->hypervisor, launch_id);
}

static bool has_volume(struct site *s, const char *name)
{
	CLEANUP(virStorageVolFree)
	virStorageVolPtr vol = virStorageVolLookupByName(s->pool, name);

	return vol;
}

/* The definition of a host; the caller's. */
static char *definition(struct site *s, const char *launch_id)
{
	CLEANUP(virDomainFree) virDomainPtr dom = domain_of(s, launch_id);
	char *xml = virDomainGetXMLDesc(dom, 0);

	assert_non_null(xml);
	return xml;
}

/* Nothing of the launch is left. */
static void assert_nothing_of(struct site *s, const char *launch_id)
{
	CLEANUP(free) char *disk = xasprintf("ft-%s.qcow2", launch_id);
	CLEANUP(free) char *seed = xasprintf("ft-%s.iso", launch_id);
	CLEANUP(virDomainFree) virDomainPtr dom = domain_of(s, launch_id);

	assert_null(dom);
	assert_false(has_volume(s, disk));
	assert_false(has_volume(s, seed));
}

/* Somebody's machine: more is what stands in its definition. */
static void define_stranger(struct site *s, const char *name, const char *uuid,
			    const char *more)
{
	CLEANUP(free)
	char *xml = xasprintf("<domain type='test'><name>%s</name><uuid>%s</uuid>%s"
			      "<memory unit='MiB'>256</memory><os><type>hvm</type></os>"
			      "</domain>",
			      name, uuid, more);
	CLEANUP(virDomainFree)
	virDomainPtr dom = virDomainDefineXML(s->hypervisor, xml);

	assert_non_null(dom);
	assert_int_equal(virDomainCreate(dom), 0);
}

static void assert_runs(struct site *s, const char *launch_id)
{
	CLEANUP(virDomainFree) virDomainPtr dom = domain_of(s, launch_id);

	assert_non_null(dom);
	assert_int_equal(virDomainIsActive(dom), 1);
}

/* ---------------------------------------------------------------- opening */

static void what_is_unknown_or_missing_is_named(void **state)
{
	static const char *const cases[][2] = {
		{ "{}", "types is missing" },
		{ "{\"colour\": \"red\"}", "colour" },
		{ "{\"types\": \"small\", " LINK "}", "NAME:CORES:MEMORY" },
		{ "{\"types\": \"a:0:1G\", " LINK "}", "1 to" },
		{ "{\"types\": \"a:1:many\", " LINK "}", "'a:1:many'" },
		{ "{\"types\": \"a:1:1\", " LINK "}", "1M" },
		{ "{\"types\": \"a:1:1G, a:2:2G\", " LINK "}", "another" },
		{ "{\"types\": \"A:1:1G\", " LINK "}", "a-z" },
		{ "{\"types\": \"a:1:1G\", \"type\": \"b\", " LINK "}", "no 'b'" },
		{ "{\"types\": \"a:1:1G\"}", "bridge" },
		{ "{\"types\": \"a:1:1G\", \"bridge\": \"br0\", " LINK "}", "bridge" },
		{ "{\"types\": \"a:1:1G\", \"seed\": \"floppy\", " LINK "}", "seed" },
		{ "{\"types\": \"a:1:1G\", \"reserve_memory\": \"x\", " LINK "}",
		  "reserve_memory" },
		{ "{\"types\": \"a:1:1G\", \"uri\": \"kvm1\", " LINK "}", "qemu+tls" },
		{ "{\"types\": \"a:1:1G\", \"uri\": \",\", " LINK "}", "no hypervisor" },
		{ "{\"types\": \"a:1:1G\", \"uri\": \"qemu+ssh://me@h_1/system\", " LINK
		  "}",
		  "NAME=URI" },
		{ "{\"types\": \"a:1:1G\", \"uri\": \"qemu:///system, "
		  "test:///default\", " LINK "}",
		  "'local'" },
		{ "{" HOSTS LINK ", \"credentials\": {\"password\": \"" SECRET "\"}}",
		  "auth.conf" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_not_opened("libvirt", cases[i][0], cases[i][1]);
}

static void hypervisors_are_called_by_their_machine_or_as_given(void **state)
{
	static const char *const cases[][2] = {
		{ "qemu+tls://kvm1/system, kvm1=qemu:///system", "'kvm1'" },
		{ "qemu+ssh://root@10.0.0.1:22/system?a=b, 10-0-0-1-22=qemu:///system",
		  "'10-0-0-1-22'" },
		{ "qemu:///system, local=qemu:///session", "'local'" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(free)
		char *config =
			xasprintf("{\"uri\": \"%s\", " HOSTS LINK "}", cases[i][0]);

		assert_not_opened("libvirt", config, cases[i][1]);
	}
}

static void a_stack_names_its_type_and_image_and_nothing_of_hypervisors(void **state)
{
	static const char *const may[] = { "type", "image", "disk_gb", NULL };
	static const char *const never[] = { "uri",     "storage", "image_storage",
					     "network", "bridge",  "types",
					     "seed",    NULL };

	(void)state;
	assert_pool_options("libvirt", may, true);
	assert_pool_options("libvirt", never, false);
}

/* ---------------------------------------------------------------- launching */

static void a_launch_is_a_marked_domain_with_a_disk_upon_the_image(void **state)
{
	CLEANUP(free) char *xml = NULL;
	CLEANUP(free) char *disk = NULL;
	CLEANUP(virStorageVolFree) virStorageVolPtr vol = NULL;
	struct site s;
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	begin(&s);
	assert_drv_ok(launch_once(&s.w, &vm, &e), &e);
	assert_string_equal(vm.id, ID_OF_A);
	assert_string_equal(vm.launch_id, ID_A);
	assert_string_equal(vm.owner, OWNER);
	assert_string_equal(vm.pool, "web");
	assert_string_equal(vm.name, "web-1");
	assert_string_equal(vm.type, "small");
	assert_string_equal(vm.zone, "local");
	assert_int_equal(vm.state, DRV_VM_RUNNING);
	assert_int_equal(vm.created_ms, WALL_MS);
	xml = definition(&s, ID_A);
	assert_non_null(strstr(xml, "file='/default-pool/" DISK_A "'"));
	assert_non_null(strstr(xml, "<memory unit='KiB'>524288</memory>"));
	assert_non_null(strstr(xml, "network='default'"));
	assert_null(strstr(xml, ".iso"));
	vol = virStorageVolLookupByName(s.pool, DISK_A);
	disk = virStorageVolGetXMLDesc(vol, 0);
	assert_non_null(strstr(disk, "<path>/default-pool/debian.qcow2</path>\n    "
				     "<format type='qcow2'/>"));
	finish(&s);
}

static void a_launch_that_is_done_again_is_the_same_host(void **state)
{
	struct site s;
	struct drv_vm one, two;
	struct drv_err e;

	(void)state;
	begin(&s);
	assert_drv_ok(launch_once(&s.w, &one, &e), &e);
	assert_drv_ok(launch_once(&s.w, &two, &e), &e);
	assert_string_equal(one.id, two.id);
	assert_int_equal(virConnectNumOfDomains(s.hypervisor), 1);
	finish(&s);
}

static void a_launch_that_was_cut_off_is_finished(void **state)
{
	CLEANUP(virDomainFree) virDomainPtr dom = NULL;
	CLEANUP(virStorageVolFree) virStorageVolPtr vol = NULL;
	struct site s;

	(void)state;
	begin(&s);
	launch_ok(&s, ID_A, "web-1");
	dom = domain_of(&s, ID_A);
	assert_int_equal(virDomainDestroy(dom), 0);
	vol = virStorageVolLookupByName(s.pool, DISK_A);
	assert_int_equal(virStorageVolDelete(vol, 0), 0);
	launch_ok(&s, ID_A, "web-1");
	assert_runs(&s, ID_A);
	assert_true(has_volume(&s, DISK_A));
	finish(&s);
}

static void names_and_ids_of_others_are_conflicts(void **state)
{
	static const char *const others[][2] = { { "web-1", ID_B }, { "theirs", ID_A } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		struct site s;
		struct drv_vm vm;
		struct drv_err e;

		begin(&s);
		define_stranger(&s, others[i][0], others[i][1], "");
		assert_drv_fails(launch_once(&s.w, &vm, &e), DRV_CONFLICT, &e);
		assert_runs(&s, others[i][1]);
		assert_false(has_volume(&s, DISK_A));
		finish(&s);
	}
}

static void without_its_image_nothing_of_a_launch_is_left(void **state)
{
	struct site s;
	struct drv_vm vm;
	struct drv_err e;
	struct drv_launch l = a_launch(ID_A, "");

	(void)state;
	begin(&s);
	l.image = "windows.qcow2";
	assert_drv_fails(launch_with(&s, &l, &vm, &e), DRV_BADREQ, &e);
	assert_non_null(strstr(e.msg, "windows.qcow2"));
	assert_nothing_of(&s, ID_A);
	use(&s, "{" URI HOSTS NO_SEED LINK ", \"disk_gb\": 1}");
	assert_drv_fails(launch_once(&s.w, &vm, &e), DRV_BADREQ, &e);
	assert_non_null(strstr(e.msg, "disk_gb"));
	assert_nothing_of(&s, ID_A);
	finish(&s);
}

static void a_disk_is_as_large_as_asked(void **state)
{
	CLEANUP(virStorageVolFree) virStorageVolPtr vol = NULL;
	virStorageVolInfo info;
	struct site s;

	(void)state;
	begin_with(&s, "{" URI HOSTS NO_SEED LINK ", \"disk_gb\": 5}");
	launch_ok(&s, ID_A, "web-1");
	vol = virStorageVolLookupByName(s.pool, DISK_A);
	assert_int_equal(virStorageVolGetInfo(vol, &info), 0);
	assert_int_equal(info.capacity, INT64_C(5) << 30);
	finish(&s);
}

static void where_no_seed_can_be_written_that_is_said(void **state)
{
	struct site s;
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	begin_with(&s, "{" URI HOSTS LINK "}");
	assert_drv_fails(launch_once(&s.w, &vm, &e), DRV_NOTSUP, &e);
	assert_non_null(strstr(e.msg, "fwcfg"));
	assert_nothing_of(&s, ID_A);
	finish(&s);
}

static void user_data_is_in_the_firmware_whatever_characters_it_has(void **state)
{
	const struct drv_launch l = a_launch(ID_A, "{\"a\": \"<&>'\xc3\xa9\"}\n");
	struct drv_launch odd = a_launch(ID_B, "\x01");
	CLEANUP(free) char *xml = NULL;
	struct site s;
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	odd.name = "web-2";
	begin_with(&s, "{" URI HOSTS LINK ", \"seed\": \"fwcfg\"}");
	assert_drv_ok(launch_with(&s, &l, &vm, &e), &e);
	xml = definition(&s, ID_A);
	assert_non_null(strstr(xml, "<entry name='opt/com.coreos/config'>{&quot;a&quot;: "
				    "&quot;&lt;&amp;&gt;&apos;\xc3\xa9&quot;}"));
	assert_drv_fails(launch_with(&s, &odd, &vm, &e), DRV_BADREQ, &e);
	assert_nothing_of(&s, ID_B);
	finish(&s);
}

static void user_data_has_a_limit(void **state)
{
	struct site s;

	(void)state;
	begin(&s);
	assert_user_data_max(&s.w, 65536);
	finish(&s);
}

static void labels_and_expiry_are_marks(void **state)
{
	static const struct drv_label labels[] = {
		{ "abcdefghijklmnopqrstuvwxyz0123456789-", "value" },
		{ "a", "abcdefghijklmnopqrstuvwxyz0123456789-" },
	};
	struct drv_launch l = a_launch(ID_A, "");
	CLEANUP(free) char *xml = NULL;
	struct site s;
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	begin(&s);
	l.labels = labels;
	l.n_labels = ARRAY_SIZE(labels);
	l.expires_ms = 1234000;
	assert_drv_ok(launch_with(&s, &l, &vm, &e), &e);
	xml = definition(&s, ID_A);
	assert_non_null(strstr(xml, "name=\"abcdefghijklmnopqrstuvwxyz0123456789-\">"
				    "value<"));
	assert_non_null(strstr(xml, ">abcdefghijklmnopqrstuvwxyz0123456789-<"));
	assert_non_null(strstr(xml, "<ft:expires>1234</ft:expires>"));
	finish(&s);
}

/* ---------------------------------------------------------------- room */

static void the_first_type_with_room_is_launched(void **state)
{
	static const char *const types[] = { "large", "small", NULL };
	static const char *const unknown[] = { "huge", NULL };
	struct drv_launch l = a_launch(ID_A, "");
	struct site s;
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	begin(&s);
	l.types = types;
	assert_drv_ok(launch_with(&s, &l, &vm, &e), &e);
	assert_string_equal(vm.type, "small");
	l.launch_id = ID_B;
	l.name = "web-2";
	l.types = unknown;
	assert_drv_fails(launch_with(&s, &l, &vm, &e), DRV_BADREQ, &e);
	finish(&s);
}

static void a_full_hypervisor_has_no_capacity(void **state)
{
	struct drv_quota q;
	struct site s;
	struct drv_vm vm;
	struct drv_err e;
	struct drv_launch l = a_launch(ID_A, "");
	char id[40], name[16];

	(void)state;
	begin(&s);
	assert_drv_ok(s.w.d->ops->quota(s.w.d->drv, INT64_MAX, &q, &e), &e);
	assert_int_equal(q.used, 0);
	assert_int_equal(q.limit, 4); /* 3 GiB, of which one stays free */
	for (int i = 0; i < 4; i++) {
		snprintf(id, sizeof(id), "%032x", i + 1);
		snprintf(name, sizeof(name), "web-%d", i);
		launch_ok(&s, id, name);
	}
	assert_drv_fails(launch_with(&s, &l, &vm, &e), DRV_CAPACITY, &e);
	assert_non_null(strstr(e.msg, "reserve_memory"));
	assert_drv_ok(s.w.d->ops->quota(s.w.d->drv, INT64_MAX, &q, &e), &e);
	assert_int_equal(q.used, 4);
	assert_int_equal(q.limit, 4);
	finish(&s);
}

static void strangers_take_room(void **state)
{
	struct drv_quota q;
	struct site s;
	struct drv_err e;

	(void)state;
	begin(&s);
	define_stranger(&s, "theirs", ID_B, "");
	assert_drv_ok(s.w.d->ops->quota(s.w.d->drv, INT64_MAX, &q, &e), &e);
	assert_int_equal(q.limit, 3);
	finish(&s);
}

#define BIG                                                                         \
	"<node><cpu><mhz>1</mhz><model>i686</model><active>64</active></cpu>"       \
	"<memory>67108864</memory>"                                                 \
	"<pool type='dir'><name>default-pool</name><target><path>/elsewhere</path>" \
	"</target><volume><name>debian.qcow2</name><capacity unit='G'>1</capacity>" \
	"<target><format type='qcow2'/></target></volume></pool>"                   \
	"<network><name>default</name><ip address='10.1.0.1' "                      \
	"netmask='255.255.255.0'><dhcp><range start='10.1.0.2' end='10.1.0.9'/>"    \
	"</dhcp></ip></network></node>"

static void the_roomiest_hypervisor_is_taken_unless_one_is_named(void **state)
{
	char path[] = "/tmp/ft-libvirt-test-XXXXXX";
	CLEANUP(close_fd) int fd = mkstemp(path);
	CLEANUP(free)
	char *config = xasprintf(
		"{\"uri\": \"a=test:///default, b=test://%s\", " HOSTS NO_SEED LINK "}",
		path);
	struct drv_launch l = a_launch(ID_A, "");
	struct site s;
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	assert_int_equal(write(fd, BIG, strlen(BIG)), strlen(BIG));
	begin_with(&s, config);
	assert_drv_ok(launch_with(&s, &l, &vm, &e), &e);
	assert_string_equal(vm.zone, "b");
	assert_string_equal(vm.id, "b." ID_A);
	l.zone = "a";
	assert_drv_ok(launch_with(&s, &l, &vm, &e), &e);
	assert_string_equal(vm.zone, "a");
	l.zone = "c";
	assert_drv_fails(launch_with(&s, &l, &vm, &e), DRV_BADREQ, &e);
	finish(&s);
	assert_int_equal(unlink(path), 0);
}

/* ---------------------------------------------------------------- lists */

static void a_list_has_the_owners_hosts_and_no_others(void **state)
{
	struct drv_launch l = a_launch(ID_B, "");
	struct vm_list all;
	struct site s;
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	begin(&s);
	launch_ok(&s, ID_A, "web-1");
	l.owner = "another";
	l.name = "web-2";
	assert_drv_ok(launch_with(&s, &l, &vm, &e), &e);
	assert_drv_ok(list_all(&s.w, &all, &e), &e);
	assert_int_equal(all.n, 1);
	assert_string_equal(all.vm[0].id, ID_OF_A);
	assert_string_equal(all.vm[0].launch_id, ID_A);
	assert_int_equal(all.vm[0].state, DRV_VM_RUNNING);
	assert_int_equal(strncmp(all.vm[0].address, "192.168.122.", 12), 0);
	finish(&s);
}

/* virt-clone copies metadata. */
static void a_copy_of_a_host_is_not_ours(void **state)
{
	struct vm_list all;
	struct site s;
	struct drv_err e;

	(void)state;
	begin(&s);
	define_stranger(&s, "copy", ID_B,
			"<metadata><ft:host xmlns:ft='" MARKS "'><ft:owner>" OWNER
			"</ft:owner><ft:launch>" ID_A
			"</ft:launch></ft:host></metadata>");
	assert_drv_ok(list_all(&s.w, &all, &e), &e);
	assert_int_equal(all.n, 0);
	assert_drv_fails(end_vm(&s.w, "local." ID_B, &e), DRV_CONFLICT, &e);
	assert_drv_ok(end_vm(&s.w, ID_OF_A, &e), &e);
	assert_runs(&s, ID_B);
	finish(&s);
}

static enum drv_vm_state only_state(struct site *s, char message[256])
{
	struct vm_list all;
	struct drv_err e;

	assert_drv_ok(list_all(&s->w, &all, &e), &e);
	assert_int_equal(all.n, 1);
	snprintf(message, 256, "%s", all.vm[0].message);
	return all.vm[0].state;
}

static void a_host_that_is_off_has_failed_and_one_that_starts_has_not(void **state)
{
	CLEANUP(virDomainFree) virDomainPtr dom = NULL;
	CLEANUP(free) char *xml = NULL;
	CLEANUP(virDomainFree) virDomainPtr again = NULL;
	char message[256];
	struct site s;

	(void)state;
	begin(&s);
	launch_ok(&s, ID_A, "web-1");
	dom = domain_of(&s, ID_A);
	assert_int_equal(virDomainShutdown(dom), 0);
	assert_int_equal(only_state(&s, message), DRV_VM_FAILED);
	assert_non_null(strstr(message, "powered itself off"));
	/* As it is between its definition and its start. */
	xml = virDomainGetXMLDesc(dom, VIR_DOMAIN_XML_INACTIVE);
	assert_int_equal(virDomainUndefine(dom), 0);
	again = virDomainDefineXML(s.hypervisor, xml);
	assert_int_equal(only_state(&s, message), DRV_VM_PENDING);
	s.w.host.wall_ms += 600000;
	assert_int_equal(only_state(&s, message), DRV_VM_FAILED);
	finish(&s);
}

static void a_paused_host_is_still_there(void **state)
{
	CLEANUP(virDomainFree) virDomainPtr dom = NULL;
	char message[256];
	struct site s;

	(void)state;
	begin(&s);
	launch_ok(&s, ID_A, "web-1");
	dom = domain_of(&s, ID_A);
	assert_int_equal(virDomainSuspend(dom), 0);
	assert_int_equal(only_state(&s, message), DRV_VM_RUNNING);
	finish(&s);
}

/* A list of some hypervisors would be taken for all. */
static void a_hypervisor_that_does_not_answer_fails_the_whole_list(void **state)
{
	static const char config[] =
		"{\"uri\": \"test:///default, away=test+unix:///default?socket="
		"/nonexistent/sock\", " HOSTS NO_SEED LINK "}";
	struct vm_list all;
	struct site s;
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	begin_with(&s, config);
	assert_drv_fails(list_all(&s.w, &all, &e), DRV_TRANSIENT, &e);
	assert_non_null(strstr(e.msg, "hypervisor away"));
	/* It may have the host already. */
	assert_drv_fails(launch_once(&s.w, &vm, &e), DRV_TRANSIENT, &e);
	assert_nothing_of(&s, ID_A);
	assert_drv_fails(end_vm(&s.w, "away." ID_A, &e), DRV_TRANSIENT, &e);
	assert_drv_ok(end_vm(&s.w, ID_OF_A, &e), &e);
	finish(&s);
}

static void an_address_of_no_hypervisor_is_the_operators_matter(void **state)
{
	struct vm_list all;
	struct site s;
	struct drv_err e;

	(void)state;
	begin_with(&s, "{\"uri\": \"qemu+pigeon:///system\", " HOSTS NO_SEED LINK "}");
	assert_drv_fails(list_all(&s.w, &all, &e), DRV_BADREQ, &e);
	finish(&s);
}

/* ---------------------------------------------------------------- the end */

static void an_end_leaves_nothing_and_may_be_repeated(void **state)
{
	struct site s;
	struct drv_err e;

	(void)state;
	begin(&s);
	launch_ok(&s, ID_A, "web-1");
	launch_ok(&s, ID_B, "web-2");
	make_volume(&s, "ft-" ID_A ".iso", "raw");
	assert_drv_ok(end_vm(&s.w, ID_OF_A, &e), &e);
	assert_nothing_of(&s, ID_A);
	assert_drv_ok(end_vm(&s.w, ID_OF_A, &e), &e);
	assert_runs(&s, ID_B);
	assert_true(has_volume(&s, "debian.qcow2"));
	finish(&s);
}

/* Volumes are where they were made, whatever the option says now. */
static void an_end_finds_volumes_in_the_storage_of_the_launch(void **state)
{
	CLEANUP(virDomainFree) virDomainPtr dom = NULL;
	struct site s;
	struct drv_err e;

	(void)state;
	begin(&s);
	launch_ok(&s, ID_A, "web-1");
	dom = domain_of(&s, ID_A);
	assert_int_equal(virDomainDestroy(dom), 0);
	use(&s, "{" URI "\"types\": \"a:1:1G\", \"storage\": \"other\", " LINK "}");
	assert_drv_ok(end_vm(&s.w, ID_OF_A, &e), &e);
	assert_nothing_of(&s, ID_A);
	finish(&s);
}

static void a_strangers_host_is_not_ended(void **state)
{
	struct drv_launch l = a_launch(ID_A, "");
	struct site s;
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	begin(&s);
	l.owner = "another";
	assert_drv_ok(launch_with(&s, &l, &vm, &e), &e);
	define_stranger(&s, "theirs", ID_B, "");
	assert_drv_fails(end_vm(&s.w, vm.id, &e), DRV_CONFLICT, &e);
	assert_non_null(strstr(e.msg, "another"));
	assert_drv_fails(end_vm(&s.w, "local." ID_B, &e), DRV_CONFLICT, &e);
	assert_runs(&s, ID_A);
	assert_runs(&s, ID_B);
	finish(&s);
}

static void what_is_no_id_is_refused(void **state)
{
	static const char *const ids[] = {
		"", "7", "local.", ".a", "nowhere." ID_A, "local.../x"
	};
	struct site s;
	struct drv_err e;

	(void)state;
	begin(&s);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		assert_drv_fails(end_vm(&s.w, ids[i], &e), DRV_BADREQ, &e);
	finish(&s);
}

/* ---------------------------------------------------------------- checking */

static void a_check_tells_the_room_and_makes_nothing(void **state)
{
	CLEANUP(free) char *found = NULL;
	struct site s;
	struct drv_err e;

	(void)state;
	begin(&s);
	assert_drv_ok(check_all(&s.w, &found, &e), &e);
	assert_non_null(strstr(found, "room for 4 more of the type small"));
	assert_non_null(strstr(found, "seed = none"));
	assert_null(strchr(found, '!'));
	assert_int_equal(virConnectNumOfDomains(s.hypervisor), 0);
	finish(&s);
}

static void a_check_names_all_that_a_hypervisor_lacks(void **state)
{
	CLEANUP(free) char *found = NULL;
	struct site s;
	struct drv_err e;

	(void)state;
	begin_with(&s, "{\"uri\": \"test:///default, away=test+unix:///default?socket="
		       "/nonexistent/sock\", \"types\": \"a:1:1G\", \"storage\": "
		       "\"default-pool\", \"image\": \"windows.qcow2\", \"network\": "
		       "\"backbone\"}");
	assert_drv_fails(check_all(&s.w, &found, &e), DRV_BADREQ, &e);
	assert_non_null(strstr(found, "!hypervisor local: the storage 'default-pool' has "
				      "no image 'windows.qcow2'"));
	assert_non_null(strstr(found, "backbone"));
	assert_non_null(strstr(found, "!hypervisor away"));
	finish(&s);
}

static void see_type(void *arg, const struct drv_type *t)
{
	unsigned *n = arg;

	assert_string_equal(t->name, *n == 0 ? "large" : "small");
	assert_true(t->cpu > 0 && t->memory_bytes > 0);
	++*n;
}

static void types_are_those_of_the_option(void **state)
{
	unsigned n = 0;
	struct site s;
	struct drv_err e;

	(void)state;
	begin(&s);
	assert_drv_ok(s.w.d->ops->types(s.w.d->drv, INT64_MAX, see_type, &n, &e), &e);
	assert_int_equal(n, 2);
	finish(&s);
}

/* As the controller has it; the state there ends with each connection. */
static void it_serves_in_a_process_of_its_own(void **state)
{
	CLEANUP(driver_close) struct driver *d = NULL;
	struct vm_list all = { .n = 0 };
	struct drv_err e;
	struct err open_e;

	(void)state;
	assert_ok(driver_open(NULL, drivers_dir(), "libvirt", CONFIG, &d, &open_e),
		  &open_e);
	assert_drv_ok(d->ops->list(d->drv, OWNER, deadline(), keep_vm, &all, &e), &e);
	assert_int_equal(all.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_unknown_or_missing_is_named),
		cmocka_unit_test(hypervisors_are_called_by_their_machine_or_as_given),
		cmocka_unit_test(
			a_stack_names_its_type_and_image_and_nothing_of_hypervisors),
		cmocka_unit_test(a_launch_is_a_marked_domain_with_a_disk_upon_the_image),
		cmocka_unit_test(a_launch_that_is_done_again_is_the_same_host),
		cmocka_unit_test(a_launch_that_was_cut_off_is_finished),
		cmocka_unit_test(names_and_ids_of_others_are_conflicts),
		cmocka_unit_test(without_its_image_nothing_of_a_launch_is_left),
		cmocka_unit_test(a_disk_is_as_large_as_asked),
		cmocka_unit_test(where_no_seed_can_be_written_that_is_said),
		cmocka_unit_test(user_data_is_in_the_firmware_whatever_characters_it_has),
		cmocka_unit_test(user_data_has_a_limit),
		cmocka_unit_test(labels_and_expiry_are_marks),
		cmocka_unit_test(the_first_type_with_room_is_launched),
		cmocka_unit_test(a_full_hypervisor_has_no_capacity),
		cmocka_unit_test(strangers_take_room),
		cmocka_unit_test(the_roomiest_hypervisor_is_taken_unless_one_is_named),
		cmocka_unit_test(a_list_has_the_owners_hosts_and_no_others),
		cmocka_unit_test(a_copy_of_a_host_is_not_ours),
		cmocka_unit_test(
			a_host_that_is_off_has_failed_and_one_that_starts_has_not),
		cmocka_unit_test(a_paused_host_is_still_there),
		cmocka_unit_test(a_hypervisor_that_does_not_answer_fails_the_whole_list),
		cmocka_unit_test(an_address_of_no_hypervisor_is_the_operators_matter),
		cmocka_unit_test(an_end_leaves_nothing_and_may_be_repeated),
		cmocka_unit_test(an_end_finds_volumes_in_the_storage_of_the_launch),
		cmocka_unit_test(a_strangers_host_is_not_ended),
		cmocka_unit_test(what_is_no_id_is_refused),
		cmocka_unit_test(a_check_tells_the_room_and_makes_nothing),
		cmocka_unit_test(a_check_names_all_that_a_hypervisor_lacks),
		cmocka_unit_test(types_are_those_of_the_option),
		cmocka_unit_test(it_serves_in_a_process_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
