/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * driver.h - the ABI between the controller and a cloud driver.
 *
 * A driver is one NAME.so that exports one symbol, drv_ops (DRV_EXPORT). It is opened
 * with RTLD_NOW | RTLD_LOCAL and never unloaded, keeps no global state, starts no
 * threads, and may be called from several threads at once with different struct drv,
 * from one at a time with the same. It makes ONE attempt per call, honours the deadline
 * and classifies the failure; the controller retries, limits rates and keeps the journal.
 *
 * It runs in a process of its own, foretide-driver (cloud-drivers/runner), which speaks
 * with the controller as foretide-drivers(7) says.
 *
 * Memory is freed on the side that made it. Strings that a driver passes to a callback
 * are valid until the callback returns, strings passed to a driver until its call
 * returns.
 *
 * History of the ABI, one line per change:
 *   1.0  first
 *   1.1  pool_options
 *   1.2  drv_caps.in_flight
 *   1.3  DRV_CAP_STANDBY, drv_caps.billing_ms
 *   1.4  zone_option, interruption, drv_caps.billing_min_ms
 */
#ifndef CLOUD_DRIVERS_DRIVER_H
#define CLOUD_DRIVERS_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DRV_ABI_MAJOR 1u /* raise: an older driver would misbehave */
#define DRV_ABI_MINOR 4u /* raise: a member was added at the end */

struct drv; /* one opened driver: a pool's options with one profile's credentials */

/* ---------------------------------------------------------------- failures */

/*
 * What a failed call returns: the controller's decisions depend on nothing else.
 */
enum drv_class {
	DRV_AUTH = -1,   /* the credentials are wrong or may not do this */
	DRV_BADREQ = -2, /* the request or the options are wrong: an operator must act */
	DRV_QUOTA = -3,  /* the account's limit is reached */
	DRV_CAPACITY = -4,  /* the cloud has none now: another type or zone may */
	DRV_THROTTLED = -5, /* too many calls; see retry_after_ms */
	DRV_TRANSIENT = -6, /* failed without effect; may work later */
	DRV_NOTFOUND = -7,
	DRV_CONFLICT = -8,  /* being changed, or not ours */
	DRV_AMBIGUOUS = -9, /* sent, no answer: it may have happened */
	DRV_NOTSUP = -10,   /* not supported by this cloud */
	DRV_BUG = -11,      /* a bug of the driver or the cloud */
};

#define DRV_MSG_MAX 512

struct drv_err {
	int cls;                /* as returned */
	int http_status;        /* 0: none */
	int64_t retry_after_ms; /* THROTTLED: as requested by the cloud; -1:
				 * not given */
	char code[64];          /* the provider's own code, for the log */
	char request_id[96];    /* the provider's, for its support */
	char msg[DRV_MSG_MAX];  /* for users, in one line; never a secret */
};

/* ------------------------------------------------------------ the controller's table */

struct drv_http_request {
	const char *method;
	const char *url;
	const char *const *headers; /* "Name: value", NULL-ended; NULL: none */
	const void *body;
	size_t body_len;
	const char *ca_file; /* NULL: the system's */
	const char *cert_file, *key_file;
	const char *unix_socket;
	const char *sigv4; /* "aws:amz:REGION:SERVICE" signs with userpwd; NULL */
	const char *userpwd;
	int64_t deadline_mono_ms;
	size_t max_answer_bytes;
};

struct drv_http_answer {
	long status;
	const char
		*headers; /* lines as received, each ended by CR LF; the status first */
	const char *body; /* NUL-terminated; the NUL is not counted */
	size_t body_len;
	void *owned; /* the controller's */
};

enum drv_log_level { DRV_LOG_DEBUG, DRV_LOG_INFO, DRV_LOG_WARN, DRV_LOG_ERROR };

/*
 * Passed to open(); remains valid longer than the driver. Members are only ever added at
 * the end: size shows which exist.
 */
struct drv_host {
	size_t size; /* of this struct, as the controller knows it */
	void *ctx;   /* first argument of every function */

	/*
	 * One bounded exchange, no retry and no redirect. An answer of any status is 0;
	 * the caller frees it with http_done(). TRANSIENT when nothing can have reached
	 * the server, AMBIGUOUS when something may have.
	 */
	int (*http)(void *ctx, const struct drv_http_request *req,
		    struct drv_http_answer *ret, struct drv_err *err);
	void (*http_done)(void *ctx, struct drv_http_answer *answer);

