import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A line of `vectors-v1.jsonl`, whose head says what each is. */
export interface Vector {
  readonly Kind: string;
  readonly Tag: number;
  readonly PayLen: number;
  readonly Meta: string;
  readonly Hex: string;
  readonly Len: number;
}

export const vectors: readonly Vector[] = readFileSync(join(__dirname, 'vectors-v1.jsonl'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('{'))
  .map((line) => JSON.parse(line) as Vector);

export function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
