// The page in Chromium, as people use it: node page.mjs BLOODCELL PARTS [FOLDER for screenshots]
// PARTS is the node_modules folder that scripts/setup filled. Exit status 0 when all holds.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [program, parts, shots] = process.argv.slice(2);
const { chromium } = await import(pathToFileURL(join(parts, 'playwright-core', 'index.mjs')));

const folder = await mkdtemp(join(tmpdir(), 'bloodcell-page-'));
await writeFile(join(folder, 'ranges.toml'), 'source = "the page\'s test"\n[percent]\nneutrophil = [40, 75]\n'
  + 'lymphocyte = [20, 45]\n');
const epoch = (n) => JSON.stringify({ epoch: n, train_loss: 1 / n, validation_loss: 1.2 / n,
  validation_accuracy: 1 - 0.5 / n, validation_family_accuracy: 1 - 0.6 / n, validation_macro_f1: 0.5, seconds: 2 });
async function writeRun(name, epochs) {
  const run = join(folder, 'runs', name);
  await mkdir(run, { recursive: true });
  await writeFile(join(run, 'config.json'), '{"architecture":"compact","preprocessing":{"width_px":96,"height_px":96}}');
  await writeFile(join(run, 'split.json'), JSON.stringify({ format: 1, method: 'by family', seed: 1, has_families: true, labels: ['ig'],
    entries: [{ file: '1.png', label: 'ig', family: 'f1', sha256: 'a'.repeat(64), part: 'validation' }] }));
  await writeFile(join(run, 'history.jsonl'), Array.from({ length: epochs }, (_, i) => `${epoch(i + 1)}\n`).join(''));
}
await writeRun('first', 6);
await writeRun('second', 3);
for (const [kind, file] of [['basophil', 'BA_101611.jpg'], ['eosinophil', 'EO_114325.jpg'], ['erythroblast', 'ERB_111336.jpg'],
  ['ig', 'IG_234558.jpg'], ['lymphocyte', 'LY_135776.jpg'], ['monocyte', 'MO_105547.jpg'], ['neutrophil', 'BNE_100878.jpg'],
  ['platelet', 'PLATELET_101132.jpg']]) {
  await mkdir(join(folder, 'cells', kind), { recursive: true });
  await copyFile(join(import.meta.dirname, '../../samples', file), join(folder, 'cells', kind, file));
}
// What is known: the samples themselves. Another index, for pictures to look at: INDEX=FILE.
const manifest = join(folder, 'cells', 'located.csv');
const index = process.env.INDEX ?? join(folder, 'cells.index');
const run = (...what) => execFileSync(program, [...what, '--quiet'], { stdio: 'pipe' });
run('data', 'locate', join(folder, 'cells'), '-o', manifest);
if (!process.env.INDEX) run('index', '--data', manifest, '-o', index, '--licence', 'those of the samples');
run('evaluate', '--data', manifest, '--report', join(folder, 'evaluations', 'samples'));
await writeFile(join(folder, 'leaky.json'), JSON.stringify({ format: 1, method: 'by family', seed: 1, has_families: true,
  labels: ['lymphocyte', 'monocyte'], entries: [
    { file: 'lymphocyte/LY_135776.jpg', label: 'lymphocyte', family: 'f1', sha256: 'a'.repeat(64), part: 'train' },
    { file: 'monocyte/MO_105547.jpg', label: 'monocyte', family: 'f1', sha256: 'b'.repeat(64), part: 'test' }] }));
const server = spawn(program, ['serve', '--index', index, '--evaluations', join(folder, 'evaluations'),
  '--split', `cells=${join(folder, 'leaky.json')}`, '--port', '0', '--quiet', '--review', join(folder, 'reviews'),
  '--ranges', join(folder, 'ranges.toml'), '--runs', join(folder, 'runs'), '--data', `cells=${join(folder, 'cells')}`,
  ...(process.env.STUDIES ? ['--studies', process.env.STUDIES] : [])], { stdio: ['ignore', 'pipe', 'inherit'] });
const address = await new Promise((done, fail) => {
  server.stdout.on('data', (text) => done(/http:\S+/.exec(text)[0]));
  server.on('exit', fail);
});
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'] });

