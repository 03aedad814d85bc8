<?php
// SPDX-License-Identifier: GPL-3.0-or-later
define( 'DB_NAME', 'wordpress' );
define( 'DB_USER', 'wordpress' );
define( 'DB_PASSWORD', '{{getv "/foretide/secrets/wordpress/db-password"}}' );
define( 'DB_HOST', 'db.wordpress.foretide.local' );
define( 'DB_CHARSET', 'utf8mb4' );
define( 'WP_CONTENT_DIR', '/var/lib/wordpress/wp-content' );
foreach ( array( 'AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE' ) as $name ) {
	define( $name . '_KEY', $name . '{{getv "/foretide/secrets/wordpress/auth-salt"}}' );
	define( $name . '_SALT', '{{getv "/foretide/secrets/wordpress/auth-salt"}}' . $name );
}
// Load balancers come and go: the site is at whatever address it was asked for.
if ( isset( $_SERVER['HTTP_HOST'] ) ) {
	define( 'WP_HOME', 'http://' . $_SERVER['HTTP_HOST'] );
	define( 'WP_SITEURL', WP_HOME );
}
define( 'DISABLE_WP_CRON', true );
define( 'WP_HTTP_BLOCK_EXTERNAL', true );
define( 'AUTOMATIC_UPDATER_DISABLED', true );
define( 'WP_CACHE_KEY_SALT', 'wordpress:' );
define( 'FORETIDE_MEMCACHED', '/etc/foretide-wordpress/memcached.php' );
