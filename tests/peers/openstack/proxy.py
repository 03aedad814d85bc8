# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands between the driver and Nova: passes calls on, counts them, and plays the
faults that are asked for, once each."""

import http.client
import http.server
import threading

from rig import PATIENCE_S


class Proxy:
    def __init__(self, port, to_port):
        self.calls = []     # (method, path) of each
        self.tokens = []    # of each
        self.faults = []    # (method, path's end, what): "lose", or (status, headers, body)
        self.to_port = to_port
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), self.handler())
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def fault(self, method, end, what):
        self.faults.append((method, end, what))

    def take_fault(self, method, path):
        for fault in self.faults:
            if fault[0] == method and path.partition("?")[0].endswith(fault[1]):
                self.faults.remove(fault)
                return fault[2]
        return None

    def pass_on(self, method, path, headers, body):
        to = http.client.HTTPConnection("127.0.0.1", self.to_port, timeout=PATIENCE_S)
        to.request(method, path, body, dict(headers))
        answer = to.getresponse()
        content = answer.read()
        to.close()
        return answer.status, answer.getheaders(), content

    def handler(proxy):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self, status, headers, content):
                self.send_response(status)
                for name, value in headers:
                    if name.lower() not in ("content-length", "connection", "server", "date",
                                            "transfer-encoding"):
                        self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Length", str(len(content)))
                try:
                    self.end_headers()
                    self.wfile.write(content)
                except BrokenPipeError:  # who asked has gone
                    self.close_connection = True

            def do(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                proxy.calls.append((self.command, self.path))
                proxy.tokens.append(self.headers.get("X-Auth-Token"))
                fault = proxy.take_fault(self.command, self.path)
                if fault and fault != "lose":
                    return self.answer(*fault)
                answer = proxy.pass_on(self.command, self.path, self.headers.items(), body)
                if fault == "lose":  # Nova has acted, and nobody hears of it.
                    self.close_connection = True
                    return self.connection.close()
                return self.answer(*answer)

            do_GET = do_POST = do_DELETE = do_PUT = do

        return Handler

    def close(self):
        self.server.shutdown()
        self.server.server_close()
