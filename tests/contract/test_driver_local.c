/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_driver_local.c - hosts out of namespaces: what they are inside, how they live on,
 * and that nothing is left of them. Needs root.
 */
#include "drivers.h"

#include "conf.h"
#include "local/cgroup.h"
#include "local/host.h"
#include "local/state.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>

#define ID "0123456789abcdef0123456789abcdef"
#define SLEEP "#!/bin/sh\nexec sleep 600\n"

static struct subject the_subject = { .name = "local" };

/* ---------------------------------------------------------------- helpers */

static struct drv_vm launched(struct subject *s, const char *launch_id,
			      const char *user_data)
{
	struct drv_launch l = a_launch(launch_id, user_data);
	struct drv_vm vm;
	struct drv_err e;

	assert_drv_ok(launch(s, &l, &vm, &e), &e);
	return vm;
}

static struct meta meta_of(const struct subject *s, const char *launch_id)
{
	CLEANUP(free) char *path = xasprintf("%s/hosts/%s", s->state, launch_id);
	CLEANUP(close_fd) int dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct meta m;
	struct err e;

	assert_ok(meta_read(dirfd, &m, &e), &e);
	return m;
}

static char *console_of(const struct subject *s, const char *vm_id)
{
	char *text = NULL;
	struct drv_err e;

	assert_drv_ok(
		s->d->ops->console(s->d->drv, vm_id, deadline(), keep_text, &text, &e),
		&e);
	return text;
}

static bool console_has(const struct subject *s, const char *vm_id, const char *what)
{
	CLEANUP(free) char *text = console_of(s, vm_id);

	return strstr(text, what) != NULL;
}

/* The whole console, once the user data has said END. */
static char *output_of(const struct subject *s, const char *vm_id)
{
	if (!becomes(console_has(s, vm_id, "END\n")))
		fail_msg("the user data did not end: %s", console_of(s, vm_id));
	return console_of(s, vm_id);
}

static void assert_says(const char *text, const char *what)
{
	size_t len = strlen(text);

	if (!strstr(text, what))
		fail_msg("'%s' is not in what ends: %s", what,
			 text + (len > 800 ? len - 800 : 0));
}

/* ECONNREFUSED: the host's own kernel side answered, on a port where nobody listens. */
static int knock(const char *address, int wait_ms)
{
	CLEANUP(close_fd)
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int error = ETIMEDOUT;
	socklen_t len = sizeof(error);

	inet_pton(AF_INET, address, &to.sin_addr);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	if (poll(&p, 1, wait_ms) > 0)
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	return error;
}

static char *read_group(const struct subject *s, const char *id, unsigned control,
			const char *v1_file, const char *v2_file)
{
	struct cgroups groups;
	struct state st;
	struct err e;
	char group[96];

	assert_ok(cgroups_find(&groups, &e), &e);
	assert_ok(state_name(s->state, &st, &e), &e);
	host_cgroup(&st, id, group);
	for (size_t i = 0; i < groups.n; i++) {
		const struct cgroup_mount *m = &groups.at[i];
		CLEANUP(free)
		char *path =
			xasprintf("%s/%s/%s", m->path, group, m->v2 ? v2_file : v1_file);
		char *text = NULL;

		if (!(m->has & control))
			continue;
		assert_ok(conf_read_file(path, 4096, &text, NULL, &e), &e);
		return text;
	}
	fail_msg("no such controller");
	return NULL;
}

struct left {
	char prefix[16], alias[32], bridge[16];
	int links;
};

static void count_link(void *arg, const struct nl_link *link)
{
	struct left *l = arg;

	l->links += strncmp(link->name, l->prefix, strlen(l->prefix)) == 0 ||
		    strcmp(link->alias, l->alias) == 0 ||
		    strcmp(link->name, l->bridge) == 0;
}

static int count_links(const struct subject *s)
{
	CLEANUP(nl_close) struct nl *nl = NULL;
	struct left l = { .links = 0 };
	struct state st;
	struct err e;

	assert_ok(state_name(s->state, &st, &e), &e);
	network_veth_prefix(&st, l.prefix);
	network_alias(&st, l.alias);
	snprintf(l.bridge, sizeof(l.bridge), "%s", s->bridge);
	assert_ok(nl_open(&nl, &e), &e);
	assert_ok(nl_link_each(nl, count_link, &l, &e), &e);
	return l.links;
}

