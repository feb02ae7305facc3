// Searches for hyper-parameters and data sets: a list, and the report of the one chosen.
import { auditOf } from './audit.js';
import { json } from './api.js';
import { make, say } from './dom.js';
import { showReport } from './report.js';
import { text } from './strings.js';

const every = 3000;  // milliseconds between two looks while a search goes on

function listPage({ page, list, item, path, isLive, line, before }) {
  const links = make('ul', { class: 'links' });
  const place = make('div', {});
  const above = make('div', {});
  const element = make('div', {}, make('h2', {}, text(page)), make('p', { class: 'soft' },
    text(`${page}Hint`)), links, above, place);
  let timer = 0;
  async function look(name) {
    clearTimeout(timer);
    if (!element.isConnected) return;
    const all = (await json(list.path))[list.field];
    const chosen = all.find((one) => one[item] === name) ?? all[0];
    links.replaceChildren(...all.map((one) => make('li', {}, make('a', {
      href: `#/${page}/${encodeURIComponent(one[item])}`, 'aria-current': one === chosen && 'true' },
    one[item]), line ? ` ${line(one)}` : '')));
    if (!chosen) {
      place.replaceChildren(make('p', {}, text(`${page}None`)), make('pre', {}, text(`${page}How`)));
      return;
    }
    if (before && above.dataset.name !== chosen[item]) {
      above.dataset.name = chosen[item];
      above.replaceChildren(await before(chosen));
    }
    if (place.dataset.name !== chosen[item]) {
      place.dataset.name = chosen[item];
      place.replaceChildren(make('p', { role: 'status' }, text('reading')));
      delete place.dataset.shown;
    }
    await showReport(place, path(encodeURIComponent(chosen[item])));
    if (isLive?.(chosen)) timer = setTimeout(() => look(name), every);
  }
  return { element, onshow: ([name]) => look(name).catch((error) => {
    say(error.message);
    place.replaceChildren(make('p', { class: 'bad', role: 'alert' }, error.message));
  }) };
}

export const tuningPage = () => listPage({ page: 'tuning', item: 'study',
  list: { path: '/api/v1/studies', field: 'studies' }, path: (name) => `/api/v1/studies/${name}/report`,
  isLive: ({ states }) => states.running > 0 || states.waiting > 0,
  line: ({ states }) => Object.entries(states).map(([state, n]) => `${n} ${state}`).join(', ') });

export const dataPage = () => listPage({ page: 'data', item: 'dataset',
  before: ({ dataset, has_split: hasSplit }) => hasSplit
    ? auditOf(`/api/v1/datasets/${encodeURIComponent(dataset)}/audit`)
    : make('p', { class: 'soft' }, text('auditNone', { name: dataset })),
  list: { path: '/api/v1/datasets', field: 'datasets' }, path: (name) => `/api/v1/datasets/${name}/report` });
