// What a file says of itself as a table, one line a value: `preprocessing.width_px`.
import { make } from './dom.js';
import { text } from './strings.js';

const longest = 160;  // characters that are shown of a value; the rest is for programs

function wordsOf(value) {
  const words = Array.isArray(value) && value.every((one) => typeof one !== 'object') ? value.join(', ')
    : typeof value === 'object' ? JSON.stringify(value) : `${value}`;
  return words.length > longest && !words.includes(' ') ? text('cutShort', { start: words.slice(0, 40), n: words.length })
    : words;
}

function linesOf(value, name) {
  return value && typeof value === 'object' && !Array.isArray(value)
    ? Object.entries(value).flatMap(([key, one]) => linesOf(one, name ? `${name}.${key}` : key))
    : [[name, wordsOf(value)]];
}

export function linesTable(value, title) {
  return make('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': title },
    make('table', { class: 'list lines' }, make('tbody', {}, ...linesOf(value, '').map(([name, words]) => (
      make('tr', {}, make('th', { scope: 'row' }, name), make('td', {}, words)))))));
}
