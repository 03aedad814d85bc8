/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer.h"

#include "check.h"

#include <libknot/libknot.h>
#include <string.h>

#define RECORDS_MAX 1024 /* of one name; more do not fit a packet anyway */
#define CHAIN_MAX 8
#define VISITS_MAX 32 /* names looked at for one question */
#define UDP_PLAIN 512
#define UDP_MOST 4096
#define TEXT_PART 255
#define ROOM_MAX 4352 /* RDATA of a TXT: text and the lengths of its parts */

DEFINE_CLEANUP(knot_pkt_t *, knot_pkt_free);

struct link {
	char owner[DNS_PATH_MAX]; /* text form; the first is the question's name */
	char target[DNS_PATH_MAX];
	uint32_t ttl_s;
};

struct answer {
	const struct dns_zone *zone;
	const struct dns_ask *ask;
	knot_pkt_t *query, *reply;
	knot_rrset_t opt;
	char path[DNS_PATH_MAX]; /* of the question */
	const char *domain;      /* its path, or NULL */
	uint64_t random;
	int visits;
	/* what a name was resolved to */
	struct link chain[CHAIN_MAX];
	size_t n_chain;
	const struct dns_record *found[RECORDS_MAX];
	size_t n_found;
	bool outside; /* the chain's last target is not ours */
};

static uint64_t next_random(struct answer *a)
{
	a->random ^= a->random << 13;
	a->random ^= a->random >> 7;
	a->random ^= a->random << 17;
	return a->random;
}

static void shuffle(struct answer *a, const struct dns_record **r, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t k = next_random(a) % i;
		const struct dns_record *swapped = r[i - 1];

		r[i - 1] = r[k];
		r[k] = swapped;
	}
}

static uint32_t ttl_of(const struct answer *a, const struct dns_record *r)
{
	uint32_t ttl = r->ttl_s ? r->ttl_s : a->ask->ttl_s;

	return a->ask->stale ? MIN(ttl, a->ask->stale_ttl_s) : ttl;
}

/* Of several answers all get the smallest. */
static uint32_t least_ttl(const struct answer *a)
{
	uint32_t ttl = UINT32_MAX;

	for (size_t i = 0; i < a->n_found; i++)
		ttl = MIN(ttl, ttl_of(a, a->found[i]));
	for (size_t i = 0; i < a->n_chain; i++)
		ttl = MIN(ttl, a->chain[i].ttl_s);
	return ttl;
}

/* ---------------------------------------------------------------- putting records */

/* owner NULL: the question's name, in the asker's case. false: it did not fit. */
static bool put(struct answer *a, knot_section_t section, const char *owner,
		uint16_t type, uint32_t ttl, const uint8_t *data, uint16_t len)
{
	uint8_t storage[KNOT_DNAME_MAXLEN];
	knot_dname_t *name = a->reply->lower_qname;
	knot_rrset_t rr;
	int rc;

	if (owner)
		name = knot_dname_from_str(storage, owner, sizeof(storage));
	if (!name)
		return true;
	if (a->reply->current != section && knot_pkt_begin(a->reply, section) != KNOT_EOK)
		return false;
	knot_rrset_init(&rr, name, type, KNOT_CLASS_IN, ttl);
	if (knot_rrset_add_rdata(&rr, data, len, NULL) != KNOT_EOK)
		return false;
	rc = knot_pkt_put(a->reply, owner ? KNOT_COMPR_HINT_NONE : KNOT_COMPR_HINT_QNAME,
			  &rr, section == KNOT_ADDITIONAL ? KNOT_PF_NOTRUNC : 0);
	knot_rdataset_clear(&rr.rrs, NULL);
	return rc == KNOT_EOK;
}

/* Appends a name in wire form; 0 when it is none. */
static size_t name_to_wire(const char *name, uint8_t *out)
{
	uint8_t storage[KNOT_DNAME_MAXLEN];
	const knot_dname_t *d = knot_dname_from_str(storage, name, sizeof(storage));
	size_t n = d ? knot_dname_size(d) : 0;

	if (n)
		memcpy(out, d, n);
	return n;
}

static bool put_address(struct answer *a, knot_section_t section, const char *owner,
			const struct dns_record *r, uint32_t ttl)
{
	bool v4 = r->family == 4;

	return put(a, section, owner, v4 ? KNOT_RRTYPE_A : KNOT_RRTYPE_AAAA, ttl, r->addr,
		   v4 ? 4 : 16);
}

