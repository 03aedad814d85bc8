// SPDX-License-Identifier: GPL-3.0-or-later
// The state of the controller, and when to read it again: after events, else every few
// seconds, and not while the page is hidden.
import { get, list } from './api.js';

const POLL_MS = 5000;
const SETTLE_MS = 300; // events come in bunches
const EVENTS_MAX = 300;

/** Each part that a view can need, and how it is read. */
const sources = {
  tiers: () => list('/v1/tiers?explanations=true'),
  pools: () => list('/v1/pools'),
  hosts: () => list('/v1/hosts'),
  profiles: () => list('/v1/profiles'),
  gates: () => list('/v1/gates'),
  launches: async () => (await get('/v1/launches?limit=50')).items,
  services: () => list('/v1/services'),
  holds: () => list('/v1/holds'),
  tokens: () => list('/v1/tokens'),
  decisions: async () => (await get('/v1/decisions?limit=100')).items,
};

export const state = {
  me: null, status: null, events: [], isLive: false,
  unreachableSince: null, // real ms, since when the controller has not answered
  at: 0, // performance.now() of status
};

let needs = [];
let timer = null;
let isAsking = false;
let isWanted = false;
let onChange = () => {};
let onRefused = () => {};

/** The controller's calendar now, in ms. */
export function now() {
  if (!state.status) return Date.now();
  return Date.parse(state.status.now) + (performance.now() - state.at) * state.status.time_scale;
}

function later(ms) {
  clearTimeout(timer);
  timer = setTimeout(refresh, ms);
}

/** The status is read first: an expired token is then rejected once, not many times. */
async function ask() {
  const parts = [...needs];
  state.status = await get('/v1/status');
  state.at = performance.now();
  const values = await Promise.all(parts.map(p => sources[p]()));
  parts.forEach((part, i) => { state[part] = values[i]; });
  state.unreachableSince = null;
  state.problem = null;
}

/** Asks for what the view needs; one round at a time. */
export async function refresh() {
  if (isAsking) {
    isWanted = true;
    return;
  }
  isAsking = true;
  isWanted = false;
  try {
    if (!document.hidden) await ask();
  } catch (error) {
    if (error.status === 401) onRefused(error);
    state.problem = error.message;
    state.unreachableSince ??= Date.now();
  }
  isAsking = false;
  if (!state.me) return;
  onChange();
  later(isWanted ? SETTLE_MS : POLL_MS);
}

/** The view changed: these parts are needed from now on. */
export function need(parts) {
  needs = parts;
  if (state.me) refresh();
}

/** An event came: it is news, and so may be everything else. */
export function addEvent(event) {
  if (state.events.some(e => e.id === event.id)) return;
  state.events.unshift(event);
  state.events.length = Math.min(state.events.length, EVENTS_MAX);
  later(SETTLE_MS);
}

export async function begin(me, callbacks) {
  ({ onChange, onRefused } = callbacks);
  state.me = me;
  state.events = (await get('/v1/events?limit=100')).items;
  return refresh();
}

export function end() {
  clearTimeout(timer);
  for (const part of Object.keys(sources)) delete state[part];
  Object.assign(state, { me: null, status: null, events: [], isLive: false, unreachableSince: null });
}

document.addEventListener('visibilitychange', () => {
  if (!document.hidden && state.me) refresh();
});

export const isAdmin = () => state.me?.role === 'admin';
export const mayChange = () => ['operator', 'admin'].includes(state.me?.role);