async function opened(options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const complaints = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => /^(blob|data):/.test(request.url()) || request.url().startsWith(address)
    || complaints.push(`asked ${request.url()}`));
  await page.goto(address);
  return { page, complaints, close: () => context.close() };
}

async function axe(page, where) {
  // Through the protocol, which the page's own policy does not bind.
  const source = await (await import('node:fs/promises')).readFile(join(parts, 'axe-core', 'axe.min.js'), 'utf8');
  await page.evaluate(source);
  const { violations } = await page.evaluate(() => window.axe.run());
  const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact))
    .map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
  assert.deepEqual(serious, [], where);
}

const facts = {
  async 'a newcomer classifies the samples in one click, on a phone and on a desk'() {
    for (const [name, width, height, colorScheme] of [['phone', 390, 844, 'light'],
      ['phone', 390, 844, 'dark'], ['desk', 1280, 900, 'light'], ['desk', 1280, 900, 'dark']]) {
      const { page, complaints, close } = await opened({ viewport: { width, height }, colorScheme });
      await page.getByRole('button', { name: 'Try the samples' }).click();
      await page.locator('.cell .class').nth(10).waitFor();
      await page.locator('.cell .open').first().click();
      await page.locator('#field .box').first().waitFor();
      if (shots) await page.screenshot({ path: join(shots, `${name}-${colorScheme}.png`), fullPage: true });
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(overflow <= 0, `${name}: ${overflow} pixels too wide`);
      await axe(page, `${name}, ${colorScheme}`);
      assert.deepEqual(complaints, []);
      await close();
    }
  },
  async 'a cell shows where the model looks and which known cells are alike'() {
    for (const [name, width, height, colorScheme] of [['phone', 390, 844, 'light'],
      ['phone', 390, 844, 'dark'], ['desk', 1280, 900, 'light'], ['desk', 1280, 900, 'dark']]) {
      const { page, complaints, close } = await opened({ viewport: { width, height }, colorScheme });
      await page.getByRole('button', { name: 'Try the samples' }).click();
      await page.locator('.cell .class').nth(10).waitFor();
      const card = page.locator('.cell.ok', { has: page.locator('.class', { hasText: 'monocyte' }) }).first();
      await card.getByText('Heat map').focus();
      await page.keyboard.press('Enter');
      await card.locator('.why canvas').waitFor();
      await card.locator('.known img').nth(4).waitFor();
      // One cell a class: no distance is usual, and none is told.
      if (!process.env.INDEX) await card.getByText('too few cells of a class').waitFor();
      const pixels = () => card.locator('.why canvas').evaluate((canvas) => canvas.toDataURL());
      const heated = await pixels();
      await card.getByRole('button', { name: 'no map' }).click();
      assert.notEqual(await pixels(), heated);
      await card.locator('.why .row button').first().click();
      assert.equal(await pixels(), heated);
      if (shots) await page.screenshot({ path: join(shots, `why-${name}-${colorScheme}.png`), fullPage: true });
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(overflow <= 0, `${name}: ${overflow} pixels too wide`);
      await axe(page, `why, ${name}, ${colorScheme}`);
      assert.deepEqual(complaints, []);
      await close();
    }
  },
  async 'all can be done by keyboard alone'() {
    const { page, close } = await opened({});
    const reach = async (name) => {
      for (let i = 0; i < 60; ++i) {
        await page.keyboard.press('Tab');
        const label = await page.evaluate(() => document.activeElement.ariaLabel
          || document.activeElement.textContent.trim());
        if (label.startsWith(name)) return;
      }
      assert.fail(`${name} is not reached by Tab`);
    };
    await reach('Try the samples');
    await page.keyboard.press('Enter');
    await page.locator('.cell .class').nth(10).waitFor();
    await reach('Remove BA');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelectorAll('.cell').length === 10);
    await reach('Show ');
    await page.keyboard.press('Enter');
    await page.locator('#field .box').first().waitFor();
    await close();
  },
  async 'files are chosen, read or refused with a reason, and saved'() {
    const { page, close } = await opened({});
    await page.locator('#files').setInputFiles([
      { name: 'diary.png', mimeType: 'image/png', buffer: Buffer.from('dear diary') }]);
    await page.locator('.cell.error .message').waitFor();
    const [download] = await Promise.all([page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save CSV' }).click()]);
    assert.equal(download.suggestedFilename(), 'cells.csv');
    await close();
  },
  async 'the models are listed with their cards'() {
    const { page, complaints, close } = await opened({});
    await page.getByRole('link', { name: 'Models' }).click();
    await page.getByRole('button', { name: 'Model card' }).first().click();
    await page.getByRole('rowheader', { name: 'preprocessing.width_px', exact: true }).waitFor();
    assert.ok(await page.locator('.lines td').evaluateAll((cells) => cells.every((one) => one.textContent.length < 2000)));
    await axe(page, 'models');
    if (shots) await page.screenshot({ path: join(shots, 'models.png'), fullPage: true });
    assert.deepEqual(complaints, []);
    await close();
  },
  async 'a case is reviewed by keyboard alone: begun, counted, decided, undone, signed, exported'() {
    const { page, complaints, close } = await opened({ viewport: { width: 1280, height: 900 } });
    const reach = async (selector) => {
      for (let i = 0; i < 80; ++i) {
        await page.keyboard.press('Tab');
        if (await page.evaluate((one) => document.activeElement.matches(one), selector)) return;
      }
      assert.fail(`${selector} is not reached by Tab`);
    };
    const press = async (name) => {
      const button = page.getByRole('button', { name, exact: true });
      await button.focus();
      await page.keyboard.press('Enter');
    };
    await reach('nav a[href="#/differential"]');
    await page.keyboard.press('Enter');
    await page.locator('#who').waitFor();
    await reach('#who');
    await page.keyboard.type('Ada');
    await reach('#case-name');
    await page.keyboard.type('patient 7');
    await page.keyboard.press('Enter');
    await press('Try the samples');
    await page.locator('button.pick').nth(9).waitFor();
    await page.locator('#seen', { hasText: 'pictures read' }).waitFor();
    const before = await page.locator('button.pick').count();
    await reach('button.pick');
    const [cell, was] = await page.evaluate(() => [document.activeElement.dataset.cell,
      document.activeElement.textContent]);
    await page.keyboard.press('x');
    await page.locator(`button.pick.changed[data-cell="${cell}"]`).waitFor();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Control+z');
    await page.locator(`button.pick[data-cell="${cell}"]:not(.changed)`).waitFor();
    assert.equal(await page.locator(`[data-cell="${cell}"]`).textContent(), was);
    await page.keyboard.press('1');
    await page.locator('button.pick.changed').waitFor();
    await page.keyboard.press('u');
    await page.waitForFunction(() => !document.querySelector('button.pick.changed'));
    await page.locator(`[data-cell="${cell}"]`).focus();
    await page.keyboard.press('x');
    await page.locator('button.pick.changed').waitFor();
    assert.match(page.url(), /#\/differential\/[0-9a-f]{12}\/\d+$/);
    await page.reload();
    await page.locator('button.pick.changed').waitFor();
    assert.equal(await page.locator('button.pick').count(), before);
    await press('Sign');
    await page.locator('dialog[open]').waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.signed').waitFor();
    const save = page.getByRole('button', { name: 'Save all cells for training', exact: true });
    await save.evaluate((button) => { button.dataset.old = 'yes'; });
    const [download] = await Promise.all([page.waitForEvent('download'),
      press('Save all cells for training')]);
    await page.waitForFunction(() => document.activeElement.textContent.startsWith('Save all')
      && !document.activeElement.dataset.old); // drawn anew, and the focus stays
    assert.match(download.suggestedFilename(), /^case-.*\.zip$/);
    await press('Show the trail');
    await page.getByText('Unbroken').waitFor();
    assert.deepEqual(complaints, []);
    await close();
  },
  async 'keys change a case only while it is shown, and as it is shown'() {
    const { page, close } = await opened({ viewport: { width: 1280, height: 900 } });
    await page.evaluate(() => localStorage.setItem('bloodcell-reviewer', 'Ada'));
    await page.getByRole('link', { name: 'Differential' }).click();
    await page.locator('#case-name').fill('two at once');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Try the samples', exact: true }).click();
    await page.locator('#seen', { hasText: 'pictures read' }).waitFor();
    const key = page.url().match(/differential\/([0-9a-f]+)/)[1];
    const read = () => page.evaluate(async (one) => (await fetch(`/api/v1/cases/${one}`)).json(), key);
    const { cells } = await read();
    const other = cells.find((cell) => cell.class === 'monocyte').cell;
    await page.evaluate(([one, cell]) => fetch(`/api/v1/cases/${one}/decisions`, { method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ cell, class: 'neutrophil', by: 'Bo' }) }), [key, other]);
    const mine = cells.find((cell) => cell.class === 'basophil').cell;
    await page.locator(`button.pick[data-cell="${mine}"]`).focus();
    await page.keyboard.press('x');
    await page.locator(`button.pick.changed[data-cell="${other}"]`).waitFor();
    assert.equal((await read()).cells.find((cell) => cell.cell === mine).class, 'basophil');
    await page.keyboard.press('Control+u');
    await page.getByRole('link', { name: 'All cases' }).click();
    await page.locator('#case-name').waitFor();
    await page.locator('h1').first().click();
    const { revision } = (await read()).case;
    for (const one of ['1', 'u', 'x']) await page.keyboard.press(one);
    assert.ok(page.url().endsWith('#/differential'), page.url());
    assert.equal((await read()).case.revision, revision);
    assert.equal((await read()).cells.find((cell) => cell.cell === other).class, 'neutrophil');
    await close();
  },
  async 'the differential is readable on a phone and on a desk, light and dark, and cells can be dragged'() {
    for (const [name, width, height, colorScheme] of [['phone', 390, 844, 'light'],
      ['phone', 390, 844, 'dark'], ['desk', 1280, 900, 'light'], ['desk', 1280, 900, 'dark']]) {
      const { page, complaints, close } = await opened({ viewport: { width, height }, colorScheme });
      await page.evaluate(() => localStorage.setItem('bloodcell-reviewer', 'Bo'));
      await page.getByRole('link', { name: 'Differential' }).click();
      await page.locator('#case-name').fill(`${name} ${colorScheme}`);
      await page.getByRole('button', { name: 'Begin a case' }).click();
      await page.getByRole('button', { name: 'Try the samples' }).click();
      await page.locator('#seen', { hasText: 'pictures read' }).waitFor();
      await page.locator('button.pick').first().dragTo(page.locator('table.counts tbody tr').last()
        .locator('xpath=preceding-sibling::tr[3]'));
      await page.locator('button.pick.changed').waitFor();
      await page.getByRole('button', { name: 'Show the trail' }).click();
      await page.getByText('Unbroken').waitFor();
      if (shots) await page.screenshot({ path: join(shots, `case-${name}-${colorScheme}.png`), fullPage: true });
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(overflow <= 0, `${name}: ${overflow} pixels too wide`);
      const captionEnd = await page.locator('caption').first().evaluate((one) => one.getBoundingClientRect().right);
      assert.ok(captionEnd <= width, `${name}: the caption ends at ${captionEnd}`);
      await axe(page, `differential, ${name}, ${colorScheme}`);
      await page.goto(`${address}#/differential`);
      await page.locator('#case-name').waitFor();
      if (shots) await page.screenshot({ path: join(shots, `cases-${name}-${colorScheme}.png`), fullPage: true });
      assert.deepEqual(complaints, []);
      await close();
    }
  },
  async 'runs are drawn while they go on, sets and studies are shown'() {
    for (const [name, width, height, colorScheme] of [['phone', 390, 844, 'dark'], ['desk', 1280, 900, 'light']]) {
      const { page, complaints, close } = await opened({ viewport: { width, height }, colorScheme });
      await page.getByRole('link', { name: 'Models' }).click();
      await page.locator('.u-wrap').nth(1).waitFor();
      await writeRun('second', name === 'phone' ? 4 : 5);
      await page.waitForFunction((n) => [...document.querySelectorAll('tr')].some((row) => (
        row.textContent.startsWith('second') && row.children[2]?.textContent === n)), name === 'phone' ? '4' : '5');
      await page.getByRole('button', { name: 'Settings of first' }).click();
      await page.getByRole('rowheader', { name: 'preprocessing.width_px', exact: true }).waitFor();
      await page.getByRole('button', { name: 'Leak audit of first' }).click();
      await page.getByText('Clean: no family').waitFor();
      await page.getByRole('button', { name: 'Report of samples' }).click();
      await page.locator('.report').first().waitFor();
      await page.getByRole('heading', { name: /confusion/i }).first().waitFor();
      if (shots) await page.screenshot({ path: join(shots, `evaluation-${name}.png`), fullPage: true });
      await page.getByRole('button', { name: 'Compare the runs' }).click();
      await page.locator('.report').nth(1).waitFor();
      await axe(page, `runs, ${name}`);
      if (shots) await page.screenshot({ path: join(shots, `runs-${name}.png`), fullPage: true });
      for (const [link, shot] of [['Data', 'data'], ['Tuning', 'tuning']]) {
        const before = await page.locator('.report').first().elementHandle();
        await page.getByRole('link', { name: link }).click();
        await before.waitForElementState('hidden');  // the next page may take its time
        await page.locator(link === 'Data' || process.env.STUDIES ? '.report' : 'pre').waitFor();
        if (link === 'Data') await page.getByText('Leak: 2 of 2 images').waitFor();
        await axe(page, `${shot}, ${name}`);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(overflow <= 0, `${shot}, ${name}: ${overflow} pixels too wide`);
        if (shots) await page.screenshot({ path: join(shots, `${shot}-${name}.png`), fullPage: true });
      }
      assert.deepEqual(complaints, []);
      await close();
    }
  },
  async 'the older of many cases are reached'() {
    const { page, complaints, close } = await opened({});
    await page.evaluate(async () => {
      for (let i = 0; i < 201; ++i) {
        await fetch('/api/v1/cases', { method: 'POST', headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify({ name: `old ${i}`, by: 'Ada' }) });
      }
    });
    await page.getByRole('link', { name: 'Differential' }).click();
    await page.getByRole('link', { name: 'old 200', exact: true }).waitFor();
    assert.equal(await page.getByRole('link', { name: 'old 0', exact: true }).count(), 0);
    await page.getByRole('button', { name: 'Older cases' }).click();
    await page.getByRole('link', { name: 'old 0', exact: true }).waitFor();
    assert.deepEqual(complaints, []);
    await close();
  },
  async 'the first page is under 300 kB and usable in under a second'() {
    const times = [];
    let bytes = 0;
    for (let i = 0; i < 5; ++i) {
      const context = await browser.newContext();
      const page = await context.newPage();
      const begun = performance.now();
      await page.goto(address, { waitUntil: 'commit' });
      await page.getByRole('button', { name: 'Try the samples' }).waitFor();
      times.push(performance.now() - begun);
      await page.waitForLoadState('networkidle');
      bytes = await page.evaluate(() => performance.getEntries()
        .reduce((sum, { transferSize = 0 }) => sum + transferSize, 0));
      await context.close();
    }
    const median = times.sort((a, b) => a - b)[2];
    console.log(`   ${bytes} bytes, usable after ${median.toFixed(0)} ms (median of 5)`);
    assert.ok(bytes > 0 && bytes < 300_000, `${bytes} bytes`);
    assert.ok(median < 1000, `${median} ms`);
  },
};

let failed = 0;
for (const [name, holds] of Object.entries(facts).filter(([fact]) => fact.includes(process.env.ONLY ?? '')
  && !(process.env.WITHOUT && fact.includes(process.env.WITHOUT)))) {
  const begun = performance.now();
  try {
    await holds();
    console.log(`ok ${name} (${Math.round(performance.now() - begun)} ms)`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED ${name}\n${error.message}`);
  }
}
await browser.close();
server.kill('SIGTERM');
await rm(folder, { recursive: true, force: true });
process.exit(failed ? 1 : 0);
