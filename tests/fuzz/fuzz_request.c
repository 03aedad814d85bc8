/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_request.c - certificate requests of strangers, in DER: none costs more than a key
 * that is taken, whatever it says of itself.
 */
#include "check.h"
#include "text.h"
#include "trust.h"

#include <stdint.h>
#include <string.h>
#include <time.h>

#define CPU_S 1 /* 50 times what the largest key takes with a sanitizer */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static double cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const gnutls_datum_t der = { (unsigned char *)(uintptr_t)data, (unsigned)size };
	CLEANUP(free) char *text = NULL;
	gnutls_datum_t pem;
	double before;

	if (gnutls_pem_base64_encode2("NEW CERTIFICATE REQUEST", &der, &pem) < 0)
		return 0;
	text = xstrndup((const char *)pem.data, pem.size);
	gnutls_free(pem.data);
	before = cpu_s();
	CHECK(!ca_serial_is_of("01", text));
	CHECK(cpu_s() - before < CPU_S);
	return 0;
}
