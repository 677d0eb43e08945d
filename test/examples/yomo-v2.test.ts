/** The example over YoMo 2, with a real zipper in the place of the one at localhost:9000. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { eventually, NodeRed, repository } from '../support/node-red';
import { RealZipper, stopZippers, zipperMissing } from '../support/yomo-v2';

interface FlowNode {
  readonly id: string;
  readonly type: string;
  readonly name?: string;
  readonly console?: boolean;
}

const example = JSON.parse(readFileSync(join(repository, 'examples', 'yomo-v2.json'), 'utf8')) as FlowNode[];

/** The example at another zipper, whose debug nodes write into Node-RED's log as well. */
function flowsFor(port: number): FlowNode[] {
  return example.map((node) => {
    if (node.type === 'yomo-zipper') return { ...node, host: '127.0.0.1', port };
    return node.type === 'debug' ? { ...node, console: true } : node;
  });
}

test('the example over YoMo 2 names a zipper of protocol v2 at localhost:9000', () => {
  const zipper = example.find(({ type }) => type === 'yomo-zipper');
  assert.deepEqual(zipper, { ...zipper, host: 'localhost', port: 9000, protocol: 'v2' });
});

describe('the example over YoMo 2', { skip: zipperMissing }, () => {
  let zipper: RealZipper;
  let nodeRed: NodeRed;

  before(async () => {
    zipper = await RealZipper.start();
    nodeRed = await NodeRed.start({ flows: flowsFor(zipper.port) });
    await eventually(
      'all are registered',
      () => ['triple', 'call triple-'].every((name) => zipper.output.includes(`client_name=${name}`)),
      30,
    );
  });
  after(async () => {
    await nodeRed.stop();
    await stopZippers();
  });

  /** Presses a button. @returns what the debug nodes write from then on */
  async function press(name: string, pattern: RegExp): Promise<string> {
    const from = nodeRed.output.length;
    const button = example.find((node) => node.type === 'inject' && node.name === name);
    await nodeRed.fetch(`/inject/${button?.id ?? ''}`, { method: 'POST' });
    return eventually(`after ${name}`, () => {
      const text = nodeRed.output.slice(from);
      return pattern.test(text) ? text : undefined;
    });
  }

  test('the tool answers whoever calls it by HTTP: the triple of 14 is 42', async () => {
    const { status, body } = await zipper.call('triple', '14');
    assert.deepEqual([status, body.toString()], [200, '42']);
  });

  test('the flow calls the tool over the zipper, and is done when it has answered', async () => {
    const text = await press('14', /\[debug:outcome\][^]*_msgid/);
    assert.match(text, /\[debug:the answer\]\s+42\b/);
    assert.doesNotMatch(text, /error:/);
  });

  test('what is no number comes back as the status 500, with the code of its error', async () => {
    const text = await press('fourteen', /status: \d+/);
    assert.match(text, /code: 'tool'/);
    assert.match(text, /status: 500/);
    assert.match(text, /target: 'triple'/);
    assert.match(text, /reason: .*\(arguments\)/);
    assert.doesNotMatch(text, /\[debug:the answer\]/);
  });
});
