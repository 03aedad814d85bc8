// SPDX-License-Identifier: GPL-3.0-or-later
// How much of the past the charts show; remembered in this tab.
import { ranges } from './chart_data.js';
import { h } from './dom.js';

const KEY = 'foretide-range';

export function readRange() {
  const saved = sessionStorage.getItem(KEY);
  return saved in ranges ? saved : '3h';
}

export function rangePicker(range, onRange) {
  return h('fieldset.range', h('legend.unseen', 'Time shown in charts'),
    Object.entries(ranges).map(([id, r]) => h('label',
      h('input', { type: 'radio', name: 'range', value: id, checked: id === range, onchange: () => {
        sessionStorage.setItem(KEY, id);
        onRange(id);
      } }), h('span', r.name))));
}
