// Elements made of text only: nothing from outside is ever read as HTML.
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

let saidTimer = 0;
let seenTimer = 0;
// For readers of the screen; a burst is told once, by its last word. `seen`: for all eyes too.
export function say(words, seen = false) {
  clearTimeout(saidTimer);
  const note = document.getElementById('seen');
  note.textContent = seen ? words : '';
  clearTimeout(seenTimer);
  if (seen) seenTimer = setTimeout(() => { note.textContent = ''; }, 8000);
  saidTimer = setTimeout(() => { document.getElementById('said').textContent = words; }, 300);
}

export function save(name, type, content) {
  const link = make('a', { href: URL.createObjectURL(new Blob([content], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