/* The domain's SOA, for answers without data and for itself. */
static void put_soa(struct answer *a, knot_section_t section)
{
	uint8_t data[2 * KNOT_DNAME_MAXLEN + 20];
	char domain[DNS_PATH_MAX], name[DNS_PATH_MAX + 16];
	const uint32_t numbers[] = { (uint32_t)(a->ask->now_s / 3600 * 3600), 28800, 7200,
				     604800, a->ask->negative_ttl_s };
	size_t n;

	dns_name_from_path(a->domain, 0, domain);
	snprintf(name, sizeof(name), "ns.dns.%s", domain);
	n = name_to_wire(name, data);
	snprintf(name, sizeof(name), "hostmaster.%s", domain);
	n += name_to_wire(name, data + n);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++, n += 4)
		knot_wire_write_u32(data + n, numbers[i]);
	(void)put(a, section, domain, KNOT_RRTYPE_SOA, a->ask->negative_ttl_s, data,
		  (uint16_t)n);
}

/* ---------------------------------------------------------------- resolving */

static int by_address(const void *x, const void *y)
{
	const struct dns_record *const *a = x, *const *b = y;

	return memcmp((*a)->addr, (*b)->addr, sizeof((*a)->addr));
}

/* Each address once. */
static size_t drop_equal(const struct dns_record **r, size_t n)
{
	size_t kept = 0;

	if (n)
		qsort(r, n, sizeof(*r), by_address);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || by_address(&r[kept - 1], &r[i]) != 0)
			r[kept++] = r[i];
	return kept;
}

static bool resolve(struct answer *a, const char *path, const char *name, int family);

/* One of the names leads on: to addresses, or to outside. */
static bool follow(struct answer *a, const char *owner, const struct dns_record *r,
		   int family)
{
	struct link *l = &a->chain[a->n_chain];
	char path[DNS_PATH_MAX];

	if (a->n_chain == CHAIN_MAX || !dns_path_from_name(r->host, path))
		return false;
	snprintf(l->owner, sizeof(l->owner), "%s", owner);
	snprintf(l->target, sizeof(l->target), "%s", r->host);
	l->ttl_s = ttl_of(a, r);
	a->n_chain++;
	if (!dns_zone_domain(a->zone, path)) {
		a->outside = true;
		return true;
	}
	if (resolve(a, path, r->host, family))
		return true;
	a->n_chain--;
	return false;
}

/* Fills found with the addresses of a path, or chain towards them. */
static bool resolve(struct answer *a, const char *path, const char *name, int family)
{
	const struct dns_record *all[RECORDS_MAX];
	size_t n, n_names = 0, start;
	bool any = false;

	if (++a->visits > VISITS_MAX)
		return false;
	n = dns_zone_find(a->zone, path, all, RECORDS_MAX);
	a->n_found = 0;
	for (size_t i = 0; i < n; i++) {
		any |= all[i]->family != 0;
		if (all[i]->family == family)
			a->found[a->n_found++] = all[i];
		else if (all[i]->host)
			all[n_names++] = all[i];
	}
	if (any) {
		a->n_found = drop_equal(a->found, a->n_found);
		shuffle(a, a->found, a->n_found);
		return a->n_found > 0;
	}
	start = n_names ? next_random(a) % n_names : 0;
	/* The array is on the stack of each link: 8 KiB times CHAIN_MAX. */
	for (size_t i = 0; i < n_names; i++)
		if (follow(a, name, all[(start + i) % n_names], family))
			return true;
	return false;
}

static void forget(struct answer *a)
{
	a->n_chain = a->n_found = 0;
	a->outside = false;
	a->visits = 0;
}

/* ---------------------------------------------------------------- A and AAAA */

/* What a nameserver said of the end of the chain. */
static void put_chased(struct answer *a)
{
	CLEANUP(knot_pkt_free)
	knot_pkt_t *p = knot_pkt_new((uint8_t *)(uintptr_t)a->ask->chased,
				     (uint16_t)a->ask->chased_len, NULL);
	const knot_pktsection_t *s;

	if (!p || knot_pkt_parse(p, KNOT_PF_KEEPWIRE) != KNOT_EOK)
		return;
	s = knot_pkt_section(p, KNOT_ANSWER);
	for (uint16_t i = 0; i < s->count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(s, i);

		if (rr->type == KNOT_RRTYPE_CNAME || rr->type == knot_pkt_qtype(a->query))
			(void)knot_pkt_put(a->reply, KNOT_COMPR_HINT_NONE, rr, 0);
	}
}

