/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nameservers.h"

#include "check.h"
#include "cleanup.h"
#include "text.h"

#include <string.h>

#define RESOLV_MAX 65536

int nameservers_parse(const char *list, struct nameservers *ret, struct err *err)
{
	while (*list) {
		size_t n = strcspn(list, ", ");
		CLEANUP(free) char *one = xstrndup(list, n);

		list += n + strspn(list + n, ", ");
		if (n == 0)
			continue;
		if (ret->n == NAMESERVERS_MAX)
			return err_set(err, ERR_LIMIT, "more than %d nameservers",
				       NAMESERVERS_MAX);
		if (!dns_address_parse(one, 53, &ret->v[ret->n]))
			return err_set(err, ERR_INVAL,
				       "'%s' is not a nameserver's address", one);
		ret->n++;
	}
	return 0;
}

void nameservers_read(const char *resolv_conf, const struct dns_address *own,
		      struct nameservers *ret)
{
	CLEANUP(free) char *text = NULL;
	struct dns_address a;
	char *rest, *line;

	if (conf_read_file(resolv_conf, RESOLV_MAX, &text, NULL, NULL) < 0)
		return;
	rest = text;
	while ((line = strsep(&rest, "\n")) && ret->n < NAMESERVERS_MAX) {
		char *word = strtok_r(line, " \t\r", &line);

		if (!word || strcmp(word, "nameserver") != 0)
			continue;
		word = strtok_r(NULL, " \t\r", &line);
		if (word && dns_address_parse(word, 53, &a) &&
		    !dns_address_equal(&a, own))
			ret->v[ret->n++] = a;
	}
}
