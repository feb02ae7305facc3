#!/usr/bin/env python3
"""schemathesis against a server of its own with every part on: does it do what /openapi.json says?

    tests/serve/schemathesis_run.py build/release/bin/bloodcell [--schemathesis PROGRAM] [--studies FILE] [OPTION…]

Makes a set of the samples, its boxes, index, evaluation and split, a run and a case in a temporary folder, starts
the server over them and asks for every operation: documented examples and bounds (coverage), then drawn requests
(fuzzing), from `--seed`; once with drawn names in the addresses, once with those that there are. What follows goes
to schemathesis as it is. Exit status 0 when every operation passed both times. schemathesis is no part of the product: python3 -m venv V; V/bin/pip install schemathesis
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CELLS = {'basophil': 'BA_101611', 'eosinophil': 'EO_114325', 'erythroblast': 'ERB_111336', 'ig': 'IG_234558',
         'lymphocyte': 'LY_135776', 'monocyte': 'MO_105547', 'neutrophil': 'BNE_100878', 'platelet': 'PLATELET_101132'}


def write_parts(program, folder):
    """The options of `serve` that name what was written."""
    cells = folder / 'cells'
    entries = []
    for number, (label, name) in enumerate(CELLS.items()):
        (cells / label).mkdir(parents=True)
        shutil.copy(ROOT / 'samples' / f'{name}.jpg', cells / label)
        entries.append({'file': f'{label}/{name}.jpg', 'label': label, 'family': f'f{number}',
                        'sha256': f'{number:064}', 'part': 'validation' if number % 2 else 'train'})
    split = {'format': 1, 'method': 'by family', 'seed': 1, 'has_families': True, 'labels': sorted(CELLS),
             'entries': entries}
    run = folder / 'runs' / 'first'
    run.mkdir(parents=True)
    for path in (folder / 'split.json', run / 'split.json'):
        path.write_text(json.dumps(split))
    (run / 'config.json').write_text('{"architecture":"compact","preprocessing":{"width_px":96,"height_px":96}}')
    (run / 'history.jsonl').write_text(json.dumps({
        'epoch': 1, 'train_loss': 1, 'validation_loss': 1.2, 'validation_accuracy': 0.5,
        'validation_family_accuracy': 0.4, 'validation_macro_f1': 0.5, 'seconds': 2}) + '\n')
    for verb in (['data', 'locate', cells, '-o', cells / 'located.csv'],
                 ['index', '--data', cells / 'located.csv', '-o', folder / 'cells.index', '--licence', 'CC0'],
                 ['evaluate', '--data', cells / 'located.csv', '--report', folder / 'evaluations' / 'samples']):
        subprocess.run([program, *verb, '--quiet'], check=True, stdout=subprocess.DEVNULL)
    return ['--review', folder / 'reviews', '--runs', folder / 'runs', '--evaluations', folder / 'evaluations',
            '--data', f'cells={cells}', '--split', f'cells={folder / "split.json"}', '--index', folder / 'cells.index']


def asked(address, path, body, type_='application/json'):
    request = urllib.request.Request(address + path, body, {'Content-Type': type_} if body else {})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def names_there_are(address):
    """A configuration that puts them into the addresses."""
    case = asked(address, 'api/v1/cases', b'{"name": "drawn", "by": "Ada"}')['case']
    picture = asked(address, f'api/v1/cases/{case}/pictures?by=Ada', (ROOT / 'samples/MO_105547.jpg').read_bytes(),
                    'image/jpeg')['files'][0]['picture']['picture']
    names = {'case': case, 'picture': picture, 'model': asked(address, 'api/v1/models', None)['active'],
             'run': 'first', 'evaluation': 'samples', 'dataset': 'cells'}
    studies = asked(address, 'api/v1/studies', None)['studies']
    if studies:
        names['study'] = studies[0]['study']
    return '[parameters]\n' + ''.join(f'"path.{name}" = "{value}"\n' for name, value in names.items())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('program')
    parser.add_argument('--schemathesis', default='schemathesis', help='the program')
    parser.add_argument('--studies', help='a study file, so that there is one to show')
    parser.add_argument('--max-examples', type=int, default=20, help='drawn requests of each operation')
    parser.add_argument('--seed', type=int, default=42)
    options, rest = parser.parse_known_args()
    common = pathlib.Path(__file__).with_name('schemathesis.toml').read_text()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        parts = write_parts(options.program, folder)
        if options.studies:
            shutil.copy(options.studies, folder / 'study.db')
            parts += ['--studies', folder / 'study.db']
        server = subprocess.Popen([options.program, 'serve', '--port', '0', '--quiet', *parts],
                                  stdout=subprocess.PIPE, text=True)
        try:
            address = server.stdout.readline().rsplit(' ', 1)[-1].strip()
            failed = []
            for what, more in (('drawn names', ''), ('names there are', names_there_are(address))):
                print(f'--- {what}', flush=True)
                (folder / 'schemathesis.toml').write_text(more + common)
                failed.append(subprocess.run(
                    [options.schemathesis, '--config-file', 'schemathesis.toml', 'run', f'{address}openapi.json',
                     '--phases', 'coverage,fuzzing', '--max-examples', str(options.max_examples),
                     '--seed', str(options.seed), *rest], cwd=folder).returncode)
        finally:
            server.terminate()
            ended = server.wait(60)
        failed.append(ended)
    sys.exit(any(failed))


if __name__ == '__main__':
    main()
