// A page that the server made for reading, shown within ours: its own style stays with it. Scripts
// in it would not run, and there are none.
import { call } from './api.js';
import { make } from './dom.js';

export async function showReport(place, path) {
  const response = await call(path);
  const body = await response.text();
  if (!response.ok) throw new Error(JSON.parse(body).detail);
  if (place.dataset.shown === body) return;  // nothing is new
  place.dataset.shown = body;
  // The policy of our page allows no style within HTML, only such as scripts set. Texts have their
  // quotation marks escaped, so that ` style="` stands nowhere but in a tag.
  const styles = [];
  const bare = body.replace(/<style>([^]*?)<\/style>/g, (_, one) => { styles.push(one); return ''; })
    .replaceAll(' style="', ' data-style="');
  const document = new DOMParser().parseFromString(bare, 'text/html');
  const style = new CSSStyleSheet();
  style.replaceSync(styles.join('').replaceAll(':root', ':host')
    .replace('body{margin:0 auto;padding:1rem;max-width:1240px', '.body{'));
  const host = make('div', { class: 'report' });
  const shadow = host.attachShadow({ mode: 'open' });
  shadow.adoptedStyleSheets = [style];
  const inner = make('div', { class: 'body' });
  // Places within it are reached by its own contents; a link would change our address.
  for (const old of document.querySelectorAll('nav, header h1')) old.remove();
  for (const one of document.querySelectorAll('[data-style]')) one.style.cssText = one.dataset.style;
  const main = document.querySelector('main');
  inner.append(...document.querySelector('header').children, ...(main ? main.children : []));
  shadow.append(inner);
  place.replaceChildren(host);
}