static void put_chain(struct answer *a, uint32_t ttl)
{
	for (size_t i = 0; i < a->n_chain; i++) {
		uint8_t data[KNOT_DNAME_MAXLEN];
		size_t n = name_to_wire(a->chain[i].target, data);

		(void)put(a, KNOT_ANSWER, i ? a->chain[i].owner : NULL, KNOT_RRTYPE_CNAME,
			  ttl, data, (uint16_t)n);
	}
}

static enum dns_verdict answer_address(struct answer *a, int family,
				       char chase[DNS_PATH_MAX])
{
	const char *owner = NULL;
	uint32_t ttl;

	if (!resolve(a, a->path, "", family))
		return DNS_ANSWERED;
	ttl = least_ttl(a);
	if (a->outside && !a->ask->chased && a->ask->can_forward) {
		snprintf(chase, DNS_PATH_MAX, "%s", a->chain[a->n_chain - 1].target);
		return DNS_CHASE;
	}
	put_chain(a, ttl);
	if (a->n_chain)
		owner = a->chain[a->n_chain - 1].target;
	if (a->outside && a->ask->chased)
		put_chased(a);
	for (size_t i = 0; i < a->n_found; i++)
		if (!put_address(a, KNOT_ANSWER, owner, a->found[i], ttl))
			break;
	return DNS_ANSWERED;
}

/* ---------------------------------------------------------------- SRV */

uint16_t dns_srv_weight(const struct dns_record *const *records, size_t n,
			const struct dns_record *r)
{
	unsigned sum = 0;

	for (size_t i = 0; i < n; i++)
		if (records[i]->priority == r->priority)
			sum += records[i]->weight ? records[i]->weight : 100;
	/* In whole numbers: shares such as 100 / 3 * 3 come out exact. */
	return sum ? (uint16_t)(100u * (r->weight ? r->weight : 100u) / sum) : 0;
}

static void srv_target(const struct dns_record *r, char name[DNS_PATH_MAX])
{
	if (r->host)
		snprintf(name, DNS_PATH_MAX, "%s", r->host);
	else
		dns_name_from_path(r->path, r->target_strip, name);
}

static int by_target(const void *x, const void *y)
{
	const struct dns_record *const *a = x, *const *b = y;
	int d = (*a)->port - (*b)->port;

	if (!d)
		d = (*a)->priority - (*b)->priority;
	if (!d)
		d = (*a)->weight - (*b)->weight;
	if (!d)
		d = strcmp((*a)->host ? (*a)->host : "", (*b)->host ? (*b)->host : "");
	return d ? d : memcmp((*a)->addr, (*b)->addr, sizeof((*a)->addr));
}

static size_t srv_records(const struct dns_zone *z, const char *path,
			  const struct dns_record **ret)
{
	size_t n = dns_zone_find(z, path, ret, RECORDS_MAX), kept = 0;

	for (size_t i = 0; i < n; i++)
		if (ret[i]->family || ret[i]->host)
			ret[kept++] = ret[i];
	n = kept;
	if (n)
		qsort(ret, n, sizeof(*ret), by_target);
	kept = 0;
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || by_target(&ret[kept - 1], &ret[i]) != 0)
			ret[kept++] = ret[i];
	return kept;
}

/* Addresses of a target that is a name of ours. */
static bool put_target(struct answer *a, const char *name, uint32_t ttl)
{
	static const int families[] = { 4, 6 };
	char path[DNS_PATH_MAX];

	if (!dns_path_from_name(name, path) || !dns_zone_domain(a->zone, path))
		return true;
	for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
		forget(a);
		if (!resolve(a, path, name, families[f]) || a->n_chain)
			continue;
		for (size_t i = 0; i < a->n_found; i++)
			if (!put_address(a, KNOT_ADDITIONAL, name, a->found[i], ttl))
				return false;
	}
	return true;
}

static void answer_srv(struct answer *a)
{
	const struct dns_record *all[RECORDS_MAX];
	size_t n = srv_records(a->zone, a->path, all);
	char name[DNS_PATH_MAX];
	uint32_t ttl = UINT32_MAX;

	for (size_t i = 0; i < n; i++)
		ttl = MIN(ttl, ttl_of(a, all[i]));
	shuffle(a, all, n);
	for (size_t i = 0; i < n; i++) {
		uint8_t data[6 + KNOT_DNAME_MAXLEN];
		size_t len;

		srv_target(all[i], name);
		knot_wire_write_u16(data, all[i]->priority);
		knot_wire_write_u16(data + 2, dns_srv_weight(all, n, all[i]));
		knot_wire_write_u16(data + 4, all[i]->port);
		len = name_to_wire(name, data + 6);
		if (len && !put(a, KNOT_ANSWER, NULL, KNOT_RRTYPE_SRV, ttl, data,
				(uint16_t)(6 + len)))
			return;
	}
	for (size_t i = 0; i < n; i++) {
		srv_target(all[i], name);
		if (all[i]->family ? !put_address(a, KNOT_ADDITIONAL, name, all[i], ttl)
				   : !put_target(a, name, ttl))
			return;
	}
}

