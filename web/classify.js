// Pictures in, cells out: each picture is sent on its own, so that results come as they are ready.
import { call, callPatiently, json } from './api.js';
import { make, save, say } from './dom.js';
import { openField } from './field.js';
import { cellCard } from './gallery.js';
import { takePicture } from './camera.js';
import { fullName, text } from './strings.js';

const atOnce = 4;  // requests side by side
const items = [];  // {id, file, state: waiting | reading | done, rows, bitmap, why}
let nextId = 1;
let running = 0;
let parts;

// What the browser cannot show itself, the server turns into PNG.
async function bitmapOf(file) {
  try {
    return await createImageBitmap(file);
  } catch {
    const response = await call('/api/v1/render', { method: 'POST', body: file,
      headers: { 'Content-Type': 'application/octet-stream' } });
    return response.ok ? createImageBitmap(await response.blob()) : null;
  }
}

async function classify(item) {
  const form = new FormData();
  form.append('file', item.file, item.file.name);
  const response = await callPatiently('/api/v1/predict', { method: 'POST', body: form });
  const document = await response.json();
  if (!response.ok) throw new Error(document.detail);
  return document.rows;
}

async function work() {
  const item = items.find(({ state }) => state === 'waiting');
  if (!item || running >= atOnce) return;
  item.state = 'reading';
  running += 1;
  work();
  try {
    [item.bitmap, item.rows] = await Promise.all([bitmapOf(item.file), classify(item)]);
  } catch (error) {
    item.rows = [{ file: item.file.name, cell: 0, status: 'error',
      message: text('failed', { why: error.message }) }];
  }
  item.state = 'done';
  running -= 1;
  draw();
  const done = items.filter(({ state }) => state === 'done').length;
  say(text('progress', { done, all: items.length }));
  work();
}

function add(files) {
  for (const file of files) items.push({ id: nextId++, file, state: 'waiting', rows: [] });
  draw();
  for (let i = 0; i < atOnce; ++i) work();
}

function remove(item) {
  items.splice(items.indexOf(item), 1);
  draw();
  parts.results.querySelector('button')?.focus();
}

async function addSamples() {
  const { samples } = await json('/api/v1/samples');
  add(await Promise.all(samples.map(async (path) => {
    const blob = await (await fetch(path)).blob();
    return new File([blob], path.split('/').pop(), { type: blob.type });
  })));
}

async function filesOf(entry) {
  if (entry.isFile) return [await new Promise((done, fail) => entry.file(done, fail))];
  const reader = entry.createReader();
  const found = [];
  while (true) {
    const some = await new Promise((done, fail) => reader.readEntries(done, fail));
    if (some.length === 0) return (await Promise.all(found.map(filesOf))).flat();
    found.push(...some);
  }
}

async function dropped(event) {
  event.preventDefault();
  parts.drop.classList.remove('over');
  const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.());
  const files = entries.every(Boolean) ? (await Promise.all(entries.map(filesOf))).flat()
    : [...event.dataTransfer.files];
  add(files);
}

const rowsOf = () => items.flatMap(({ rows }) => rows);

function csvOf(rows) {
  const labels = [...new Set(rows.flatMap((row) => Object.keys(row.probabilities ?? {})))];
  const quoted = (value) => /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  const line = (values) => values.map((value) => quoted(String(value ?? ''))).join(',');
  return [line(['file', 'cell', 'x', 'y', 'width', 'height', 'class', 'confidence', 'status',
    'message', ...labels]),
  ...rows.map((row) => line([row.file, row.cell, row.box?.x, row.box?.y, row.box?.width,
    row.box?.height, row.class, row.confidence?.toFixed(6), row.status, row.message,
    ...labels.map((label) => row.probabilities?.[label]?.toFixed(6))]))].join('\r\n') + '\r\n';
}

function groupsOf(all) {
  const groups = new Map();
  for (const entry of all) {
    const { status } = entry.row;
    const name = status === 'ok' ? entry.row.class
      : text({ unidentified: 'statusUnidentified', no_cell: 'statusNoCell' }[status] ?? 'statusError');
    groups.set(name, [...(groups.get(name) ?? []), entry]);
  }
  return [...groups].sort(([a], [b]) => a.localeCompare(b));
}

// Made once, so that what was opened in it stays open.
const cards = new WeakMap();
function cardOf(item, row) {
  if (!cards.has(row)) {
    cards.set(row, cellCard(item, row, { onopen: () => openField(parts.field, item, row),
      onremove: () => remove(item) }));
  }
  return cards.get(row);
}

function draw() {
  const rows = rowsOf();
  const left = items.filter(({ state }) => state !== 'done').length;
  const fact = (number, what) => make('div', {}, make('dt', {}, what), make('dd', {}, `${number}`));
  const count = (status) => rows.filter((row) => row.status === status).length;
  parts.facts.replaceChildren(fact(items.length, text('pictures')),
    fact(rows.filter((row) => row.class).length, text('cells')),
    fact(count('unidentified'), text('unidentified')), fact(count('error'), text('errors')),
    ...(left ? [fact(left, text('waiting'))] : []));
  parts.results.hidden = items.length === 0;
  for (const button of parts.saves) button.disabled = rows.length === 0;
  const all = items.flatMap((item) => item.rows.map((row) => ({ item, row })));
  parts.gallery.replaceChildren(...groupsOf(all).map(([name, entries]) => make('section', { class: 'kind' },
    make('h3', {}, `${fullName(name)} (${entries.length})`),
    make('ul', { class: 'gallery' }, ...entries.map(({ item, row }) => cardOf(item, row))))));
}

export function classifyPage() {
  const choose = (attributes) => make('input', { type: 'file', multiple: true, class: 'hidden',
    tabindex: '-1', 'aria-hidden': 'true', ...attributes,
    onchange: (event) => { add(event.target.files); event.target.value = ''; } });
  const files = choose({ id: 'files', accept: 'image/*,.tif,.tiff,.bmp,.webp' });
  const folder = choose({ id: 'folder', webkitdirectory: true });
  const button = (key, onclick, style) => make('button', { type: 'button', onclick, class: style },
    text(key));
  const saves = [
    button('csv', () => save('cells.csv', 'text/csv', csvOf(rowsOf()))),
    button('json', () => save('cells.json', 'application/json',
      JSON.stringify({ rows: rowsOf() }, null, 1)))];
  parts = {
    saves,
    drop: make('section', { id: 'drop', 'aria-label': text('choose') },
      make('p', {}, text('dropHint')), files, folder,
      make('div', { class: 'row' }, button('choose', () => files.click(), 'main'),
        button('samples', addSamples), button('folder', () => folder.click()),
        button('camera', async () => { const shot = await takePicture(); if (shot) add([shot]); }))),
    facts: make('dl', { class: 'facts' }),
    field: make('div', {}),
    gallery: make('div', { id: 'gallery', class: 'kinds' }),
  };
  parts.results = make('section', { hidden: true, 'aria-label': text('results') },
    make('h2', {}, text('results')), parts.facts,
    make('div', { class: 'row' }, ...saves, button('clear', () => { items.length = 0; draw(); })),
    parts.field, parts.gallery);
  parts.drop.addEventListener('dragover', (event) => {
    event.preventDefault();
    parts.drop.classList.add('over');
  });
  parts.drop.addEventListener('dragleave', () => parts.drop.classList.remove('over'));
  parts.drop.addEventListener('drop', dropped);
  addEventListener('paste', (event) => {
    const pasted = [...event.clipboardData.files];
    if (pasted.length > 0) add(pasted);
  });
  return { element: make('div', {}, parts.drop, parts.results) };
}
