/** Keys and certificates that Node itself cannot read, before anything is connected. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { afterEach, describe, test } from 'node:test';
import { Connection } from '#dist/mqtt/connection';
import { sessionFilters, settingsFor, silentLog } from '../support/mqtt';
import { failureOf, outgoing, publisherOf, releaseAll, subscribe } from '../support/mqtt-connection';
import { freePort } from '../support/node-red';

const NOTHING = '-----BEGIN NOTHING-----';
const locked = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'right' },
}).privateKey;

describe('TLS options that cannot be used', () => {
  afterEach(releaseAll);

  for (const protocol of ['mqtts', 'wss']) {
    for (const [title, tls] of [
      ['a key', { key: NOTHING, cert: NOTHING }],
      ['a certificate', { cert: NOTHING }],
      ['a passphrase', { key: locked, passphrase: 'wrong' }],
      ['a passphrase that is missing', { key: locked }],
    ] as const) {
      test(`${title} (${protocol}): every user of the connection is told, and can leave it`, async () => {
        const url = `${protocol}://127.0.0.1:${String(await freePort())}`;
        const connection = new Connection(settingsFor(url, { tls }), silentLog, sessionFilters);
        const [first, second] = [publisherOf(connection), publisherOf(connection)];
        const source = subscribe(connection, 't');
        for (const { statuses } of [first, second, source]) {
          const { reason, message } = await failureOf(statuses);
          assert.equal(reason, 'tls');
          assert.match(message, /TLS configuration.*\(.+\)/);
        }
        const waiting = assert.rejects(second.publisher.publish(outgoing('t', 'x')), { code: 'closed' });
        await releaseAll();
        await waiting;
      });
    }
  }
});
