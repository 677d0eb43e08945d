/** Node-RED ends when it is asked to, whatever a guest does. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as op from '../support/instructions';
import { Siege } from '../support/siege';
import { module } from '../support/wasm-builder';

// minutes of filling 64 MiB, without a loop
const fill = [...op.i32(0), ...op.i32(1), ...op.i32(64 << 20), ...op.MEMORY_FILL];
const fills = module({
  memories: [{ minimum: 1024 }],
  functions: [
    {
      export: 'f',
      parameters: ['i32'],
      results: ['i32'],
      body: [...new Array<number[]>(60_000).fill(fill).flat(), ...op.i32(1)],
    },
  ],
});
let siege: Siege;

before(async () => {
  siege = await Siege.start([
    { name: 'fills', module: fills, properties: { export: 'f', abi: 'numeric', timeout: 1 } },
  ]);
});
after(() => siege.nodeRed.kill());

test('SIGTERM ends Node-RED while a function goes on that cannot be interrupted', async () => {
  const answers = await siege.assault(1);
  assert.equal(answers.get('fills')?.code, 'timeout');
  await siege.nodeRed.stop();
  assert.match(siege.nodeRed.output, /Stopped flows/);
  assert.match(siege.nodeRed.output, /does not let its thread end\. Node-RED has stopped/);
});
