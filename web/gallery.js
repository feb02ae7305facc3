// One cell: its picture, class, how sure, why not.
import { make } from './dom.js';
import { text } from './strings.js';
import { whyOf } from './why.js';

const side = 160;  // pixels of the small picture

function cropOf(item, row) {
  const canvas = make('canvas', { width: side, height: side, 'aria-hidden': 'true' });
  if (!item.bitmap || !row.box) return canvas;
  const { x, y, width, height } = row.box;
  const scale = side / Math.max(width, height);
  const [w, h] = [width * scale, height * scale];
  canvas.getContext('2d').drawImage(item.bitmap, x, y, width, height, (side - w) / 2,
    (side - h) / 2, w, h);
  return canvas;
}

function barsOf(row) {
  const sorted = Object.entries(row.probabilities).sort(([, a], [, b]) => b - a);
  return make('table', { class: 'bars' }, make('tbody', {}, ...sorted.map(([label, share]) =>
    make('tr', {}, make('th', { scope: 'row' }, label),
      make('td', {}, make('meter', { value: share, min: 0, max: 1, 'aria-label': label },
        `${Math.round(share * 100)} %`))))));
}

export function cellCard(item, row, { onopen, onremove }) {
  const name = row.class ? text('ofFile', { class: row.class, file: row.file }) : row.file;
  const doubt = row.status === 'unidentified' ? '?' : '';
  const sure = row.class ? `${row.class}${doubt} ${Math.round(row.confidence * 100)}\u00a0%`
    : row.status;
  return make('li', { class: `cell ${row.status}` },
    make('button', { type: 'button', class: 'open', onclick: onopen, disabled: !item.bitmap,
      'aria-label': text('show', { name }) }, cropOf(item, row)),
    make('button', { type: 'button', class: 'away', onclick: onremove,
      'aria-label': text('remove', { name: row.file }) }, '×'),
    make('span', { class: 'class' }, sure), make('span', { class: 'soft' }, row.file),
    ...(row.message ? [make('span', { class: 'message' }, row.message)] : []),
    ...(row.probabilities ? [make('details', {}, make('summary', {}, text('probabilities')),
      barsOf(row))] : []), ...(row.class && item.bitmap ? [whyOf(item, row)] : []));
}
