import { existsSync } from 'node:fs';

const paths = [process.env.AOFKIT_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Where a Chromium is; undefined where there is none. */
export const chromiumPath: string | undefined = paths.find((path) => path !== undefined && existsSync(path));
