# SPDX-License-Identifier: GPL-3.0-or-later
"""The same as test_hostile_host.py on an etcd whose users the controller sets up."""

# In the order in which they run.
from test_hostile_host import (  # noqa: F401
    fixture_attacker, fixture_world, pytest_generate_tests, test_there_are_forty,
    test_the_attacker_has_what_is_alphas, test_a_program_without_privileges_does_not,
    test_root_of_a_host_does_not, test_beta_served_without_a_failed_request)

STORE = "etcd"
