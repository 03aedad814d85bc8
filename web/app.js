// SPDX-License-Identifier: GPL-3.0-or-later
// The page: signing in and out, the view of the address, rendered again whenever the state
// changes.
import { call, token } from './api.js';
import { syncCharts } from './chart_view.js';
import * as clouds from './clouds.js';
import * as costs from './costs.js';
import * as decisions from './decisions.js';
import { announce, show } from './dom.js';
import * as events from './events.js';
import { showHeader } from './header.js';
import * as holds from './holds.js';
import * as hosts from './hosts.js';
import * as ledger from './ledger.js';
import { showLogin } from './login.js';
import * as overview from './overview.js';
import { problems } from './problems.js';
import { readRange } from './range.js';
import * as services from './services.js';
import { addEvent, begin, end, isAdmin, need, state } from './state.js';
import { follow, unfollow } from './stream.js';
import * as tier from './tier.js';
import * as tokens from './tokens.js';

const header = document.getElementById('header');
const main = document.getElementById('main');
const views = { '': overview, hosts, clouds, services, ledger, costs, decisions, holds, events, tokens };

const RETRY_MS = 3000;

let range = readRange();
let announced = '';

/** The view, its arguments and its link out of "#/tier/shop/web". */
function route() {
  const [name, ...args] = location.hash.replace(/^#\/?/, '').split('/').map(decodeURIComponent);
  if (name === 'tier' && args.length === 2) return { view: tier, args, link: '', title: args.join('/') };
  const view = name === 'tokens' && !isAdmin() ? overview : views[name] ?? overview;
  return { view, args: [], link: `#/${view === overview ? '' : name}`, title: view.title };
}

function announceProblems() {
  const text = problems().map(p => `${p.title}${p.tier ? ` ${p.tier.stack}/${p.tier.name}` : ''}`).join(', ');
  if (text === announced) return;
  announce(text ? `Problems: ${text}.` : 'All problems are resolved.');
  announced = text;
}

function paint() {
  if (!state.me) return;
  const { view, args, link, title } = route();
  showHeader(header, link, () => signOut());
  if (!state.status) return;
  show(main, ...view.render(range, setRange, args));
  document.title = `${title} – Foretide`;
  syncCharts(state.tiers ?? [], range);
  announceProblems();
}

async function loadAndPaint() {
  paint();
  const { view, args } = route();
  if (!view.load || !state.me) return;
  try {
    await view.load(...args);
    paint();
  } catch {
    // The state reports it: the same controller does not answer there either.
  }
}

function setRange(id) {
  range = id;
  paint();
}

function navigate() {
  if (!state.me) return;
  loadAndPaint();
  need(route().view.needs);
  window.scrollTo(0, 0);
  main.focus({ preventScroll: true });
}

function signOut(message) {
  unfollow();
  token.forget();
  end();
  announced = '';
  showHeader(header);
  showLogin(main, message, start);
}

async function start(me) {
  show(main);
  need(route().view.needs);
  try {
    await begin(me, { onChange: loadAndPaint, onRefused: () => signOut('The token is no longer valid: sign in again.') });
  } catch (error) {
    signOut(`That did not work: ${error.message}.`);
    return;
  }
  follow(state.events[0]?.id ?? null, event => {
    addEvent(event);
    if (event.kind === 'tier-scaled') announce(event.message);
  }, isLive => {
    state.isLive = isLive;
    paint();
  });
}

async function open() {
  if (!token.get()) {
    signOut();
    return;
  }
  try {
    await start(await call('GET', '/v1/whoami'));
  } catch (error) {
    if (error.status === 401) {
      signOut('The token is no longer valid: sign in again.');
      return;
    }
    showLogin(main, `That did not work: ${error.message}. Retrying.`, start);
    setTimeout(() => { if (token.get() && !state.me) open(); }, RETRY_MS);
  }
}

addEventListener('hashchange', navigate);
open();
