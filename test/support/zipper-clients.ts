/** Zippers and clients of a test; what a test has opened is closed by `closeAll`. */
import { YomoClient, type ClientOptions, type YomoFrame, type YomoState, type ZipperAddress } from '#dist/yomo/client';
import type { Transport } from '#dist/yomo/transport';
import { eventually } from './node-red';
import { Zipper, type ZipperOptions } from './zipper';
import { relayPackets } from './zipper-relay';

const open: (() => Promise<void>)[] = [];

/** The last first, so that clients go before their zipper. */
export async function closeAll(): Promise<void> {
  for (const close of open.splice(0).reverse()) await close();
}

export async function zipperOf(options: ZipperOptions = {}): Promise<Zipper> {
  const zipper = await Zipper.start(options);
  open.push(() => zipper.stop());
  return zipper;
}

export async function relayOf(zipper: Zipper, delay?: number) {
  const relay = await relayPackets(zipper.port, delay);
  open.push(() => {
    relay.close();
    return Promise.resolve();
  });
  return relay;
}

/** A client and everything it has told. */
export interface Observed {
  readonly client: YomoClient;
  readonly states: YomoState[];
  readonly frames: YomoFrame[];
  readonly log: string[];
}

export function clientOf(
  port: number,
  options: Partial<ClientOptions> = {},
  address: Partial<ZipperAddress> = {},
  transport?: Transport,
): Observed {
  const log: string[] = [];
  const note = (text: string): void => {
    log.push(text);
  };
  const client = new YomoClient(
    { host: '127.0.0.1', port, verify: false, ...address },
    { name: 'test', kind: 'source', buffer: 1000, ...options },
    transport,
    { info: note, warn: note, error: note },
  );
  open.push(() => client.close());
  const states: YomoState[] = [];
  const frames: YomoFrame[] = [];
  client.onState((state) => states.push(state));
  client.onFrame((frame) => frames.push(frame));
  client.open();
  return { client, states, frames, log };
}

export async function connected(...observed: readonly Observed[]): Promise<void> {
  await eventually('connected', () => observed.every(({ client }) => client.state.kind === 'connected'), 30);
}

/** The reason of the first state of a kind. */
export async function reasonOf({ states }: Observed, kind: 'waiting' | 'rejected'): Promise<string> {
  const find = () => states.find((state) => state.kind === kind);
  await eventually(kind, () => find() !== undefined, 30);
  const state = find();
  return state !== undefined && 'reason' in state ? state.reason : '';
}

export function frameOf(tag: number, payload: string | Uint8Array, metadata = new Map<string, string>()): YomoFrame {
  return { tag, payload: Buffer.from(payload as string), metadata };
}

export function textsOf(frames: readonly { readonly payload: Uint8Array }[]): string[] {
  return frames.map(({ payload }) => Buffer.from(payload).toString());
}

/** `word 0`, `word 1` … */
export function numbered(word: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${word} ${String(index)}`);
}
