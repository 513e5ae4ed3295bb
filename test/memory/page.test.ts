/* The page of `aofkit memory --html` in a real browser. */
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { aofkit } from '../cli/run.ts';
import { chromiumFlags, chromiumPath, describeWithBrowser } from '../support/chromium.ts';
import { encodeCommand } from '../support/reply.ts';
import { temporaryDir } from '../support/servers.ts';

const hostile = [
  '<img src=x onerror="document.title=1">:a',
  '</script><script>document.title=2</script>:b',
  '\u202eevil:c',
  '"\'&amp;:d',
];

function log(name: string, sizes: Readonly<Record<string, number>>): string {
  const path = join(temporaryDir(), name);
  const commands = Object.entries(sizes).map(([key, size], index) => [
    'SET',
    key,
    'x'.repeat(size),
    ...(index % 3 === 0 ? ['PXAT', '4102444800000'] : []),
  ]);
  writeFileSync(
    path,
    Buffer.concat(
      [...commands, ['HSET', 'hash:1', 'f', 'v'], ['SADD', 'set:1', 'a', 'b']].map((command) => encodeCommand(command)),
    ),
  );
  return path;
}

describeWithBrowser('the memory page', () => {
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];
  const requests: string[] = [];
  const sizes: Record<string, number> = {};
  for (let index = 0; index < 300; index++) {
    sizes[`user:${index}:profile`] = 200;
    sizes[`session:${index}`] = 40;
  }
  for (const name of hostile) sizes[name] = 5000;
  const monday = log('monday.aof', sizes);
  const friday = log('friday.aof', { ...sizes, 'report:1': 200_000 });

  async function open(...args: string[]): Promise<string> {
    const html = join(temporaryDir(), 'memory.html');
    const { status, stderr } = aofkit(['memory', ...args, '--html', html]);
    expect({ status, stderr: stderr.replace(/^aofkit: .*memory\.html.*\n/m, '') }).toEqual({ status: 0, stderr: '' });
    await page.goto(pathToFileURL(html).href);
    return html;
  }

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumFlags });
    page = await browser.newPage();
    page.on('console', (message) => problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('request', (request) => requests.push(request.url()));
  });
  afterAll(async () => browser?.close());

  const focused = () => page.evaluate<string>(`document.activeElement?.getAttribute('aria-label') ?? ''`);
  const names = () =>
    page.locator('.treemap .cell').evaluateAll((cells) => cells.map((cell) => cell.getAttribute('aria-label') ?? ''));

  it('zooms into a prefix and out again, by mouse and by keyboard', async () => {
    await open(monday);
    const all = await names();
    expect(all.some((name) => name.startsWith('user:'))).toBe(true);
    await page.locator('.treemap .cell[aria-label^="user:"]').click();
    expect(await page.locator('nav.path button').allTextContents()).toEqual(['all keys', 'user:']);
    expect(await names()).not.toEqual(all);
    await page.keyboard.press('Escape');
    expect(await names()).toEqual(all);
    expect(await focused()).toMatch(/^user:/);
    await page.keyboard.press('Enter');
    expect(await page.locator('nav.path button').count()).toBe(2);
    await page.locator('nav.path button').first().click();
    expect(await names()).toEqual(all);
    const before = await focused();
    await page.keyboard.press('ArrowRight');
    expect(await focused()).not.toBe(before);
  });

  it('sorts and searches its tables', async () => {
    await open(monday);
    const table = page.locator('table', { has: page.getByText('Largest keys') });
    const column = async (index: number) => table.locator(`tbody td:nth-child(${index})`).allTextContents();
    const head = table.locator('th button').first();
    await head.click();
    expect(await table.locator('th[aria-sort]').getAttribute('aria-sort')).toBe('ascending');
    const keys = await column(1);
    expect(keys).toEqual([...keys].sort());
    await head.press('Enter');
    expect(await column(1)).not.toEqual(keys);
    await page.getByRole('searchbox').fill('user:1');
    for (const key of await column(1)) expect(key).toContain('user:1');
    await page.getByRole('searchbox').fill('nothing of this name');
    expect(await column(1)).toEqual([]);
  });

  it('shows hostile names as text', async () => {
    await open(monday);
    expect(await page.title()).toBe('Where the memory goes');
    const text = await page.locator('body').textContent();
    expect(text).toContain('<img src=x onerror=');
    expect(await page.locator('img').count()).toBe(0);
    expect(text).not.toContain('\u202e');
  });

  it('compares two dates, and shows several inputs side by side', async () => {
    await open(friday, '--compare', monday);
    const table = page.locator('table', { has: page.getByText('Prefixes', { exact: true }) });
    expect(await table.locator('tbody tr').first().textContent()).toMatch(/^report:.*\+19\d/);
    await open(monday, friday);
    await page.getByRole('tab', { name: 'Side by side' }).click();
    expect(await page.locator('tbody tr').count()).toBe(2);
  });

  it('is dark where the system is', async () => {
    await open(monday);
    const colour = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    const light = await colour();
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await colour()).not.toBe(light);
  });

  it('stays small, asks for nothing and has nothing to complain about', async () => {
    expect(statSync(await open(monday)).size).toBeLessThan(1_000_000);
    expect(requests.filter((url) => !url.startsWith('file:'))).toEqual([]);
    expect(problems).toEqual([]);
  });
});
