import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Duplex, PassThrough } from 'node:stream';
import { beforeEach, describe, test } from 'node:test';
import { AcknowledgementGate } from '#dist/mqtt/withhold-acknowledgement';

describe('the acknowledgement gate', () => {
  let toBroker: PassThrough;
  let fromBroker: PassThrough;
  let broker: Duplex;
  let gate: AcknowledgementGate;

  beforeEach(() => {
    toBroker = new PassThrough();
    fromBroker = new PassThrough();
    broker = Duplex.from({ writable: toBroker, readable: fromBroker });
    gate = new AcknowledgementGate(broker);
  });

  const written = async (...chunks: number[][]): Promise<number[]> => {
    for (const chunk of chunks) {
      await new Promise((resolve) => {
        gate.write(Buffer.from(chunk), resolve);
      });
    }
    await new Promise(setImmediate);
    return [...((toBroker.read() as Buffer | null) ?? [])];
  };

  const ping = [0xc0, 0];
  const puback = [0x40, 2, 0, 7];
  const pubrec = [0x50, 3, 0, 7, 0];
  const pubcomp = [0x70, 2, 0, 7];
  const publish = [0x30, 0x80, 0x01, ...new Array<number>(128).fill(0x40)];

  test('PUBACK and PUBREC are kept back, everything else passes', async () => {
    assert.deepEqual(await written(ping, puback, pubrec, pubcomp, publish), [...ping, ...pubcomp, ...publish]);
  });

  test('packets that are written in pieces are seen whole', async () => {
    const bytes = [...puback, ...publish, ...pubrec, ...ping];
    assert.deepEqual(await written(...bytes.map((byte) => [byte])), [...publish, ...ping]);
    gate.cork();
    for (const byte of bytes) gate.write(Buffer.from([byte]));
    gate.uncork();
    assert.deepEqual(await written(), [...publish, ...ping]);
  });

  test('acknowledge writes PUBACK or PUBREC', async () => {
    assert.equal(gate.acknowledge(0x1234, 1), true);
    assert.equal(gate.acknowledge(1, 2), true);
    assert.deepEqual(await written(), [0x40, 2, 0x12, 0x34, 0x50, 2, 0, 1]);
  });

  test('what the broker sends is read', async () => {
    fromBroker.write('hello');
    const [chunk] = (await once(gate, 'data')) as [Buffer];
    assert.equal(chunk.toString(), 'hello');
  });

  test('it ends with the connection, and acknowledges nothing after it', async () => {
    const closed = new Promise((resolve) => gate.on('close', resolve));
    gate.on('error', () => undefined);
    broker.destroy(new Error('cut'));
    await closed;
    assert.equal(gate.acknowledge(1, 1), false);
  });

  test('destroying it ends the connection', async () => {
    const closed = new Promise((resolve) => broker.on('close', resolve));
    gate.destroy();
    await closed;
    assert.ok(broker.destroyed);
  });
});