/* ---------------------------------------------------------------- other types */

static void answer_txt(struct answer *a)
{
	const struct dns_record *all[RECORDS_MAX];
	size_t n = dns_zone_find(a->zone, a->path, all, RECORDS_MAX);

	for (size_t i = 0; i < n; i++) {
		uint8_t data[ROOM_MAX];
		size_t len = 0;

		for (const char *p = all[i]->text; p && *p;) {
			size_t part = MIN(strlen(p), (size_t)TEXT_PART);

			data[len++] = (uint8_t)part;
			memcpy(data + len, p, part);
			len += part;
			p += part;
		}
		if (len && !put(a, KNOT_ANSWER, NULL, KNOT_RRTYPE_TXT, ttl_of(a, all[i]),
				data, (uint16_t)len))
			return;
	}
}

static void answer_name(struct answer *a, uint16_t type)
{
	const struct dns_record *r = dns_zone_exact(a->zone, a->path);
	uint8_t data[KNOT_DNAME_MAXLEN];
	size_t n = r && r->host ? name_to_wire(r->host, data) : 0;

	if (n)
		(void)put(a, KNOT_ANSWER, NULL, type, ttl_of(a, r), data, (uint16_t)n);
}

/* Nameservers are the records below ns.dns.DOMAIN, which must be addresses. */
static void answer_ns(struct answer *a)
{
	const struct dns_record *all[RECORDS_MAX];
	char path[DNS_PATH_MAX + 8], name[DNS_PATH_MAX];
	size_t n;

	if (strcmp(a->path, a->domain) != 0)
		return;
	snprintf(path, sizeof(path), "%s/dns/ns", a->domain);
	n = dns_zone_find(a->zone, path, all, RECORDS_MAX);
	for (size_t i = 0; i < n; i++) {
		uint8_t data[KNOT_DNAME_MAXLEN];
		size_t len;

		dns_name_from_path(all[i]->path, 0, name);
		len = name_to_wire(name, data);
		if (all[i]->family && len &&
		    !put(a, KNOT_ANSWER, NULL, KNOT_RRTYPE_NS, ttl_of(a, all[i]), data,
			 (uint16_t)len))
			return;
	}
	for (size_t i = 0; i < n; i++) {
		dns_name_from_path(all[i]->path, 0, name);
		if (all[i]->family &&
		    !put_address(a, KNOT_ADDITIONAL, name, all[i], ttl_of(a, all[i])))
			return;
	}
}

static enum dns_verdict answer_type(struct answer *a, char chase[DNS_PATH_MAX])
{
	switch (knot_pkt_qtype(a->query)) {
	case KNOT_RRTYPE_A:
		return answer_address(a, 4, chase);
	case KNOT_RRTYPE_AAAA:
		return answer_address(a, 6, chase);
	case KNOT_RRTYPE_SRV:
		answer_srv(a);
		break;
	case KNOT_RRTYPE_TXT:
		answer_txt(a);
		break;
	case KNOT_RRTYPE_CNAME:
		answer_name(a, KNOT_RRTYPE_CNAME);
		break;
	case KNOT_RRTYPE_NS:
		answer_ns(a);
		break;
	case KNOT_RRTYPE_SOA:
		if (strcmp(a->path, a->domain) == 0)
			put_soa(a, KNOT_ANSWER);
		break;
	default:
		break;
	}
	return DNS_ANSWERED;
}

/* ---------------------------------------------------------------- the whole */

static void set_rcode(struct answer *a, int rcode)
{
	knot_wire_set_rcode(a->reply->wire, (uint8_t)rcode);
}

/* local.dns.DOMAIN is this host. */
static void replace_local(struct answer *a)
{
	char local[DNS_PATH_MAX + 16];

	snprintf(local, sizeof(local), "%s/dns/local", a->domain);
	if (a->ask->local && strcmp(a->path, local) == 0)
		(void)dns_path_from_name(a->ask->local, a->path);
}

