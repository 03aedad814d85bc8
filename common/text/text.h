/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * text.h - reading and writing of the text formats that configuration, records and
 * messages use: INI and option tables, JSON, TOML, YAML, XML, CSV, globs, base64,
 * hexadecimal.
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
#include "xml.h"
#include "yaml.h"

#endif
