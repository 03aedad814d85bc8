<?php
// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * WordPress object cache on memcached. Servers come from the file that FORETIDE_MEMCACHED
 * names, which is rendered again when one comes or goes. The set of servers is part of
 * every key: a server that comes back holds values of its earlier life, and these must
 * never be seen again. Without a server, and for groups that must not outlive a request,
 * values live in this process only.
 *
 * A group is emptied by raising its generation number, which is part of every key.
 */

class WP_Object_Cache {
	private $memcached  = null;
	private $local      = array();
	private $generation = array();
	private $global     = array();
	private $volatile   = array();
	private $blog       = '';
	private $servers    = '';
	public $cache_hits   = 0;
	public $cache_misses = 0;

	public function __construct() {
		$this->blog = is_multisite() ? get_current_blog_id() . ':' : '';
		$servers    = defined( 'FORETIDE_MEMCACHED' ) && is_readable( FORETIDE_MEMCACHED ) ? include FORETIDE_MEMCACHED : array();
		if ( ! $servers || ! class_exists( 'Memcached' ) ) {
			return;
		}
		$m = new Memcached();
		$m->setOptions(
			array(
				Memcached::OPT_DISTRIBUTION         => Memcached::DISTRIBUTION_CONSISTENT,
				Memcached::OPT_LIBKETAMA_COMPATIBLE => true,
				Memcached::OPT_BINARY_PROTOCOL      => true,
				Memcached::OPT_TCP_NODELAY          => true,
				Memcached::OPT_CONNECT_TIMEOUT      => 200,
				Memcached::OPT_POLL_TIMEOUT         => 300,
				Memcached::OPT_SEND_TIMEOUT         => 300000,
				Memcached::OPT_RECV_TIMEOUT         => 300000,
				Memcached::OPT_RETRY_TIMEOUT        => 2,
				Memcached::OPT_SERVER_FAILURE_LIMIT => 1,
			)
		);
		sort( $servers );
		$m->addServers( $servers );
		$this->servers   = md5( serialize( $servers ) ) . ':';
		$this->memcached = $m;
	}

	private function group( $group ) {
		return '' === (string) $group ? 'default' : $group;
	}

	private function prefix( $group ) {
		return isset( $this->global[ $group ] ) ? '' : $this->blog;
	}

	private function is_shared( $group ) {
		return $this->memcached && ! isset( $this->volatile[ $group ] );
	}

	private function number( $name ) {
		if ( ! isset( $this->generation[ $name ] ) ) {
			$n = $this->memcached->get( $name );
			if ( false === $n ) {
				$n = (int) ( microtime( true ) * 1000 );
				$this->memcached->add( $name, $n );
			}
			$this->generation[ $name ] = $n;
		}
		return $this->generation[ $name ];
	}

	private function raise( $name ) {
		$n = (int) ( microtime( true ) * 1000 );
		$this->memcached->set( $name, $n );
		$this->generation[ $name ] = $n;
	}

	private function salt() {
		return ( defined( 'WP_CACHE_KEY_SALT' ) ? WP_CACHE_KEY_SALT : '' ) . $this->servers;
	}

	private function local_key( $key, $group ) {
		return $this->prefix( $group ) . $group . ':' . $key;
	}

	private function remote_key( $key, $group ) {
		$salt = $this->salt();
		return md5( $salt . $this->number( $salt . 'all' ) . ':' . $this->number( $salt . 'group:' . $group ) . ':' . $this->local_key( $key, $group ) );
	}

	private static function copy( $value ) {
		return is_object( $value ) ? clone $value : $value;
	}

	// Memcached reads more than 30 days as a date.
	private static function expiry( $seconds ) {
		$seconds = (int) $seconds;
		return $seconds > 2592000 ? time() + $seconds : max( 0, $seconds );
	}

