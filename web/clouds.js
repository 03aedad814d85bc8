// SPDX-License-Identifier: GPL-3.0-or-later
// Clouds: profiles of credentials with their checks, the gates that their calls pass, pools
// with what their clouds say of them, and launches with their lead times.
import { call, get } from './api.js';
import { announce, h } from './dom.js';
import { bytes, duration, number, plural, time } from './format.js';
import { isAdmin, now, refresh, state } from './state.js';
import { badge, panel, table } from './table.js';

export const needs = ['profiles', 'gates', 'pools', 'launches'];
export const title = 'Clouds';

const TYPES_MAX = 60;
const tones = { ok: 'good', limited: 'warn', backoff: 'bad', empty: 'plain', done: 'good', failed: 'bad', lost: 'bad', unknown: 'warn' };
const gateTones = { open: 'good', 'rate-limited': 'warn', 'told-to-wait': 'warn', broken: 'bad', 'no-capacity': 'bad', trying: 'info' };
const opened = new Map(); // by profile: its types, and of which check they are

/** The types of a profile whose details are open; the list of profiles is without them. */
async function readTypes(profile) {
  const { check } = await get(`/v1/profiles/${encodeURIComponent(profile)}`);
  opened.set(profile, { at: check?.finished, types: check?.types ?? [] });
}

export async function load() {
  const stale = (state.profiles ?? []).filter(p => opened.has(p.name) && opened.get(p.name).at !== p.check?.finished);
  await Promise.all(stale.map(p => readTypes(p.name)));
}

const price = type => (type.price_hour === null ? null : `${number(type.price_hour)} ${type.currency}/h`);
const size = type => `${number(type.cpu)} CPU, ${bytes(type.memory_bytes)}`;
const typeText = type => [`${type.name}: ${size(type)}`, price(type)].filter(Boolean).join(', ');

function typeList(types) {
  if (!types.length) return h('p.note', 'The cloud does not list its types.');
  return h('ul.types', types.slice(0, TYPES_MAX).map(t => h('li', { 'data-key': t.name }, typeText(t))),
    types.length > TYPES_MAX ? h('li', `and ${types.length - TYPES_MAX} more`) : null);
}

async function check(event, profile) {
  const button = event.currentTarget;
  button.disabled = true;
  try {
    await call('POST', `/v1/profiles/${encodeURIComponent(profile)}/check`, {});
    announce(`The profile ${profile} is being checked.`);
  } catch (error) {
    announce(`That did not work: ${error.message}.`);
  }
  button.disabled = false;
  refresh();
}

function verdict(profile) {
  const c = profile.check;
  if (!profile.driver) return badge('driver not known', 'warn', 'Write driver = NAME into its section of the credentials file');
  if (!c) return badge('not checked', 'plain');
  if (c.state === 'running') return badge('checking…', 'info');
  return h('span.one', badge(c.ok ? 'works' : 'fails', c.ok ? 'good' : 'bad'), ' ', h('span.note', time(c.finished, now())));
}

function findings(profile) {
  const c = profile.check;
  const lines = (c?.findings ?? []).map(f => h(f.fatal ? 'li.fatal' : 'li', f.message));
  if (profile.problem) lines.unshift(h('li.fatal', profile.problem));
  if (c?.error?.request_id) lines.push(h('li', `request ${c.error.request_id}`));
  return h('div', lines.length ? h('ul.findings', lines) : null, c?.state === 'done' ? types(profile) : null);
}

function types(profile) {
  const known = opened.get(profile.name);
  return h('details', { 'data-key': `types-${profile.name}`, onclick: () => { if (!known) readTypes(profile.name).then(refresh, refresh); } },
    h('summary', known ? `Types (${known.types.length})` : 'Types'),
    known ? typeList(known.types) : h('p.muted', 'Reading…'));
}

function quota(q, read) {
  if (!q) return '–';
  const text = q.limit === null ? `${q.used} used` : `${q.used} of ${q.limit} used`;
  return h('span', h('span.one', text), read ? h('span.note', ' at ', time(read, now())) : null);
}

const isOpen = gate => gate.state === 'open';
const gateName = g => [g.calls === 'all' ? 'all calls' : 'launches', g.type && `of ${g.type}`,
  (g.zone || g.region) && `in ${g.zone || g.region}`].filter(Boolean).join(' ');

/** Of all gates of a profile, those that hold calls back. */
function gatesOf(profile) {
  const own = (state.gates ?? []).filter(g => g.profile === profile.name && g.driver === profile.driver);
  const shut = own.filter(g => !isOpen(g));
  if (!own.length) return '–';
  if (!shut.length) return badge('open', 'good');
  return h('ul.gates', shut.map(g => h('li', badge(g.state, gateTones[g.state] ?? 'warn'), ' ', gateName(g))));
}

