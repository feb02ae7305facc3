// One picture from the camera, or null when the user thinks better of it.
import { make, say } from './dom.js';
import { text } from './strings.js';

export async function takePicture() {
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      video: { facingMode: 'environment', width: { ideal: 4096 } } });
  } catch (error) {
    say(text('noCamera', { why: error.message }));
    return null;
  }
  const video = make('video', { autoplay: true, playsinline: true, muted: true });
  video.srcObject = stream;
  const shoot = make('button', { class: 'main', value: 'shoot' }, text('shoot'));
  const dialog = make('dialog', { 'aria-label': text('camera') },
    make('form', { method: 'dialog' }, video,
      make('p', { class: 'row' }, shoot, make('button', { value: '' }, text('close')))));
  document.body.append(dialog);
  dialog.showModal();
  await new Promise((done) => dialog.addEventListener('close', done, { once: true }));
  const canvas = make('canvas', { width: video.videoWidth, height: video.videoHeight });
  canvas.getContext('2d').drawImage(video, 0, 0);
  for (const track of stream.getTracks()) track.stop();
  dialog.remove();
  if (dialog.returnValue !== 'shoot') return null;
  const blob = await new Promise((done) => canvas.toBlob(done, 'image/png'));
  const name = `camera-${new Date().toISOString().replaceAll(':', '-').slice(0, 19)}.png`;
  return new File([blob], name, { type: 'image/png' });
}
