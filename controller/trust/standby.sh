#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A machine that exists already waits here for Foretide to give it to a pool, and again when it
# was taken back. Enrolled once by the command that `foretide enroll` prints:
#
#	FORETIDE_KEY=ft_... sh standby machine NAME	or	sh standby pool NAME
#
# The template of standby.c: names between @ are put in, lines that are comments left out. For
# any POSIX shell, with coreutils or busybox and curl or GNU wget, as root. It asks which host
# the machine is to be; for a new one the answer is that host's user data, which it runs.
set -eu
umask 022
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
url='@controller@/v1/agent/assignment'
state=/var/lib/foretide-standby
every=3

# ---------------------------------------------------------------- enrolment

start() {
	if [ -d /run/systemd/system ]; then
		printf '%s\n' '[Unit]' 'Description=Foretide, waiting for a host to be' \
			'Wants=network-online.target' 'After=network-online.target' \
			'[Service]' "ExecStart=/bin/sh $state/standby run" 'Restart=always' \
			'KillMode=process' '[Install]' 'WantedBy=multi-user.target' \
			>/etc/systemd/system/foretide-standby.service
		systemctl daemon-reload
		systemctl enable foretide-standby.service
		systemctl restart --no-block foretide-standby.service
		return
	fi
	# Process 1 of a local host runs it when this script has ended.
	if [ "${container:-}" = foretide ]; then
		mkdir -p /etc/foretide
		printf '#!/bin/sh\nexec sh %s run\n' "$state/standby" >/etc/foretide/respawn
		chmod 755 /etc/foretide/respawn
		return
	fi
	printf '#!/bin/sh\nsetsid sh %s run </dev/null >/dev/null 2>&1 &\n' "$state/standby" \
		>"$state/start"
	chmod 755 "$state/start"
	boot=/var/lib/cloud/scripts/per-boot
	[ ! -d "$boot" ] || cp "$state/start" "$boot/foretide-standby"
	"$state/start"
}

enroll() {
	case "$1:${2:-}:${FORETIDE_KEY:-}" in
	machine:[a-z0-9]*:ft_* | pool:[a-z0-9]*:ft_*) ;;
	*)
		echo "standby: give 'machine' or 'pool', its name, and the key in FORETIDE_KEY" >&2
		exit 2
		;;
	esac
	if ! command -v curl >/dev/null; then
		case $(wget --help 2>&1) in
		*--ca-certificate*) ;;
		*) echo "standby: it needs curl or GNU wget: install one of them" >&2; exit 1 ;;
		esac
	fi
	mkdir -p "$state"
	chmod 700 "$state"
	umask 077
	printf '%s' '@ca_pem@' >"$state/ca.pem"
	printf '%s %s %s\n' "$1" "$2" "$FORETIDE_KEY" >"$state/who.new"
	mv "$state/who.new" "$state/who"
	cat "$0" >"$state/standby.new"
	mv "$state/standby.new" "$state/standby"
	umask 022
	unset FORETIDE_KEY
	start
}

# ---------------------------------------------------------------- waiting

# Which host it is: a word, or nothing.
read_host() {
	host=
	[ ! -s "$state/host" ] || read -r host <"$state/host" || :
}

ask() {
	printf '{"%s": "%s", "key": "%s", "host": "%s"}' "$kind" "$name" "$key" "$host" \
		>"$state/question"
	if command -v curl >/dev/null; then
		curl -gfsS --cacert "$state/ca.pem" --connect-timeout 5 --max-time 30 \
			-H 'Content-Type: application/json' -X POST -T "$state/question" \
			-o "$state/answer" "$url"
	else
		wget -q --ca-certificate="$state/ca.pem" -t 1 -T 20 \
			--header='Content-Type: application/json' \
			--post-file="$state/question" -O "$state/answer" "$url"
	fi
}

end_group() {
	[ -s "$1" ] || return 0
	kill -s KILL -- "-$(cat "$1")" 2>/dev/null || :
	rm -f "$1"
}

# What the agent started outlives it: by systemd, or in groups of its name.
end_units() {
	for unit in /run/systemd/system/*.service; do
		[ -e "$unit" ] || continue
		read -r line <"$unit" || :
		case $line in '# foretide '*) ;; *) continue ;; esac
		systemctl stop "${unit##*/}" || :
		rm -f "$unit"
	done
	for group in /proc/[0-9]*/cgroup; do
		grep -q '/foretide/' "$group" 2>/dev/null || continue
		pid=${group#/proc/}
		kill -s KILL "${pid%/cgroup}" 2>/dev/null || :
	done
}

# The host is no more: its agent, its units and its identity go, and nothing else.
leave() {
	end_group "$state/pid"
	if [ -d /run/systemd/system ]; then
		systemctl disable --now foretide-agent.service || :
		rm -f /etc/systemd/system/foretide-agent.service
	fi
	end_group /run/foretide-agent.pid
	end_units
	[ ! -d /run/systemd/system ] || systemctl daemon-reload || :
	rm -f /etc/foretide/agent.conf /etc/foretide/start \
		/var/lib/cloud/scripts/per-boot/foretide-agent
	rm -rf /var/lib/foretide-agent
	rm -f "$state/host"
	host=
}

# $1: the host that it is to be; "none": none.
follow() {
	if [ "$1" = "${host:-none}" ]; then return; fi
	if [ -n "$host" ]; then leave; fi
	if [ "$1" = none ]; then return; fi
	printf '%s\n' "$1" >"$state/host"
	(
		# Of a local host's process 1 that of the agent is not.
		unset container
		exec setsid sh "$state/answer.run" </dev/null >"$state/log" 2>&1
	) &
	echo $! >"$state/pid"
	host=$1
}

run() {
	umask 077
	read -r kind name key <"$state/who"
	read_host
	while :; do
		if ask 2>"$state/why" && read -r mark want <"$state/answer" && [ "$mark" = '#' ]; then
			mv "$state/answer" "$state/answer.run"
			follow "$want"
		fi
		sleep "$every"
	done
}

case ${1:-} in
run) run ;;
*) enroll "${1:-}" "${2:-}" ;;
esac
