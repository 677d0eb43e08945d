// The zipper of YoMo 2 that the tests of protocol v2 run against, built once a machine.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../scripts/root.mjs';
import { cargoProgram } from '../scripts/tool-cache.mjs';

const pinned = join('test', 'support', 'yomo-v2.ts');

/** @returns {{ skip?: string }} why it cannot be had; the tests find it where it lies, or on PATH */
export function installZipper() {
  const version = /^export const YOMO_VERSION = '(.+)';$/m.exec(readFileSync(join(root, pinned), 'utf8'))?.[1];
  if (version === undefined) return { skip: `${pinned} pins no version of YoMo` };
  try {
    // Without optimisation: it is built in half the time, and measures nothing.
    cargoProgram({ program: 'yomo', crate: 'yomo', version, locked: true, flags: ['--debug'] });
    return {};
  } catch (error) {
    return { skip: `without the zipper of YoMo ${version}: ${error.message}` };
  }
}
