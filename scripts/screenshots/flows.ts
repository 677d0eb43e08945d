/** The flows of the pictures, with all that changes by itself made still. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { guestFile } from '../../test/support/guests';
import { repository } from '../../test/support/node-red';

export interface PictureNode {
  readonly id: string;
  readonly type: string;
  readonly name?: string;
  readonly [property: string]: unknown;
}

/** Noise levels as the example's sensor makes them. */
const NOISES = [160.375, 73.5, 121.25, 40.875, 188, 96.125];

const SENSOR = `const count = context.get('count') ?? 0;
context.set('count', count + 1);
msg.payload = { noise: ${JSON.stringify(NOISES)}[count], time: 0, from: 'simulated sensor' };
return msg;`;

/** The example flow; its sensor sends only when it is asked to. */
export function exampleFlow(brokerPort: number): readonly PictureNode[] {
  const nodes = JSON.parse(readFileSync(join(repository, 'examples', 'flows.json'), 'utf8')) as PictureNode[];
  return nodes.map((node) => {
    switch (node.type) {
      case 'mqtt-connection':
        return { ...node, url: `mqtt://127.0.0.1:${String(brokerPort)}` };
      case 'inject':
        return { ...node, once: false, repeat: '86400' };
      case 'function':
        return { ...node, func: SENSOR };
      default:
        return node;
    }
  });
}

/** How often the example's sensor can be asked. */
export const MESSAGES = NOISES.length;

/** On a tab of its own, with the example's connection: a node for each of what can be wrong with a module. */
export function statusFlow(example: readonly PictureNode[]): readonly PictureNode[] {
  const functions = [
    ['triple', { file: guestFile('wat/triple'), export: 'triple' }],
    ['missing file', { file: 'missing.wasm', export: 'run' }],
    ['not a module', { file: join(repository, 'package.json'), export: 'run' }],
    ['other export', { file: guestFile('wat/triple'), export: 'double' }],
    ['needs imports', { file: guestFile('wat/imports'), export: 'run' }],
  ] as const;
  const connection = example.find(({ type }) => type === 'mqtt-connection')?.id;
  return [
    { id: 'states', type: 'tab', label: 'What a status says' },
    ...functions.map(([name, properties], index) => ({
      ...{ id: `function-${String(index)}`, type: 'wasm-function', z: 'states', name, wires: [[]] },
      ...{ x: 140, y: 60 + index * 60, ...properties },
    })),
    {
      id: 'in',
      type: 'mqtt-source',
      z: 'states',
      name: 'in',
      connection,
      topic: 'in',
      x: 370,
      y: 60,
      wires: [[]],
    },
    { id: 'out', type: 'mqtt-sink', z: 'states', name: 'out', connection, topic: 'out', x: 370, y: 120, wires: [] },
  ];
}