function profileTable() {
  const columns = [
    { name: 'Profile', of: p => p.name },
    { name: 'Driver', of: p => p.driver ?? '–' },
    { name: 'Credentials', of: p => h('span', p.source, ' ', p.changed ? h('span.note', 'since ', time(p.changed, now())) : null) },
    { name: 'Pools', of: p => p.pools.join(', ') || '–' },
    { name: 'Check', of: verdict },
    { name: 'Quota', num: true, of: p => quota(p.check?.quota) },
    { name: 'Gates', of: gatesOf },
    { name: 'Found', wide: true, of: findings },
  ];
  if (isAdmin()) {
    columns.push({ name: 'Action', of: p => h('button', {
      type: 'button', disabled: !p.driver || p.check?.state === 'running', 'aria-label': `Check ${p.name}`, onclick: e => check(e, p.name) }, 'Check') });
  }
  return table('Profiles', columns, state.profiles, p => p.name, 'There are no profiles.');
}

function failure(f) {
  if (!f) return '–';
  const known = [f.class, f.code, f.http_status && `status ${f.http_status}`, f.request_id && `request ${f.request_id}`];
  return h('span', f.message, ' ', h('span.note', `(${known.filter(Boolean).join(', ')}) `, time(f.at, now())));
}

function gateState(g) {
  return h('span', badge(g.state, gateTones[g.state] ?? 'warn'),
    g.opens ? h('span.note', ' until ', time(g.opens, now())) : null,
    g.retry_after_ms ? h('span.note', `, the cloud asked for ${duration(g.retry_after_ms)} more`) : null);
}

function rate(tokens) {
  if (!tokens) return 'no limit known';
  return `${number(Math.floor(tokens.level))} of ${number(tokens.burst)} calls left, ${number(tokens.calls_per_s)}/s`;
}

function breaker(g) {
  if (!g.failures && !g.broken_since) return 'closed';
  return h('span', g.failures ? `${plural(g.failures, 'failure')} in a row` : 'opened',
    g.broken_since ? h('span.note', ', since ', time(g.broken_since, now())) : null);
}

/** Those that hold calls back come first. */
function gateTable() {
  const gates = state.gates && [...state.gates].sort((a, b) => isOpen(a) - isOpen(b));
  return table('Gates', [
    { name: 'Profile', of: g => `${g.profile} (${g.driver})` },
    { name: 'Calls', of: gateName },
    { name: 'State', of: gateState },
    { name: 'Rate limit', of: g => rate(g.tokens) },
    { name: 'Breaker', of: breaker },
    { name: 'Last failure', wide: true, of: g => failure(g.last_failure) },
  ], gates, g => [g.driver, g.profile, g.region, g.calls, g.zone, g.type].join('/'), 'No cloud was called yet.');
}

function poolTable() {
  return table('Pools', [
    { name: 'Pool', of: p => p.name },
    { name: 'Profile', of: p => `${p.profile} (${p.driver})` },
    { name: 'State', of: p => badge(p.state || 'new', tones[p.state] ?? 'warn', p.last_error || null) },
    { name: 'Hosts', num: true, of: p => `${p.hosts} of ${p.max}` },
    { name: 'Types', of: p => (p.types.length ? h('ul.types', p.types.map(t => h('li', typeText(t)))) : p.type || '–') },
    { name: 'Quota', num: true, of: p => quota(p.quota, p.quota_read) },
    { name: 'Last refusal', wide: true, of: p => failure(p.last_failure) },
  ], state.pools, p => p.name, 'There are no pools.');
}

function launchTable() {
  return table('Launches', [
    { name: 'Host', of: l => h('span.mono', l.host) },
    { name: 'Pool', of: l => l.pool },
    { name: 'Launched', of: l => time(l.created, now()) },
    { name: 'State', of: l => badge(l.state, tones[l.state] ?? 'info') },
    { name: 'VM', of: l => h('span.mono', l.vm || '–') },
    { name: 'Lead time', num: true, of: l => duration(l.lead_ms) },
    { name: 'Error', wide: true, of: l => l.error || '–' },
  ], state.launches, l => l.host, 'No host was launched yet.');
}

export function render() {
  return [h('h1', 'Clouds'), panel('Profiles', profileTable()), panel('Gates', gateTable()), panel('Pools', poolTable()), panel('Latest launches', launchTable())];
}
