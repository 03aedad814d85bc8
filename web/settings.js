// SPDX-License-Identifier: GPL-3.0-or-later
// A tier's settings; operators can change them.
import { call } from './api.js';
import { openDialog } from './dialog.js';
import { h } from './dom.js';
import { number, percent } from './format.js';
import { mayChange } from './state.js';

const fields = [
  { key: 'mode', name: 'Mode', of: ['observe', 'out', 'auto'] },
  { key: 'min', name: 'At least', number: true },
  { key: 'max', name: 'At most', number: true },
  { key: 'risk', name: 'Risk of being short of capacity', hint: 'a share: 0.005 is 0.5 %' },
  { key: 'price', name: 'Cost of a minute short of capacity', hint: 'in instance-hours; 0: the risk is used' },
  { key: 'capacity', name: 'Capacity of an instance', hint: '0: not declared' },
  { key: 'lead_prior', name: 'Lead time until learned', hint: 'such as 3m' },
  { key: 'dwell', name: 'Dwell before scaling in', hint: 'such as 3m' },
  { key: 'action_price', name: 'Price of a change', hint: 'in instance-minutes' },
  { key: 'step_out', name: 'Largest step out', number: true, hint: '0: any' },
  { key: 'step_in', name: 'Largest step in', number: true, hint: 'within any one dwell; 0: any' },
];

const known = t => fields.filter(f => t[f.key] !== undefined);

/** What the operator declared; a capacity in force may also be learned. */
function declared(t, f) {
  const isLearned = f.key === 'capacity' && t.capacity_learned && t.capacity_learned.used !== 'declared';
  return String(isLearned ? 0 : t[f.key] ?? 0);
}

function input(t, f) {
  const more = { id: `set-${f.key}`, name: f.key, 'aria-describedby': f.hint ? `hint-${f.key}` : null };
  if (f.of) return h('select', more, f.of.map(v => h('option', { value: v, selected: v === t[f.key] }, v)));
  return h('input', { ...more, value: declared(t, f), autocomplete: 'off', required: true, inputmode: f.number ? 'numeric' : null });
}

/** Only changed values are sent, so that changes by others are not undone. */
export function changes(t, values) {
  const body = {};
  for (const f of known(t)) {
    const value = values[f.key].trim();
    if (value !== declared(t, f)) body[f.key] = value;
  }
  return body;
}

/** Instances that a change ends are shown first; the same change again does it. */
function changeOf(t) {
  const path = `/v1/tiers/${t.stack}/${t.name}`;
  let confirmed = '';
  return async form => {
    const body = changes(t, Object.fromEntries(new FormData(form)));
    const told = await call('PATCH', `${path}?dry_run=true`, body);
    const words = told.changes.map(c => c.detail).join('; ');
    if (words !== confirmed) {
      confirmed = words;
      throw new Error(`it is not done yet: ${words}; press Change again to do it`);
    }
    await call('PATCH', path, body);
  };
}

function edit(t) {
  openDialog({
    title: `Settings of ${t.stack}/${t.name}`,
    body: [h('div.fields', known(t).map(f => h('p.field', h('label', { for: `set-${f.key}` }, f.name), input(t, f),
      f.hint ? h('span.note', { id: `hint-${f.key}` }, f.hint) : null))),
    h('p.muted', 'They apply until the next apply of the stack, which shows and restores what is in stack.conf.')],
    submit: 'Change',
    action: changeOf(t),
    done: `The settings of ${t.stack}/${t.name} are changed.`,
  });
}

export function settingsPanel(t) {
  const rows = [
    ['Mode', t.mode], ['Unit', t.unit], ['Pool', t.pool], ['Demand', t.demand.expression || '–'], ['Bounds', `${t.min} to ${t.max}`],
    t.price ? ['Cost of a minute short of capacity', `${number(t.price)} instance-hours`] : ['Risk of being short of capacity', percent(t.risk)],
    ['Dwell before scaling in', t.dwell], ['Price of a change', `${number(t.action_price)} instance-minutes`], ['Steps', `${t.step_out || 'any'} out, ${t.step_in || 'any'} in`],
  ];
  return [
    h('dl.list', rows.map(([k, v]) => [h('dt', k), h('dd', v)])),
    mayChange() ? h('p.buttons', h('button', { type: 'button', id: 'edit-settings', onclick: () => edit(t) }, 'Change…')) : null,
  ];
}
