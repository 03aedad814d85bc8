/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * text.h - data formats that configuration, records and messages are written in.
 */
#ifndef COMMON_TEXT_TEXT_H
#define COMMON_TEXT_TEXT_H

#include "base64.h"
#include "conf.h"
#include "conf_from_json.h"
#include "conf_value.h"
#include "csv.h"
#include "glob.h"
#include "hex.h"
#include "ini.h"
#include "json.h"
#include "toml.h"

#endif
