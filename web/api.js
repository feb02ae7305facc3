// Requests to the server, with the token when it asks for one.
import { make, say } from './dom.js';
import { text } from './strings.js';

const kept = 'bloodcell-token';

async function askForToken() {
  const input = make('input', { type: 'password', id: 'token', autocomplete: 'current-password' });
  const dialog = make('dialog', { 'aria-label': text('tokenAsk') },
    make('form', { method: 'dialog' }, make('h2', {}, text('tokenAsk')),
      make('label', { for: 'token' }, text('tokenLabel')), input,
      make('p', {}, make('button', { class: 'main' }, text('tokenGo')))));
  document.body.append(dialog);
  dialog.showModal();
  await new Promise((done) => dialog.addEventListener('close', done, { once: true }));
  dialog.remove();
  sessionStorage.setItem(kept, input.value);
}

export async function call(path, options = {}) {
  while (true) {
    const token = sessionStorage.getItem(kept);
    const headers = { ...options.headers, ...(token && { Authorization: `Bearer ${token}` }) };
    const response = await fetch(path, { ...options, headers });
    if (response.status !== 401) return response;
    await askForToken();
  }
}

// Asks again when the server is busy, after as long as it says.
export async function callPatiently(path, options) {
  while (true) {
    const response = await call(path, options);
    if (response.status !== 503) return response;
    const seconds = Number(response.headers.get('Retry-After') ?? 1);
    say(text('busy', { seconds }));
    await new Promise((done) => setTimeout(done, seconds * 1000));
  }
}

// The JSON of an answer; throws an Error with the server's own words.
export async function json(path, options) {
  const response = await call(path, options);
  const document = await response.json();
  if (!response.ok) throw new Error([document.detail, document.remedy].filter(Boolean).join('; '));
  return document;
}

const send = (method) => (path, body) => json(path, { method,
  headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
export const put = send('PUT');
export const post = send('POST');
