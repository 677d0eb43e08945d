/** The broker inside Node-RED: the imported example on a free port, and what is said where the port is taken. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Mosquitto, mosquittoMissing } from '../support/mosquitto';
import { Probe } from '../support/mqtt';
import { payloadsOn, type FlowNode } from '../support/mqtt-flow';
import { NodeRed, eventually, freePort, repository } from '../support/node-red';

/** The example's flow with its connection on another port. */
async function importExample(port: number): Promise<FlowNode[]> {
  const text = await readFile(join(repository, 'examples', 'flows.json'), 'utf8');
  return (JSON.parse(text) as FlowNode[]).map((node) => {
    return node.type === 'mqtt-connection' ? { ...node, url: `mqtt://127.0.0.1:${String(port)}` } : node;
  });
}

/** Prints every status of the example's nodes to Node-RED's output. */
function withStatusLog(example: readonly FlowNode[]): FlowNode[] {
  const z = example.find(({ type }) => type === 'tab')?.id;
  return [
    ...example,
    { id: 'status', type: 'status', z, x: 100, y: 500, scope: null, wires: [['log']] },
    { id: 'log', type: 'debug', z, x: 300, y: 500, active: true, console: true, complete: 'true', wires: [] },
  ];
}

/** Levels and results that follow each other to be taken for the flow's. */
const COUNT = 5;

/**
 * Whether the results are those of the levels, from some point on: of the first levels there is no result where the probe
 * was subscribed before the flow's source, and of the first results no level where it was the other way round.
 */
function isThreeTimes(levels: readonly number[], results: readonly number[]): boolean {
  const matches = (level: number, result: number): boolean => {
    const found = results.slice(result, result + COUNT);
    return found.length === COUNT && found.every((each, index) => each === (levels[level + index] ?? NaN) * 3);
  };
  return levels.some((_, level) => matches(level, 0)) || results.some((_, result) => matches(0, result));
}

/** Listens to the example's topics: its results are three times what its sensor publishes, one by one. */
async function resultsArrive(url: string): Promise<void> {
  const probe = await eventually('a broker answers', () => Probe.connect(url, {}, '+/noise'));
  try {
    const levels = () =>
      payloadsOn(probe, 'sensors/noise').map((text) => (JSON.parse(text) as { noise: number }).noise);
    const results = () => payloadsOn(probe, 'results/noise').map(Number);
    await eventually('results', () => isThreeTimes(levels(), results()));
  } finally {
    await probe.end();
  }
}

describe('the embedded broker', () => {
  let nodeRed: NodeRed;

  before(async () => {
    nodeRed = await NodeRed.start({ flows: [] });
  });
  after(() => nodeRed.stop());

  test('runs the imported example: three times each noise level comes out', async () => {
    const port = await freePort();
    await nodeRed.deploy(await importExample(port));
    await resultsArrive(`mqtt://127.0.0.1:${String(port)}`);
  });

  test('tells that its port is taken and starts once it is free', { skip: mosquittoMissing }, async () => {
    const other = await Mosquitto.start();
    const before = nodeRed.output.length;
    const output = () => nodeRed.output.slice(before);
    try {
      await nodeRed.deploy(withStatusLog(await importExample(other.port)));
      for (const type of ['mqtt-source', 'mqtt-sink']) {
        await eventually(`${type} shows it`, () => output().includes(`text: '${type}.status.embedded'`));
      }
      const reason = `\\[mqtt-connection:embedded broker\\] Port ${String(other.port)} on 127.0.0.1 is taken`;
      assert.match(output(), new RegExp(`${reason}.* switch the embedded broker off .* another port`));
    } finally {
      await other.stop();
    }
    await resultsArrive(other.url);
  });
});