	public function add( $key, $value, $group = '', $expire = 0 ) {
		$group = $this->group( $group );
		$local = $this->local_key( $key, $group );
		if ( function_exists( 'wp_suspend_cache_addition' ) && wp_suspend_cache_addition() ) {
			return false;
		}
		if ( $this->is_shared( $group ) ) {
			if ( ! $this->memcached->add( $this->remote_key( $key, $group ), $value, self::expiry( $expire ) ) ) {
				return false;
			}
		} elseif ( array_key_exists( $local, $this->local ) ) {
			return false;
		}
		$this->local[ $local ] = self::copy( $value );
		return true;
	}

	public function set( $key, $value, $group = '', $expire = 0 ) {
		$group = $this->group( $group );
		$this->local[ $this->local_key( $key, $group ) ] = self::copy( $value );
		return ! $this->is_shared( $group )
			|| $this->memcached->set( $this->remote_key( $key, $group ), $value, self::expiry( $expire ) );
	}

	public function replace( $key, $value, $group = '', $expire = 0 ) {
		$this->get( $key, $group, false, $found );
		return $found && $this->set( $key, $value, $group, $expire );
	}

	public function get( $key, $group = '', $force = false, &$found = null ) {
		$group = $this->group( $group );
		$local = $this->local_key( $key, $group );
		if ( array_key_exists( $local, $this->local ) && ! ( $force && $this->is_shared( $group ) ) ) {
			$found = true;
			++$this->cache_hits;
			return self::copy( $this->local[ $local ] );
		}
		$found = false;
		if ( $this->is_shared( $group ) ) {
			$value = $this->memcached->get( $this->remote_key( $key, $group ) );
			$found = $this->memcached->getResultCode() === Memcached::RES_SUCCESS;
		}
		if ( ! $found ) {
			unset( $this->local[ $local ] );
			++$this->cache_misses;
			return false;
		}
		++$this->cache_hits;
		$this->local[ $local ] = $value;
		return self::copy( $value );
	}

	private function fetch_missing( $keys, $group ) {
		$remote = array();
		foreach ( $keys as $key ) {
			if ( ! array_key_exists( $this->local_key( $key, $group ), $this->local ) ) {
				$remote[ $this->remote_key( $key, $group ) ] = $key;
			}
		}
		$values = $remote ? $this->memcached->getMulti( array_map( 'strval', array_keys( $remote ) ) ) : array();
		foreach ( $values ? $values : array() as $remote_key => $value ) {
			$this->local[ $this->local_key( $remote[ $remote_key ], $group ) ] = $value;
		}
	}

	public function get_multiple( $keys, $group = '', $force = false ) {
		$group  = $this->group( $group );
		$values = array();
		if ( $force ) {
			foreach ( $keys as $key ) {
				unset( $this->local[ $this->local_key( $key, $group ) ] );
			}
		}
		if ( $this->is_shared( $group ) ) {
			$this->fetch_missing( $keys, $group );
		}
		foreach ( $keys as $key ) {
			$local    = $this->local_key( $key, $group );
			$is_there = array_key_exists( $local, $this->local );
			$is_there ? ++$this->cache_hits : ++$this->cache_misses;
			$values[ $key ] = $is_there ? self::copy( $this->local[ $local ] ) : false;
		}
		return $values;
	}

	public function delete( $key, $group = '' ) {
		$group = $this->group( $group );
		$local = $this->local_key( $key, $group );
		$was   = array_key_exists( $local, $this->local );
		unset( $this->local[ $local ] );
		return $this->is_shared( $group ) ? $this->memcached->delete( $this->remote_key( $key, $group ) ) : $was;
	}

	public function add_to( $key, $offset, $group ) {
		$value = $this->get( $key, $group, true, $found );
		if ( ! $found ) {
			return false;
		}
		$value = max( 0, ( is_numeric( $value ) ? $value : 0 ) + (int) $offset );
		return $this->set( $key, $value, $group ) ? $value : false;
	}

	public function flush() {
		$this->local = array();
		if ( $this->memcached ) {
			$this->raise( $this->salt() . 'all' );
		}
		return true;
	}

	public function flush_runtime() {
		$this->local      = array();
		$this->generation = array();
		return true;
	}

