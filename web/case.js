// One case: its queue of unidentified cells, its gallery, its counts; decisions by key, drag or
// button, undo, signature, trail, export.
import { call, json, post } from './api.js';
import { countTable } from './counts.js';
import { bitmapOf, canvasOf, fill } from './crops.js';
import { ask, whoIsThis } from './dialog.js';
import { make, save, say } from './dom.js';
import { openField } from './field.js';
import { fullName, text } from './strings.js';

const keys = '123456789abcdeghijklmnoprstvwyz';
const special = { unidentified: 'q', no_cell: 'x' };

let shown = null;  // the case on the page; keys act on it

class CaseView {
  constructor(element, key) {
    Object.assign(this, { element, key, chosen: 0 });
    this.parts = { head: make('div', {}), counts: make('div', {}), field: make('div', {}),
      gallery: make('div', { id: 'cells' }), palette: make('div', { id: 'palette' }),
      trail: make('div', {}) };
    element.replaceChildren(...Object.values(this.parts));
  }

  names() { return [...this.case.labels, 'unidentified', 'no_cell']; }
  keyOf(name) { return special[name] ?? keys[this.case.labels.indexOf(name)] ?? ''; }
  wordOf(name) { return { unidentified: text('unidentified'), no_cell: text('statusNoCell') }[name] ?? name; }
  cell(id) { return this.cells.find((one) => one.cell === id); }

  async load(cell) {
    const whole = await json(`/api/v1/cases/${this.key}`);
    Object.assign(this, { case: whole.case, pictures: whole.pictures, cells: whole.cells,
      count: whole.differential });
    if (this.cell(cell)) this.chosen = cell;
    this.draw();
    await fill(this.key, this.pictures, this.cells);
  }

  // What a change answered: no need to read all again.
  take(state) {
    this.case = state.case;
    this.count = state.differential;
    if (state.cell) Object.assign(this.cell(state.cell.cell), state.cell);
    this.draw();
  }

  // One after the other, each on the case as it was seen here: where somebody else changed it
  // meanwhile the server refuses, and it is read anew.
  change(below, body, words) {
    this.last = (this.last ?? Promise.resolve()).then(() => this.changeNow(below, body, words));
    return this.last;
  }
  async changeNow(below, body, words) {
    const by = await whoIsThis();
    if (!by) return false;
    const seen = below === 'reopening' ? {} : { revision: this.case.revision };
    try {
      this.take(await post(`/api/v1/cases/${this.key}/${below}`, { ...body, ...seen, by }));
      say(words);
      return true;
    } catch (error) {
      say(error.message, true);
      await this.load(this.chosen);
      return false;
    }
  }

  async decide(id, name) {
    const cell = this.cell(id);
    if (!cell || this.case.is_signed || cell.class === name) return;
    const order = this.order();
    const next = order[order.indexOf(id) + 1] ?? order[order.indexOf(id) - 1] ?? id;
    if (await this.change('decisions', { cell: id, class: name },
      text('decided', { before: this.wordOf(cell.class), after: this.wordOf(name) }))) {
      this.choose(next, true);
    }
  }

  async undo() {
    if (await this.change('undo', {}, text('undone'))) this.focusChosen();
  }

  // The cells as the page shows them: the queue first.
  groups() {
    return ['unidentified', ...this.case.labels, 'no_cell'].map((name) => [name,
      this.cells.filter((cell) => cell.class === name)]);
  }
  order() { return this.groups().flatMap(([, cells]) => cells.map(({ cell }) => cell)); }

