/** How a module's description gets into workers: written once, and read by each of them in its own thread. */
import { deserialize, serialize } from 'node:v8';
import type { ModuleDescription } from '../module/description';

const written = new WeakMap<ModuleDescription, SharedArrayBuffer>();

export function shareDescription(description: ModuleDescription): SharedArrayBuffer {
  const known = written.get(description);
  if (known !== undefined) return known;
  const bytes = serialize(description);
  const shared = new SharedArrayBuffer(bytes.length);
  new Uint8Array(shared).set(bytes);
  written.set(description, shared);
  return shared;
}

export function readDescription(shared: SharedArrayBuffer): ModuleDescription {
  return deserialize(Buffer.from(shared)) as ModuleDescription;
}
