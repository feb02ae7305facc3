// The whole picture, zoomable, every cell boxed. OpenSeadragon is fetched when first needed.
import { make } from './dom.js';
import { text } from './strings.js';

let loading;
function library() {
  loading ??= new Promise((done, fail) => {
    document.head.append(make('script', { src: '/lib/openseadragon.js', onload: done, onerror: fail }));
  });
  return loading;
}

let viewer;
export async function openField(place, item, chosen) {
  await library();
  const { OpenSeadragon } = window;
  viewer?.destroy();
  const field = make('div', { id: 'field', role: 'group',
    'aria-label': text('fieldOf', { name: item.file.name }) });
  const close = make('button', { type: 'button', onclick: () => {
    viewer.destroy();
    viewer = null;
    place.replaceChildren();
  } }, text('closeField'));
  place.replaceChildren(field, close);
  const canvas = make('canvas', { width: item.bitmap.width, height: item.bitmap.height });
  canvas.getContext('2d').drawImage(item.bitmap, 0, 0);
  const blob = await new Promise((done) => canvas.toBlob(done, 'image/png'));
  const url = URL.createObjectURL(blob);
  viewer = OpenSeadragon({ element: field, showNavigationControl: false, maxZoomPixelRatio: 8,
    drawer: 'canvas', tileSources: { type: 'image', url, buildPyramid: false } });
  viewer.addOnceHandler('open', () => {
    const image = viewer.world.getItemAt(0);
    for (const row of item.rows.filter(({ box }) => box)) {
      const { x, y, width, height } = row.box;
      const box = make('div', { class: `box ${row.status}${row === chosen ? ' chosen' : ''}`,
        title: row.class ?? row.status });
      viewer.addOverlay({ element: box,
        location: image.imageToViewportRectangle(x, y, width, height) });
    }
    URL.revokeObjectURL(url);
  });
  field.querySelector('.openseadragon-canvas')?.focus();
  place.scrollIntoView({ block: 'nearest' });
}
