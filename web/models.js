// The model files at hand, what they say of themselves, and which of them answers.
import { json, put } from './api.js';
import { showModel } from './app.js';
import { make, say } from './dom.js';
import { evaluationsSection } from './evaluations.js';
import { linesTable } from './lines.js';
import { runsSection } from './runs.js';
import { text } from './strings.js';

async function cardOf(name) {
  const { description } = await json(`/api/v1/models/${encodeURIComponent(name)}`);
  return linesTable(description, text('card'));
}

export function modelsPage() {
  const body = make('tbody', {});
  const card = make('section', { 'aria-label': text('card'), tabindex: '-1' });
  async function choose(name) {
    try {
      await put('/api/v1/active-model', { name });
      say(text('chosen', { name }));
      await Promise.all([showModel(), draw()]);
    } catch (error) {
      say(error.message);
    }
  }
  async function draw() {
    const { models } = await json('/api/v1/models');
    body.replaceChildren(...models.map((model) => make('tr', {},
      make('th', { scope: 'row' }, model.name), make('td', {}, model.architecture),
      make('td', {}, model.labels.join(', ')),
      make('td', {}, text('kilobytes', { n: Math.round(model.bytes / 1000) })),
      make('td', {}, model.is_active ? text('active')
        : make('button', { type: 'button', onclick: () => choose(model.name) }, text('choose1'))),
      make('td', {}, make('button', { type: 'button', onclick: async () => {
        card.replaceChildren(make('h2', {}, `${text('card')}: ${model.name}`),
          await cardOf(model.name));
        card.focus();
      } }, text('card'))))));
  }
  const head = ['modelName', 'modelWhat', 'modelClasses', 'modelSize', 'modelState', 'card'];
  const table = make('table', { class: 'list' },
    make('thead', {}, make('tr', {}, ...head.map((key) => make('th', { scope: 'col' }, text(key))))),
    body);
  const runs = runsSection();
  const evaluations = evaluationsSection();
  return { onshow: async () => { await draw(); await Promise.all([evaluations.look(), runs.look()]); }, element: make('div', {}, make('h2', {}, text('models')),
    make('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': text('models') },
      table), card, evaluations.element, runs.element) };
}
