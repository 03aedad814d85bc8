/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * slow_sync.c - preloaded into a program each of its writes to the disk takes 200 ms, as
 * on one that others keep busy.
 */
#include <errno.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int sync_late(long number, int fd)
{
	struct timespec left = { 0, 200 * 1000 * 1000 };

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
	return (int)syscall(number, fd);
}

int fsync(int fd)
{
	return sync_late(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	return sync_late(SYS_fdatasync, fd);
}
