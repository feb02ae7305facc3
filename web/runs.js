// Training runs: a table, the curves of all, live while one goes on; the comparison as a report.
import { auditOf } from './audit.js';
import { json } from './api.js';
import { make, say } from './dom.js';
import { linesTable } from './lines.js';
import { showReport } from './report.js';
import { text } from './strings.js';

const every = 3000;
const colours = ['#1f5fa8', '#b06a00', '#2e7d32', '#8e24aa', '#c62828', '#00838f'];

let loading;
function library() {
  loading ??= new Promise((done, fail) => {
    document.head.append(make('link', { rel: 'stylesheet', href: '/lib/uplot.css' }),
      make('script', { src: '/lib/uplot.js', onload: done, onerror: fail }));
  });
  return loading;
}

function draw(place, runs, field, title) {
  const last = Math.max(...runs.map(({ history }) => history.at(-1).epoch));
  const epochs = Array.from({ length: last }, (_, i) => i + 1);
  const lines = runs.map(({ history }) => {
    const at = new Map(history.map((one) => [one.epoch, one[field]]));
    return epochs.map((epoch) => at.get(epoch) ?? null);
  });
  const ink = getComputedStyle(document.body).color;
  const axis = { stroke: ink, grid: { stroke: 'rgb(128 128 128 / .25)' }, ticks: { stroke: ink } };
  const holder = make('div', { role: 'img', 'aria-label': title });
  place.append(make('h4', {}, title), holder);
  const width = Math.min(560, place.clientWidth || 320);
  new window.uPlot({ width, height: 250, scales: { x: { time: false } }, axes: [{ ...axis, label: text('epoch'), labelSize: 22 }, axis],
    legend: { live: false },
    series: [{ label: text('epoch') }, ...runs.map(({ run }, i) => ({ label: run,
      stroke: colours[i % colours.length], width: 2, spanGaps: true, points: { show: last < 40 } }))] },
  [epochs, ...lines], holder);
}

function settingsOf({ run, settings }) {
  return make('section', { 'aria-label': text('settingsOf', { name: run }) },
    make('h3', {}, text('settingsOf', { name: run })), linesTable(settings, text('settings')));
}

export function runsSection() {
  const body = make('div', {});
  const report = make('div', {});
  const about = make('div', { tabindex: '-1' });
  const element = make('section', { 'aria-label': text('runs') }, make('h2', {}, text('runs')), body, about, report);
  async function tell(part) {
    try {
      about.replaceChildren(await part());
      about.focus();
    } catch (error) {
      say(error.message, true);
    }
  }
  let shown = '';
  let timer = 0;
  async function look() {
    clearTimeout(timer);
    if (!element.isConnected) return;
    const { runs } = await json('/api/v1/runs');
    if (runs.length === 0) {
      body.replaceChildren(make('p', {}, text('runsNone')), make('pre', {}, 'bloodcell serve --runs runs/'));
      return;
    }
    timer = setTimeout(() => look().catch(() => {}), every);
    const now = JSON.stringify(runs);
    if (now === shown) return;
    shown = now;
    await library();
    const curves = make('div', { class: 'curves' });
    const percent = (share) => `${(100 * share).toFixed(1)} %`;
    const head = ['run', 'modelWhat', 'epochs', 'families', 'interval', 'macroF1', 'settings', 'audit'];
    body.replaceChildren(make('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': text('runs') },
      make('table', { class: 'list' }, make('thead', {}, make('tr', {},
        ...head.map((key) => make('th', { scope: 'col' }, text(key))))),
      make('tbody', {}, ...runs.map((run) => make('tr', {}, make('th', { scope: 'row' }, run.run),
        make('td', {}, run.architecture), make('td', {}, `${run.history.length}`),
        make('td', {}, percent(run.best.validation_family_accuracy)),
        make('td', {}, run.family_interval_95.map(percent).join(' – ')),
        make('td', {}, run.best.validation_macro_f1.toFixed(3)),
        make('td', {}, make('button', { type: 'button', 'aria-label': text('settingsOf', { name: run.run }),
          onclick: () => tell(() => settingsOf(run)) }, text('settings'))),
        make('td', {}, make('button', { type: 'button', 'aria-label': text('auditOf', { name: run.run }),
          onclick: () => tell(() => auditOf(`/api/v1/runs/${encodeURIComponent(run.run)}/audit`)) },
        text('audit')))))))), curves,
    make('button', { type: 'button', onclick: () => showReport(report, '/api/v1/run-comparison')
      .catch((error) => say(error.message, true)) }, text('compare')));
    for (const [field, key] of [['validation_loss', 'lossCurve'], ['validation_accuracy', 'accuracyCurve']]) {
      const one = make('div', {});
      curves.append(one);
      draw(one, runs, field, text(key));
    }
  }
  return { element, look: () => look().catch((error) => say(error.message, true)) };
}