/* A name of ours. */
static enum dns_verdict answer_ours(struct answer *a, char chase[DNS_PATH_MAX])
{
	enum dns_verdict v;
	bool apex = strcmp(a->path, a->domain) == 0;

	if (!a->ask->ready) {
		set_rcode(a, KNOT_RCODE_SERVFAIL);
		return DNS_ANSWERED;
	}
	knot_wire_set_aa(a->reply->wire);
	if (knot_pkt_qtype(a->query) == KNOT_RRTYPE_ANY) {
		set_rcode(a, KNOT_RCODE_REFUSED);
		return DNS_ANSWERED;
	}
	replace_local(a);
	v = answer_type(a, chase);
	if (v != DNS_ANSWERED || knot_wire_get_ancount(a->reply->wire) ||
	    knot_wire_get_tc(a->reply->wire))
		return v;
	if (!apex && !dns_zone_has(a->zone, a->path))
		set_rcode(a, KNOT_RCODE_NXDOMAIN);
	put_soa(a, KNOT_AUTHORITY);
	return v;
}

static enum dns_verdict answer_question(struct answer *a, char chase[DNS_PATH_MAX])
{
	bool is_name = dns_path_from_wire(knot_pkt_qname(a->query), a->path);

	if (knot_pkt_qclass(a->query) != KNOT_CLASS_IN) {
		set_rcode(a, KNOT_RCODE_REFUSED);
		return DNS_ANSWERED;
	}
	a->domain = is_name && *a->path ? dns_zone_domain(a->zone, a->path) : NULL;
	if (a->domain)
		return answer_ours(a, chase);
	if (is_name && knot_pkt_qtype(a->query) == KNOT_RRTYPE_PTR) {
		answer_name(a, KNOT_RRTYPE_PTR);
		if (knot_wire_get_ancount(a->reply->wire))
			return DNS_ANSWERED;
	}
	if (a->ask->can_forward)
		return DNS_FORWARD;
	set_rcode(a, KNOT_RCODE_SERVFAIL);
	return DNS_ANSWERED;
}

static size_t udp_size(const knot_pkt_t *query)
{
	if (!query->opt_rr)
		return UDP_PLAIN;
	return MIN(MAX(knot_edns_get_payload(query->opt_rr), (uint16_t)UDP_PLAIN),
		   (uint16_t)UDP_MOST);
}

/* Keeps room for our OPT. */
static void begin_edns(struct answer *a)
{
	if (!a->query->opt_rr)
		return;
	if (knot_edns_init(&a->opt, UDP_MOST, 0, 0, NULL) == KNOT_EOK)
		(void)knot_pkt_reserve(a->reply, (uint16_t)knot_edns_wire_size(&a->opt));
}

static void end_edns(struct answer *a)
{
	if (!a->query->opt_rr)
		return;
	if (knot_edns_get_version(a->query->opt_rr) > KNOT_EDNS_VERSION) {
		set_rcode(a, KNOT_EDNS_RCODE_LO(KNOT_RCODE_BADVERS));
		knot_edns_set_ext_rcode(&a->opt, KNOT_EDNS_RCODE_HI(KNOT_RCODE_BADVERS));
	}
	(void)knot_pkt_reclaim(a->reply, (uint16_t)knot_edns_wire_size(&a->opt));
	if (a->reply->current != KNOT_ADDITIONAL)
		(void)knot_pkt_begin(a->reply, KNOT_ADDITIONAL);
	(void)knot_pkt_put(a->reply, KNOT_COMPR_HINT_NONE, &a->opt, KNOT_PF_NOTRUNC);
	knot_rrset_clear(&a->opt, NULL);
}

/* Header and question of the reply. */
static bool begin_reply(struct answer *a, uint8_t *out, size_t size)
{
	a->reply = knot_pkt_new(out, (uint16_t)size, NULL);
	if (!a->reply || knot_pkt_init_response(a->reply, a->query) != KNOT_EOK)
		return false;
	knot_wire_set_ra(a->reply->wire);
	(void)knot_pkt_begin(a->reply, KNOT_ANSWER);
	return true;
}

static enum dns_verdict fill(struct answer *a, char chase[DNS_PATH_MAX])
{
	enum dns_verdict v = DNS_ANSWERED;

