# SPDX-License-Identifier: GPL-3.0-or-later
"""An agent to test, a small controller to join, and helpers over a real etcd."""

import base64
import datetime
import hashlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from store_tools import (BUILD, DEADLINE_S, b64, free_ports, post, prefix_end, unb64,
                         wait_until)

HOST = "web-0a1b2c3d"
TOKEN = "once-only"


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _now():
    return datetime.datetime.utcnow()


class Authority:
    def __init__(self, folder):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.cert = self._sign(_name("test authority"), self.key.public_key(), 86400, True)
        self.ca_file = self._write(folder, "ca.pem", self._pem(self.cert))
        key = ec.generate_private_key(ec.SECP256R1())
        cert = self._sign(_name("controller"), key.public_key(), 86400, False, server=True)
        self.server_file = self._write(folder, "server.pem", self._pem(cert))
        self.server_key_file = self._write(folder, "server.key", key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))

    @staticmethod
    def _pem(cert):
        return cert.public_bytes(serialization.Encoding.PEM)

    @staticmethod
    def _write(folder, name, data):
        path = os.path.join(folder, name)
        with open(path, "wb") as f:
            f.write(data)
        return path

    def _sign(self, subject, public_key, life_s, is_ca, server=False):
        builder = (x509.CertificateBuilder().subject_name(subject)
                   .issuer_name(_name("test authority")).public_key(public_key)
                   .serial_number(x509.random_serial_number())
                   .not_valid_before(_now() - datetime.timedelta(seconds=1))
                   .not_valid_after(_now() + datetime.timedelta(seconds=life_s))
                   .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), True))
        if server:
            import ipaddress
            builder = builder.add_extension(x509.SubjectAlternativeName(
                [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        return builder.sign(self.key, hashes.SHA256())

    def check_proof(self, serial, csr_pem, proof):
        """That the key of the certificate with this serial signed the request."""
        digits = f"{serial:x}"
        digits = "0" * (len(digits) % 2) + digits
        digits = "00" + digits if int(digits[0], 16) > 7 else digits
        x509.load_pem_x509_csr(csr_pem.encode()).public_key().verify(
            base64.b64decode(proof), f"foretide renewal\n{digits}\n{csr_pem}".encode(),
            ec.ECDSA(hashes.SHA256()))

    def issue(self, csr_pem, life_s):
        csr = x509.load_pem_x509_csr(csr_pem.encode())
        assert csr.is_signature_valid
        assert csr.public_key().curve.name == "secp256r1"
        return self._pem(self._sign(csr.subject, csr.public_key(), life_s, False)).decode()


class Controller:
    """Answers what hosts call; keeps what they sent."""

    def __init__(self, store_url, cert_life_s=86400, metrics_interval_ms=100, folder=None,
                 lease_ttl_s=60):
        self.dir = tempfile.mkdtemp(prefix="foretide-agent-test-", dir=folder)
        self.authority = Authority(self.dir)
        self.store_url = store_url
        self.cert_life_s = cert_life_s
        self.metrics_interval_ms = metrics_interval_ms
        self.lease_ttl_s = lease_ttl_s  # by default nothing runs out on a busy machine
        self.calls = []
        self.joins = 0
        self.renewals = 0
        self.samples = []
        self.serials = []  # of the host's certificates, as they were issued
        self.newest_used = 0
        self.late = []  # calls with one that was replaced
        self.pushed_with = None
        self.held = []
        self.logs = []
        self.log_asks = []
        self.connections = set()
        self.port = free_ports(1)[0]
        self.server = None
        self.start()

    @property
    def url(self):
        return f"https://127.0.0.1:{self.port}"

    def start(self):
        controller = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def setup(self):
                super().setup()
                controller.connections.add(self.connection)

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                cert = self.connection.getpeercert()
                status, doc = controller.answer(self.path, body, cert)
                data = json.dumps(doc).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.authority.server_file, self.authority.server_key_file)
        context.load_verify_locations(self.authority.ca_file)
        context.verify_mode = ssl.CERT_OPTIONAL
        self.server = Server(("127.0.0.1", self.port), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever,
                                       kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    def stop(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.thread.join()
            for connection in self.connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        self.connections.clear()
        self.server = None

    def close(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def answer(self, path, body, cert):
        self.calls.append(path)
        if path == "/v1/join":
            return self.join(body)
        if not cert:
            return 403, {"detail": "no client certificate"}
        name = dict(x[0] for x in cert["subject"])["commonName"]
        assert name == HOST, name
        serial = int(cert["serialNumber"], 16)
        if self.replaced(serial):
            self.late.append(path)
            return 403, {"detail": "the certificate was replaced"}
        if path == "/v1/agent/renew":
            self.authority.check_proof(serial, body["csr"], body["proof"])
            self.renewals += 1
            return 200, {"certificate": self.issue(body["csr"])}
        if path == "/v1/agent/programs":
            return 200, {"certificate": self.authority.issue(body["csr"], self.cert_life_s)}
        if path == "/v1/agent/metrics":
            self.pushed_with = serial
            assert body["host"] == HOST
            self.samples += body["samples"]
            self.held += [body["held"]] if "held" in body else []
            asks, self.log_asks = self.log_asks, []
            return 200, {"logs": asks}
        if path == "/v1/agent/logs":
            self.logs.append(body)
            return 200, {}
        return 404, {"detail": "no such path"}

    def issue(self, csr):
        pem = self.authority.issue(csr, self.cert_life_s)
        self.serials.append(x509.load_pem_x509_certificate(pem.encode()).serial_number)
        return pem

    def replaced(self, serial):
        """Whether a newer one was used."""
        at = self.serials.index(serial)
        self.newest_used = max(self.newest_used, at)
        return at < self.newest_used

    def join(self, body):
        if body["token"] != TOKEN or body["host"] != HOST:
            return 403, {"detail": "the token is not for this host"}
        self.joins += 1
        return 200, {
            "certificate": self.issue(body["csr"]),
            "ca": "", "store": [self.store_url], "store_mode": "etcd", "lease_ttl_s": self.lease_ttl_s,
            "domain": "foretide.local", "time_scale": 1.0, "time_epoch_ms": 0,
            "metrics_interval_ms": self.metrics_interval_ms}


class Agent:
    """prefix: a command that runs it elsewhere, where folder is seen as here."""

    def __init__(self, controller, token=TOKEN, prefix=(), folder=None, backend="own"):
        self.dir = tempfile.mkdtemp(prefix="foretide-agent-test-", dir=folder)
        os.chmod(self.dir, 0o755)
        self.backend = backend
        self.state = os.path.join(self.dir, "state")
        self.log_file = os.path.join(self.dir, "log")
        program = os.path.join(BUILD, "foretide-agent")
        if folder:  # the rest of this machine may look different there
            program = shutil.copy(program, self.dir)
        self.args = [*prefix, program, "run", "-c", self.conf(),
                     f"--agent.controller={controller.url}",
                     f"--agent.ca={controller.authority.ca_file}",
                     f"--agent.token={token}"]
        self.child = None
        self.start()

    def conf(self):
        path = os.path.join(self.dir, "agent.conf")
        dns, proxy = free_ports(2)
        self.dns_port, self.proxy_port = dns, proxy
        with open(path, "w") as f:
            f.write(f"[agent]\nid = {HOST}\nstate_dir = {self.state}\npool = web\n"
                    f"address = 127.0.0.1\nlog_level = debug\n"
                    f"[units]\nbackend = {self.backend}\ncgroup = fta-{os.getpid()}\n"
                    f"[confd]\nfolder = {self.dir}/confd\n"
                    f"[dns]\nlisten = 127.0.0.1:{dns}\nforward =\n"
                    f"[etcd_proxy]\nlisten = 127.0.0.1:{proxy}\n")
        return path

    def start(self):
        with open(self.log_file, "ab") as log:
            self.child = subprocess.Popen(self.args, stderr=log, stdin=subprocess.DEVNULL)

    def log(self):
        with open(self.log_file, errors="replace") as f:
            return f.read()

    def kill(self):
        self.child.kill()
        self.child.wait()

    def end(self):
        """The orderly end: its exit status."""
        self.child.terminate()
        return self.child.wait(timeout=DEADLINE_S)

    def unit_log(self, unit):
        try:
            with open(os.path.join(self.state, "logs", unit + ".log")) as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def unit_pids(self):
        pids = []
        folder = os.path.join(self.state, "units")
        for name in os.listdir(folder) if os.path.isdir(folder) else []:
            if name.endswith(".json"):
                with open(os.path.join(folder, name)) as f:
                    main = json.load(f)["main"]
                pids += [main["pid"]] if main else []
        return pids

    def close(self):
        if self.child.poll() is None:
            self.kill()
        for pid in self.unit_pids():
            try:
                os.killpg(pid, 9)
            except ProcessLookupError:
                pass
        for hierarchy in os.listdir("/sys/fs/cgroup"):
            top = f"/sys/fs/cgroup/{hierarchy}/fta-{os.getpid()}"
            if os.path.isdir(top):
                wait_until(lambda t=top: _remove_groups(t), f"{top} is empty")
        shutil.rmtree(self.dir, ignore_errors=True)


def _remove_groups(top):
    try:
        for name in os.listdir(top):
            if os.path.isdir(os.path.join(top, name)):
                os.rmdir(os.path.join(top, name))
        os.rmdir(top)
    except FileNotFoundError:
        pass
    except OSError:
        return False
    return True


class Store:
    """What the controller writes to the store, and what it reads there."""

    def __init__(self, url):
        self.url = url
        self.epoch = 0

    def put(self, key, value):
        assert post(self.url, "/v3/kv/put", {"key": b64(key), "value": b64(value)})[0] == 200

    def range(self, prefix):
        doc = post(self.url, "/v3/kv/range",
                   {"key": b64(prefix), "range_end": b64(prefix_end(prefix))})[1]
        return {unb64(kv["key"]).decode(): kv for kv in doc.get("kvs", [])}

    def get(self, key):
        kv = self.range(key).get(key)
        return json.loads(unb64(kv["value"])) if kv else None

    def schedule(self, *units):
        """units: (name, text) or (name, text, changes of its entry)."""
        entries = []
        for name, text, *more in units:
            digest = hashlib.sha1(text.encode()).hexdigest()
            self.put(f"/foretide/units/{digest}", text)
            entries.append(dict({"name": name, "hash": digest, "state": "launched",
                                 "stack": "shop", "tier": "web", "drain": False},
                                **(more[0] if more else {})))
        self.epoch += 1
        self.put(f"/foretide/schedule/{HOST}",
                 json.dumps({"epoch": self.epoch, "units": entries}))

    def state(self, unit):
        doc = self.get(f"/foretide/states/{HOST}")
        return (doc or {"units": {}})["units"].get(unit, {})

    def services(self):
        return {k: json.loads(unb64(kv["value"]))
                for k, kv in self.range("/skydns/").items() if "/hosts/" not in k}


def dig(agent, *args):
    done = subprocess.run(["dig", "@127.0.0.1", f"-p{agent.dns_port}", "+time=20", "+tries=1",
                           *args], capture_output=True, text=True, check=False)
    return done.stdout


def addresses(agent, name="web.shop.foretide.local"):
    return sorted(dig(agent, "+short", name).split())
