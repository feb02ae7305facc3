// Small pictures of a case's cells. Each picture is fetched once, cut and let go.
import { call } from './api.js';

const side = 120;
const cut = new Map();  // cell → canvas

export async function bitmapOf(key, picture) {
  const response = await call(`/api/v1/cases/${key}/pictures/${picture}`);
  return response.ok ? createImageBitmap(await response.blob()) : null;
}

function crop(canvas, bitmap, { x, y, width, height }) {
  const scale = side / Math.max(width, height);
  const [w, h] = [width * scale, height * scale];
  canvas.getContext('2d').drawImage(bitmap, x, y, width, height, (side - w) / 2, (side - h) / 2, w, h);
}

export function canvasOf(cell) {
  if (!cut.has(cell)) {
    const canvas = document.createElement('canvas');
    Object.assign(canvas, { width: side, height: side });
    canvas.setAttribute('aria-hidden', 'true');
    cut.set(cell, canvas);
  }
  return cut.get(cell);
}

const fetched = new Set();
export async function fill(key, pictures, cells) {
  for (const { picture, is_kept: isKept } of pictures) {
    if (!isKept || fetched.has(picture)) continue;
    fetched.add(picture);
    const bitmap = await bitmapOf(key, picture);
    if (!bitmap) continue;
    for (const cell of cells.filter((one) => one.picture === picture)) {
      crop(canvasOf(cell.cell), bitmap, cell.box);
    }
    bitmap.close();
  }
}