  choose(id, hasFocus) {
    this.chosen = id;
    history.replaceState(null, '', `#/differential/${this.key}/${id}`);
    for (const button of this.parts.gallery.querySelectorAll('button.pick')) {
      const isIt = Number(button.dataset.cell) === id;
      button.tabIndex = isIt ? 0 : -1;
      button.setAttribute('aria-pressed', isIt);
    }
    this.drawPalette();
    if (hasFocus) this.focusChosen();
  }
  focusChosen() {
    const button = this.parts.gallery.querySelector(`[data-cell="${this.chosen}"]`);
    button?.focus({ preventScroll: true });
    button?.scrollIntoView({ block: 'nearest' });
  }
  move(step) {
    const order = this.order();
    const at = Math.max(0, order.indexOf(this.chosen));
    this.choose(order[Math.min(order.length - 1, Math.max(0, at + step))], true);
  }

  // Cells can be dropped on it.
  onto(name, place) {
    place.addEventListener('dragover', (event) => {
      event.preventDefault();
      place.classList.add('over');
    });
    place.addEventListener('dragleave', () => place.classList.remove('over'));
    place.addEventListener('drop', (event) => {
      event.preventDefault();
      place.classList.remove('over');
      this.decide(Number(event.dataTransfer.getData('text/plain')), name);
    });
  }

  async openLarge() {
    const cell = this.cell(this.chosen);
    const picture = this.pictures.find((one) => one.picture === cell?.picture);
    const bitmap = picture?.is_kept && await bitmapOf(this.key, picture.picture);
    if (!bitmap) return say(text('noPicture'), true);
    const rows = this.cells.filter((one) => one.picture === picture.picture).map((one) => (
      { ...one, status: one.class === 'unidentified' ? 'unidentified' : 'ok' }));
    await openField(this.parts.field, { file: { name: picture.name }, bitmap, rows },
      rows.find((one) => one.cell === cell.cell));
  }

  async add(files) {
    const by = await whoIsThis();
    if (!by) return;
    let told = [];
    for (const file of files) {
      const form = new FormData();
      form.append('file', file, file.name);
      say(text('adding', { name: file.name }), true);
      const response = await call(`/api/v1/cases/${this.key}/pictures?by=${encodeURIComponent(by)}`,
        { method: 'POST', body: form });
      const answer = await response.json();
      if (!response.ok) told.push(answer.detail);
      else told.push(...answer.files.filter((one) => !one.is_added).map((one) => one.message));
      await this.load(this.chosen);
    }
    say(told.length > 0 ? told.join('; ') : text('added', { n: files.length }), true);
  }
  async addSamples() {
    const { samples } = await json('/api/v1/samples');
    await this.add(await Promise.all(samples.map(async (path) => {
      const blob = await (await fetch(path)).blob();
      return new File([blob], path.split('/').pop(), { type: blob.type });
    })));
  }

