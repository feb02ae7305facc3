// The leak audit of a split: which families, files and labels stand where they must not.
import { json } from './api.js';
import { make } from './dom.js';
import { text } from './strings.js';

const shown = 20;  // lines of a table

function tableOf(title, heads, rows, found) {
  if (rows.length === 0) return [];
  return [make('h4', {}, title), make('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': title },
    make('table', { class: 'list' }, make('thead', {}, make('tr', {},
      ...heads.map((key) => make('th', { scope: 'col' }, text(key))))),
    make('tbody', {}, ...rows.slice(0, shown).map(([first, ...rest]) => make('tr', {},
      make('th', { scope: 'row' }, first), ...rest.map((cell) => make('td', {}, cell))))))),
  ...(found > shown ? [make('p', { class: 'soft' }, text('andMore', { n: found - shown }))] : [])];
}

export async function auditOf(path) {
  const audit = await json(path);
  const isClean = audit.leaks.length === 0;
  const verdict = isClean ? text('auditClean', { n: audit.images })
    : text('auditLeaks', { leaks: audit.leaks_found, images: audit.leaking_images, n: audit.images });
  return make('section', { 'aria-label': text('audit') }, make('h3', {}, text('audit')),
    make('p', { class: isClean ? '' : 'bad' }, verdict),
    ...(audit.families_known ? [] : [make('p', { class: 'note' }, text('auditNoFamilies'))]),
    ...tableOf(text('leaks'), ['leakName', 'parts', 'files'],
      audit.leaks.map(({ family, parts, files }) => [family, parts.join(', '), `${files}`]), audit.leaks_found),
    ...tableOf(text('doubles'), ['leakName', 'parts', 'files'],
      audit.doubles.map(({ sha256, parts, files }) => [sha256.slice(0, 16), parts.join(', '), files.join(', ')]),
      audit.doubles_found),
    ...tableOf(text('conflicts'), ['leakName', 'labels', 'files'],
      audit.conflicts.map(({ name, labels, files }) => [name, labels.join(', '), `${files.length}`]),
      audit.conflicts_found));
}
