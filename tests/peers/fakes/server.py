# SPDX-License-Identifier: GPL-3.0-or-later
"""One server for the fakes of clouds: over HTTP, and over HTTPS with a certificate of its own.

    with Server(hetzner.Cloud()) as fake:
        ... fake.url; fake.cloud.faults.add("POST", "/servers$", "lose") ...

Several may serve the same Cloud. As a program, for other languages and by hand:

    PYTHONPATH=tests/peers /usr/bin/python3 -m fakes.server CLOUD [NAME=VALUE ...]

writes its address and serves until it is ended. What tests do is there by path then, too:

    GET, DELETE  /_control/calls      what was called
    POST, DELETE /_control/faults     see faults.py
    GET          /_control/vms        what there is
    PATCH        /_control/settings   see cloud.py
"""

import http.server
import importlib
import json
import ssl
import sys
import threading

from fakes.certificate import Certificate
from fakes.cloud import Answer, Request
from fakes.faults import AFTER

GARBAGE = b"<html><body>the page of a proxy</body></html>"
SLOW_S = 60


class Server:
    def __init__(self, cloud, tls=False, name="127.0.0.1", asks=False):
        """tls: with a certificate for name; fake.ca is the file of its CA. asks: for one of
        the same CA from the client."""
        self.cloud = cloud
        self.closing = threading.Event()
        self.certificate = Certificate(name) if tls else None
        self.ca = self.certificate.ca if tls else None
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler(self))
        self.http.daemon_threads = True
        if tls:
            self.http.socket = self.context(asks).wrap_socket(self.http.socket, server_side=True,
                                                          do_handshake_on_connect=False)
        self.port = self.http.server_address[1]
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.port}"
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()

    def context(self, asks):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate.chain)
        if asks:
            context.load_verify_locations(self.certificate.ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def close(self):
        self.closing.set()
        self.http.shutdown()
        self.http.server_close()
        if self.certificate:
            self.certificate.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # ------------------------------------------------------------ calls
    def answer(self, request, target):
        """-> the answer, and a fault that is of the way back"""
        if request.path.startswith("/_control/"):
            return self.control(request), None
        self.cloud.calls.append((request.method, self.cloud.called(request, target)))
        fault = self.cloud.faults.take(request.method,
                                       self.cloud.called(request, request.path))
        what = fault["what"] if fault else None
        if what == "drop":
            return None, fault
        if what == "answer":
            return Answer(fault["status"], fault.get("body", ""), fault.get("headers")), None
        if what and what not in AFTER:
            return self.cloud.refusal(what, fault), None
        return self.cloud.act(request), fault

    def control(self, request):
        cloud, what = self.cloud, request.path.rpartition("/")[2]
        if (request.method, what) == ("GET", "calls"):
            return Answer(200, cloud.calls)
        if (request.method, what) == ("DELETE", "calls"):
            cloud.calls.clear()
        elif (request.method, what) == ("POST", "faults"):
            cloud.faults.add(**request.json())
        elif (request.method, what) == ("DELETE", "faults"):
            cloud.faults.clear()
        elif (request.method, what) == ("GET", "vms"):
            return Answer(200, cloud.vms())
        elif (request.method, what) == ("PATCH", "settings"):
            cloud.set(request.json())
        else:
            return Answer(404, {"error": f"no {request.method} of {what}"})
        return Answer(204)


def handler(server):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_):
            pass

        def log_error(self, *_):
            pass

        def setup(self):
            # A stranger's handshake holds up no other connection.
            if server.certificate:
                try:
                    self.request.do_handshake()
                except (ssl.SSLError, OSError):
                    self.request.close()
            super().setup()

        def hang_up(self):
            self.close_connection = True
            self.connection.shutdown(2)

        def write(self, answer, share=1):
            head = f"HTTP/1.1 {answer.status} {self.responses.get(answer.status, 'X')[0]}\r\n"
            if answer.status != 204:
                answer.headers["Content-Length"] = len(answer.body)
            head += "".join(f"{k}: {v}\r\n" for k, v in answer.headers.items()) + "\r\n"
            whole = head.encode() + (b"" if self.command == "HEAD" else answer.body)
            self.wfile.write(whole[:int(len(whole) * share)])

        def do(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer, fault = server.answer(
                Request(self.command, self.path, self.headers, body), self.path)
            what = fault["what"] if fault else None
            if what in ("drop", "lose"):
                return self.hang_up()
            if what == "cut":
                self.write(answer, 0.7)
                return self.hang_up()
            if what == "slow":
                server.closing.wait(fault.get("seconds", SLOW_S))
            if what == "garbage":
                answer = Answer(200, GARBAGE, media_type="text/html")
            if what == "huge":
                answer = Answer(200, b"[" * fault["bytes"])
            return self.write(answer)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do

        def handle_one_request(self):
            try:
                super().handle_one_request()
            except (ConnectionError, ssl.SSLError):
                self.close_connection = True

        def finish(self):
            try:
                super().finish()
            except (OSError, ValueError):
                pass

    return Handler


def main():
    name, *settings = sys.argv[1:]
    cloud = importlib.import_module(f"fakes.{name}.cloud").Cloud()
    cloud.set({k: type(cloud.SETTINGS[k])(v) for k, _, v in (s.partition("=") for s in settings)})
    with Server(cloud) as server:
        print(json.dumps({"url": server.url}), flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
