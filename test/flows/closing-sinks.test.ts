/** What becomes of messages that wait in a sink whose zipper or broker is away, when the flow is deployed. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { FlowNode } from '../support/mqtt-flow';
import { eventually, freePort, NodeRed } from '../support/node-red';
import { sinkNode, zipperNode } from '../support/yomo-flow';

const place = { z: 'tab', x: 100, y: 100, wires: [] };
const MESSAGES = 3;

/** Three messages for each sink as soon as the flow starts, and a Catch node. */
function flowOf(port: number): FlowNode[] {
  return [
    { id: 'tab', type: 'tab' },
    zipperNode({ port }),
    { id: 'broker', type: 'mqtt-connection', url: `mqtt://127.0.0.1:${String(port)}` },
    { ...place, id: 'inject', type: 'inject', once: true, onceDelay: 0, props: [], wires: [['three']] },
    {
      ...place,
      id: 'three',
      type: 'function',
      func: `for (let i = 0; i < ${String(MESSAGES)}; i++) node.send({ payload: i }); node.log('three are sent');`,
      outputs: 1,
      wires: [['yomo', 'mqtt']],
    },
    sinkNode('yomo', 1),
    { ...place, id: 'mqtt', type: 'mqtt-sink', connection: 'broker', topic: 'out' },
    { ...place, id: 'catch', type: 'catch', wires: [['caught']] },
    { ...place, id: 'caught', type: 'function', func: 'node.log(`caught ${msg.error.code}`);' },
  ];
}

describe('messages that wait in sinks during a deploy', () => {
  let nodeRed: NodeRed;
  let nodes: FlowNode[];
  before(async () => {
    nodes = flowOf(await freePort());
    nodeRed = await NodeRed.start({ flows: nodes });
  });
  after(() => nodeRed.stop());

  const count = (line: RegExp): number => nodeRed.output.split('\n').filter((text) => line.test(text)).length;

  test('of everything are counted in the log by each sink, since the Catch node closes with them', async () => {
    await eventually('the messages wait', () => count(/three are sent/) === 1);
    await nodeRed.deploy(nodes);
    for (const type of ['yomo', 'mqtt']) {
      const line = new RegExp(
        `\\[warn\\] \\[${type}-sink:.*\\] ${String(MESSAGES)} messages waited in the node when it closed`,
      );
      assert.equal(count(line), 1, type);
    }
    assert.equal(count(/caught/), 0);
  });

  test('of their sinks alone go to Catch as well', async () => {
    await eventually('the messages wait', () => count(/three are sent/) === 2);
    const changed = nodes.map((node) => (node.id === 'yomo' ? { ...node, name: 'changed' } : node));
    await nodeRed.deploy(changed, 'nodes');
    await eventually('each is caught', () => count(/caught closed/) === MESSAGES);
    assert.equal(count(/\[warn\] \[yomo-sink:.*3 messages waited/), 2);
  });
});
