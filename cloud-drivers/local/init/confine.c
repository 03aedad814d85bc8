/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "confine.h"

#include "check.h"
#include "cleanup.h"

#include <cap-ng.h>
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

/* ---------------------------------------------------------------- system calls */

static const int refused[] = {
	SCMP_SYS(init_module),
	SCMP_SYS(finit_module),
	SCMP_SYS(delete_module),
	SCMP_SYS(create_module),
	SCMP_SYS(kexec_load),
	SCMP_SYS(kexec_file_load),
	SCMP_SYS(reboot),
	SCMP_SYS(swapon),
	SCMP_SYS(swapoff),
	SCMP_SYS(acct),
	SCMP_SYS(syslog),
	SCMP_SYS(quotactl),
	SCMP_SYS(quotactl_fd),
	SCMP_SYS(nfsservctl),
	SCMP_SYS(lookup_dcookie),
	SCMP_SYS(bpf),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(fanotify_init),
	SCMP_SYS(keyctl),
	SCMP_SYS(add_key),
	SCMP_SYS(request_key),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(io_uring_enter),
	SCMP_SYS(io_uring_register),
	SCMP_SYS(open_by_handle_at),
	SCMP_SYS(mount),
	SCMP_SYS(umount),
	SCMP_SYS(umount2),
	SCMP_SYS(pivot_root),
	SCMP_SYS(fsopen),
	SCMP_SYS(fsconfig),
	SCMP_SYS(fsmount),
	SCMP_SYS(fspick),
	SCMP_SYS(move_mount),
	SCMP_SYS(open_tree),
	SCMP_SYS(mount_setattr),
	SCMP_SYS(setns),
	SCMP_SYS(unshare),
	SCMP_SYS(settimeofday),
	SCMP_SYS(stime),
	SCMP_SYS(clock_settime),
	SCMP_SYS(clock_settime64),
	SCMP_SYS(iopl),
	SCMP_SYS(ioperm),
	SCMP_SYS(vm86),
	SCMP_SYS(vm86old),
	SCMP_SYS(modify_ldt),
	SCMP_SYS(kcmp),
	SCMP_SYS(process_madvise),
	SCMP_SYS(sethostname),
	SCMP_SYS(setdomainname),
	SCMP_SYS(vhangup),
	SCMP_SYS(uselib),
	SCMP_SYS(ustat),
	SCMP_SYS(sysfs),
	SCMP_SYS(_sysctl),
};

#define NAMESPACES                                                                     \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
	 CLONE_NEWPID | CLONE_NEWNET)

/* A namespace each; the flags of clone3() are in memory, where a filter cannot look: libc
 * falls back to clone(). */
static int refuse_namespaces(scmp_filter_ctx f)
{
	int rc = seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);

	for (unsigned bit = 0; bit < 32 && rc == 0; bit++) {
		const scmp_datum_t flag = UINT64_C(1) << bit;

		if (NAMESPACES & flag)
			rc = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone),
					      1, SCMP_A0(SCMP_CMP_MASKED_EQ, flag, flag));
	}
	return rc;
}

/* Of the kernel's own or of the machine's hypervisor; others are of the host's network.
 */
static int refuse_sockets(scmp_filter_ctx f)
{
	static const int families[] = { AF_ALG, AF_VSOCK, AF_PACKET };
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(families) && rc == 0; i++)
		rc = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1,
				      SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i]));
	return rc;
}

/* The same for the other ways to call of this processor. */
static void add_architectures(scmp_filter_ctx f)
{
	switch (seccomp_arch_native()) {
	case SCMP_ARCH_X86_64:
		(void)seccomp_arch_add(f, SCMP_ARCH_X86);
		(void)seccomp_arch_add(f, SCMP_ARCH_X32);
		break;
	case SCMP_ARCH_AARCH64:
		(void)seccomp_arch_add(f, SCMP_ARCH_ARM);
		break;
	default:
		break;
	}
}

DEFINE_CLEANUP(scmp_filter_ctx, seccomp_release);

static int filter_calls(struct err *err)
{
	CLEANUP(seccomp_release) scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
	int rc = f ? 0 : -ENOMEM;

	if (rc == 0)
		add_architectures(f);
	/* A program that is setuid works as on any host. */
	if (rc == 0)
		rc = seccomp_attr_set(f, SCMP_FLTATR_CTL_NNP, 0);
	for (size_t i = 0; i < ARRAY_SIZE(refused) && rc == 0; i++)
		rc = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), refused[i], 0);
	if (rc == 0)
		rc = refuse_namespaces(f);
	if (rc == 0)
		rc = refuse_sockets(f);
	if (rc == 0)
		rc = seccomp_load(f);
	return rc < 0 ? err_set(err, ERR_INTERNAL, "the filter of system calls: %s",
				strerrordesc_np(-rc))
		      : 0;
}

/* ---------------------------------------------------------------- capabilities */

#define FILES_MOST 524288 /* as systemd has it */
#define FILES_AT_FIRST 65536
/* The agent, started so, goes before its units, which it sets back to theirs: a busy host
 * keeps its lease. */
#define AGENT_NICE (-5)

/* While it may: programs raise their own up to the hard limit. They size tables by the
 * soft one, which is not to be the controller's. */
static void set_file_limit(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) != 0)
		return;
	l.rlim_cur = MIN(l.rlim_cur, FILES_AT_FIRST);
	(void)setrlimit(RLIMIT_NOFILE, &l);
	l.rlim_max = MAX(l.rlim_max, FILES_MOST);
	(void)setrlimit(RLIMIT_NOFILE, &l);
}

static int drop_capabilities(struct err *err)
{
	capng_clear(CAPNG_SELECT_ALL);
	if (capng_updatev(CAPNG_ADD,
			  CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET,
			  CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_KILL,
			  CAP_SETGID, CAP_SETUID, CAP_SETPCAP, CAP_SETFCAP,
			  CAP_NET_BIND_SERVICE, CAP_NET_RAW, CAP_SYS_CHROOT,
			  CAP_AUDIT_WRITE, -1) != 0 ||
	    capng_apply(CAPNG_SELECT_ALL) != 0)
		return err_set(err, ERR_INTERNAL, "the capabilities cannot be dropped");
	return 0;
}

int confine_process(struct err *err)
{
	int rc;

	set_file_limit();
	/* Where it may: the agent, which starts here, sets what it runs back to 0. */
	(void)setpriority(PRIO_PROCESS, 0, AGENT_NICE);
	rc = filter_calls(err);
	return rc == 0 ? drop_capabilities(err) : rc;
}
