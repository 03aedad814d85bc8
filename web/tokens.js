// SPDX-License-Identifier: GPL-3.0-or-later
// Access tokens, for administrators: who may do what, to create and to revoke.
import { call } from './api.js';
import { attempt, openDialog } from './dialog.js';
import { h } from './dom.js';
import { time } from './format.js';
import { now, state } from './state.js';
import { badge, panel, table } from './table.js';

export const needs = ['tokens'];
export const title = 'Tokens';

const roles = { viewer: 'can read everything', operator: 'also changes tiers, hosts and holds', admin: 'also creates tokens' };

/** The secret is only in this answer, so it remains on the page until another view is chosen. */
async function make(event) {
  event.preventDefault();
  const form = event.target;
  const { name, role, period } = form.elements;
  const body = { name: name.value.trim(), role: role.value };
  if (period.value.trim()) body.for = period.value.trim();
  let made = null;
  const ok = await attempt(form.querySelector('[role=alert]'), async () => { made = await call('POST', '/v1/tokens', body); },
    `The token ${body.name} is created; it is shown only once.`);
  if (!ok) return;
  form.reset();
  document.getElementById('secret').textContent = made.token;
}

function revoke(token) {
  openDialog({
    title: `Revoke the token ${token.name}?`,
    body: h('p', 'Whoever uses it is signed out at once. This cannot be undone.'),
    submit: 'Revoke', danger: true,
    action: () => call('DELETE', `/v1/tokens/${token.id}`),
    done: `The token ${token.name} is revoked.`,
  });
}

function form() {
  return h('form.row', { 'data-key': 'form', onsubmit: make, 'aria-label': 'Create a token' },
    h('p.field.grow', h('label', { for: 'token-name' }, 'Name'), h('input', { id: 'token-name', name: 'name', required: true, maxlength: 60, autocomplete: 'off' })),
    h('p.field', h('label', { for: 'token-role' }, 'Role'), h('select', { id: 'token-role', name: 'role' },
      Object.entries(roles).map(([role, rights]) => h('option', { value: role }, `${role}: ${rights}`)))),
    h('p.field', h('label', { for: 'token-period' }, 'Valid for'), h('input', { id: 'token-period', name: 'period', size: 10, placeholder: '30d', autocomplete: 'off' })),
    h('button.primary', { type: 'submit' }, 'Create'),
    h('p.error', { role: 'alert', 'data-keep': true, 'data-key': 'alert' }));
}

function tokenTable() {
  return table('Tokens', [
    { name: 'Name', of: x => x.name },
    { name: 'Role', of: x => badge(x.role, 'plain', roles[x.role]) },
    { name: 'Created', of: x => time(x.created, now()) },
    { name: 'Last used', of: x => time(x.last_used, now()) },
    { name: 'Valid until', of: x => (x.expires ? time(x.expires, now()) : 'does not expire') },
    { name: 'Revoke', of: x => h('button', { type: 'button', onclick: () => revoke(x), 'aria-label': `Revoke ${x.name}` }, 'Revoke…') },
  ], state.tokens?.filter(x => !x.revoked), x => x.id, 'There are none.');
}

export function render() {
  return [h('h1', 'Tokens'),
    panel('Create a token', form(), h('p.secret', { id: 'secret', role: 'status', 'data-keep': true, 'data-key': 'secret' })),
    panel('In force', tokenTable())];
}
