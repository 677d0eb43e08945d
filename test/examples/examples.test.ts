/** Each example of the import menu runs in any Node-RED that has the package. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parseTag } from '#dist/yomo/tag';
import { freePort, NodeRed, repository } from '../support/node-red';

interface FlowNode {
  readonly id: string;
  readonly type: string;
  readonly z?: string;
  readonly url?: string;
  readonly info?: string;
  readonly wires?: readonly (readonly string[])[];
}

interface NodeSet {
  readonly module: string;
  readonly types: readonly string[];
  readonly enabled: boolean;
  readonly err?: string;
}

/** Entries of a flow file that are no nodes. */
const STRUCTURE = ['tab', 'group', 'subflow'];
const folder = join(repository, 'examples');
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));

function readExample(file: string): FlowNode[] {
  return JSON.parse(readFileSync(join(folder, file), 'utf8')) as FlowNode[];
}

interface TaggedNode extends FlowNode {
  readonly name?: string;
  readonly tag?: unknown;
  readonly tags?: readonly unknown[];
  readonly props?: readonly { readonly p: string; readonly v?: string }[];
}

/** Tags of YoMo that a flow names, in a node or in a message. */
function tagsIn(nodes: readonly TaggedNode[]): number[] {
  const named = nodes.flatMap(({ type, tag, tags = [], props = [] }) => {
    if (type === 'yomo-sink') return [tag];
    if (type === 'yomo-source') return [...tags];
    return props.filter(({ p }) => p === 'tag').map(({ v }) => v);
  });
  return [...new Set(named.map(parseTag).filter((tag) => tag !== undefined))];
}

describe('examples', () => {
  let nodeRed: NodeRed;
  let types: Set<string>;

  before(async () => {
    nodeRed = await NodeRed.start({ flows: [] });
    const sets = await nodeRed.json<NodeSet[]>('/nodes', { headers: { accept: 'application/json' } });
    types = new Set(sets.filter((set) => set.enabled && set.err === undefined).flatMap((set) => set.types));
  });
  after(() => nodeRed.stop());

  test('there is the one that npm start runs', () => {
    assert.ok(files.includes('flows.json'), files.join(', '));
  });

  test('those over YoMo, imported together, have tags and names of their own', () => {
    const flows = files.filter((file) => file.startsWith('yomo')).map((file) => readExample(file) as TaggedNode[]);
    const tags = flows.flatMap(tagsIn);
    assert.ok(tags.length >= 7, tags.join(', '));
    assert.deepEqual([...new Set(tags)], tags);
    const zippers = flows.flatMap((nodes) => nodes.filter(({ type }) => type === 'yomo-zipper'));
    assert.equal(new Set(zippers.map(({ name }) => name)).size, flows.length);
    for (const { name } of zippers) assert.match(name ?? '', /example/);
  });

  for (const file of files) {
    test(`${file} explains itself and has its wires connected`, () => {
      const nodes = readExample(file);
      const ids = new Set(nodes.map((node) => node.id));
      assert.ok(
        nodes.some((node) => node.type === 'comment' && node.info !== undefined && node.info.length > 80),
        'a comment node that says what the flow does',
      );
      for (const node of nodes) {
        assert.match(node.id, /^[0-9a-f]{16}$/);
        for (const target of node.wires?.flat() ?? []) assert.ok(ids.has(target), `${node.id} is wired to ${target}`);
      }
    });

    test(`${file} has no unknown types and starts`, async () => {
      const nodes = readExample(file);
      const unknown = nodes.filter(({ type }) => !STRUCTURE.includes(type) && !types.has(type)).map(({ type }) => type);
      assert.deepEqual(unknown, []);
      const port = String(await freePort());
      const movedPort = nodes.map((node) => {
        return node.type === 'mqtt-connection' ? { ...node, url: node.url?.replace(/:\d+$/, `:${port}`) } : node;
      });
      await nodeRed.deploy(movedPort);
      assert.equal(nodeRed.exitCode, undefined);
    });
  }
});
