#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A browser of root's raises its own priority above all that it is to show: this one may not,
# and gives way.
exec nice -n 5 setpriv --inh-caps -sys_nice --bounding-set -sys_nice /usr/bin/chromedriver "$@"
