import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { YomoClient, type ClientOptions, type YomoFrame, type YomoState, type ZipperAddress } from '#dist/yomo/client';
import { eventually } from '../support/node-red';
import { Zipper, type ZipperOptions } from '../support/zipper';

const LONG = process.env.TEST_LONG !== undefined;
const FRAMES = LONG ? 100_000 : 5000;
const NONE: ReadonlyMap<string, string> = new Map();

const open: { close(): Promise<void> }[] = [];

async function zipperOf(options: ZipperOptions = {}): Promise<Zipper> {
  const zipper = await Zipper.start(options);
  open.push({ close: () => zipper.stop() });
  return zipper;
}

interface Observed {
  readonly client: YomoClient;
  readonly states: YomoState[];
  readonly frames: YomoFrame[];
}

function clientOf(port: number, options: Partial<ClientOptions> = {}, address: Partial<ZipperAddress> = {}): Observed {
  const client = new YomoClient(
    { host: '127.0.0.1', port, verify: false, ...address },
    { name: 'test', kind: 'source', buffer: 1000, ...options },
  );
  open.unshift(client);
  const states: YomoState[] = [];
  const frames: YomoFrame[] = [];
  client.onState((state) => states.push(state));
  client.onFrame((frame) => frames.push(frame));
  client.open();
  return { client, states, frames };
}

async function connected(...observed: readonly Observed[]): Promise<void> {
  await eventually('connected', () => observed.every(({ client }) => client.state.kind === 'connected'));
}

function frameOf(tag: number, payload: string, metadata = NONE): YomoFrame {
  return { tag, payload: Buffer.from(payload), metadata };
}

describe('a client of a zipper', () => {
  afterEach(async () => {
    for (const each of open.splice(0)) await each.close();
  });

  test('a stream function gets what a source writes, with metadata', async () => {
    const zipper = await zipperOf();
    const source = clientOf(zipper.port);
    const sink = clientOf(zipper.port, { kind: 'function', observe: [0x33] });
    await connected(source, sink);
    await source.client.send(
      frameOf(
        0x33,
        'hello',
        new Map([
          ['a', '1'],
          ['b', '2'],
        ]),
      ),
    );
    await eventually('a frame', () => sink.frames.length === 1);
    const [frame] = sink.frames;
    assert.equal(String(frame?.payload), 'hello');
    assert.equal(frame?.tag, 0x33);
    assert.equal(frame?.metadata.get('b'), '2');
    assert.equal(frame?.metadata.get('yomo-tid'), 'trace');
  });

  test(`${String(FRAMES)} frames come each way, in order`, async () => {
    const zipper = await zipperOf();
    const near = clientOf(zipper.port, { kind: 'function', observe: [2] });
    const far = clientOf(zipper.port, { kind: 'function', observe: [1] });
    await connected(near, far);
    const sent = Array.from({ length: FRAMES }, (_, index) => [
      near.client.send(frameOf(1, `near ${String(index)}`)),
      far.client.send(frameOf(2, `far ${String(index)}`)),
    ]).flat();
    await Promise.all(sent);
    await eventually('all', () => near.frames.length >= FRAMES && far.frames.length >= FRAMES, 60);
    assert.deepEqual(
      far.frames.map(({ payload }) => String(payload)),
      Array.from({ length: FRAMES }, (_, i) => `near ${String(i)}`),
    );
    assert.deepEqual(
      near.frames.map(({ payload }) => String(payload)),
      Array.from({ length: FRAMES }, (_, i) => `far ${String(i)}`),
    );
  });
});
