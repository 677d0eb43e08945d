import type { GuestAbi } from './adapter';
import { exportsFunction } from './module-exports';
import { importsWasi } from './module-imports';

/** Recognised; this version does not call it. */
export const wasiCommand: GuestAbi = {
  name: 'wasi-command',
  title: 'WASI command',
  summary: 'A program that reads its standard input and writes its standard output.',
  detect: (module) =>
    importsWasi(module) && exportsFunction(module, '_start')
      ? { because: 'it imports WASI functions and exports _start, as a program does' }
      : undefined,
};