static int count_groups(const struct subject *s)
{
	struct cgroups groups;
	struct state st;
	struct err e;
	char group[96];
	int n = 0;

	assert_ok(cgroups_find(&groups, &e), &e);
	assert_ok(state_name(s->state, &st, &e), &e);
	host_cgroup(&st, NULL, group);
	for (size_t i = 0; i < groups.n; i++) {
		CLEANUP(free) char *path = xasprintf("%s/%s", groups.at[i].path, group);

		n += access(path, F_OK) == 0;
	}
	return n;
}

/* Processes whose command line names the state folder. */
static int count_inits(const struct subject *s)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d))) {
		CLEANUP(free) char *path = xasprintf("/proc/%s/cmdline", e->d_name);
		CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
		char text[512];
		ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text));

		n += len > 0 && memmem(text, (size_t)len, s->state, strlen(s->state));
	}
	closedir(d);
	return n;
}

static int count_entries(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d)))
		n += e->d_name[0] != '.';
	if (d)
		closedir(d);
	return n;
}

static int count_addresses(const struct subject *s)
{
	CLEANUP(free) char *path = xasprintf("%s/addresses", s->state);

	return count_entries(path);
}

static int count_folders(const struct subject *s)
{
	CLEANUP(free) char *path = xasprintf("%s/hosts", s->state);

	return count_entries(path);
}

static void reconfigure(struct subject *s, const char *more)
{
	subject_config(s, more);
	subject_reopen(s);
}

/* ---------------------------------------------------------------- inside */

static void a_host_has_its_own_names_and_network(void **state)
{
	struct subject *s = *state;
	struct drv_vm vm = launched(
		s, ID,
		"#!/bin/sh\n"
		"echo \"host $(hostname)\"; echo \"resolv $(cat /etc/resolv.conf)\"\n"
		"echo \"id $(cat /etc/machine-id)\"; grep web-1 /etc/hosts\n"
		"cat /proc/net/dev | grep eth0; echo \"pid1 $(cat /proc/1/comm)\"\n"
		"grep -q / /proc/net/route; cat /proc/net/fib_trie | grep 'host LOCAL' "
		"-B1\n"
		"echo END\n");
	CLEANUP(free) char *text = output_of(s, vm.id);
	CLEANUP(free) char *hosts = xasprintf("%s\tweb-1", vm.address);

	assert_says(text, "host web-1\n");
	assert_says(text, "resolv nameserver 127.0.0.1\n");
	assert_says(text, "id " ID "\n");
	assert_says(text, hosts);
	assert_says(text, "eth0:");
	assert_says(text, vm.address);
	assert_says(text, "pid1 foretide-local-");
}

static void a_host_sees_the_machine_and_changes_only_itself(void **state)
{
	struct subject *s = *state;
	struct drv_vm vm =
		launched(s, ID,
			 "#!/bin/sh\n"
			 "ls / | tr '\\n' ' '; echo mine > /etc/ft-mine\n"
			 "echo mine > /run/ft-mine; echo mine > /tmp/ft-mine\n"
			 "touch /sys/ft 2>&1; echo one > /dev/null\n"
			 "mount -t tmpfs none /mnt && echo mounted; echo END\n");
	CLEANUP(free) char *text = output_of(s, vm.id);
	CLEANUP(free) char *upper = xasprintf("%s/hosts/%s/u/etc/ft-mine", s->state, ID);

	assert_says(text, "usr ");
	assert_says(text, "mounted");
	assert_says(text, "Read-only file system");
	assert_int_equal(access("/etc/ft-mine", F_OK), -1);
	assert_int_equal(access("/run/ft-mine", F_OK), -1);
	assert_int_equal(access("/tmp/ft-mine", F_OK), -1);
	assert_int_equal(access(upper, F_OK), 0);
}

static void a_host_does_not_see_masked_folders(void **state)
{
	struct subject *s = *state;
	CLEANUP(free) char *more = xasprintf(", \"mask\": \"/usr/share/doc,%s\"", s->dir);
	struct drv_vm vm;
	CLEANUP(free) char *text = NULL;

	reconfigure(s, more);
	vm = launched(s, ID,
		      "#!/bin/sh\n"
		      "for d in /usr/share/doc /etc/foretide /var/lib/foretide; do\n"
		      "[ -d $d ] && [ -n \"$(ls -A $d)\" ] && echo \"full $d\"; done\n"
		      "ls /usr/share >/dev/null && echo seen; echo END\n");
	text = output_of(s, vm.id);
	assert_says(text, "seen");
	assert_null(strstr(text, "full"));
}

