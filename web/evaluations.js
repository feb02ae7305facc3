// Evaluations that were written with `bloodcell evaluate --report`: a table, and the page of one.
import { json } from './api.js';
import { make, say } from './dom.js';
import { showReport } from './report.js';
import { text } from './strings.js';

export function evaluationsSection() {
  const body = make('div', {});
  const report = make('div', { tabindex: '-1' });
  const element = make('section', { 'aria-label': text('evaluations') },
    make('h2', {}, text('evaluations')), body, report);
  const percent = (share) => share == null ? '' : `${(100 * share).toFixed(1)} %`;
  async function look() {
    const { evaluations } = await json('/api/v1/evaluations');
    if (evaluations.length === 0) {
      body.replaceChildren(make('p', {}, text('evaluationsNone')),
        make('pre', {}, 'bloodcell serve --evaluations reports/'));
      return;
    }
    const show = async (name) => {
      await showReport(report, `/api/v1/evaluations/${encodeURIComponent(name)}/report`);
      report.focus();
    };
    const head = ['evaluation', 'modelName', 'data', 'imagesRight', 'families', 'macroF1', 'report'];
    body.replaceChildren(make('div', { class: 'scroll', tabindex: '0', role: 'region',
      'aria-label': text('evaluations') }, make('table', { class: 'list' },
      make('thead', {}, make('tr', {}, ...head.map((key) => make('th', { scope: 'col' }, text(key))))),
      make('tbody', {}, ...evaluations.map((one) => make('tr', {},
        make('th', { scope: 'row' }, one.evaluation), make('td', {}, one.model ?? ''),
        make('td', {}, one.data ?? ''), make('td', {}, percent(one.image_accuracy?.value)),
        make('td', {}, percent(one.family_accuracy_majority?.value)),
        make('td', {}, one.macro?.f1?.toFixed(3) ?? ''),
        make('td', {}, make('button', { type: 'button', 'aria-label': text('showReport', { name: one.evaluation }),
          onclick: () => show(one.evaluation).catch((error) => say(error.message, true)) },
        text('report')))))))));
  }
  return { element, look: () => look().catch((error) => say(error.message, true)) };
}
