#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs php-fpm and nginx as one service: when either ends, both end.
set -u
conf=/etc/foretide-wordpress
/usr/sbin/php-fpm8.2 --nodaemonize --fpm-config $conf/php-fpm.conf &
php=$!
/usr/sbin/nginx -c $conf/nginx.conf &
nginx=$!

# nginx first: requests that it has accepted still need php-fpm.
finish() {
	trap '' TERM INT
	kill -QUIT $nginx 2>/dev/null && wait $nginx
	kill -QUIT $php 2>/dev/null && wait $php
}
trap 'finish; exit 0' TERM INT

while kill -0 $php 2>/dev/null && kill -0 $nginx 2>/dev/null; do
	sleep 1 &
	wait $!
done
finish
exit 1
