/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_proof.c - what shows that the holder of a certificate's key asks for its renewal:
 * a request and, after a 0, a proof. Only the one pair of the corpus that was signed is
 * taken.
 */
#include "check.h"
#include "x509.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Its key is nowhere any more, and one signature by it in the corpus. */
static const char certificate[] =
	"-----BEGIN CERTIFICATE-----\n"
	"MIIBITCByKADAgECAhQBI0VniavN7wEjRWeJq83vASNFZzAKBggqhkjOPQQDAjAQ\n"
	"MQ4wDAYDVQQDDAV3ZWItMTAgFw0yNjAxMDEwMDAwMDBaGA8yMTI1MTIwODAwMDAw\n"
	"MFowEDEOMAwGA1UEAwwFd2ViLTEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQ3\n"
	"ENPwNEQdiMuB5TUyjuVAj92+x46MCj8uVf5dDDAA/Cb6uzWMhcucy/n9znj18OBR\n"
	"cr+XEdrAzMDFwuCZwyMCMAoGCCqGSM49BAMCA0gAMEUCIGcFFiZ9xwgrjfK2mRxn\n"
	"CLdwEVaDLOxYbIgY/wuzG/GUAiEAlvtepIcetLyNfKr5FCgGE8up4aWYhaJkTbKW\n"
	"CO2Egx0=\n"
	"-----END CERTIFICATE-----\n";

/* Which a signature of the corpus is of, in whatever spelling of base64 and DER. */
static bool is_signed(const char *csr)
{
	static const char request[] =
		"-----BEGIN CERTIFICATE REQUEST-----\n"
		"MIHKMHICAQAwEDEOMAwGA1UEAwwFd2ViLTEwWTATBgcqhkjOPQIBBggqhkjOPQMB\n"
		"BwNCAAQ3ENPwNEQdiMuB5TUyjuVAj92+x46MCj8uVf5dDDAA/Cb6uzWMhcucy/n9\n"
		"znj18OBRcr+XEdrAzMDFwuCZwyMCoAAwCgYIKoZIzj0EAwIDSAAwRQIgBpmhN3mA\n"
		"yk2/qBUiU8DkP95sGPO2AgKsP9tnT093PbACIQDuhTbdcRGxQqYbfXuMOqBdrxdU\n"
		"i4s5zY82nX6n9KI0Pg==\n"
		"-----END CERTIFICATE REQUEST-----\n";

	return strcmp(csr, request) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(gnutls_x509_crt_deinit) gnutls_x509_crt_t crt = NULL;
	CLEANUP(free) char *csr = xstrndup((const char *)data, size);
	const size_t n = strlen(csr);
	CLEANUP(free)
	char *proof = n < size ? xstrndup((const char *)data + n + 1, size - n - 1)
			       : xstrdup("");
	struct err err = { 0 };
	int rc;

	CHECK(ca_crt_read(certificate, "the certificate", &crt, &err) == 0);
	rc = ca_proof_is_of(crt, csr, proof, &err);
	CHECK(rc == 0 ? is_signed(csr) : rc == ERR_DENIED && *err.msg);
	return 0;
}