	int64_t (*mono_ms)(void *ctx); /* what deadlines are in */
	int64_t (*wall_ms)(void *ctx); /* Unix time */
	void (*random)(void *ctx, void *bytes, size_t n);
	void (*log)(void *ctx, enum drv_log_level level, const char *event,
		    const char *detail);
};

/* ---------------------------------------------------------------- what a driver reports
 */

enum drv_cap {
	DRV_CAP_IDEMPOTENT_KEY = 1 << 0, /* a launch id launches at most once */
	DRV_CAP_UNIQUE_NAME = 1 << 1,    /* names are unique: as good as a key */
	DRV_CAP_LIST_BY_OWNER = 1 << 2,  /* the cloud filters, not the driver */
	DRV_CAP_SPOT = 1 << 3,
	DRV_CAP_PRICES = 1 << 4,
	DRV_CAP_CONSOLE = 1 << 5,
	DRV_CAP_SELF_EXPIRE = 1 << 6, /* the cloud itself terminates a VM at expires_ms */
	DRV_CAP_ABSOLUTE_SIZE = 1 << 7, /* resize() instead of launch() */
	DRV_CAP_CHECKS_OWNER = 1 << 8,  /* terminate() rejects another owner's VM */
	/* since 1.3: its machines do not get the user data: they ask the controller which
	 * host they are, told by their address as list() has it */
	DRV_CAP_STANDBY = 1 << 9,
};

struct drv_caps {
	uint32_t flags;             /* enum drv_cap */
	size_t user_data_max_bytes; /* raw, before any encoding */
	size_t labels_max;          /* per VM, besides the driver's own four */
	size_t label_max_bytes;     /* of a key, and of a value */
	int64_t visible_ms;         /* a new VM may be missing from lists for that long */
	int64_t notice_ms;          /* warning before a spot VM is reclaimed; 0: none */
	double calls_per_s; /* sustained rate that the cloud allows; 0: unspecified. The
			     * controller keeps to it over all pools of a profile */
	/* since 1.2: calls that may run at once, each on a struct drv of its own that was
	 * opened with the same options; at most DRV_IN_FLIGHT_MAX. 0: one */
	unsigned in_flight;
	/* since 1.3: a VM is paid for in units of it from its launch on, each when it
	 * begins; 0: by the moment, or not known */
	int64_t billing_ms;
	/* since 1.4: that is paid for a VM at least, however short it was there; 0:
	 * nothing beyond its units, or not known */
	int64_t billing_min_ms;
};

#define DRV_IN_FLIGHT_MAX 32u

struct drv_type {
	const char *name;
	double cpu; /* cores */
	int64_t memory_bytes;
	double price_hour;      /* NAN: unknown */
	double spot_price_hour; /* NAN: unknown */
	const char *currency;   /* "EUR"; "" with no price */
};

struct drv_label {
	const char *key;   /* [a-z0-9-], not empty */
	const char *value; /* [a-z0-9-] */
};

struct drv_launch {
	const char *launch_id;    /* 32 hex digits; in the journal before the call */
	const char *owner;        /* the installation, [a-z0-9-] at most 60 */
	const char *pool;         /* [a-z0-9-] at most 60 */
	const char *name;         /* host name, [a-z0-9-] at most 60 */
	const char *const *types; /* in order of preference, NULL-ended; NULL or empty:
				     the driver's default */
	const char *zone;         /* NULL: any */
	const char *image;        /* NULL: the driver's option */
	bool spot;
	double spot_price_max; /* per hour; 0: up to the regular price */
	const void *user_data;
	size_t user_data_len;
	const struct drv_label *labels;
	size_t n_labels;
	int64_t expires_ms; /* Unix time after which it may terminate itself; 0: never */
};

enum drv_vm_state {
	DRV_VM_UNKNOWN,
	DRV_VM_PENDING, /* requested, not yet running */
	DRV_VM_RUNNING,
	DRV_VM_STOPPING, /* being terminated */
	DRV_VM_GONE,     /* listed, but nothing is left: needs no terminate() */
	DRV_VM_FAILED,   /* stopped or never started; terminate() removes the rest */
};

struct drv_vm {
	char id[128]; /* what terminate() takes */
	char launch_id[64];
	char owner[64];
	char pool[64];
	char name[64];
	char type[64];
	char zone[64];
	char address[64];        /* private; "" until known */
	char public_address[64]; /* "" when none */
	enum drv_vm_state state;
	bool spot;
	int64_t created_ms; /* Unix time; 0: unknown */
	char message[256];  /* why it FAILED */
};

