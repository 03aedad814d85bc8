// SPDX-License-Identifier: GPL-3.0-or-later
// Signing in by token. The token stays in this tab's session storage.
import { call, token } from './api.js';
import { h, show } from './dom.js';

async function signIn(form, onDone) {
  const secret = form.elements.token.value.trim();
  const alert = form.querySelector('[role=alert]');
  alert.textContent = '';
  try {
    const me = await call('GET', '/v1/whoami', undefined, secret);
    token.set(secret);
    onDone(me);
  } catch (error) {
    alert.textContent = error.status === 401 ? 'This token is unknown or has expired.' : `That did not work: ${error.message}.`;
    form.elements.token.select();
  }
}

export function showLogin(main, message, onDone) {
  const submit = event => {
    event.preventDefault();
    signIn(event.target, onDone);
  };
  document.title = 'Sign in – Foretide';
  show(main, h('section.login', { 'data-key': 'login' },
    h('img', { src: 'icon.svg', alt: '', width: 48, height: 48 }),
    h('h1', 'Foretide'),
    h('p.muted', 'The right number of everything, ahead of the load.'),
    h('form', { onsubmit: submit },
      h('label', { for: 'token' }, 'Access token'),
      h('input', { id: 'token', name: 'token', type: 'password', autocomplete: 'current-password', required: true, spellcheck: 'false' }),
      h('p.error', { role: 'alert' }, message ?? ''),
      h('button.primary', { type: 'submit' }, 'Sign in')),
    h('p.muted.small', 'The controller prints an administrator’s token at its first start; ', h('code', 'foretide token'), ' creates more.')));
  main.querySelector('#token').focus();
}
