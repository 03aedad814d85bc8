# SPDX-License-Identifier: GPL-3.0-or-later
"""What the fake Compute Engine offers: zones, machine types, an image, a network."""

REGION = "europe-west1"
ZONES = [f"{REGION}-b", f"{REGION}-c"]
PROJECT = "a-project"
CREATED = "2025-01-01T00:00:00.000-08:00"
# name: (CPUs, MB)
TYPES = {"e2-small": (2, 2048), "e2-medium": (2, 4096), "n2-standard-4": (4, 16384)}
IMAGES = {"debian-cloud": {"debian-12": "debian-12-bookworm-v20250101"},
          PROJECT: {"own": "own-v1"}}
DISK_TYPES = {"pd-standard", "pd-balanced", "pd-ssd"}
# metric: limit
QUOTAS = {"CPUS": 24.0, "N2_CPUS": 8.0, "INSTANCES": 100.0, "IN_USE_ADDRESSES": 8.0}
