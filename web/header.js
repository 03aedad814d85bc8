// SPDX-License-Identifier: GPL-3.0-or-later
// The bar at the top: views, the controller's clock, whether the page is live, the user.
import { h, show } from './dom.js';
import { number, timeText } from './format.js';
import { problems } from './problems.js';
import { isAdmin, now, state } from './state.js';

const links = [['#/', 'Overview'], ['#/hosts', 'Hosts'], ['#/clouds', 'Clouds'], ['#/services', 'Services'], ['#/ledger', 'Ledger'], ['#/costs', 'Costs'], ['#/decisions', 'Decisions'], ['#/holds', 'Holds'], ['#/events', 'Events']];

function clock() {
  const scale = state.status?.time_scale ?? 1;
  return h('span.clock', { title: 'The controller’s calendar, in this browser’s time zone' },
    h('span', { id: 'clock' }, timeText(now(), now())), scale === 1 ? null : h('span.scale', `×${number(scale)}`));
}

function live() {
  const away = state.unreachableSince !== null;
  const [tone, text] = away ? ['bad', 'no answer'] : state.isLive ? ['good', 'live'] : ['warn', 'connecting'];
  return h(`span.live.${tone}`, { 'data-live': text }, text);
}

const who = () => `${state.me.name} · ${state.me.role}`;

export function showHeader(header, current, onSignOut) {
  if (!state.me) {
    show(header);
    return;
  }
  const n = problems().length;
  show(header,
    h('a.brand', { href: '#/', 'aria-label': 'Foretide, overview' }, h('img', { src: 'icon.svg', alt: '', width: 24, height: 24 }), h('span', 'Foretide')),
    h('nav', { 'aria-label': 'Views' }, h('ul', links.map(([href, name]) =>
      h('li', h('a', { href, 'aria-current': href === current ? 'page' : null }, name,
        name === 'Overview' && n ? h('span.count', { title: 'problems' }, n) : null))))),
    h('div.who', clock(), live(), isAdmin() ? h('a', { href: '#/tokens', 'aria-current': current === '#/tokens' ? 'page' : null, title: 'Tokens' }, who()) : h('span.muted', who()),
      h('button', { type: 'button', id: 'sign-out', onclick: onSignOut }, 'Sign out')));
}

setInterval(() => {
  const text = document.getElementById('clock');
  if (text && state.status && !document.hidden) text.textContent = timeText(now(), now());
}, 1000);
