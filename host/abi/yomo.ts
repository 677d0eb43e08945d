import { quoted } from '../one-line';
import type { GuestAbi } from './adapter';
import { exportsFunction } from './module-exports';

/** Recognised; this version does not call it. */
export const yomo: GuestAbi = {
  name: 'yomo',
  title: 'YoMo stream function',
  summary: 'A stream function built for the YoMo serverless run-time.',
  detect(module) {
    if (exportsFunction(module, 'yomo_handler')) return { because: 'it exports yomo_handler' };
    const wanted = module.imports.find((each) => each.module === 'env' && each.name.startsWith('yomo_'));
    return wanted === undefined ? undefined : { because: `it imports ${quoted(wanted.name)} from "env"` };
  },
};
