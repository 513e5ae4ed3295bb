/* Debian's Chromium, driven by playwright-core. Where there is none its tests are skipped, or, with AOFKIT_REQUIRE_BROWSER=1, fail. */
import { describe, it } from 'vitest';
import { chromiumPath } from './chromium-path.ts';

export { chromiumPath } from './chromium-path.ts';

/** What keeps it quiet, and lets it run as root in a container. */
export const chromiumFlags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A group of tests that need a browser. */
export function describeWithBrowser(title: string, body: () => void): void {
  if (chromiumPath !== undefined) describe(title, body);
  else if (process.env.AOFKIT_REQUIRE_BROWSER === '1')
    describe(title, () =>
      it('needs a browser', () => {
        throw new Error('no Chromium: install the package chromium, or name one in AOFKIT_CHROMIUM');
      }),
    );
  else {
    describe(title, () => it.skip('needs a browser', () => {}));
  }
}