static void a_host_does_not_see_the_other_hosts_files(void **state)
{
	struct subject *s = *state;
	CLEANUP(free) char *where = xasprintf(DRIVERS_OTHER "-%d", getpid());
	CLEANUP(free) char *more = NULL;
	CLEANUP(free) char *script = NULL;
	CLEANUP(free) char *text = NULL;
	struct drv_vm vm;

	/* not below /tmp, which is private anyhow */
	snprintf(s->state, sizeof(s->state), "%s/state", where);
	subject_config(s, "");
	subject_reopen(s);
	script = xasprintf(
		"#!/bin/sh\nls -A %s; echo \"in $(ls -A %s | wc -l)\"; echo END\n",
		s->state, s->state);
	vm = launched(s, ID, script);
	text = output_of(s, vm.id);
	assert_says(text, "in 0\n");
}

/* Run in a mount namespace of its own, so that this machine never sees the mount. */
static int launch_below_a_disk(struct subject *s, const char *where, const char *script)
{
	CLEANUP(free)
	char *command = xasprintf("truncate -s 8M %s/disk && mkfs.ext4 -qF %s/disk && "
				  "mount -o loop %s/disk %s && echo kept > %s/file",
				  s->dir, s->dir, s->dir, where, where);
	struct drv_launch l = a_launch(ID, script);
	struct drv_vm vm;
	struct drv_err e;

	if (unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || system(command) != 0)
		return 1;
	return launch(s, &l, &vm, &e) == 0 ? 0 : 2;
}

static void a_file_system_of_its_own_is_seen_and_not_changed(void **state)
{
	struct subject *s = *state;
	CLEANUP(free) char *where = xasprintf(DRIVERS_OTHER "-%d", getpid());
	CLEANUP(free)
	char *script = xasprintf("#!/bin/sh\ncat %s/file; echo new > %s/other && "
				 "cat %s/other; echo END\n",
				 where, where, where);
	CLEANUP(free)
	char *upper = xasprintf("%s/hosts/%s/m/0/u/other", s->state, ID);
	CLEANUP(free) char *text = NULL;
	int status = -1;
	pid_t pid;

	assert_int_equal(mkdir(where, 0755), 0);
	pid = fork();
	if (pid == 0)
		_exit(launch_below_a_disk(s, where, script));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(rmdir(where), 0);
	assert_int_equal(status, 0);
	text = output_of(s, ID);
	assert_says(text, "kept\nnew\n");
	assert_int_equal(access(upper, F_OK), 0);
}

static void user_data_without_a_first_line_is_a_shell_script(void **state)
{
	struct subject *s = *state;
	struct drv_vm vm = launched(s, ID, "x=5; echo \"x is $((x + 1))\"; echo END\n");
	CLEANUP(free) char *text = output_of(s, vm.id);

	assert_says(text, "x is 6\n");
}

static void the_console_is_bounded_and_keeps_the_end(void **state)
{
	struct subject *s = *state;
	CLEANUP(free) char *path = xasprintf("%s/hosts/%s/console.log", s->state, ID);
	struct drv_vm vm = launched(s, ID, "#!/bin/sh\nseq 1 400000; echo END\n");
	CLEANUP(free) char *text = output_of(s, vm.id);
	struct stat st;

	assert_says(text, "\n400000\nEND\n");
	assert_int_equal(stat(path, &st), 0);
	assert_in_range(st.st_size, 64 * 1024, 600 * 1024);
}

/* ---------------------------------------------------------------- limits */

static void cpu_and_memory_are_those_of_the_type(void **state)
{
	static const char *const nano[] = { "nano", NULL };
	struct subject *s = *state;
	struct drv_launch l = a_launch(ID, SLEEP);
	struct drv_vm vm;
	struct drv_err e;

	l.types = nano;
	assert_drv_ok(launch(s, &l, &vm, &e), &e);
	CLEANUP(free)
	char *cpu = read_group(s, ID, CGROUP_CPU, "cpu.cfs_quota_us", "cpu.max");
	CLEANUP(free)
	char *memory =
		read_group(s, ID, CGROUP_MEMORY, "memory.limit_in_bytes", "memory.max");

	assert_int_equal(atol(cpu), 2000); /* of 20,000 us: a tenth */
	assert_int_equal(atol(memory), 128 << 20);
}

