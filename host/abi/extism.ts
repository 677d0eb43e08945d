import type { GuestAbi } from './adapter';
import { importsModule } from './module-imports';

/** Recognised; this version does not call it. */
export const extism: GuestAbi = {
  name: 'extism',
  title: 'Extism plug-in',
  summary: 'A plug-in made with an Extism PDK.',
  detect: (module) =>
    importsModule(module, 'extism:host/env') ? { because: 'it imports from "extism:host/env"' } : undefined,
};
