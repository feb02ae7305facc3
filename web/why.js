// Why a cell is called what it is called: where the model sees evidence, which known cells are
// alike. Asked for when it is first opened.
import { callPatiently } from './api.js';
import { make } from './dom.js';
import { text } from './strings.js';

const side = 240;  // pixels of the map
const speaksFor = [200, 40, 20];
const speaksAgainst = [25, 80, 200];

async function ask(item, row) {
  const form = new FormData();
  form.append('file', item.file, item.file.name);
  const response = await callPatiently(`/api/v1/explain?cell=${row.cell}`, { method: 'POST', body: form });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.detail);
  return answer.cells[0];
}

const pictureOf = (type, base64, words) => make('img', { src: `data:${type};base64,${base64}`, alt: words });

// Places as pixels: how strong is how solid.
function layerOf({ width, height, values }, scale) {
  const layer = make('canvas', { width, height });
  const pixels = new ImageData(width, height);
  values.forEach((value, i) => {
    const share = Math.min(1, Math.abs(value) / scale);
    pixels.data.set([...(value < 0 ? speaksAgainst : speaksFor), Math.round(204 * share)], 4 * i);
  });
  layer.getContext('2d').putImageData(pixels, 0, 0);
  return layer;
}

function heatOf(cell, seen) {
  const scale = Math.max(1e-9, ...cell.maps.flatMap(({ values }) => values.map(Math.abs)));
  const canvas = make('canvas', { width: side, height: side, role: 'img' });
  const words = make('p', { class: 'soft' });
  const choices = make('div', { class: 'row', role: 'group', 'aria-label': text('evidenceFor') });
  function show(chosen) {
    const pen = canvas.getContext('2d');
    pen.imageSmoothingQuality = 'high';
    pen.filter = chosen ? 'grayscale(1)' : 'none';
    pen.drawImage(seen, 0, 0, side, side);
    pen.filter = 'none';
    if (chosen) pen.drawImage(layerOf(chosen, scale), 0, 0, side, side);
    words.textContent = chosen ? text('heatWords', { class: chosen.class }) : text('heatOff');
    canvas.setAttribute('aria-label', words.textContent);
    choices.replaceChildren(...[...cell.maps, null].map((map) => make('button', { type: 'button',
      'aria-pressed': `${map === chosen}`, onclick: () => {
        show(map);
        choices.querySelector('[aria-pressed=true]').focus();
      } }, map ? map.class : text('noMap'))));
  }
  show(cell.maps[0]);
  return [canvas, choices, words];
}

const distanceOf = (one) => one < 100 ? one.toFixed(1) : Math.round(one).toLocaleString('en');

function knownOf(cell) {
  if (!cell.neighbours?.length) return [];
  const hasUsual = cell.usual_distance > 0;  // else the figures say nothing
  return [make('h4', {}, text('known')), make('ul', { class: 'known' }, ...cell.neighbours.map((near) => (
    make('li', {}, pictureOf('image/jpeg', near.thumbnail, ''), make('span', { title: near.source }, near.label),
      ...(hasUsual ? [make('span', { class: 'soft' }, distanceOf(near.distance))] : []))))),
  make('p', { class: 'soft' }, text(hasUsual ? 'knownWords' : 'knownFew', {
    usual: distanceOf(cell.usual_distance), licence: cell.neighbours_licence }))];
}

export function whyOf(item, row) {
  const place = make('div', {});
  let isAsked = false;
  async function fill() {
    if (isAsked) return;
    isAsked = true;
    place.replaceChildren(make('p', { class: 'soft', role: 'status' }, text('looking')));
    try {
      const cell = await ask(item, row);
      const seen = pictureOf('image/png', cell.seen, '');
      await seen.decode();
      place.replaceChildren(...heatOf(cell, seen), ...knownOf(cell));
    } catch (error) {
      isAsked = false;  // to be asked again
      place.replaceChildren(make('p', { class: 'message', role: 'alert' }, error.message));
    }
  }
  return make('details', { class: 'why', ontoggle: (event) => { if (event.target.open) fill(); } },
    make('summary', {}, text('why')), place);
}