	public function flush_group( $group ) {
		$group  = $this->group( $group );
		$prefix = $this->local_key( '', $group );
		foreach ( array_keys( $this->local ) as $local ) {
			if ( 0 === strpos( $local, $prefix ) ) {
				unset( $this->local[ $local ] );
			}
		}
		if ( $this->is_shared( $group ) ) {
			$this->raise( $this->salt() . 'group:' . $group );
		}
		return true;
	}

	public function add_global_groups( $groups ) {
		$this->global += array_fill_keys( (array) $groups, true );
	}

	public function add_non_persistent_groups( $groups ) {
		$this->volatile += array_fill_keys( (array) $groups, true );
	}

	public function switch_to_blog( $blog ) {
		$this->blog = is_multisite() ? (int) $blog . ':' : '';
	}
}

function wp_cache_init() {
	$GLOBALS['wp_object_cache'] = new WP_Object_Cache();
}

function wp_cache_add( $key, $data, $group = '', $expire = 0 ) {
	return $GLOBALS['wp_object_cache']->add( $key, $data, $group, $expire );
}

function wp_cache_add_multiple( array $data, $group = '', $expire = 0 ) {
	$done = array();
	foreach ( $data as $key => $value ) {
		$done[ $key ] = wp_cache_add( $key, $value, $group, $expire );
	}
	return $done;
}

function wp_cache_set( $key, $data, $group = '', $expire = 0 ) {
	return $GLOBALS['wp_object_cache']->set( $key, $data, $group, $expire );
}

function wp_cache_set_multiple( array $data, $group = '', $expire = 0 ) {
	$done = array();
	foreach ( $data as $key => $value ) {
		$done[ $key ] = wp_cache_set( $key, $value, $group, $expire );
	}
	return $done;
}

function wp_cache_replace( $key, $data, $group = '', $expire = 0 ) {
	return $GLOBALS['wp_object_cache']->replace( $key, $data, $group, $expire );
}

function wp_cache_get( $key, $group = '', $force = false, &$found = null ) {
	return $GLOBALS['wp_object_cache']->get( $key, $group, $force, $found );
}

function wp_cache_get_multiple( $keys, $group = '', $force = false ) {
	return $GLOBALS['wp_object_cache']->get_multiple( $keys, $group, $force );
}

function wp_cache_delete( $key, $group = '' ) {
	return $GLOBALS['wp_object_cache']->delete( $key, $group );
}

function wp_cache_delete_multiple( array $keys, $group = '' ) {
	$done = array();
	foreach ( $keys as $key ) {
		$done[ $key ] = wp_cache_delete( $key, $group );
	}
	return $done;
}

function wp_cache_incr( $key, $offset = 1, $group = '' ) {
	return $GLOBALS['wp_object_cache']->add_to( $key, $offset, $group );
}

function wp_cache_decr( $key, $offset = 1, $group = '' ) {
	return $GLOBALS['wp_object_cache']->add_to( $key, -$offset, $group );
}

function wp_cache_flush() {
	return $GLOBALS['wp_object_cache']->flush();
}

function wp_cache_flush_runtime() {
	return $GLOBALS['wp_object_cache']->flush_runtime();
}

function wp_cache_flush_group( $group ) {
	return $GLOBALS['wp_object_cache']->flush_group( $group );
}

function wp_cache_supports( $feature ) {
	return in_array( $feature, array( 'add_multiple', 'set_multiple', 'get_multiple', 'delete_multiple', 'flush_runtime', 'flush_group' ), true );
}

function wp_cache_close() {
	return true;
}

function wp_cache_add_global_groups( $groups ) {
	$GLOBALS['wp_object_cache']->add_global_groups( $groups );
}

function wp_cache_add_non_persistent_groups( $groups ) {
	$GLOBALS['wp_object_cache']->add_non_persistent_groups( $groups );
}

function wp_cache_switch_to_blog( $blog ) {
	$GLOBALS['wp_object_cache']->switch_to_blog( $blog );
}

function wp_cache_reset() {
	$GLOBALS['wp_object_cache']->flush_runtime();
}
