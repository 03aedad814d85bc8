/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hosts out of namespaces: what they are inside, and how they boot and end. */
#include "local_fixture.h"

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
	struct drv_vm vm = launched(s, ID,
				    "#!/bin/sh\n"
				    "ls / | tr '\\n' ' '; echo mine > /etc/ft-mine\n"
				    "echo mine > /run/ft-mine; echo mine > /tmp/ft-mine\n"
				    "touch /sys/ft 2>&1; echo one > /dev/null\n"
				    "echo END\n");
	CLEANUP(free) char *text = output_of(s, vm.id);
	CLEANUP(free) char *upper = xasprintf("%s/hosts/%s/u/etc/ft-mine", s->state, ID);

	assert_says(text, "usr ");
	assert_says(text, "Read-only file system");
	assert_int_equal(access("/etc/ft-mine", F_OK), -1);
	assert_int_equal(access("/run/ft-mine", F_OK), -1);
	assert_int_equal(access("/tmp/ft-mine", F_OK), -1);
	assert_int_equal(access(upper, F_OK), 0);
}

static void write_secret(const char *folder, const char *name, mode_t mode)
{
	CLEANUP(free) char *path = xasprintf("%s/%s", folder, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f, "content of %s\n", name);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void of_the_machines_files_a_host_sees_what_all_may_read(void **state)
{
	struct subject *s = *state;
	char folder[] = "/etc/foretide-test.XXXXXX";
	CLEANUP(free) char *closed = NULL;
	CLEANUP(free) char *script = NULL;
	CLEANUP(free) char *remove_it = NULL;
	CLEANUP(free) char *text = NULL;
	struct drv_vm vm;

	assert_non_null(mkdtemp(folder));
	assert_int_equal(chmod(folder, 0755), 0);
	closed = xasprintf("%s/closed", folder);
	assert_int_equal(mkdir(closed, 0750), 0);
	write_secret(folder, "plain.conf", 0644);
	write_secret(folder, "a.key", 0600);
	write_secret(folder, "group.key", 0640);
	write_secret(closed, "behind", 0644);
	script = xasprintf("#!/bin/sh\ncd %s && cat *.* */* 2>/dev/null\n"
			   "find /etc -type f ! -perm -o=r | sed 's/^/left /'\n"
			   "echo END\n",
			   folder);
	vm = launched(s, ID, script);
	text = output_of(s, vm.id);
	remove_it = xasprintf("rm -r %s", folder);
	assert_int_equal(system(remove_it), 0);
	assert_says(text, "content of plain.conf");
	assert_null(strstr(text, ".key"));
	assert_null(strstr(text, "behind"));
	assert_says(text, "left /etc/shadow\n");
	assert_null(strstr(text, "left /etc/varnish"));
	assert_null(strstr(text, "left /etc/mysql"));
}

/* Each prints its line only when it was let. */
#define TRIES                                                                            \
	"import ctypes, os, socket\n"                                                    \
	"libc = ctypes.CDLL(None, use_errno=True)\n"                                     \
	"def call(what, n, *args):\n"                                                    \
	"    r = libc.syscall(n, *args)\n"                                               \
	"    if r >= 0 or ctypes.get_errno() != 1:\n"                                    \
	"        print('LET', what, r, ctypes.get_errno())\n"                            \
	"def attempt(what, f):\n"                                                        \
	"    try:\n"                                                                     \
	"        f()\n"                                                                  \
	"        print('LET', what)\n"                                                   \
	"    except OSError:\n"                                                          \
	"        pass\n"                                                                 \
	"call('init_module', 175, 0, 0, b'')\n"                                          \
	"call('finit_module', 313, -1, b'', 0)\n"                                        \
	"call('delete_module', 176, b'x', 0)\n"                                          \
	"call('kexec_load', 246, 0, 0, 0, 0)\n"                                          \
	"call('bpf', 321, 0, 0, 0)\n"                                                    \
	"call('keyctl', 250, 0, -3, 0)\n"                                                \
	"call('add_key', 248, b'user', b'a', b'b', 1, -3)\n"                             \
	"call('perf_event_open', 298, 0, 0, -1, -1, 0)\n"                                \
	"call('mount', 165, b'none', b'/mnt', b'tmpfs', 0, 0)\n"                         \
	"call('umount2', 166, b'/proc', 2)\n"                                            \
	"call('unshare user', 272, 0x10000000)\n"                                        \
	"call('unshare mount', 272, 0x20000)\n"                                          \
	"call('clone user', 56, 0x10000011, 0, 0, 0, 0)\n"                               \
	"call('setns', 308, 0, 0)\n"                                                     \
	"call('syslog', 103, 3, 0, 0)\n"                                                 \
	"call('clock_settime', 227, 0, b'\\0' * 16)\n"                                   \
	"call('reboot', 169, 0, 0, 0, 0)\n"                                              \
	"call('swapon', 167, b'/x', 0)\n"                                                \
	"call('open_by_handle_at', 304, 0, 0, 0)\n"                                      \
	"call('iopl', 172, 3)\n"                                                         \
	"call('userfaultfd', 323, 0)\n"                                                  \
	"call('io_uring_setup', 425, 1, 0)\n"                                            \
	"call('sethostname', 170, b'x', 1)\n"                                            \
	"attempt('packets', lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))\n" \
	"attempt('block device', lambda: os.mknod('/tmp/b', 0o60600, 0x0801))\n"         \
	"attempt('memory', lambda: os.mknod('/tmp/m', 0o20600, 0x0101))\n"               \
	"attempt('init', lambda: open('/proc/1/mem', 'r+b'))\n"                          \
	"for p in ('/dev/mem', '/dev/kmem', '/dev/kmsg', '/dev/fuse', '/dev/net/tun',\n" \
	"          '/dev/kvm', '/dev/sda', '/dev/vda'):\n"                               \
	"    attempt(p, lambda: open(p, 'rb'))\n"                                        \
	"for p in ('/proc/sys/kernel/core_pattern', '/proc/sys/kernel/modprobe',\n"      \
	"          '/proc/sysrq-trigger', '/proc/sys/vm/overcommit_memory',\n"           \
	"          '/sys/kernel/uevent_helper', '/proc/irq/default_smp_affinity'):\n"    \
	"    attempt(p, lambda: open(p, 'r+b'))\n"                                       \
	"for p in ('/proc/kcore', '/proc/kallsyms', '/proc/keys'):\n"                    \
	"    if os.path.exists(p) and open(p, 'rb').read(1):\n"                          \
	"        print('LET', p)\n"                                                      \
	"docker = 0xa80425fb\n"                                                          \
	"for l in open('/proc/self/status'):\n"                                          \
	"    k, _, v = l.partition(':')\n"                                               \
	"    if k in ('CapBnd', 'CapPrm', 'CapEff', 'CapInh', 'CapAmb') and \\\n"        \
	"       int(v, 16) & ~docker:\n"                                                 \
	"        print('LET', l)\n"                                                      \
	"for l in open('/etc/shadow'):\n"                                                \
	"    if l.split(':')[1] != '*':\n"                                               \
	"        print('LET', l)\n"                                                      \
	"for p in ('/etc/shadow-', '/etc/gshadow', '/var/backups/shadow.bak'):\n"        \
	"    if os.path.exists(p):\n"                                                    \
	"        print('LET', p)\n"                                                      \
	"print('TRIED')\n"

static void a_hosts_root_changes_no_kernel_and_sees_no_secret(void **state)
{
	struct subject *s = *state;
	CLEANUP(free)
	char *script = xasprintf("#!/bin/sh\n/usr/bin/python3 - 2>&1 <<'EOF'\n%sEOF\n"
				 "su -s /bin/sh nobody -c 'echo as nobody' 2>&1\n"
				 "runuser -u daemon -- echo as daemon 2>&1\n"
				 "echo END\n",
				 TRIES);
	struct drv_vm vm = launched(s, ID, script);
	CLEANUP(free) char *text = output_of(s, vm.id);

	assert_says(text, "TRIED");
	if (strstr(text, "LET "))
		fail_msg("%s", strstr(text, "LET "));
	/* What is no harm still works. */
	assert_says(text, "as nobody");
	assert_says(text, "as daemon");
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

	reconfigure(s, ", \"boot_delay\": \"4s\"");
	before = clock_mono_ms();
	vm = launched(s, ID, "#!/bin/sh\necho END\nexec sleep 600\n");
	assert_int_equal(state_of(s, vm.id), DRV_VM_PENDING);
	assert_int_not_equal(knock(vm.address, 50), ECONNREFUSED);
	assert_false(console_has(s, vm.id, "END"));
	assert_true(reaches(s, vm.id, DRV_VM_RUNNING));
	took = clock_mono_ms() - before;
	assert_in_range(took, 3990, CALL_MS);
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
		"set -- /proc/[0-9]*\n" /* the shell counts, so nothing but it and
					 * PID 1 */
		"while [ $# -gt 2 ]; do sleep 0.02; set -- /proc/[0-9]*; done\n"
		"grep -l 'State:.Z' /proc/[0-9]*/status 2>/dev/null; echo END\n");
	CLEANUP(free) char *text = output_of(s, vm.id);

	assert_null(strstr(text, "/status"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_host_has_its_own_names_and_network),
		TEST(a_host_sees_the_machine_and_changes_only_itself),
		TEST(a_hosts_root_changes_no_kernel_and_sees_no_secret),
		TEST(of_the_machines_files_a_host_sees_what_all_may_read),
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
	};

	remove_leftovers();
	atexit(clean_up);
	return cmocka_run_group_tests_name("local driver", tests, NULL, NULL);
}
