/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "console.h"

#include "check.h"

#include <errno.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static void write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n <= 0 && errno != EINTR)
			return;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
}

/* Under the file's lock, which readers share; they only delay this. */
static void drop_older(int fd, off_t size)
{
	static char kept[CONSOLE_MAX_BYTES / 2];
	ssize_t n;

	if (flock(fd, LOCK_EX | LOCK_NB) < 0 && size < 4 * CONSOLE_MAX_BYTES)
		return;
	n = pread(fd, kept, sizeof(kept), size - (off_t)sizeof(kept));
	if (n >= 0 && ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0)
		write_all(fd, kept, (size_t)n);
	(void)flock(fd, LOCK_UN);
}

void console_write(int fd, const char *text, size_t len)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && st.st_size + (off_t)len > CONSOLE_MAX_BYTES &&
	    st.st_size > CONSOLE_MAX_BYTES / 2)
		drop_older(fd, st.st_size);
	write_all(fd, text, len);
}

bool console_copy(int pipe_fd, int fd)
{
	char text[16384];
	ssize_t n = read(pipe_fd, text, sizeof(text));

	if (n <= 0)
		return false;
	console_write(fd, text, (size_t)n);
	return true;
}
