// SPDX-License-Identifier: GPL-3.0-or-later
// Tables that become a list of cards on a narrow screen and remain tables for screen readers.
import { h } from './dom.js';

/** Wraps several parts in one, as a card places each child of a cell separately. */
const single = content => (Array.isArray(content) ? h('span', content) : content);

/**
 * columns: [{name, of: item => child, wide, num}]; key: item => text. Without items the
 * text `empty` is shown. compact: few and short columns, a table on any screen.
 */
export function table(caption, columns, items, key, empty, compact = false) {
  if (!items) return h('p.muted', 'Reading…');
  if (!items.length) return h('p.muted', empty);
  const kind = c => ({ class: [c.num && 'num', c.wide && 'wide'].filter(Boolean).join(' ') || null });
  return h('table', { role: 'table', class: compact ? 'compact' : null },
    h('caption.unseen', caption),
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' },
      columns.map(c => h('th', { scope: 'col', role: 'columnheader', ...kind(c) }, c.name)))),
    h('tbody', { role: 'rowgroup' }, items.map(item => h('tr', { role: 'row', 'data-key': key(item) },
      columns.map(c => h('td', { role: 'cell', 'data-label': c.name, ...kind(c) }, single(c.of(item))))))));
}

/** A panel with its heading. */
export function panel(title, ...children) {
  return h('section.panel', { 'data-key': title, 'aria-label': title }, h('h2', title), children);
}

export function badge(text, tone = 'plain', title = null) {
  return h(`span.badge.${tone}`, { title }, text);
}

/** A share of something as a bar with its figure. */
export function meter(label, share, text) {
  const known = share !== null && share !== undefined;
  return h('span.load', h('span.loadname', label),
    known ? h('meter', { min: 0, max: 1, high: 0.85, value: Math.min(share, 1), 'aria-label': label }) : null,
    h('span.loadtext', text));
}
