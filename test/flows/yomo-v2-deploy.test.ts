/** What a deploy of changed nodes means for the callers of a tool of YoMo 2, while messages are on their way. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { FlowNode } from '../support/mqtt-flow';
import { eventually, NodeRed } from '../support/node-red';
import { zipperNode } from '../support/yomo-flow';
import { RealZipper, stopZippers, zipperMissing } from '../support/yomo-v2';

const place = { z: 'tab', x: 100, y: 100 };

/** Messages wait in a node that a deploy does not touch, until one comes by HTTP. */
function flows(zipper: RealZipper, name: string): FlowNode[] {
  return [
    { id: 'tab', type: 'tab' },
    zipperNode(zipper, { protocol: 'v2', name }),
    { ...place, id: 'echo', type: 'yomo-source', zipper: 'zipper', appName: 'echo', wires: [['keep']] },
    {
      ...place,
      id: 'keep',
      type: 'function',
      func: 'const kept = context.get("kept") ?? []; if (msg.req === undefined) kept.push(msg); context.set("kept", kept); node.warn(`kept ${kept.length}`); if (msg.req === undefined) return null; msg.payload = "released"; return [kept, msg];',
      outputs: 2,
      wires: [['out'], ['response']],
    },
    { ...place, id: 'out', type: 'yomo-sink', zipper: 'zipper', name: 'answers', wires: [] },
    { ...place, id: 'request', type: 'http in', url: '/release', method: 'get', wires: [['keep']] },
    { ...place, id: 'response', type: 'http response', wires: [] },
  ];
}

describe('a deploy of changed nodes', { skip: zipperMissing }, () => {
  after(stopZippers);

  test('the answer to a caller of before it is not given to the next one', async () => {
    const zipper = await RealZipper.start();
    const registrations = (): number => zipper.output.split('client_name=echo').length - 1;
    const nodeRed = await NodeRed.start({ flows: flows(zipper, 'one') });
    try {
      await eventually('the tool is there', () => registrations() > 0, 30);
      const first = zipper.call('echo', 'of the first caller');
      await eventually('its message is kept', () => nodeRed.output.includes('kept 1'));
      await deployChanged(nodeRed, flows(zipper, 'two'));
      assert.equal((await first).status, 503);
      await eventually('the tool is back', () => registrations() > 1, 30);
      const second = zipper.call('echo', 'of the second caller');
      await eventually('its message is kept, too', () => nodeRed.output.includes('kept 2'), 30);
      await nodeRed.fetch('/release');
      assert.equal((await second).body.toString(), 'of the second caller');
      assert.match(nodeRed.output, /The request is not open any more/);
    } finally {
      await nodeRed.stop();
    }
  });
});

async function deployChanged(nodeRed: NodeRed, nodes: readonly FlowNode[]): Promise<void> {
  const { status } = await nodeRed.fetch('/flows', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'Node-RED-Deployment-Type': 'nodes' },
    body: JSON.stringify(nodes),
  });
  assert.equal(status, 204);
}
