#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Joins this host to its Foretide controller. Valid for this host alone: the token works once.
#
# The template of user_data.c: names between @ are put in, lines that are comments left out.
# For any POSIX shell, with coreutils or busybox, as root, by cloud-init, by a cloud's own agent
# (some run it at each boot) or by Ignition's unit. Each program costs a new host some
# milliseconds, so the shell does what it can itself: its own printf also keeps the token out
# of what ps shows.
set -eu
umask 022
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
url='@controller@/v1/agent'
want='@agent_sha256@'
portable='@portable_sha256@'
state=/var/lib/foretide-agent
conf=/etc/foretide

# One that joined once serves: a later boot neither ends it nor asks for what it has.
has_joined() {
	[ -e "$state/cert.pem" ]
}

# Through the init that runs, of whichever kind. That of a local host knows a signal alone. A
# machine that was there before waits to be another host.
off() {
	if has_joined || [ -e /var/lib/foretide-standby/who ]; then return; fi
	if [ "${container:-}" = foretide ]; then
		kill -s TERM 1
	else
		poweroff || systemctl poweroff || shutdown -h now
	fi
}

# A host that never joins only costs money.
watch() {
	cd /
	exec </dev/null >/dev/null 2>&1
	trap '' HUP
	sleep @give_up_s@
	off
}
# Not a child of this shell: the agent, which may replace it, must inherit none.
(watch &)

[ -d "$conf" ] || mkdir -p "$conf"
[ -d "$state" ] || mkdir -p "$state"
printf '%s' '@ca_pem@' >"$conf/ca.pem"
umask 077
printf '%s' '[agent]
id = @host@
pool = @pool@
controller = @controller@
ca = /etc/foretide/ca.pem
token = @token@
state_dir = /var/lib/foretide-agent
time_scale = @time_scale@
time_epoch_ms = @time_epoch_ms@

[interruption]
source = @interruption@
url = @interruption_url@

[dns]
domain = @domain@
' >"$conf/agent.conf"
umask 022

is_right() { # file, sum
	[ -e "$1" ] && [ "$(sha256sum <"$1")" = "$2  -" ]
}

# The second where /usr is read-only, as on Flatcar.
places='/usr/local/sbin/foretide-agent /opt/foretide/foretide-agent'
is_there() {
	for agent in $places; do
		if is_right "$agent" "$want"; then return; fi
	done
	# Not of this sum: it was replaced since, and the controller may have yet another by now.
	for agent in $places; do
		if has_joined && [ -s "$agent" ] && [ -x "$agent" ]; then return; fi
	done
	return 1
}

find_place() {
	for agent in $places; do
		[ -d "${agent%/*}" ] || mkdir -p "${agent%/*}" 2>/dev/null || :
		if (: >"$agent.new") 2>/dev/null; then return; fi
	done
	return 1
}

# busybox's wget checks no certificate, and some crash with -T. What was got is checked in any
# case, by its sum.
get() { # what, file
	if command -v curl >/dev/null; then
		curl -gfsS --cacert "$conf/ca.pem" --connect-timeout 5 --max-time 300 -o "$2" "$url/$1"
		return
	fi
	case $(wget --help 2>&1) in
	*--ca-certificate*) wget -q --ca-certificate="$conf/ca.pem" -t 1 -T 20 -O "$2" "$url/$1" ;;
	*) timeout 300 wget -q --no-check-certificate -O "$2" "$url/$1" ;;
	esac
}

fail() {
	echo "foretide: $*" >&2
	off
	exit 1
}

# Tries for ten minutes and more.
fetch() { # what, sum
	pause=1 waited=0
	until find_place && get "$1" "$agent.new" && is_right "$agent.new" "$2"; do
		[ "$waited" -lt 600 ] || fail "no agent from $url/$1"
		sleep "$pause"
		waited=$((waited + pause))
		pause=$((pause * 2))
		[ "$pause" -le 15 ] || pause=15
	done
}

# The agent with its own loader and libraries. No variable tells them where these are: units
# would inherit it.
fetch_portable() {
	says="no agent runs on this machine, $(uname -m): the controller's is for @machine@"
	[ "$portable" != - ] || fail "$says with its libraries"
	places=/opt/foretide/foretide-agent
	fetch portable "$portable"
	tar -xf "$agent.new" -C "${agent%/*}"
	cat >"$agent.new" <<'END'
#!/bin/sh
d=${0%/*}/lib
exec "$d/foretide-agent" --inhibit-cache --library-path "$d" --argv0 "$0" "$d/agent" @arguments@
END
	chmod 755 "$agent.new"
	"$agent.new" version || fail "$says"
}

if ! is_there; then
	fetch binary "$want"
	chmod 755 "$agent.new"
	# A local host has this machine's libraries.
	[ "${container:-}" = foretide ] || "$agent.new" version || { rm -f "$agent.new"; fetch_portable; }
	mv "$agent.new" "$agent"
fi

if [ -d /run/systemd/system ]; then
	sed "s|^ExecStart=.*|ExecStart=$agent run|" >/etc/systemd/system/foretide-agent.service <<'END'
@agent_service@
END
	systemctl daemon-reload
	systemctl enable foretide-agent.service
	systemctl start --no-block foretide-agent.service
	exit
fi

# Process 1 of a local host runs it whenever the agent exits.
if [ "${container:-}" = foretide ]; then
	printf '#!/bin/sh\nexec %s run\n' "$agent" >"$conf/respawn"
	chmod 755 "$conf/respawn"
	exec "$agent" run
fi

# Any other init: a loop, which cloud-init starts again at later boots.
sed "s|AGENT|$agent|" >"$conf/start" <<'END'
#!/bin/sh
pid=/run/foretide-agent.pid log=/var/log/foretide-agent.log
if [ "${1:-}" != loop ]; then
	[ -e "$pid" ] && kill -0 "$(cat "$pid")" 2>/dev/null && exit
	setsid "$0" loop </dev/null >/dev/null 2>&1 &
	exit
fi
echo $$ >"$pid"
while :; do
	[ ! -e "$log" ] || mv -f "$log" "$log.1"
	AGENT run >"$log" 2>&1
	sleep 1
done
END
chmod 755 "$conf/start"
boot=/var/lib/cloud/scripts/per-boot
[ ! -d "$boot" ] || cp "$conf/start" "$boot/foretide-agent"
exec "$conf/start"
