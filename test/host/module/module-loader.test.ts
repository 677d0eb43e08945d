import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ModuleLoader } from '#dist/host/module/module-loader';
import type { LoadRequest } from '#dist/host/module/loader-messages';
import { guestFile } from '../../support/guests';

/** Seconds. */
const TIMEOUT = 2;

function request(guest: string): LoadRequest {
  return {
    source: { kind: 'file', file: guestFile(guest) },
    maxFileSize: 1_000_000,
    memoryPages: 16,
    abi: 'auto',
    export: '',
  };
}

test('an answer that comes after its time-out is not taken for that of the next module', async () => {
  const loader = new ModuleLoader(TIMEOUT);
  try {
    const late = assert.rejects(loader.load(request('wat/triple')), { code: 'module', message: /within 2 s/ });
    const next = loader.load(request('wat/loop'));
    // the first answer waits behind this, and the time-out with it
    const end = Date.now() + TIMEOUT * 1000 + 200;
    while (Date.now() < end);
    await late;
    const { inspection } = await next;
    assert.deepEqual(
      inspection.exports.map(({ name }) => name),
      ['spin', 'ok'],
    );
  } finally {
    await loader.close();
  }
});
