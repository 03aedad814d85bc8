# SPDX-License-Identifier: GPL-3.0-or-later
"""What the fake Azure offers: a region, sizes, images, a network."""

TENANT = "11111111-1111-1111-1111-111111111111"
CLIENT = "22222222-2222-2222-2222-222222222222"
SECRET = "s3cret~of.the-fake"
SUBSCRIPTION = "33333333-3333-3333-3333-333333333333"
GROUP = "a-group"
LOCATION = "westeurope"
ZONES = ["1", "2", "3"]
# name: (CPUs, GB, family)
SIZES = {"Standard_B1ms": (1, 2, "standardBSFamily"), "Standard_B2s": (2, 4, "standardBSFamily"),
         "Standard_D4s_v5": (4, 16, "standardDSv5Family")}
WITHHELD = "Standard_M128s"  # not for this subscription
# (publisher, offer, SKU): versions
IMAGES = {("Debian", "debian-12", "12-gen2"): ["0.20250101.1", "0.20250201.1"],
          ("kinvolk", "flatcar", "stable-gen2"): ["4081.2.0"]}
PLANS = {"kinvolk"}  # publishers whose images have terms
OWN_IMAGES = {"own"}
SUBNETS = {"net/subnets/hosts"}
SECURITY_GROUPS = {"inside"}
DISK_TYPES = {"Standard_LRS", "StandardSSD_LRS", "Premium_LRS"}
# name: limit
USAGES = {"cores": 20, "standardBSFamily": 10, "standardDSv5Family": 8}
