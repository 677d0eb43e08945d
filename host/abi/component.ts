import type { GuestAbi } from './adapter';

/** Recognised; this version does not call it. */
export const component: GuestAbi = {
  name: 'component',
  title: 'Component',
  summary: 'A component of the Component Model, with typed imports and exports.',
  // A component is no core module: the file's header tells it (bytes 4 to 7), before there is a description.
  detect: () => undefined,
};
