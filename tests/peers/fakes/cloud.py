# SPDX-License-Identifier: GPL-3.0-or-later
"""What the fakes of clouds share: calls by route, and VMs that have their lives.

A cloud is a folder here with a module cloud, in it a class Cloud of this one. Its state is in
memory; its routes run one at a time, so they see and leave it whole."""

import json
import re
import threading
import urllib.parse

from fakes.faults import Faults


class Request:
    def __init__(self, method, target, headers, body):
        self.method, self.headers, self.body = method, headers, body
        path, _, query = target.partition("?")
        self.path = urllib.parse.unquote(path)
        self.query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))

    def json(self):
        """The body's object; None when it is none."""
        try:
            doc = json.loads(self.body)
        except ValueError:
            return None
        return doc if isinstance(doc, dict) else None

    def form(self):
        return dict(urllib.parse.parse_qsl(self.body.decode(), keep_blank_values=True))


class Answer:
    """content: what becomes JSON, or a text or bytes as they are; None: nothing."""

    def __init__(self, status, content=None, headers=None, media_type="application/json"):
        self.status = status
        self.headers = dict(headers or {})
        if content is None:
            self.body = b""
        else:
            self.headers.setdefault("Content-Type", media_type)
            if not isinstance(content, (str, bytes)):
                content = json.dumps(content)
            self.body = content if isinstance(content, bytes) else content.encode()


def route(method, pattern):
    """Of a method of a Cloud that gets the request, and the parts in {braces} by name."""
    parts = re.split(r"\{(\w+)\}", pattern)
    expression = "".join(f"(?P<{p}>[^/]+)" if i % 2 else re.escape(p)
                         for i, p in enumerate(parts))

    def mark(function):
        function.route = (method, re.compile(expression))
        return function
    return mark


class Cloud:
    # What a test may change, by name; a cloud adds its own.
    SETTINGS = {
        "page": 50,         # VMs on a page, at most
        "boot_polls": 1,    # how often a new VM is shown before it runs
        "hidden_polls": 0,  # how many lists lack a new VM
        "limit": 100,       # VMs of the account
    }

    def __init__(self, hosts=None, **settings):
        """hosts: starts a host for each VM, as hosts.py's; None: VMs run nothing."""
        self.settings = {**self.SETTINGS}
        self.set(settings)
        self.hosts = hosts
        self.lock = threading.RLock()
        self.faults = Faults()
        self.calls = []  # (method, path with query) of each
        self.routes = [f for f in (getattr(self, name) for name in dir(type(self)))
                       if hasattr(f, "route")]

    def set(self, settings):
        unknown = settings.keys() - self.settings.keys()
        if unknown:
            raise KeyError(f"no such settings: {', '.join(sorted(unknown))}")
        self.settings.update(settings)

    def __getattr__(self, name):
        try:
            return self.__dict__["settings"][name]
        except KeyError:
            raise AttributeError(name) from None

    # ------------------------------------------------------------ for a cloud to give
    def refused(self, request):
        """The answer to a request that is not let in at all, or None."""

    def called(self, request, path):
        """What the call is for faults and for the list of calls: its path, where that says it."""
        return path

    def refusal(self, what, fault):
        """How the cloud words it: "throttle" (fault may have "retry_after", seconds),
        "capacity", "quota", "auth", "unavailable"."""
        raise NotImplementedError

    def not_found(self, request):
        raise NotImplementedError

    def vms(self):
        """Those that there are, for tests: objects that JSON can write."""
        raise NotImplementedError

    # ------------------------------------------------------------ one call
    def act(self, request):
        with self.lock:
            answer = self.refused(request)
            if answer:
                return answer
            for f in self.routes:
                method, expression = f.route
                found = expression.fullmatch(request.path)
                if found and method == request.method:
                    return f(request, **found.groupdict())
            return self.not_found(request)

    # ------------------------------------------------------------ hosts of VMs
    def boot(self, name, user_data):
        """-> its address, or None where VMs run nothing"""
        return self.hosts.start(name, user_data) if self.hosts else None

    def halt(self, name):
        if self.hosts:
            self.hosts.end(name)
