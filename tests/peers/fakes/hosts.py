# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts on this machine for a fake's VMs: each runs the user data that its VM was given."""

OWNER = "a-fake"


class Hosts:
    def __init__(self, driver):
        """driver: the local one, opened (see called.py); it is the caller's."""
        self.driver = driver
        self.ids = {}

    def start(self, name, user_data):
        """-> its address"""
        made = self.driver.ok("launch", owner=OWNER, pool="fake", name=name,
                              launch_id=f"{len(self.ids) + 1:032x}", user_data=user_data)
        self.ids[name] = made["vm"]["id"]
        return made["vm"]["address"]

    def end(self, name):
        if name in self.ids:
            self.driver.ok("terminate", owner=OWNER, id=self.ids.pop(name))

    def close(self):
        for name in list(self.ids):
            self.end(name)
