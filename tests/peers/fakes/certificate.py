# SPDX-License-Identifier: GPL-3.0-or-later
"""A CA, and a certificate of it for one name or address, in files that go with it."""

import datetime
import ipaddress
import os
import shutil
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def subject(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def sign(name, key, issuer, issuer_key, *extensions):
    now = datetime.datetime.utcnow()
    b = (x509.CertificateBuilder().subject_name(subject(name)).issuer_name(subject(issuer))
         .public_key(key.public_key()).serial_number(x509.random_serial_number())
         .not_valid_before(now - datetime.timedelta(days=1))
         .not_valid_after(now + datetime.timedelta(days=2)))
    for extension, critical in extensions:
        b = b.add_extension(extension, critical)
    return b.sign(issuer_key, hashes.SHA256())


def general_name(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


class Certificate:
    def __init__(self, name):
        """ca: file of the CA's certificate; chain: of the key and what it signed for name."""
        self.folder = tempfile.mkdtemp(prefix="foretide-fake-")
        self.ca, self.chain = (os.path.join(self.folder, f) for f in ("ca.pem", "chain.pem"))
        ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        ca = sign("a fake's CA", ca_key, "a fake's CA", ca_key,
                  (x509.BasicConstraints(ca=True, path_length=0), True))
        leaf = sign(name, key, "a fake's CA", ca_key,
                    (x509.SubjectAlternativeName([general_name(name)]), False))
        with open(self.ca, "wb") as f:
            f.write(pem(ca))
        with open(self.chain, "wb") as f:
            f.write(key.private_bytes(serialization.Encoding.PEM,
                                      serialization.PrivateFormat.PKCS8,
                                      serialization.NoEncryption()) + pem(leaf))

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)
