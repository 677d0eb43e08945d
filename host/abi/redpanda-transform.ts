import type { GuestAbi } from './adapter';
import { importsModule } from './module-imports';

/** Recognised; this version does not call it. */
export const redpandaTransform: GuestAbi = {
  name: 'redpanda-transform',
  title: 'Redpanda data transform',
  summary: 'A transform made with a Redpanda transform SDK.',
  detect: (module) =>
    importsModule(module, 'redpanda_transform') ? { because: 'it imports from "redpanda_transform"' } : undefined,
};