	begin_edns(a);
	if (knot_wire_get_opcode(a->query->wire) != KNOT_OPCODE_QUERY)
		set_rcode(a, KNOT_RCODE_NOTIMPL);
	else if (knot_wire_get_qdcount(a->query->wire) != 1)
		set_rcode(a, KNOT_RCODE_FORMERR);
	else if (!a->query->opt_rr ||
		 knot_edns_get_version(a->query->opt_rr) == KNOT_EDNS_VERSION)
		v = answer_question(a, chase);
	end_edns(a);
	return v;
}

enum dns_verdict dns_answer(const struct dns_zone *z, const struct dns_ask *ask,
			    const uint8_t *query, size_t len, uint8_t *out,
			    size_t *ret_len, char chase[DNS_PATH_MAX])
{
	CLEANUP(free) struct answer *a = NULL;
	CLEANUP(knot_pkt_free) knot_pkt_t *q = NULL;
	CLEANUP(knot_pkt_free) knot_pkt_t *reply = NULL;
	enum dns_verdict v;

	if (len < KNOT_WIRE_HEADER_SIZE || len > DNS_PACKET_MAX ||
	    knot_wire_get_qr(query))
		return DNS_DROP;
	q = knot_pkt_new((uint8_t *)(uintptr_t)query, (uint16_t)len, NULL);
	/* libknot lowers the case of names in place, but for this flag. */
	if (!q || knot_pkt_parse(q, KNOT_PF_KEEPWIRE) != KNOT_EOK)
		return dns_answer_error(query, len, KNOT_RCODE_FORMERR, out, ret_len)
			       ? DNS_ANSWERED
			       : DNS_DROP;
	a = xcalloc(1, sizeof(*a));
	a->zone = z;
	a->ask = ask;
	a->query = q;
	a->random = ask->random ? ask->random : 1;
	if (!begin_reply(a, out, ask->tcp ? DNS_PACKET_MAX : udp_size(q))) {
		knot_pkt_free(a->reply);
		return DNS_DROP;
	}
	reply = a->reply;
	v = fill(a, chase);
	*ret_len = reply->size;
	return v;
}

bool dns_answer_error(const uint8_t *query, size_t len, int rcode, uint8_t *out,
		      size_t *ret_len)
{
	size_t keep = KNOT_WIRE_HEADER_SIZE;

	if (len < KNOT_WIRE_HEADER_SIZE || knot_wire_get_qr(query))
		return false;
	if (knot_wire_get_qdcount(query) == 1) {
		int n = knot_dname_wire_check(query + keep, query + len, NULL);

		if (n > 0 && keep + (size_t)n + 4 <= len)
			keep += (size_t)n + 4;
	}
	memcpy(out, query, keep);
	knot_wire_set_flags1(out, knot_wire_get_flags1(query));
	knot_wire_set_qr(out);
	knot_wire_clear_aa(out);
	knot_wire_clear_tc(out);
	knot_wire_set_flags2(out, 0);
	knot_wire_set_ra(out);
	knot_wire_set_rcode(out, (uint8_t)rcode);
	knot_wire_set_qdcount(out, keep > KNOT_WIRE_HEADER_SIZE);
	knot_wire_set_ancount(out, 0);
	knot_wire_set_nscount(out, 0);
	knot_wire_set_arcount(out, 0);
	*ret_len = keep;
	return true;
}

size_t dns_make_query(uint16_t id, const char *name, uint16_t type, uint8_t *out,
		      size_t size)
{
	uint8_t storage[KNOT_DNAME_MAXLEN];
	CLEANUP(knot_pkt_free) knot_pkt_t *p = knot_pkt_new(out, (uint16_t)size, NULL);
	const knot_dname_t *d = knot_dname_from_str(storage, name, sizeof(storage));

	if (!p || !d)
		return 0;
	/* libknot takes the buffer as it is. */
	memset(out, 0, KNOT_WIRE_HEADER_SIZE);
	knot_wire_set_id(p->wire, id);
	knot_wire_set_rd(p->wire);
	return knot_pkt_put_question(p, d, KNOT_CLASS_IN, type) == KNOT_EOK ? p->size : 0;
}

void dns_each_address(const struct dns_zone *z, const char *path, int family,
		      dns_addr_fn *fn, void *arg)
{
	CLEANUP(free) struct answer *a = xcalloc(1, sizeof(*a));
	const struct dns_ask ask = { .ttl_s = 1 };

	a->zone = z;
	a->ask = &ask;
	a->random = 1;
	for (int f = 4; f <= 6; f += 2) {
		forget(a);
		if ((family && family != f) || !resolve(a, path, "", f))
			continue;
		for (size_t i = 0; i < a->n_found; i++)
			fn(arg, a->found[i]);
	}
}
