// The count as a table: what the model said beside what people say, both as the server reckons them.
import { make } from './dom.js';
import { text } from './strings.js';

const percent = (share) => `${(100 * share).toFixed(1)}`;
const between = ([low, high]) => `${percent(low)}\u2009–\u2009${percent(high)}`;

function cellsOf(of) {
  return [make('td', { class: 'right' }, `${of.count}`),
    make('td', { class: 'right' }, percent(of.share)),
    make('td', { class: 'right soft' }, between(of.interval_95))];
}

// `onto(label, row)` makes a row a place to drop cells on.
export function countTable({ before, after }, keyOf, onto) {
  const hasRanges = after.classes.some((of) => of.range_percent);
  const head = (key, span) => make('th', { scope: span ? 'colgroup' : 'col', colspan: span,
    class: 'right' }, text(key));
  const rows = after.classes.map((of, i) => {
    const row = make('tr', {}, make('th', { scope: 'row' }, make('kbd', {}, keyOf(of.label)), ' ',
      of.label), ...cellsOf(before.classes[i]), ...cellsOf(of));
    if (hasRanges) {
      row.append(make('td', { class: 'right' }, of.range_percent?.join('\u2009–\u2009') ?? ''),
        make('td', { class: of.placed === 'within' ? '' : 'placed' }, of.placed ?? ''));
    }
    onto?.(of.label, row);
    return row;
  });
  const others = after.others.map((of, i) => {
    const row = make('tr', {}, make('th', { scope: 'row' }, make('kbd', {}, keyOf(of.label)), ' ',
      of.label), make('td', { class: 'right' }, `${before.others[i].count}`),
    make('td', { colspan: 2, class: 'right soft' }, text('per100', { n: before.others[i].per_100_white_cells.toFixed(1) })),
    make('td', { class: 'right' }, `${of.count}`),
    make('td', { colspan: 2, class: 'right soft' }, text('per100', { n: of.per_100_white_cells.toFixed(1) })));
    if (hasRanges) row.append(make('td', {}), make('td', {}));
    onto?.(of.label, row);
    return row;
  });
  const left = (key, pick) => make('tr', {}, make('th', { scope: 'row' }, text(key)),
    make('td', { class: 'right' }, `${pick(before)}`), make('td', { colspan: 2 }),
    make('td', { class: 'right' }, `${pick(after)}`), make('td', { colspan: 2 }),
    ...(hasRanges ? [make('td', {}), make('td', {})] : []));
  const table = make('table', { class: 'list counts' },
    make('caption', {}, text('countCaption'), hasRanges && after.ranges_source
      ? ` ${text('rangesFrom', { source: after.ranges_source })}` : ''),
    make('thead', {}, make('tr', {}, make('td', {}), head('before', 3), head('after', 3),
      ...(hasRanges ? [make('td', { colspan: 2 })] : [])),
    make('tr', {}, make('th', { scope: 'col' }, text('class')), head('cells'), head('percent'),
      head('interval'), head('cells'), head('percent'), head('interval'),
      ...(hasRanges ? [head('reference'), make('th', { scope: 'col' }, text('place'))] : []))),
    make('tbody', {}, ...rows, ...others, left('whiteCells', (side) => side.white_cells),
      left('unidentified', (side) => side.unidentified)));
  return make('div', {}, make('div', { class: 'scroll', tabindex: '0', role: 'region',
    'aria-label': text('count') }, table),
  ...after.warnings.map((words) => make('p', { class: 'note' }, words)));
}
