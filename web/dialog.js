// SPDX-License-Identifier: GPL-3.0-or-later
// Changes by the user: confirmed in a dialog, with the outcome announced.
import { announce, h } from './dom.js';
import { refresh } from './state.js';

/** Does it and announces it; an error is shown in `alert`. True on success. */
export async function attempt(alert, action, done) {
  alert.textContent = '';
  try {
    await action();
    announce(done);
    await refresh();
    return true;
  } catch (error) {
    alert.textContent = `That did not work: ${error.message}.`;
    return false;
  }
}

function show(content) {
  const dialog = h('dialog', { 'aria-labelledby': 'dialog-title' }, content);
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

const heading = title => h('h2', { id: 'dialog-title' }, title);

/**
 * A modal dialog with a form. body: its content; submit: the label of the button; action:
 * what the button does, with the form; done: what is said then. The browser keeps the focus
 * inside, Escape closes it, and the focus returns to where it was.
 */
export function openDialog({ title, body, submit, danger, action, done }) {
  const alert = h('p.error', { role: 'alert' });
  const button = h(danger ? 'button.danger' : 'button.primary', { type: 'submit' }, submit);
  const close = () => dialog.close();
  const onsubmit = async event => {
    event.preventDefault();
    button.disabled = true;
    if (await attempt(alert, () => action(event.target), done)) close();
    button.disabled = false;
  };
  const dialog = show(h('form', { onsubmit }, heading(title), body, alert,
    h('p.buttons', h('button', { type: 'button', onclick: close }, 'Cancel'), button)));
}

/** A modal dialog to read; its content is a promise. */
export async function showDialog(title, content) {
  const place = h('div.reading', h('p.muted', 'Reading…'));
  const dialog = show([heading(title), place, h('p.buttons', h('button', { type: 'button', onclick: () => dialog.close() }, 'Close'))]);
  dialog.classList.add('large');
  try {
    place.replaceChildren(await content);
  } catch (error) {
    place.replaceChildren(h('p.error', { role: 'alert' }, `That did not work: ${error.message}.`));
  }
}
