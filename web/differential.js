// Cases under review: the list of them, and the frame of one.
import { json, post } from './api.js';
import { openCase } from './case.js';
import { whoIsThis, reviewer } from './dialog.js';
import { make, say } from './dom.js';
import { text } from './strings.js';

const page = 200;  // cases that the server tells at once

const rowOf = (of) => make('tr', {},
  make('th', { scope: 'row' }, make('a', { href: `#/differential/${of.case}` }, of.name)),
  make('td', { class: 'right' }, `${of.cells}`), make('td', { class: 'right' }, `${of.unidentified}`),
  make('td', {}, of.is_signed ? text('signedBy', { who: of.signed_by }) : text('open')),
  make('td', { class: 'soft' }, of.created.slice(0, 16).replace('T', ' ')));

async function listOf(element) {
  const { cases } = await json('/api/v1/cases');
  const who = make('input', { id: 'who', value: reviewer.name, maxlength: 100, autocomplete: 'name',
    onchange: (event) => { reviewer.name = event.target.value.trim(); } });
  const name = make('input', { id: 'case-name', required: true, maxlength: 100 });
  const form = make('form', { class: 'row fields', onsubmit: async (event) => {
    event.preventDefault();
    const by = await whoIsThis();
    if (!by) return;
    try {
      const made = await post('/api/v1/cases', { name: name.value.trim(), by });
      location.hash = `#/differential/${made.case}`;
    } catch (error) {
      say(error.message, true);
    }
  } }, make('label', {}, text('whoLabel'), who), make('label', {}, text('caseName'), name),
  make('button', { class: 'main' }, text('caseBegin')));
  const rows = make('tbody', {}, ...cases.map(rowOf));
  const older = make('button', { type: 'button', hidden: cases.length < page, onclick: async () => {
    try {
      const { cases: more } = await json(`/api/v1/cases?before=${cases.at(-1).case}`);
      cases.push(...more);
      rows.append(...more.map(rowOf));
      older.hidden = more.length < page;
      (more.length > 0 ? rows.children[cases.length - more.length].querySelector('a') : element).focus();
    } catch (error) {
      say(error.message, true);
    }
  } }, text('older'));
  const head = ['caseName', 'cells', 'unidentified', 'state', 'begun'];
  element.replaceChildren(make('h2', {}, text('cases')), make('p', { class: 'soft' }, text('casesHint')),
    form, cases.length === 0 ? make('p', {}, text('noCases'))
      : make('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': text('cases') },
        make('table', { class: 'list' }, make('thead', {}, make('tr', {},
          ...head.map((key) => make('th', { scope: 'col' }, text(key))))), rows)), older);
}

export function differentialPage() {
  const element = make('div', { id: 'differential' });
  return { element, async onshow([key, cell]) {
    try {
      const { keeps_reviews: isOn } = await json('/api/v1/about');
      if (!isOn) {
        element.replaceChildren(make('h2', {}, text('differential')), make('p', {}, text('reviewsOff')),
          make('pre', {}, 'bloodcell serve --review reviews/'));
      } else if (key) {
        await openCase(element, key, Number(cell));
      } else {
        await listOf(element);
      }
    } catch (error) {
      element.replaceChildren(make('h2', {}, text('differential')),
        make('p', { class: 'bad', role: 'alert' }, error.message),
        make('p', {}, make('a', { href: '#/differential' }, text('allCases'))));
    }
  } };
}
