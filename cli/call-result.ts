import { escaped } from '../host/one-line';
import type { CallResult } from '../host/wasm-function';

/** Bytes shown of a result that would go to a terminal. */
const PREVIEW = 256;

/** Prints what a call returned: a line a value; bytes as they are. Resolves when all of it is written. */
export async function writeResult(result: CallResult, asJson: boolean): Promise<void> {
  if (asJson) return writeText(JSON.stringify(toJson(content(result)), null, 2));
  switch (result.kind) {
    case 'nothing':
      return;
    case 'value':
      return writeValues(Array.isArray(result.value) ? result.value : [result.value]);
    case 'messages':
      return writeValues(result.values);
  }
}

function content(result: CallResult): unknown {
  switch (result.kind) {
    case 'nothing':
      return null;
    case 'value':
      return result.value;
    case 'messages':
      return result.values;
  }
}

async function writeValues(values: readonly unknown[]): Promise<void> {
  for (const value of values) {
    if (!Buffer.isBuffer(value)) await writeText(toText(value));
    else if (process.stdout.isTTY) await writeText(describeBytes(value));
    else await write(value);
  }
}

/** A line: as it is for a program that reads it, without what a guest could steer a terminal by for a person. */
function writeText(text: string): Promise<void> {
  return write(`${process.stdout.isTTY ? escaped(text) : text}\n`);
}

function toText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  return JSON.stringify(toJson(value));
}

function describeBytes(bytes: Buffer): string {
  const shown = bytes.subarray(0, PREVIEW).toString('hex');
  return `${String(bytes.length)} bytes: ${shown}${bytes.length > PREVIEW ? ' …' : ''}`;
}

/** What JSON cannot say becomes text: BigInts, NaN and the infinities; bytes become base64. */
function toJson(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (Buffer.isBuffer(value)) return { base64: value.toString('base64') };
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, toJson(entry)]));
  }
  return value;
}

/** Waits for the reader, so that a large result is not kept in memory twice and nothing is lost at the end. */
function write(data: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(data, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}
