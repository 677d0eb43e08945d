/** The saved properties of a zipper that its dialog and the runtime have in common. */
import type { NumberRange } from '../saved-value';

export const PROTOCOLS = ['v1', 'v2'] as const;

export const DEFAULTS = { host: 'localhost', port: 9000, protocol: 'v1', verify: false, buffer: 1000 } as const;

/** UDP. */
export const PORT_RANGE: NumberRange = { least: 1, most: 65_535, whole: true };

/** Frames; with none every message is refused while there is no connection. */
export const BUFFER_RANGE: NumberRange = { least: 0, most: 1_000_000, whole: true };
