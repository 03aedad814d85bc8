# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers every page, one of them slowly; SIGTERM ends it when all are answered."""
import os
import signal
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

served = 0
lock = threading.Lock()


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        global served
        if self.path == "/alive":
            return self.say("alive\n")
        if self.path == "/metrics" and os.path.exists("/run/no-metrics"):
            return self.send_error(503)
        if self.path == "/metrics":
            return self.say("# TYPE quick_requests_total counter\n"
                            f"quick_requests_total {served}\n")
        with lock:
            served += 1
        if "p=7" in self.path:
            time.sleep(1)
        return self.say(f"{socket.gethostname()} {os.getpid()}\n")

    def say(self, text):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128


server = Server(("", 8080), Page)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever(0.1)
server.server_close()
