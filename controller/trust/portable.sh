#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Writes the portable agent to standard output, as a tar: the agent (descriptor 3) and the loader
# and libraries of this machine that it runs with, all in lib/. The same files give the same
# bytes.
set -eu
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
ulimit -f 262144
agent=/proc/self/fd/3

loader=$(ldd "$agent" | sed -n 's|^[[:space:]]*\(/[^ ]*/ld-[^ /]*\) (0x.*|\1|p')
[ -n "$loader" ]
# Not those for this machine's processor alone: the host's may be an older one.
libs=$("$loader" --glibc-hwcaps-mask none --list "$agent" |
	sed -n 's|.* => \(/.*\) (0x[0-9a-f]*)$|\1|p')
# libc opens it by itself when a thread is ended from inside.
for lib in $libs; do
	more=${lib%/*}/libgcc_s.so.1
	[ "${lib##*/}" != libc.so.6 ] || [ ! -e "$more" ] || libs="$libs $more"
done

# The loader has the agent's name, by which a process is known.
# shellcheck disable=SC2086 # a word each
printf '%s\n' "$loader" "$agent" $libs | sort -u |
	tar -chP --format=ustar --owner=0 --group=0 --numeric-owner --mtime=@0 --mode=755 \
		--transform 's|.*/|lib/|;s|^lib/ld-.*|lib/foretide-agent|;s|^lib/3$|lib/agent|' -T -
