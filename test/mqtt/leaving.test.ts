/** Sinks that leave a connection which others go on using, as in a deploy of one node. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { Connection } from '#dist/mqtt/connection';
import { Mosquitto, mosquittoMissing } from '../support/mosquitto';
import { Probe, range, sessionFilters, settingsFor, silentLog } from '../support/mqtt';
import { outgoing, publisherOf, releaseAll } from '../support/mqtt-connection';
import { eventually, freePort } from '../support/node-red';

/** What became of each publication, in order. */
async function fates(publications: readonly Promise<void>[]): Promise<string[]> {
  const results = await Promise.allSettled(publications);
  return results.map((result) =>
    result.status === 'fulfilled' ? 'taken' : String((result.reason as { code?: string }).code),
  );
}

describe('a sink that leaves alone', { skip: mosquittoMissing }, () => {
  let broker: Mosquitto;
  let url: string;
  before(async () => {
    broker = await Mosquitto.start();
    url = broker.url;
  });
  after(() => broker.stop());
  afterEach(releaseAll);

  async function twoPublishers() {
    const connection = new Connection(settingsFor(url), silentLog, sessionFilters);
    const [leaving, staying] = [publisherOf(connection), publisherOf(connection)];
    await eventually('connected', () => leaving.isConnected() && staying.isConnected());
    return { leaving: leaving.publisher, staying: staying.publisher };
  }

  test('waits until the broker has acknowledged what it published, also what waits for its turn', async () => {
    const { leaving, staying } = await twoPublishers();
    const probe = await Probe.connect(url, {}, 'burst');
    let acknowledged = 0;
    const burst = range(100).map(async (index) => {
      await leaving.publish(outgoing('burst', String(index), 2));
      acknowledged += 1;
    });
    assert.ok(leaving.waiting > 0, 'some wait for their turn');
    assert.equal(staying.waiting, 0, 'of its own none');
    await leaving.release(false);
    assert.equal(acknowledged, 100);
    await Promise.all(burst);
    await eventually('all came', () => probe.payloads.length === 100);
    await staying.publish(outgoing('burst', 'still'));
    await probe.end();
  });

  test('does not wait for what others publish', async () => {
    const { leaving, staying } = await twoPublishers();
    let acknowledged = 0;
    const burst = range(400).map(async (index) => {
      await staying.publish(outgoing('others', String(index), 2));
      acknowledged += 1;
    });
    await leaving.release(false);
    assert.ok(acknowledged < 400, 'others are still under way');
    await Promise.all(burst);
  });

  test('publishes nothing more', async () => {
    const { leaving } = await twoPublishers();
    await leaving.release(false);
    await assert.rejects(leaving.publish(outgoing('t', 'late')), { code: 'closed' });
  });

  test('takes back what was not sent, and only that of its own', async () => {
    const port = await freePort();
    const connection = new Connection(settingsFor(`mqtt://127.0.0.1:${String(port)}`), silentLog, sessionFilters);
    const [leaving, staying] = [publisherOf(connection).publisher, publisherOf(connection).publisher];
    const own = range(2).map((index) => leaving.publish(outgoing('back', `own ${String(index)}`)));
    const others = range(2).map((index) => staying.publish(outgoing('back', `other ${String(index)}`)));
    const ownFates = fates(own);
    await leaving.release(false);
    assert.equal(staying.waiting, 2);
    assert.deepEqual(await ownFates, ['closed', 'closed']);

    const late = await Mosquitto.start({ port });
    assert.deepEqual(await fates(others), ['taken', 'taken']);
    assert.doesNotMatch(late.output, /Received PUBLISH[^\n]+\n[^\n]*own/);
    assert.equal(late.output.split('Received PUBLISH').length - 1, 2);
    await late.stop();
  });
});
