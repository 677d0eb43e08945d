import type { Metadata } from './metadata';
import type { ClientOptions, Log, ZipperAddress } from './settings';
import type { StateListener, YomoState } from './state';
import type { Transport } from './transport';

export type { ClientOptions, Metadata, StateListener, YomoState, ZipperAddress };

/** What a flow sends to a zipper and gets from it. */
export interface YomoFrame {
  /** An unsigned integer of 32 bits; 0xF000–0xFFFF are reserved. */
  readonly tag: number;
  readonly payload: Uint8Array;
  readonly metadata: Metadata;
}

export class YomoClient {
  readonly state: YomoState = { kind: 'connecting' };
  readonly waiting: number = 0;

  constructor(_address: ZipperAddress, _options: ClientOptions, _transport?: Transport, _log?: Log) {
    throw new Error('not yet');
  }

  onState(_listener: StateListener): () => void {
    throw new Error('not yet');
  }

  onFrame(_listener: (frame: YomoFrame) => void): () => void {
    throw new Error('not yet');
  }

  open(): void {
    throw new Error('not yet');
  }

  send(_frame: YomoFrame): Promise<void> {
    throw new Error('not yet');
  }

  close(): Promise<void> {
    throw new Error('not yet');
  }
}
