// The frame: which page the address names, and the model that answers.
import { json } from './api.js';
import { classifyPage } from './classify.js';
import { differentialPage } from './differential.js';
import { make } from './dom.js';
import { modelsPage } from './models.js';
import { dataPage, tuningPage } from './tuning.js';
import { language, text } from './strings.js';

const pages = { classify: classifyPage, differential: differentialPage, models: modelsPage,
  tuning: tuningPage, data: dataPage };
const shown = new Map();  // pages keep what they hold while another one is shown

export async function showModel() {
  const { active } = await json('/api/v1/models');
  document.getElementById('model').textContent = text('activeModel', { name: active });
}

function show() {
  const [asked, ...rest] = location.hash.slice(2).split('/').map(decodeURIComponent);
  const name = Object.hasOwn(pages, asked) ? asked : 'classify';
  document.title = `${text(name)} – BloodCell`;
  document.getElementById('pages').replaceChildren(...Object.keys(pages).map((page) =>
    make('a', { href: `#/${page}`, 'aria-current': page === name && 'page' }, text(page))));
  if (!shown.has(name)) shown.set(name, pages[name]());
  const { element, onshow } = shown.get(name);
  document.getElementById('main').replaceChildren(element);
  onshow?.(rest);
}

document.documentElement.lang = language;
for (const element of document.querySelectorAll('[data-text]')) {
  element.textContent = text(element.dataset.text);
}
document.querySelector('.skip').addEventListener('click', (event) => {
  event.preventDefault();
  document.getElementById('main').focus();
});
addEventListener('hashchange', show);
show();
showModel();
