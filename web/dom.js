// SPDX-License-Identifier: GPL-3.0-or-later
// Creates elements from data, and updates the page without losing focus or what the user
// opened or typed. Data becomes text nodes and attributes, never markup.

const handlers = ['onclick', 'onsubmit', 'onchange'];

/** h('td.wide', {title: 'x'}, 'text', child, [children], null): an element. */
export function h(tag, ...rest) {
  const [name, ...classes] = tag.split('.');
  const node = document.createElement(name);
  if (classes.length) node.className = classes.join(' ');
  if (rest.length && isAttributes(rest[0])) setAll(node, rest.shift());
  add(node, rest);
  return node;
}

function isAttributes(x) {
  return x !== null && typeof x === 'object' && !Array.isArray(x) && !(x instanceof Node);
}

function setAll(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (handlers.includes(name)) node[name] = value;
    else node.setAttribute(name, value === true ? '' : String(value));
  }
}

function add(node, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) add(node, child);
    else node.append(child instanceof Node ? child : String(child));
  }
}

const keyOf = node => (node.nodeType === Node.ELEMENT_NODE ? node.getAttribute('data-key') : null);

function isSame(a, b) {
  return a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b);
}

function morphAttributes(from, to) {
  for (const { name } of [...from.attributes]) {
    const isOpened = name === 'open' && from.nodeName === 'DETAILS';
    if (!to.hasAttribute(name) && !isOpened) from.removeAttribute(name);
  }
  for (const { name, value } of to.attributes)
    if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  for (const name of handlers) from[name] = to[name];
}

function morph(from, to) {
  if (from.nodeType === Node.TEXT_NODE) {
    if (from.data !== to.data) from.data = to.data;
    return;
  }
  if (from.hasAttribute('data-keep')) return;
  morphAttributes(from, to);
  morphChildren(from, [...to.childNodes]);
}

function morphChildren(parent, desired) {
  const keyed = new Map();
  for (const child of parent.childNodes)
    if (keyOf(child) !== null) keyed.set(keyOf(child), child);
  let at = parent.firstChild;
  for (const want of desired) {
    const found = keyOf(want) === null ? at : keyed.get(keyOf(want));
    if (!found || !isSame(found, want)) {
      parent.insertBefore(want, at);
      continue;
    }
    if (found === at) at = at.nextSibling;
    else parent.insertBefore(found, at);
    morph(found, want);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

/** Makes the children of parent like these, keeping the nodes that are the same. */
export function show(parent, ...children) {
  const box = document.createElement('div');
  add(box, children);
  morphChildren(parent, [...box.childNodes]);
}

/** Announces a text to screen readers. */
export function announce(text) {
  document.getElementById('announce').textContent = text;
}
