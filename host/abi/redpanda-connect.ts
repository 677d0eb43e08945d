import type { GuestAbi } from './adapter';
import { importsModule } from './module-imports';

/** Recognised; this version does not call it. */
export const redpandaConnect: GuestAbi = {
  name: 'redpanda-connect',
  title: 'Redpanda Connect function',
  summary: 'A function for the wasm processor of Redpanda Connect.',
  detect: (module) =>
    importsModule(module, 'benthos_wasm') ? { because: 'it imports from "benthos_wasm"' } : undefined,
};