static void options_of_the_pool_stand_above_the_type(void **state)
{
	struct subject *s = *state;

	reconfigure(s, ", \"cpu\": 0.75, \"memory\": \"96M\"");
	(void)launched(s, ID, SLEEP);
	CLEANUP(free)
	char *cpu = read_group(s, ID, CGROUP_CPU, "cpu.cfs_quota_us", "cpu.max");
	CLEANUP(free)
	char *memory =
		read_group(s, ID, CGROUP_MEMORY, "memory.limit_in_bytes", "memory.max");

	assert_int_equal(atol(cpu), 15000);
	assert_int_equal(atol(memory), 96 << 20);
}

static void memory_beyond_the_limit_is_not_given(void **state)
{
	struct subject *s = *state;
	struct drv_vm vm;
	CLEANUP(free) char *text = NULL;

	reconfigure(s, ", \"memory\": \"48M\"");
	vm = launched(s, ID,
		      "#!/bin/sh\n"
		      "head -c 200000000 /dev/zero | tail -c 150000000 | wc -c\n"
		      "echo survived; echo END\n");
	text = output_of(s, vm.id);
	assert_says(text, "survived");
	assert_null(strstr(text, "150000000"));
}

static void a_host_sees_its_own_groups(void **state)
{
	struct subject *s = *state;
	struct drv_vm vm = launched(
		s, ID,
		"#!/bin/sh\n"
		"cat /sys/fs/cgroup/memory/memory.limit_in_bytes "
		"/sys/fs/cgroup/memory.max 2>/dev/null\n"
		"grep -q '/foretide' /proc/self/cgroup && echo outside; echo END\n");
	CLEANUP(free) char *text = output_of(s, vm.id);

	assert_says(text, "536870912\n");
	assert_null(strstr(text, "outside"));
}

/* ---------------------------------------------------------------- boot and end */

static void a_host_boots_for_as_long_as_it_is_told(void **state)
{
	struct subject *s = *state;
	int64_t before, took;
	struct drv_vm vm;

	reconfigure(s, ", \"boot_delay\": \"600ms\"");
	before = clock_mono_ms();
	vm = launched(s, ID, "#!/bin/sh\necho END\nexec sleep 600\n");
	assert_true(clock_mono_ms() - before < 500);
	assert_int_equal(state_of(s, vm.id), DRV_VM_PENDING);
	assert_int_not_equal(knock(vm.address, 50), ECONNREFUSED);
	assert_false(console_has(s, vm.id, "END"));
	assert_true(reaches(s, vm.id, DRV_VM_RUNNING));
	took = clock_mono_ms() - before;
	assert_in_range(took, 590, 5000);
	assert_true(becomes(console_has(s, vm.id, "END")));
	assert_true(becomes(knock(vm.address, 1000) == ECONNREFUSED));
}

static void a_host_whose_init_dies_has_failed_until_it_is_terminated(void **state)
{
	struct subject *s = *state;
	struct drv_vm vm = launched(s, ID, SLEEP);
	struct vm_list all;
	struct drv_err e;

	assert_true(reaches(s, vm.id, DRV_VM_RUNNING));
	assert_int_equal(kill(meta_of(s, ID).pid, SIGKILL), 0);
	assert_true(reaches(s, vm.id, DRV_VM_FAILED));
	list(s, &all);
	assert_string_equal(all.vm[0].message, "its init has ended");
	assert_drv_ok(terminate(s, OWNER, vm.id, &e), &e);
	assert_int_equal(count_folders(s), 0);
	assert_int_equal(count_addresses(s), 0);
}

static void sigterm_reaches_the_processes_of_a_host(void **state)
{
	struct subject *s = *state;
	CLEANUP(free) char *path = xasprintf("%s/hosts/%s/console.log", s->state, ID);
	CLEANUP(free) char *text = NULL;
	struct err e;
	struct drv_vm vm = launched(s, ID,
				    "#!/bin/sh\ntrap 'echo tidy; exit 0' TERM\necho END\n"
				    "while :; do sleep 0.05; done\n");

	assert_true(becomes(console_has(s, vm.id, "END")));
	assert_int_equal(kill(meta_of(s, ID).pid, SIGTERM), 0);
	assert_true(reaches(s, vm.id, DRV_VM_FAILED));
	assert_ok(conf_read_file(path, 1 << 20, &text, NULL, &e), &e);
	assert_says(text, "tidy");
	assert_says(text, "stopped");
}