struct drv_quota {
	int64_t used;
	int64_t limit; /* -1: unknown */
};

/* One finding of validate(), a sentence; fatal ones make it fail. */
typedef void drv_report_fn(void *arg, bool fatal, const char *sentence);
typedef void drv_type_fn(void *arg, const struct drv_type *type);
typedef void drv_vm_fn(void *arg, const struct drv_vm *vm);
typedef void drv_text_fn(void *arg, const char *text, size_t len);

/* ---------------------------------------------------------------- the driver's table */

/*
 * Every call returns 0 or an enum drv_class with *err filled (never NULL).
 * deadline_mono_ms is on host->mono_ms(). Members marked optional may be NULL.
 */
struct drv_ops {
	uint32_t abi_major; /* these two never move */
	uint32_t abi_minor;
	const char *name; /* the file is NAME.so */

	/*
	 * Reads the options; touches no network. config_json is an object: the driver's
	 * options by name (strings, as in the INI file, or numbers), and
	 * "credentials", an object of strings, when a profile is named. Durations in it
	 * are real time.
	 */
	int (*open)(const struct drv_host *host, const char *config_json,
		    struct drv **ret, struct drv_err *err);
	void (*close)(struct drv *d); /* NULL is allowed; the VMs are not touched */
	const struct drv_caps *(*caps)(struct drv *d); /* constant after open() */

	/* Login, permissions, image, types, quota. Creates no VM. Reports
	 * all findings. */
	int (*validate)(struct drv *d, int64_t deadline_mono_ms, drv_report_fn *report,
			void *arg, struct drv_err *err);
	/* optional: each type that launch() accepts */
	int (*types)(struct drv *d, int64_t deadline_mono_ms, drv_type_fn *each,
		     void *arg, struct drv_err *err);
	/*
	 * Requests one VM and returns what is known of it, usually PENDING; does not wait
	 * for it to boot. With IDEMPOTENT_KEY or UNIQUE_NAME a launch id that was
	 * launched before returns that VM; with the former also one that is GONE.
	 */
	int (*launch)(struct drv *d, const struct drv_launch *launch,
		      int64_t deadline_mono_ms, struct drv_vm *ret, struct drv_err *err);
	/*
	 * Every VM of that owner in this account and region, also those of other pools.
	 * All or an error: after a failure ignore what was passed to each().
	 */
	int (*list)(struct drv *d, const char *owner, int64_t deadline_mono_ms,
		    drv_vm_fn *each, void *arg, struct drv_err *err);
	/* 0 when it is already gone. CONFLICT for another owner's VM, with
	 * CAP_CHECKS_OWNER. */
	int (*terminate)(struct drv *d, const char *owner, const char *vm_id,
			 int64_t deadline_mono_ms, struct drv_err *err);
	/* optional: the end of the VM's console output; one call of text() */
	int (*console)(struct drv *d, const char *vm_id, int64_t deadline_mono_ms,
		       drv_text_fn *text, void *arg, struct drv_err *err);
	/* optional */
	int (*quota)(struct drv *d, int64_t deadline_mono_ms, struct drv_quota *ret,
		     struct drv_err *err);
	/* optional, only with CAP_ABSOLUTE_SIZE */
	int (*resize)(struct drv *d, int64_t desired, int64_t deadline_mono_ms,
		      struct drv_err *err);
	/*
	 * since 1.1, optional: names of options, NULL-ended, that a stack may give for
	 * its pool. All others are the configuration's alone, which root writes: those
	 * that name a path, a program, an address or a limit of the controller's
	 * machine, or where credentials are sent. NULL, and with an older driver: none.
	 */
	const char *const *pool_options;
	/*
	 * since 1.4, optional: the name of the option that drv_launch.zone stands above.
	 * It may be given as a list in order of preference: open() gets the first, each
	 * launch names its own. NULL: there are no zones. With an older driver: "zone".
	 */
	const char *zone_option;
	/*
	 * since 1.4, optional: whose metadata service tells a host that its cloud takes
	 * it back: "ec2", "gce" or "azure", as foretide-agent(8) knows them. NULL, and
	 * with an older driver: nobody's.
	 */
	const char *interruption;
};

#define DRV_EXPORT(...)                                                             \
	extern const struct drv_ops drv_ops;                                        \
	__attribute__((visibility("default"))) const struct drv_ops drv_ops = {     \
		.abi_major = DRV_ABI_MAJOR, .abi_minor = DRV_ABI_MINOR, __VA_ARGS__ \
	}

#endif
