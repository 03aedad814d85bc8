/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rest.h - what drivers of clouds with a REST API share; it knows no cloud.
 *
 *   bearer.h    a cloud's address and the one token that is its credentials
 *   base_url.h the address of an API, as people give it
 *   call.h      one bounded call: answer or class of failure, login renewed once
 *   failure.h   the class of a failure from an answer's status
 *   fields.h    members of an answer, read by path
 *   findings.h  what validate() reports
 *   label.h     labels and tags in the narrowest alphabet
 *   numbered.h  lists whose pages have numbers
 *   oauth.h     tokens that a server of OAuth 2 gives
 *   pages.h     lists by pages that end
 *   token.h     a token with its expiry
 *   words.h     options that are lists
 *
 * Nothing here is safe from two threads with the same object, as a driver is not.
 */
#ifndef CLOUD_DRIVERS_REST_REST_H
#define CLOUD_DRIVERS_REST_REST_H

#include "base_url.h"
#include "bearer.h"
#include "call.h"
#include "failure.h"
#include "fields.h"
#include "findings.h"
#include "label.h"
#include "numbered.h"
#include "oauth.h"
#include "options_doc.h"
#include "pages.h"
#include "token.h"
#include "words.h"

#endif