static void what_ends_is_run_again_by_its_respawn_program(void **state)
{
	struct subject *s = *state;
	struct drv_vm vm = launched(
		s, ID,
		"#!/bin/sh\nmkdir -p /etc/foretide\n"
		"printf '#!/bin/sh\\necho again\\necho END\\nsleep 600\\n' "
		"> /etc/foretide/respawn\nchmod 755 /etc/foretide/respawn\nkill -9 $$\n");
	CLEANUP(free) char *text = output_of(s, vm.id);

	assert_says(text, "killed by signal 9");
	assert_says(text, "again");
}

static void orphans_in_a_host_are_reaped(void **state)
{
	struct subject *s = *state;
	struct drv_vm vm = launched(
		s, ID,
		"#!/bin/sh\nfor i in 1 2 3 4 5 6 7 8; do (sleep 0.01 &) ; done\n"
		"while [ $(ls -d /proc/[0-9]* | wc -l) -gt 4 ]; do sleep 0.02; done\n"
		"grep -l 'State:.Z' /proc/[0-9]*/status 2>/dev/null; echo END\n");
	CLEANUP(free) char *text = output_of(s, vm.id);

	assert_null(strstr(text, "/status"));
}

/* ---------------------------------------------------------------- crashes */

/* Launches in a process of its own, which is killed kill_ms later (-1: when done). */
static void launch_and_die(struct subject *s, const char *id, int kill_ms)
{
	struct drv_launch l = a_launch(id, SLEEP);
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct drv_vm vm;
		struct drv_err e;

		(void)launch(s, &l, &vm, &e);
		(void)kill(getpid(), SIGKILL);
	}
	if (kill_ms >= 0) {
		(void)poll(NULL, 0, kill_ms);
		(void)kill(pid, SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void a_host_outlives_the_process_that_made_it(void **state)
{
	struct subject *s = *state;
	struct meta m;

	launch_and_die(s, ID, -1);
	assert_true(reaches(s, ID, DRV_VM_RUNNING));
	m = meta_of(s, ID);
	assert_true(becomes(knock(m.address, 1000) == ECONNREFUSED));
	assert_true(init_is_alive(&m));
}

static void a_launch_killed_at_any_point_is_whole_or_nothing(void **state)
{
	struct subject *s = *state;
	struct vm_list all;
	struct drv_err e;

	for (int ms = 0; ms < 30; ms++) {
		char id[33];

		snprintf(id, sizeof(id), "%032x", ms);
		launch_and_die(s, id, ms);
		assert_true(list(s, &all) <= 1);
		(void)launched(s, id, SLEEP);
		assert_true(reaches(s, id, DRV_VM_RUNNING));
		assert_int_equal(list(s, &all), 1);
		assert_int_equal(count_addresses(s), 1);
		assert_true(becomes(count_inits(s) == 1)); /* the other one is ending */
		assert_drv_ok(terminate(s, OWNER, id, &e), &e);
	}
	assert_true(becomes(count_inits(s) == 0));
	assert_int_equal(count_folders(s), 0);
	assert_int_equal(count_addresses(s), 0);
	assert_true(becomes(count_links(s) == 1)); /* the bridge */
}

static void a_removal_that_was_broken_off_is_finished_by_a_list(void **state)
{
	struct subject *s = *state;
	CLEANUP(free) char *path = xasprintf("%s/hosts/%s/removing", s->state, ID);
	int fd;

	(void)launched(s, ID, SLEEP);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(count_vms(s), 0);
	assert_int_equal(count_folders(s), 0);
	assert_int_equal(count_inits(s), 0);
}

static void another_process_of_the_same_number_is_left_alone(void **state)
{
	struct subject *s = *state;
	CLEANUP(free) char *path = xasprintf("%s/hosts/%s", s->state, ID);
	CLEANUP(close_fd) int dirfd = -1;
	struct drv_err e;
	struct meta m, real;
	struct err why;
	pid_t bystander;

	(void)launched(s, ID, SLEEP);
	real = m = meta_of(s, ID);
	bystander = fork();
	if (bystander == 0) {
		pause();
		_exit(0);
	}
	m.pid = bystander; /* as after a reboot: the number is somebody else's */
	dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_ok(meta_write(dirfd, &m, &why), &why);
	assert_int_equal(state_of(s, ID), DRV_VM_FAILED);
	assert_drv_ok(terminate(s, OWNER, ID, &e), &e);
	assert_int_equal(kill(bystander, 0), 0);
	assert_int_equal(waitpid(bystander, NULL, WNOHANG), 0);
	(void)kill(bystander, SIGKILL);
	(void)waitpid(bystander, NULL, 0);
	/* its own processes are found by their group all the same */
	assert_true(becomes(!init_is_alive(&real)));
}

static void clean_removes_everything_also_what_no_record_knows(void **state)
{
	struct subject *s = *state;
	CLEANUP(free) char *damaged = xasprintf("%s/hosts/%032x/meta.json", s->state, 1);
	CLEANUP(free) char *lost = xasprintf("%s/hosts/%032x", s->state, 2);
	struct clean_count n;
	struct err e;
	FILE *f;

	for (int i = 0; i < 3; i++) {
		char id[33];

		snprintf(id, sizeof(id), "%032x", i);
		(void)launched(s, id, SLEEP);
	}
	f = fopen(damaged, "we");
	assert_non_null(f);
	fputs("{", f);
	fclose(f);
	(void)nftw(lost, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	assert_true(becomes(count_inits(s) == 3)); /* each forked its user data */

	assert_ok(local_clean(s->state, &n, &e), &e);
	assert_int_equal(n.hosts, 2);
	assert_int_equal(count_inits(s), 0);
	assert_int_equal(count_links(s), 0);
	assert_int_equal(count_groups(s), 0);
	assert_int_equal(access(s->state, F_OK), -1);
	assert_ok(local_clean(s->state, &n, &e), &e);
	assert_int_equal(n.hosts + n.processes + n.links, 0);
}

static void clean_works_when_the_folder_was_removed_under_running_hosts(void **state)
{
	struct subject *s = *state;
	struct clean_count n;
	struct err e;

	(void)launched(s, ID, SLEEP);
	(void)nftw(s->state, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	assert_int_equal(access(s->state, F_OK), -1);
	assert_true(becomes(count_inits(s) == 1)); /* it has forked its user data */
	assert_ok(local_clean(s->state, &n, &e), &e);
	assert_int_equal(n.processes, 1);
	assert_int_equal(count_inits(s), 0);
	assert_int_equal(count_links(s), 0);
	assert_int_equal(count_groups(s), 0);
}

/* Output and exit status of the foretide of this build. */
static int run_command(char *text, size_t size, const char *arguments)
{
	const char *build = getenv("B");
	CLEANUP(free)
	char *command =
		xasprintf("%s/foretide %s 2>&1", build ? build : "build", arguments);
	FILE *f = popen(command, "re");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, size - 1, f);
	text[n] = '\0';
	return WEXITSTATUS(pclose(f));
}

static void the_command_lists_and_cleans(void **state)
{
	struct subject *s = *state;
	CLEANUP(free) char *list_args = xasprintf("local list --state-dir %s", s->state);
	CLEANUP(free) char *json_args = xasprintf("%s --json", list_args);
	CLEANUP(free)
	char *clean_args = xasprintf("local clean --state-dir %s", s->state);
	struct drv_vm vm = launched(s, ID, SLEEP);
	char text[4096];

	assert_true(reaches(s, vm.id, DRV_VM_RUNNING));
	assert_int_equal(run_command(text, sizeof(text), list_args), 0);
	assert_says(text, "web-1");
	assert_says(text, "running");
	assert_says(text, vm.address);
	assert_int_equal(run_command(text, sizeof(text), json_args), 0);
	assert_says(text, "\"id\": \"" ID "\"");
	assert_int_equal(run_command(text, sizeof(text), "local"), 2);
	assert_int_equal(run_command(text, sizeof(text), "local sweep"), 2);
	assert_int_equal(run_command(text, sizeof(text), clean_args), 0);
	assert_says(text, "removed 1 hosts");
	assert_int_equal(count_inits(s), 0);
	assert_int_equal(count_links(s), 0);
	assert_int_equal(run_command(text, sizeof(text), list_args), 0);
	assert_null(strstr(text, "web-1"));
}

/* ---------------------------------------------------------------- others' things */

static void keep_finding(void *arg, bool fatal, const char *sentence)
{
	if (fatal)
		snprintf(arg, 512, "%s", sentence);
}

static void a_bridge_in_other_hands_is_refused_in_words(void **state)
{
	struct subject *s = *state;
	struct subject other = *s;
	struct drv_launch l = a_launch(ID, SLEEP);
	char finding[512] = "";
	struct clean_count n;
	struct drv_vm vm;
	struct drv_err e;
	struct err why;
	char *at;

	(void)launched(s, ID, SLEEP);
	/* the same bridge and subnet with another state folder */
	at = strstr(other.config, "/state\"");
	assert_non_null(at);
	memcpy(at, "/other\"", 7);
	memcpy(strstr(other.state, "/state"), "/other", 6);
	subject_open(&other);
	assert_drv_fails(launch(&other, &l, &vm, &e), DRV_CONFLICT, &e);
	assert_non_null(strstr(e.msg, "another state folder"));
	assert_int_equal(count_folders(&other), 0);
	assert_drv_fails(other.d->ops->validate(other.d->drv, deadline(), keep_finding,
						finding, &e),
			 DRV_BADREQ, &e);
	assert_non_null(strstr(finding, "another state folder"));
	driver_close(other.d);
	assert_ok(local_clean(other.state, &n, &why), &why);
	assert_int_equal(state_of(s, ID), DRV_VM_RUNNING);
}

static void a_subnet_in_use_is_refused_in_words(void **state)
{
	struct subject *s = *state;
	CLEANUP(free) char *config = NULL;
	struct subject other = *s;
	struct drv_launch l = a_launch(ID, SLEEP);
	struct drv_vm vm;
	struct drv_err e;
	struct err why;
	struct clean_count n;
	char *subnet = strstr(s->config, "\"subnet\"");

	(void)launched(s, ID, SLEEP);
	snprintf(other.state, sizeof(other.state), "%s/other", s->dir);
	snprintf(other.config, sizeof(other.config),
		 "{\"state_dir\": \"%s\", \"bridge\": \"fdtother%x\", %s", other.state,
		 (unsigned)getpid() & 0xffff, subnet);
	subject_open(&other);
	assert_drv_fails(launch(&other, &l, &vm, &e), DRV_CONFLICT, &e);
	assert_non_null(strstr(e.msg, "is in use on"));
	driver_close(other.d);
	assert_ok(local_clean(other.state, &n, &why), &why);
}

static void hosts_beyond_the_maximum_are_quota(void **state)
{
	struct subject *s = *state;
	struct drv_launch more = a_launch("ffffffffffffffffffffffffffffffff", SLEEP);
	struct drv_quota q;
	struct drv_vm vm;
	struct drv_err e;

	reconfigure(s, ", \"max_hosts\": 1");
	(void)launched(s, ID, SLEEP);
	(void)launched(s, ID, SLEEP); /* the same one is no more */
	assert_drv_fails(launch(s, &more, &vm, &e), DRV_QUOTA, &e);
	assert_drv_ok(s->d->ops->quota(s->d->drv, deadline(), &q, &e), &e);
	assert_int_equal(q.used, 1);
	assert_int_equal(q.limit, 1);
}

static void wrong_options_are_refused_in_words(void **state)
{
	static const struct {
		const char *config, *word;
	} bad[] = {
		{ "{\"subnet\": \"10.1.2.3/16\"}", "bits behind its prefix" },
		{ "{\"subnet\": \"10.0.0.0/8\"}", "/16 to /29" },
		{ "{\"subnet\": \"somewhere\"}", "/16 to /29" },
		{ "{\"bridge\": \"a-name-that-is-too-long\"}", "bridge" },
		{ "{\"bridge\": \"a b\"}", "bridge" },
		{ "{\"state_dir\": \"here\"}", "absolute" },
		{ "{\"memory\": \"lots\"}", "no size" },
		{ "{\"memory\": \"1K\"}", "less than 16M" },
		{ "{\"cpu\": 0.001}", "less than 0.05" },
		{ "{\"type\": \"huge\"}", "none of" },
		{ "{\"boot_delay\": \"soon\"}", "boot_delay" },
		{ "{\"max_hosts\": 0}", "from 1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct driver *d = NULL;
		struct err e;

		assert_int_equal(
			driver_open(drivers_dir(), "local", bad[i].config, &d, &e),
			ERR_INVAL);
		if (!strstr(e.msg, bad[i].word))
			fail_msg("%s: %s", bad[i].config, e.msg);
	}
}

static void an_init_that_cannot_be_run_leaves_nothing(void **state)
{
	struct subject *s = *state;
	struct drv_launch l = a_launch(ID, SLEEP);
	struct drv_vm vm;
	struct drv_err e;

	reconfigure(s, ", \"init\": \"/no/such/program\"");
	assert_int_not_equal(launch(s, &l, &vm, &e), 0);
	assert_non_null(strstr(e.msg, "cannot be executed"));
	assert_int_equal(count_vms(s), 0);
	assert_int_equal(count_folders(s), 0);
	assert_int_equal(count_addresses(s), 0);
}

/* ---------------------------------------------------------------- many */

static void fifty_hosts_come_and_go(void **state)
{
	struct subject *s = *state;
	int64_t start = clock_mono_ms(), made, up;
	struct vm_list all;
	struct drv_err e;
	size_t running;

	for (int i = 0; i < 50; i++) {
		char id[33];

		snprintf(id, sizeof(id), "%032x", i);
		(void)launched(s, id, SLEEP);
	}
	made = clock_mono_ms() - start;
	assert_true(becomes(({
		list(s, &all);
		running = 0;
		for (size_t i = 0; i < all.n; i++)
			running += all.vm[i].state == DRV_VM_RUNNING;
		running == 50;
	})));
	up = clock_mono_ms() - start;
	for (size_t i = 0; i < all.n; i++)
		assert_drv_ok(terminate(s, OWNER, all.vm[i].id, &e), &e);
	print_message("# 50 hosts made in %lld ms, all running after %lld ms, gone after "
		      "%lld ms\n",
		      (long long)made, (long long)up,
		      (long long)(clock_mono_ms() - start));
	assert_int_equal(count_folders(s), 0);
	assert_int_equal(count_links(s), 1);
}

/* ---------------------------------------------------------------- all of them */

static int setup(void **state)
{
	*state = &the_subject;
	subject_setup(&the_subject, "");
	return 0;
}

static int teardown(void **state)
{
	subject_teardown(*state);
	return 0;
}

static void clean_up(void)
{
	subject_teardown(&the_subject);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_host_has_its_own_names_and_network),
		TEST(a_host_sees_the_machine_and_changes_only_itself),
		TEST(a_host_does_not_see_masked_folders),
		TEST(a_host_does_not_see_the_other_hosts_files),
		TEST(a_file_system_of_its_own_is_seen_and_not_changed),
		TEST(user_data_without_a_first_line_is_a_shell_script),
		TEST(the_console_is_bounded_and_keeps_the_end),
		TEST(cpu_and_memory_are_those_of_the_type),
		TEST(options_of_the_pool_stand_above_the_type),
		TEST(memory_beyond_the_limit_is_not_given),
		TEST(a_host_sees_its_own_groups),
		TEST(a_host_boots_for_as_long_as_it_is_told),
		TEST(a_host_whose_init_dies_has_failed_until_it_is_terminated),
		TEST(sigterm_reaches_the_processes_of_a_host),
		TEST(what_ends_is_run_again_by_its_respawn_program),
		TEST(orphans_in_a_host_are_reaped),
		TEST(a_host_outlives_the_process_that_made_it),
		TEST(a_launch_killed_at_any_point_is_whole_or_nothing),
		TEST(a_removal_that_was_broken_off_is_finished_by_a_list),
		TEST(another_process_of_the_same_number_is_left_alone),
		TEST(clean_removes_everything_also_what_no_record_knows),
		TEST(clean_works_when_the_folder_was_removed_under_running_hosts),
		TEST(the_command_lists_and_cleans),
		TEST(a_bridge_in_other_hands_is_refused_in_words),
		TEST(a_subnet_in_use_is_refused_in_words),
		TEST(hosts_beyond_the_maximum_are_quota),
		TEST(wrong_options_are_refused_in_words),
		TEST(an_init_that_cannot_be_run_leaves_nothing),
		TEST(fifty_hosts_come_and_go),
	};

	remove_leftovers();
	atexit(clean_up);
	return cmocka_run_group_tests_name("local driver", tests, NULL, NULL);
}
