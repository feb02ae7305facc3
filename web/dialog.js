// A question in a window of its own. `inputs` are elements with a label each; false when the user
// thinks better of it.
import { make } from './dom.js';
import { text } from './strings.js';

export async function ask(title, inputs, go, words = []) {
  const dialog = make('dialog', { 'aria-label': title },
    make('form', { method: 'dialog' }, make('h2', {}, title),
      ...words.map((line) => make('p', {}, line)),
      ...inputs.map(([label, input]) => make('p', {}, make('label', {}, label, input))),
      make('p', { class: 'row' }, make('button', { class: 'main', value: 'go' }, go),
        make('button', { value: '', formnovalidate: true }, text('cancel')))));
  document.body.append(dialog);
  dialog.showModal();
  await new Promise((done) => dialog.addEventListener('close', done, { once: true }));
  dialog.remove();
  return dialog.returnValue === 'go';
}

const kept = 'bloodcell-reviewer';
export const reviewer = {
  get name() { return localStorage.getItem(kept) ?? ''; },
  set name(name) { localStorage.setItem(kept, name); },
};

// The name that decisions bear; asked for once.
export async function whoIsThis() {
  if (reviewer.name) return reviewer.name;
  const input = make('input', { required: true, maxlength: 100, autocomplete: 'name' });
  if (await ask(text('whoAsk'), [[text('whoLabel'), input]], text('tokenGo'))) {
    reviewer.name = input.value.trim();
  }
  return reviewer.name;
}
