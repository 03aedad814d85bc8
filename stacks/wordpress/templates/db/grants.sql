-- SPDX-License-Identifier: GPL-3.0-or-later
CREATE DATABASE IF NOT EXISTS wordpress CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS 'wordpress'@'%' IDENTIFIED BY '{{getv "/foretide/secrets/wordpress/db-password"}}';
ALTER USER 'wordpress'@'%' IDENTIFIED BY '{{getv "/foretide/secrets/wordpress/db-password"}}';
GRANT ALL ON wordpress.* TO 'wordpress'@'%';
