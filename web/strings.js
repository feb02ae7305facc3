// Every text of the page, in one place, ready to be translated. `{name}` is filled in by text().
const english = {
  skip: 'Skip to content',
  research: 'Research use only: not for diagnosis.',
  classify: 'Classify', models: 'Models',
  activeModel: 'Model: {name}',
  dropHint: 'Drop pictures of stained cells here, paste them, or',
  choose: 'Choose pictures', folder: 'Choose a folder', camera: 'Camera', samples: 'Try the samples',
  shoot: 'Take the picture', close: 'Close', noCamera: 'The camera cannot be used: {why}',
  results: 'Results', clear: 'Remove all', csv: 'Save CSV', json: 'Save JSON',
  pictures: 'pictures', cells: 'cells', unidentified: 'unidentified', errors: 'errors',
  waiting: 'waiting', reading: 'being read',
  statusUnidentified: 'unidentified', statusNoCell: 'no cell', statusError: 'error',
  remove: 'Remove {name}', show: 'Show {name} large', probabilities: 'Probabilities',
  picture: 'picture', progress: '{done} of {all} pictures done', ofFile: '{class}, {file}',
  fieldOf: 'The field {name}; zoom with + and -, move with the arrow keys',
  closeField: 'Close the field',
  busy: 'The server is busy; trying again in {seconds} s.',
  failed: 'The server did not answer: {why}',
  tokenAsk: 'This server asks for its token', tokenLabel: 'Token', tokenGo: 'Go on',
  modelName: 'name', modelWhat: 'architecture', modelClasses: 'classes', modelSize: 'size',
  modelState: 'answers', active: 'now', choose1: 'Let it answer', card: 'Model card',
  kilobytes: '{n} kB', chosen: '{name} answers from now on.',
};

export const language = 'en';
export function text(key, values = {}) {
  return english[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}
