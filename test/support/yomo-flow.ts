/** What tests of the YoMo nodes share: nodes of a flow, and what a zipper for tests sees of them. */
import { YomoClient, type ClientOptions, type YomoFrame } from '#dist/yomo/client';
import type { DataFrame } from '#dist/yomo/frames';
import type { FlowNode } from './mqtt-flow';
import { eventually } from './node-red';
import { Zipper, type ZipperOptions } from './zipper';

const place = { z: 'tab', x: 100, y: 100, wires: [] };

export function zipperNode(zipper: { readonly port: number }, changes: object = {}): FlowNode {
  return { id: 'zipper', type: 'yomo-zipper', host: '127.0.0.1', port: zipper.port, ...changes };
}

export function sourceNode(id: string, tags: readonly unknown[], to: readonly string[], changes = {}): FlowNode {
  return { ...place, id, type: 'yomo-source', zipper: 'zipper', tags, wires: [to], ...changes };
}

export function sinkNode(id: string, tag: unknown, changes = {}): FlowNode {
  return { ...place, id, type: 'yomo-sink', zipper: 'zipper', tag, ...changes };
}

export interface Written {
  readonly tag: number;
  readonly payload: string;
  /** The client id of the connection it came over. */
  readonly from: string;
}

/** A zipper that remembers over which connection each frame came. */
export class WatchedZipper {
  readonly written: Written[] = [];

  static async start(options: ZipperOptions = {}): Promise<WatchedZipper> {
    return new WatchedZipper(await Zipper.start(options));
  }

  private constructor(readonly zipper: Zipper) {
    const route = zipper.route.bind(zipper);
    zipper.route = (frame: DataFrame, from: string) => {
      this.written.push({ tag: frame.tag, payload: Buffer.from(frame.payload).toString(), from });
      route(frame, from);
    };
  }

  get port(): number {
    return this.zipper.port;
  }

  /** The client ids of those that are connected under a name. */
  idsOf(name: string): string[] {
    return this.zipper.clients.flatMap(({ handshake }) => (handshake?.name === name ? [handshake.clientId] : []));
  }

  async untilJoined(...names: readonly string[]): Promise<void> {
    await eventually(`${names.join(', ')} joined`, () => names.every((name) => this.idsOf(name).length > 0));
  }

  stop(): Promise<void> {
    return this.zipper.stop();
  }
}

/** A client from outside of Node-RED. */
export class Peer {
  readonly frames: YomoFrame[] = [];
  readonly client: YomoClient;

  static async join(port: number, options: Partial<ClientOptions> = {}): Promise<Peer> {
    const peer = new Peer(port, options);
    peer.client.open();
    await eventually('the peer is connected', () => peer.client.state.kind === 'connected');
    return peer;
  }

  private constructor(port: number, options: Partial<ClientOptions>) {
    this.client = new YomoClient(
      { host: '127.0.0.1', port, verify: false },
      { name: 'peer', kind: 'source', buffer: 10_000, ...options },
    );
    this.client.onFrame((frame) => this.frames.push(frame));
  }

  write(tag: number, payload: string | Uint8Array, metadata: Readonly<Record<string, string>> = {}): Promise<void> {
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
    return this.client.send({ tag, payload: bytes, metadata: new Map(Object.entries(metadata)) });
  }

  /** The payloads of a tag, as text. */
  payloads(tag: number): string[] {
    return this.frames.filter((frame) => frame.tag === tag).map(({ payload }) => Buffer.from(payload).toString());
  }

  close(): Promise<void> {
    return this.client.close();
  }
}