  async sign() {
    const by = await whoIsThis();
    if (!by) return;
    await this.load(this.chosen); // what is signed has been shown
    const words = [text('signWords', { name: this.case.name, cells: this.case.cells }),
      ...(this.case.unidentified ? [text('signLeft', { n: this.case.unidentified })] : [])];
    const input = make('input', { required: true, maxlength: 100, value: by });
    if (!await ask(text('sign'), [[text('whoLabel'), input]], text('sign'), words)) return;
    try {
      this.take(await post(`/api/v1/cases/${this.key}/signature`,
        { by: input.value.trim(), revision: this.case.revision }));
      say(text('signedBy', { who: this.case.signed_by }), true);
    } catch (error) {
      say(error.message, true);
      await this.load(this.chosen);
    }
  }
  async reopen() {
    const input = make('input', { required: true, maxlength: 1000 });
    if (await ask(text('reopen'), [[text('reason'), input]], text('reopen'))) {
      await this.change('reopening', { reason: input.value.trim() }, text('open'));
    }
  }
  async exportSet(cells) {
    const by = await whoIsThis();
    const response = by && await call(`/api/v1/cases/${this.key}/exports`, { method: 'POST',
      headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ by, cells }) });
    if (!response) return;
    if (response.ok) save(`case-${this.key}.zip`, 'application/zip', await response.blob());
    else say((await response.json()).detail, true);
    await this.load(this.chosen); // the trail tells of it
  }

  async showTrail(check = 'case') {
    const { entries, is_whole: isWhole, fault, head, all_checked_at: at } = await json(
      `/api/v1/cases/${this.key}/trail?check=${check}`);
    const subject = (entry) => {
      const cell = this.cells.find((one) => one.cell === entry.subject);
      return entry.what === 'added' ? entry.note : cell ? text('cellN', { n: cell.cell }) : entry.note;
    };
    const isName = (entry) => ['decided', 'undone'].includes(entry.what);
    const rows = entries.map((entry) => make('tr', {}, make('th', { scope: 'row' }, `${entry.number}`),
      make('td', { class: 'soft' }, entry.at.slice(0, 19).replace('T', ' ')), make('td', {}, entry.who),
      make('td', {}, entry.what.replaceAll('_', ' ')), make('td', {}, subject(entry)),
      make('td', {}, isName(entry) ? `${this.wordOf(entry.before)} → ${this.wordOf(entry.after)}` : '')));
    const heads = ['number', 'when', 'who', 'what', 'of', 'change'];
    this.parts.trail.replaceChildren(make('h3', {}, text('trail')),
      make('p', { class: isWhole ? 'soft' : 'bad' }, isWhole ? text('trailWhole', { head })
        : text('trailBroken', { fault })),
      make('p', { class: 'row soft' }, isWhole ? text('trailChecked', { at: at.slice(0, 16).replace('T', ' ') }) : '',
        make('button', { type: 'button', class: 'noprint', onclick: () => this.showTrail('all') }, text('checkAll'))),
      make('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': text('trail') },
        make('table', { class: 'list' }, make('thead', {}, make('tr', {},
          ...heads.map((key) => make('th', { scope: 'col' }, text(key))))), make('tbody', {}, ...rows))));
  }

  draw() {
    this.drawHead();
    this.parts.counts.replaceChildren(countTable(this.count, (name) => this.keyOf(name),
      (name, row) => this.onto(name, row)));
    const order = this.order();
    if (!order.includes(this.chosen)) this.chosen = order[0] ?? 0;
    const hadFocus = this.parts.gallery.contains(document.activeElement);
    this.parts.gallery.replaceChildren(...this.groups()
      .filter(([name, cells]) => name === 'unidentified' || cells.length > 0)
      .map(([name, cells]) => this.group(name, cells)));
    if (hadFocus) this.focusChosen();
    this.drawPalette();
    if (this.parts.trail.hasChildNodes()) this.showTrail();
  }

  drawHead() {
    const { is_signed: isSigned, name } = this.case;
    const files = make('input', { id: 'case-files', type: 'file', multiple: true, class: 'hidden',
      tabindex: '-1', 'aria-hidden': 'true', accept: 'image/*,.tif,.tiff,.bmp,.webp',
      onchange: (event) => this.add([...event.target.files]) });
    const button = (key, onclick, style) => make('button', { type: 'button', onclick, class: style },
      text(key));
    const { head } = this.parts;
    const focused = head.contains(document.activeElement) && document.activeElement.textContent;
    head.replaceChildren(
      make('p', { class: 'noprint' }, make('a', { href: '#/differential' }, text('allCases'))),
      make('h2', {}, text('caseTitle', { name })),
      make('p', { class: isSigned ? 'signed' : 'soft' }, isSigned
        ? text('signedAt', { who: this.case.signed_by, at: this.case.signed_at.slice(0, 16).replace('T', ' ') })
        : text('caseOpen', { n: this.case.pictures })),
      make('div', { class: 'row noprint' }, files, ...(isSigned
        ? [button('exportCorrected', () => this.exportSet('corrected'), 'main'),
          button('exportAll', () => this.exportSet('all')), button('reopen', () => this.reopen())]
        : [button('addPictures', () => files.click(), this.cells.length ? '' : 'main'),
          ...(this.cells.length ? [] : [button('samples', () => this.addSamples())]),
          button('undo', () => this.undo()), button('sign', () => this.sign(), 'main')]),
      button('showTrail', () => this.showTrail()), button('print', async () => {
        await this.showTrail();
        print();
      })));
    if (!focused) return;
    [...head.querySelectorAll('button, a')].find((one) => one.textContent === focused)?.focus();
  }

  group(name, cells) {
    const title = `${name === 'unidentified' ? text('queue') : fullName(this.wordOf(name))} (${cells.length})`;
    const section = make('section', { class: name === 'unidentified' ? 'queue' : '', 'aria-label': title },
      make('h3', {}, title), cells.length ? make('ul', { class: 'picks' },
        ...cells.map((cell) => make('li', {}, this.pick(cell)))) : make('p', { class: 'soft' }, text('queueEmpty')));
    this.onto(name, section);
    return section;
  }
  pick(cell) {
    const changed = cell.class !== cell.said;
    const isIt = cell.cell === this.chosen;
    const sure = `${cell.guess} ${Math.round(100 * cell.confidence)}\u00a0%`;
    return make('button', { type: 'button', class: `pick${changed ? ' changed' : ''}`,
      'data-cell': cell.cell, tabindex: isIt ? '0' : '-1', 'aria-pressed': `${isIt}`,
      draggable: !this.case.is_signed && 'true', title: cell.message,
      onclick: () => this.choose(cell.cell, true),
      ondblclick: () => this.openLarge(),
      ondragstart: (event) => {
        event.dataTransfer.setData('text/plain', `${cell.cell}`);
        this.choose(cell.cell);
      } }, canvasOf(cell.cell), make('span', { class: 'hidden' },
      text('pick', { n: cell.cell, name: this.wordOf(cell.class) })), make('span', {}, sure),
    ...(changed ? [make('span', { class: 'was' }, text('was', { name: this.wordOf(cell.said) }))] : []),
    make('span', { class: 'hidden' }, cell.message));
  }

  drawPalette() {
    const cell = this.cell(this.chosen);
    this.parts.palette.hidden = !cell;
    if (!cell) return;
    const { palette } = this.parts;
    const words = [text('chosenCell', { n: cell.cell, name: this.wordOf(cell.class) }), cell.message]
      .filter(Boolean).join(': ');
    palette.replaceChildren(make('p', {}, words), make('div', { class: 'row', role: 'group',
      'aria-label': text('callIt') },
    ...this.names().map((name) => make('button', { type: 'button', disabled: this.case.is_signed,
      'aria-pressed': `${name === cell.class}`, 'aria-keyshortcuts': this.keyOf(name),
      onclick: () => this.decide(cell.cell, name) }, make('kbd', {}, this.keyOf(name)), ' ',
    this.wordOf(name))),
    make('button', { type: 'button', onclick: () => this.openLarge(), 'aria-keyshortcuts': 'f' },
      make('kbd', {}, 'f'), ' ', text('showField'))));
  }
}

const isTyping = () => ['INPUT', 'TEXTAREA', 'SELECT'].includes(document.activeElement?.tagName)
  || document.querySelector('dialog[open]');

function onKey(event) {
  if (!shown?.parts.head.isConnected || !shown.case || isTyping()) return;
  const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
  const isUndo = isPlain ? event.key === 'u' : event.key === 'z' && !event.altKey;
  if (!isUndo && !isPlain) return;
  const isInGallery = shown.parts.gallery.contains(document.activeElement);
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 }[event.key];
  const name = shown.names().find((one) => shown.keyOf(one) === event.key);
  if (isUndo) shown.undo();
  else if (step && isInGallery) shown.move(step);
  else if (event.key === 'f') shown.openLarge();
  else if (name && !shown.parts.field.contains(document.activeElement)) shown.decide(shown.chosen, name);
  else return;
  event.preventDefault();
}
addEventListener('keydown', onKey);

export async function openCase(element, key, cell) {
  if (shown?.key !== key || !shown.element.contains(shown.parts.head)) shown = new CaseView(element, key);
  await shown.load(cell || shown.chosen);
}
