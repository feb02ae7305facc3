// The page in Chromium, as people use it: node page.mjs BLOODCELL PARTS [FOLDER for screenshots]
// PARTS is the node_modules folder that scripts/setup filled. Exit status 0 when all holds.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [program, parts, shots] = process.argv.slice(2);
const { chromium } = await import(pathToFileURL(join(parts, 'playwright-core', 'index.mjs')));

const server = spawn(program, ['serve', '--port', '0', '--quiet'], { stdio: ['ignore', 'pipe', 'inherit'] });
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
    await page.getByRole('rowheader', { name: 'labels' }).waitFor();
    await axe(page, 'models');
    if (shots) await page.screenshot({ path: join(shots, 'models.png'), fullPage: true });
    assert.deepEqual(complaints, []);
    await close();
  },
  async 'the first page is under 300 kB'() {
    const { page, close } = await opened({});
    await page.waitForLoadState('networkidle');
    const bytes = await page.evaluate(() => performance.getEntries()
      .reduce((sum, { transferSize = 0 }) => sum + transferSize, 0));
    assert.ok(bytes > 0 && bytes < 300_000, `${bytes} bytes`);
    await close();
  },
};

let failed = 0;
for (const [name, holds] of Object.entries(facts)) {
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
process.exit(failed ? 1 : 0);
