/** The example over YoMo, with a zipper for tests in the place of the one at localhost:9000. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { eventually, NodeRed, repository } from '../support/node-red';
import { Peer, WatchedZipper } from '../support/yomo-flow';

interface FlowNode {
  readonly id: string;
  readonly type: string;
  readonly host?: string;
  readonly port?: number;
  readonly once?: boolean;
}

/** What the original's source wrote for a noise of 160.37559509277344 at 127.0.0.1. */
const PAYLOAD = '811b90191104432060271206aef3d2ccae6013093132372e302e302e31';
const [READING, RESULT, FAILURE, ORIGINAL, PRINTED] = [0x33, 0x34, 0x35, 0x10, 0x36] as const;

const example = JSON.parse(readFileSync(join(repository, 'examples', 'yomo.json'), 'utf8')) as FlowNode[];

/** The example at another zipper, without the readings of its sensor. */
function flowsFor(port: number): FlowNode[] {
  return example.map((node) => {
    if (node.type === 'yomo-zipper') return { ...node, host: '127.0.0.1', port };
    return node.type === 'inject' ? { ...node, once: false, repeat: '' } : node;
  });
}

describe('the example over YoMo', () => {
  let zipper: WatchedZipper;
  let nodeRed: NodeRed;
  let peer: Peer;

  before(async () => {
    zipper = await WatchedZipper.start();
    nodeRed = await NodeRed.start({ flows: flowsFor(zipper.port) });
    peer = await Peer.join(zipper.port, { kind: 'function', observe: [RESULT, FAILURE, ORIGINAL, PRINTED] });
    await zipper.untilJoined('noise', 'noise-2021', 'noise-sink');
  });
  after(async () => {
    await peer.close();
    await nodeRed.stop();
    await zipper.stop();
  });

  async function press(name: string): Promise<void> {
    const button = example.find((node) => node.type === 'inject' && 'name' in node && node.name === name);
    await nodeRed.fetch(`/inject/${button?.id ?? ''}`, { method: 'POST' });
  }

  test('names a zipper at localhost:9000', () => {
    const node = example.find(({ type }) => type === 'yomo-zipper');
    assert.deepEqual([node?.host, node?.port], ['localhost', 9000]);
  });

  test('triples what the sensor writes, over the connection of the stream function', async () => {
    await press('every 100 ms');
    const text = await eventually('a result', () => peer.payloads(RESULT)[0]);
    const reading = zipper.written.find(({ tag }) => tag === READING);
    const { noise } = JSON.parse(reading?.payload ?? '{}') as { noise: number };
    assert.equal(Number(text), 3 * noise);
    const result = zipper.written.find(({ tag }) => tag === RESULT);
    assert.deepEqual(zipper.idsOf('noise'), [result?.from]);
    assert.ok(reading !== undefined && zipper.idsOf('noise-sink').includes(reading.from));
  });

  test('metadata of whoever wrote the reading comes out with the result', async () => {
    const before = peer.frames.length;
    await peer.write(READING, '{"noise": 7}', { plant: 'north' });
    const frame = await eventually('the result', () => peer.frames.slice(before).find(({ tag }) => tag === RESULT));
    assert.deepEqual([String(frame.payload), frame.metadata.get('plant')], ['21', 'north']);
  });

  test('what fails is written as text', async () => {
    await peer.write(READING, '{"loudness": 7}');
    const text = await eventually('the error', () => peer.payloads(FAILURE)[0]);
    assert.match(text, /f64/);
  });

  test('the payload of 2021 is read as its flow read it, and as it was written', async () => {
    await press('once');
    await eventually('both lines', () => peer.payloads(PRINTED).length >= 2);
    assert.deepEqual(peer.payloads(PRINTED), [
      '+6.913980e+015  read as float64, as in 2021',
      '+4.811268e+002  read as float32, as it was written',
    ]);
    const payload = peer.frames.find(({ tag }) => tag === ORIGINAL)?.payload ?? new Uint8Array(0);
    assert.equal(Buffer.from(payload).toString('hex'), PAYLOAD);
  });

  test('another of the original’s payloads gives its number, too', async () => {
    // 165.40342712402344 at another time
    const before = peer.payloads(PRINTED).length;
    const bytes = Buffer.from(PAYLOAD.replace('43206027', '43256747'), 'hex');
    const outside = await Peer.join(zipper.port);
    await outside.write(ORIGINAL, bytes);
    await eventually('both lines', () => peer.payloads(PRINTED).length >= before + 2);
    assert.match(peer.payloads(PRINTED)[before] ?? '', /^\+9\.036794e\+015 /);
    assert.match(peer.payloads(PRINTED)[before + 1] ?? '', /^\+4\.962103e\+002 /);
    await outside.close();
  });
});
