// SPDX-License-Identifier: GPL-3.0-or-later
// Holds: who stopped which scaling and why; operators add and release them.
import { call } from './api.js';
import { attempt } from './dialog.js';
import { h } from './dom.js';
import { time } from './format.js';
import { mayChange, now, state } from './state.js';
import { panel, table } from './table.js';

export const needs = ['holds', 'tiers'];
export const title = 'Holds';

const scopeText = hold => (hold.tier ? `${hold.stack}/${hold.tier}` : `all of ${hold.stack}`);

async function addHold(event) {
  event.preventDefault();
  const form = event.target;
  const { scope, reason, period } = form.elements;
  const [stack, tier] = scope.value.split('/');
  const body = { stack, reason: reason.value.trim() };
  if (tier) body.tier = tier;
  if (period.value.trim()) body.for = period.value.trim();
  const ok = await attempt(form.querySelector('[role=alert]'), () => call('POST', '/v1/holds', body), `${scopeText({ stack, tier })} is on hold.`);
  if (ok) form.reset();
}

function release(hold) {
  const alert = document.getElementById('release-alert');
  return attempt(alert, () => call('DELETE', `/v1/holds/${hold.id}`), `The hold on ${scopeText(hold)} is released.`);
}

function scopes() {
  const stacks = [...new Set((state.tiers ?? []).map(t => t.stack))];
  return stacks.map(s => h('optgroup', { label: s, 'data-key': s },
    h('option', { value: s }, `all of ${s}`),
    state.tiers.filter(t => t.stack === s).map(t => h('option', { value: `${s}/${t.name}` }, `${s}/${t.name}`))));
}

function form() {
  if (!mayChange())
    return h('p.muted', { 'data-key': 'no-form' }, `Your token is a ${state.me.role}’s: setting and releasing holds needs an operator’s.`);
  return h('form.row', { 'data-key': 'form', onsubmit: addHold, 'aria-label': 'Add a hold' },
    h('p.field', h('label', { for: 'scope' }, 'What'), h('select', { id: 'scope', name: 'scope', required: true }, scopes())),
    h('p.field.grow', h('label', { for: 'reason' }, 'Reason'), h('input', { id: 'reason', name: 'reason', required: true, maxlength: 200, autocomplete: 'off' })),
    h('p.field', h('label', { for: 'period' }, 'For how long'),
      h('input', { id: 'period', name: 'period', size: 10, placeholder: '2h', autocomplete: 'off', 'aria-describedby': 'period-hint' })),
    h('button.primary', { type: 'submit' }, 'Hold'),
    h('p.hint.muted', { id: 'period-hint' }, 'Such as 30m, 2h or 1d of the controller’s calendar; left empty it stays until it is released.'),
    h('p.error', { role: 'alert', 'data-keep': true, 'data-key': 'alert' }));
}

function holdTable() {
  const columns = [
    { name: 'What', of: scopeText },
    { name: 'Reason', wide: true, of: x => x.reason },
    { name: 'By', of: x => x.owner },
    { name: 'Since', of: x => time(x.created, now()) },
    { name: 'Until', of: x => (x.expires ? time(x.expires, now()) : 'it is released') },
  ];
  if (mayChange())
    columns.push({ name: 'Release', of: x => h('button', { type: 'button', onclick: () => release(x), 'aria-label': `Release the hold on ${scopeText(x)}` }, 'Release') });
  return table('Holds in force', columns, state.holds, x => x.id, 'Nothing is on hold.');
}

export function render() {
  return [h('h1', 'Holds'),
    panel('Add a hold', h('p.muted', 'A hold stops scaling, out and in, until it is released or expires.'), form()),
    panel('In force', holdTable(), h('p.error', { id: 'release-alert', role: 'alert', 'data-keep': true, 'data-key': 'release-alert' }))];
}
