#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Gives MariaDB a data folder where the package's installation left none.
set -eu
install -d -o mysql -g mysql /run/mysqld /var/lib/mysql
[ -d /var/lib/mysql/mysql ] ||
	mariadb-install-db --user=mysql --datadir=/var/lib/mysql --skip-test-db >/dev/null
