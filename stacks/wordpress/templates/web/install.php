<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// Runs before a web instance serves: waits for the database, and installs the site when no
// other instance has done so. A lock in the database lets one instance install at a time.

const DEADLINE_S = 240;

$_SERVER['HTTP_HOST']       = 'localhost';
$_SERVER['SERVER_NAME']     = 'localhost';
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
$_SERVER['REQUEST_METHOD']  = 'GET';
$_SERVER['REQUEST_URI']     = '/';
$_SERVER['PHP_SELF']        = '/index.php';

require '/etc/wordpress/config-default.php';

function connect() {
	mysqli_report( MYSQLI_REPORT_OFF );
	$until = time() + DEADLINE_S;
	do {
		$db = mysqli_init();
		$db->options( MYSQLI_OPT_CONNECT_TIMEOUT, 5 );
		if ( @$db->real_connect( DB_HOST, DB_USER, DB_PASSWORD, DB_NAME ) ) {
			return $db;
		}
		$why = $db->connect_error ?? mysqli_connect_error();
		usleep( 200000 );
	} while ( time() < $until );
	fwrite( STDERR, 'install: no database at ' . DB_HOST . ": $why\n" );
	exit( 1 );
}

function is_installed( $db ) {
	$found = $db->query( "SELECT option_value FROM wp_options WHERE option_name = 'foretide_installed'" );
	return $found && $found->num_rows > 0;
}

function first_posts() {
	$topics = array( 'Tides', 'Harbours', 'Lighthouses', 'Currents', 'Charts', 'Knots', 'Sails', 'Anchors', 'Compasses', 'Islands' );
	foreach ( $topics as $i => $topic ) {
		wp_insert_post(
			array(
				'post_title'   => $topic,
				'post_content' => str_repeat( "<p>$topic are watched from here, and this page is served by whichever host is there.</p>\n", 5 ),
				'post_status'  => 'publish',
				'post_author'  => 1,
				'post_date'    => gmdate( 'Y-m-d H:i:s', strtotime( "2026-01-01 +$i days" ) ),
			)
		);
	}
}

$lock = connect();
if ( is_installed( $lock ) ) {
	exit( 0 );
}
if ( $lock->query( "SELECT GET_LOCK('foretide_install', " . DEADLINE_S . ')' )->fetch_row()[0] != 1 ) {
	fwrite( STDERR, "install: another instance holds the lock and does not finish\n" );
	exit( 1 );
}
if ( is_installed( $lock ) ) {
	exit( 0 );
}

define( 'WP_INSTALLING', true );
require '/usr/share/wordpress/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';

wp_install( 'Foretide', 'admin', 'admin@localhost.localdomain', true, '', '{{getv "/foretide/secrets/wordpress/admin-password"}}' );
if ( wp_get_theme( 'twentytwentyone' )->exists() ) {
	switch_theme( 'twentytwentyone' );
}
first_posts();
update_option( 'foretide_installed', gmdate( 'c' ) );
echo "install: WordPress is installed\n";
