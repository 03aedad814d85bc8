/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_server - serves the embedded store alone, for the conformance suite.
 *
 *	store_server DATABASE [PORT [KEEP_CHANGES [MAX_BYTES]]]
 *
 * Listens on 127.0.0.1, prints the port in a line and serves until its input ends. A line
 * of it gives a host rights, {"host":"web-1","read":["/a/"],"records":{"/b":"{}"},
 * "programs_write":["/c/"]}, and is answered by one; {"drop":"web-1"} takes them. A
 * request with the header X-Test-Host has that host's rights, with X-Test-Programs those
 *of its programs; one with X-Test-Viewer may read all and write nothing, any other may do
 *all.
 */
#include "check.h"
#include "etcd.h"
#include "text.h"

#include "buf.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define BODY_BYTES (16u << 20)

struct request {
	struct buf body;
};

static enum MHD_Result on_request(void *arg, struct MHD_Connection *conn, const char *url,
				  const char *method, const char *version,
				  const char *data, size_t *n, void **state)
{
	static const struct kv_access all = { .owner = "",
					      .read_all = true,
					      .write_all = true };
	static const struct kv_access viewer = { .owner = "", .read_all = true };
	struct request *r = *state;
	CLEANUP(kv_host_access_done) struct kv_host_access host = { 0 };
	const char *id, *programs;
	const struct kv_access *access = &all;

	(void)version;
	if (!r) {
		r = xcalloc(1, sizeof(*r));
		buf_init(&r->body, BODY_BYTES);
		*state = r;
		return MHD_YES;
	}
	if (*n) {
		buf_add(&r->body, data, *n);
		*n = 0;
		return buf_is_full(&r->body) ? MHD_NO : MHD_YES;
	}
	id = MHD_lookup_connection_value(conn, MHD_HEADER_KIND, "X-Test-Host");
	if (id)
		kv_host_access(arg, id, &host);
	programs = MHD_lookup_connection_value(conn, MHD_HEADER_KIND, "X-Test-Programs");
	if (programs)
		kv_programs_access(arg, programs, &host);
	if (id || programs)
		access = &host.access;
	else if (MHD_lookup_connection_value(conn, MHD_HEADER_KIND, "X-Test-Viewer"))
		access = &viewer;
	return kv_serve(arg, conn, method, url, buf_str(&r->body), r->body.len, access);
}

static void on_completed(void *arg, struct MHD_Connection *conn, void **state,
			 enum MHD_RequestTerminationCode why)
{
	struct request *r = *state;

	(void)arg, (void)conn, (void)why;
	if (!r)
		return;
	buf_done(&r->body);
	free(r);
}

static struct MHD_Daemon *listen_on(struct kv *kv, uint16_t port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	return MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
		on_request, kv, MHD_OPTION_SOCK_ADDR, &at, MHD_OPTION_THREAD_POOL_SIZE,
		2u, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_NOTIFY_COMPLETED,
		on_completed, NULL, MHD_OPTION_END);
}

/* The strings of a JSON array, in a list that ends with NULL; they are o's. */
static const char **strings(const json_t *o, const char *name)
{
	const json_t *list = json_object_get(o, name), *e;
	const char **ret = xcalloc(json_array_size(list) + 1, sizeof(*ret));
	size_t i;

	json_array_foreach(list, i, e)
	{
		ret[i] = json_string_value(e);
	}
	return ret;
}

static void grant(struct kv *kv, json_t *o)
{
	json_t *list = json_object_get(o, "records"), *value;
	CLEANUP(free)
	struct kv_record *records = xcalloc(json_object_size(list) + 1, sizeof(*records));
	CLEANUP(free) const char **read = strings(o, "read");
	CLEANUP(free) const char **write = strings(o, "write");
	CLEANUP(free) const char **programs_read = strings(o, "programs_read");
	CLEANUP(free) const char **programs_write = strings(o, "programs_write");
	const char *key;
	size_t n = 0;

	json_object_foreach(list, key, value)
	{
		records[n++] = (struct kv_record){ key, json_string_value(value) };
	}
	kv_set_rights(kv, &(struct kv_rights){
				  .host = json_string_value(json_object_get(o, "host")),
				  .read = read,
				  .write = write,
				  .records = records,
				  .n_records = n,
				  .programs_read = programs_read,
				  .programs_write = programs_write });
}

static void obey(struct kv *kv, const char *line)
{
	CLEANUP(json_decref) json_t *o = json_loads(line, 0, NULL);
	const char *drop = json_string_value(json_object_get(o, "drop"));

	if (drop)
		kv_drop_rights(kv, drop);
	else
		grant(kv, o);
	printf("done\n");
	fflush(stdout);
}

static size_t number(int argc, char **argv, int i)
{
	return argc > i ? (size_t)strtoull(argv[i], NULL, 10) : 0;
}

int main(int argc, char **argv)
{
	struct kv_opts opts = { .keep_changes = number(argc, argv, 3),
				.max_bytes = number(argc, argv, 4),
				.url = "http://127.0.0.1" };
	struct db *db = NULL;
	struct kv *kv = NULL;
	struct MHD_Daemon *d = NULL;
	struct err err;
	char line[4096];

	if (argc < 2 || db_open(argv[1], &db, &err) < 0 ||
	    kv_open(db, &opts, &kv, &err) < 0) {
		fprintf(stderr, "store_server: %s\n", argc < 2 ? "usage" : err.msg);
		return 1;
	}
	d = listen_on(kv, (uint16_t)number(argc, argv, 2));
	if (!d) {
		fprintf(stderr, "store_server: cannot listen\n");
		return 1;
	}
	printf("%u\n", MHD_get_daemon_info(d, MHD_DAEMON_INFO_BIND_PORT)->port);
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin))
		obey(kv, line);
	kv_end_watches(kv);
	MHD_stop_daemon(d);
	kv_close(kv);
	db_close(db);
	return 0;
}
