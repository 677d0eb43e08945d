import type { IPublishPacket } from 'mqtt';
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { InFlight, MAX_WAITING_BYTES, MAX_WAITING_MESSAGES, type Delivery } from '#dist/mqtt/in-flight';

describe('messages in flight', () => {
  let started: Delivery[];
  let sent: number[];
  let isOpen: boolean;
  let holds: boolean[];
  let inFlight: InFlight;

  beforeEach(() => {
    started = [];
    sent = [];
    isOpen = true;
    holds = [];
    inFlight = new InFlight({
      limit: 3,
      start: (delivery) => started.push(delivery),
      acknowledge: (packetId) => {
        if (isOpen) sent.push(packetId);
        return isOpen;
      },
      hold: (isHeld) => holds.push(isHeld),
    });
    inFlight.connected(false);
  });

  const packet = (messageId: number, payload: string, qos: 0 | 1 | 2 = 1): IPublishPacket => ({
    cmd: 'publish',
    topic: 't',
    payload: Buffer.from(payload),
    messageId,
    qos,
    retain: false,
    dup: false,
  });
  const payloads = () => started.map(({ packet: { payload } }) => String(payload));
  const reconnect = (sessionPresent: boolean) => {
    inFlight.disconnected();
    inFlight.connected(sessionPresent);
  };

  test('acknowledgements leave in the order of the messages', () => {
    for (const id of [7, 3, 5]) inFlight.received(packet(id, String(id)));
    started[2]!.acknowledge();
    started[1]!.acknowledge();
    assert.deepEqual(sent, []);
    started[0]!.acknowledge();
    assert.deepEqual(sent, [7, 3, 5]);
  });

  test('a second acknowledgement of a message does nothing', () => {
    inFlight.received(packet(1, 'a'));
    started[0]!.acknowledge();
    inFlight.received(packet(1, 'b'));
    started[0]!.acknowledge();
    assert.deepEqual(sent, [1]);
    assert.equal(inFlight.running, 1);
  });

  test('no more than the limit run', () => {
    for (const id of [1, 2, 3, 4, 5]) inFlight.received(packet(id, String(id)));
    assert.deepEqual(payloads(), ['1', '2', '3']);
    started[1]!.acknowledge();
    started[0]!.abandon();
    assert.deepEqual(payloads(), ['1', '2', '3', '4', '5']);
  });

  test('QoS 0 is handed over at once and not counted', () => {
    for (const id of [1, 2, 3]) inFlight.received(packet(id, String(id)));
    inFlight.received(packet(0, 'zero', 0));
    assert.equal(payloads().at(-1), 'zero');
    started.at(-1)!.acknowledge();
    assert.deepEqual(sent, []);
  });

  test('a running message that comes again is acknowledged once it ends', () => {
    inFlight.received(packet(1, 'a'));
    reconnect(true);
    inFlight.received(packet(1, 'a'));
    assert.deepEqual(payloads(), ['a']);
    assert.deepEqual(sent, []);
    started[0]!.acknowledge();
    assert.deepEqual(sent, [1]);
  });

  test('a message that ended without a connection is acknowledged when it comes again', () => {
    inFlight.received(packet(1, 'a'));
    inFlight.disconnected();
    isOpen = false;
    started[0]!.acknowledge();
    isOpen = true;
    inFlight.connected(true);
    inFlight.received(packet(1, 'a'));
    assert.deepEqual(payloads(), ['a']);
    assert.deepEqual(sent, [1]);
  });

  test('another message under the same identifier runs', () => {
    inFlight.received(packet(1, 'a'));
    reconnect(true);
    inFlight.received(packet(1, 'b'));
    assert.deepEqual(payloads(), ['a', 'b']);
    started[0]!.acknowledge();
    assert.deepEqual(sent, []);
    started[1]!.acknowledge();
    assert.deepEqual(sent, [1]);
  });

  test('in another session the same identifier is another message', () => {
    inFlight.received(packet(1, 'a'));
    reconnect(false);
    started[0]!.acknowledge();
    assert.deepEqual(sent, []);
    inFlight.received(packet(1, 'a'));
    assert.deepEqual(payloads(), ['a', 'a']);
  });

  test('the same packet twice on one connection runs once', () => {
    inFlight.received(packet(1, 'a'));
    inFlight.received(packet(1, 'a'));
    started[0]!.acknowledge();
    assert.deepEqual(payloads(), ['a']);
    assert.deepEqual(sent, [1]);
  });

  test('an acknowledgement that could not be written waits for the next delivery', () => {
    inFlight.received(packet(1, 'a'));
    isOpen = false;
    started[0]!.acknowledge();
    isOpen = true;
    reconnect(true);
    inFlight.received(packet(1, 'a'));
    assert.deepEqual(sent, [1]);
    assert.deepEqual(payloads(), ['a']);
  });

  test('QoS 2: between PUBREC and PUBREL the packet is acknowledged again and does not run', () => {
    inFlight.received(packet(1, 'a', 2));
    started[0]!.acknowledge();
    reconnect(true);
    inFlight.received(packet(1, 'a', 2));
    assert.deepEqual(sent, [1, 1]);
    assert.deepEqual(payloads(), ['a']);
    inFlight.released(1);
    inFlight.received(packet(1, 'a', 2));
    assert.deepEqual(payloads(), ['a', 'a']);
  });

  test('an abandoned message holds nothing back and runs when it comes again', () => {
    for (const id of [1, 2]) inFlight.received(packet(id, String(id)));
    started[0]!.abandon();
    started[1]!.acknowledge();
    assert.deepEqual(sent, [2]);
    reconnect(true);
    inFlight.received(packet(1, '1'));
    assert.deepEqual(payloads(), ['1', '2', '1']);
  });

  test('a message that waits when the connection breaks runs once', () => {
    for (const id of [1, 2, 3, 4]) inFlight.received(packet(id, String(id)));
    reconnect(true);
    for (const id of [1, 2, 3, 4]) inFlight.received(packet(id, String(id)));
    for (const index of [0, 1, 2, 3]) started[index]!.acknowledge();
    assert.deepEqual(payloads(), ['1', '2', '3', '4']);
    assert.deepEqual(sent, [1, 2, 3, 4]);
  });

  test('stopped, it hands over nothing more', () => {
    for (const id of [1, 2, 3, 4]) inFlight.received(packet(id, String(id)));
    inFlight.stop();
    started[0]!.acknowledge();
    assert.deepEqual(payloads(), ['1', '2', '3']);
    assert.deepEqual(sent, [1]);
  });

  test('when too many wait, reading stops until half of them are gone', () => {
    for (let id = 1; id <= MAX_WAITING_MESSAGES + 2; id += 1) inFlight.received(packet(id, 'x'));
    assert.deepEqual(holds, []);
    inFlight.received(packet(2000, 'x'));
    assert.deepEqual(holds, [true]);
    for (let index = 0; index < MAX_WAITING_MESSAGES / 2 - 1; index += 1) started[index]!.acknowledge();
    assert.deepEqual(holds, [true]);
    started.at(-1)!.acknowledge();
    assert.deepEqual(holds, [true, false]);
  });

  test('when too many bytes wait, reading stops too, and on the next connection again', () => {
    const half = 'x'.repeat(MAX_WAITING_BYTES / 2);
    for (const id of [1, 2, 3, 4]) inFlight.received(packet(id, half));
    assert.deepEqual(holds, []);
    inFlight.received(packet(5, half));
    assert.deepEqual(holds, [true]);
    reconnect(false);
    inFlight.received(packet(1, 'x'));
    assert.deepEqual(holds, [true, true]);
    inFlight.stop();
    assert.deepEqual(holds, [true, true, false]);
  });
});
