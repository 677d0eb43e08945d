/** What a Catch node gets of each kind of error. */
import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { ERROR_CODES, type ErrorCode } from '#dist/host/errors';
import { type CaughtError, Flow } from '../support/flow';
import { guestFile } from '../support/guests';

/** Codes of ABIs that this version does not call: nothing provokes them. */
const NOT_YET: readonly ErrorCode[] = ['exit'];

interface Provocation {
  readonly code: ErrorCode;
  readonly title: string;
  /** Properties of the node. */
  readonly node: Readonly<Record<string, unknown>>;
  readonly payload?: unknown;
  readonly message?: Readonly<Record<string, unknown>>;
  /** Messages sent; the error of the last is looked at. */
  readonly times?: number;
  /** Whether the node is being closed when the message comes. */
  readonly closes?: boolean;
  readonly cause: Readonly<Record<string, unknown>>;
  /** The part of the message that says what to do. */
  readonly remedy: RegExp;
}

const wat = (name: string, exported: string) => ({ file: guestFile(`wat/${name}`), export: exported });
const rust = (exported: string, signature: string, more: object = {}) => ({
  file: guestFile('rust-bindgen/guest'),
  export: exported,
  signature,
  ...more,
});

const PROVOCATIONS: readonly Provocation[] = [
  {
    code: 'file',
    title: 'a file that is not there',
    node: { file: 'missing.wasm', export: 'f' },
    cause: { file: 'missing.wasm', export: 'f' },
    remedy: /Check the path, or put the module there/,
  },
  {
    code: 'file',
    title: 'no file at all',
    node: {},
    cause: { file: '' },
    remedy: /Name a \.wasm file in the node's properties/,
  },
  {
    code: 'file',
    title: 'an environment variable that is not set',
    node: { file: 'NO_SUCH_MODULE', fileType: 'env' },
    cause: { file: '${NO_SUCH_MODULE}' },
    remedy: /Set it for Node-RED, the flow or the group/,
  },
  {
    code: 'file',
    title: 'a message that names no file',
    node: { file: 'wasm', fileType: 'msg' },
    cause: { file: 'msg.wasm' },
    remedy: /^msg\.wasm, which is to name the module, is undefined; text is needed/,
  },
  {
    code: 'file',
    title: 'a message that names a file that is not there',
    node: { file: 'wasm', fileType: 'msg', export: 'f' },
    message: { wasm: 'missing.wasm' },
    cause: { file: 'missing.wasm', export: 'f' },
    remedy: /^The file that msg\.wasm names, "missing\.wasm", is not in ".*Check the path, or put the module there/,
  },
  {
    code: 'file',
    title: 'a flow that names no file',
    node: { file: 'module.path', fileType: 'flow' },
    cause: { file: 'flow.module.path' },
    remedy: /^flow\.module\.path, which is to name the module, is undefined/,
  },
  {
    code: 'file',
    title: 'a context store that names no file',
    node: { file: '#:(default)::path', fileType: 'global' },
    cause: { file: 'global.path of the store "default"' },
    remedy: /^global\.path of the store "default", which is to name the module, is undefined/,
  },
  {
    code: 'module',
    title: 'a file that is no module',
    node: { file: `${guestFile('wat/add').slice(0, -'.wasm'.length)}.wat`, export: 'add' },
    cause: { file: `${guestFile('wat/add').slice(0, -'.wasm'.length)}.wat`, export: 'add' },
    remedy: /^"add\.wat": This is WebAssembly text .*(?:wat2wasm|wasm-tools)/,
  },
  {
    code: 'module',
    title: 'a property that cannot be understood',
    node: { file: 'add.wasm', timeout: 'soon' },
    cause: { file: 'add.wasm' },
    remedy: /^(?!"add).*Correct it in the node's properties and deploy again/,
  },
  {
    code: 'abi',
    title: 'imports that nothing supplies',
    node: wat('imports', 'run'),
    cause: wat('imports', 'run'),
    remedy: /Build it /,
  },
  {
    code: 'export',
    title: 'an export that is not there',
    node: wat('loop', 'nope'),
    cause: wat('loop', 'nope'),
    remedy: /^"loop\.wasm": The module exports no "nope"\. Choose one of its functions: "spin", "ok"\./,
  },
  {
    code: 'arguments',
    title: 'a payload that is no number',
    node: wat('triple', 'triple'),
    payload: 'three',
    cause: { ...wat('triple', 'triple'), signature: 'triple (f64) → f64' },
    remedy: /Convert it before this node/,
  },
  {
    code: 'arguments',
    title: 'an input that cannot be read',
    node: { ...wat('triple', 'triple'), inputType: 'jsonata', input: '$number("x")' },
    cause: wat('triple', 'triple'),
    remedy: /Check where the node reads it/,
  },
  {
    code: 'result',
    title: 'a result that is not of the kind asked for',
    node: rust('greet', '(string) -> string', { result: 'number' }),
    payload: 'world',
    cause: rust('greet', '(string) → string'),
    remedy: /choose another kind of result/,
  },
  {
    code: 'result',
    title: 'an output that nothing can be put into',
    node: { ...wat('triple', 'triple'), output: 'topic.x' },
    payload: 1,
    message: { topic: 'text' },
    cause: wat('triple', 'triple'),
    remedy: /Choose another output property/,
  },
  {
    code: 'trap',
    title: 'a trap',
    node: wat('trap', 'unreachable'),
    cause: { ...wat('trap', 'unreachable'), signature: 'unreachable () → ()' },
    remedy: /in "[^"]+".*Mend it there, or keep such input from it/,
  },
  {
    code: 'trap',
    title: 'a recursion without end',
    node: wat('recurse', 'recurse'),
    payload: 0,
    cause: { ...wat('recurse', 'recurse'), signature: 'recurse (i32) → i32' },
    remedy: /Bound the recursion/,
  },
  {
    code: 'timeout',
    title: 'a call that does not end',
    node: { ...wat('loop', 'spin'), timeout: 0.05 },
    cause: { ...wat('loop', 'spin'), signature: 'spin () → ()' },
    remedy: /or raise the time-out/,
  },
  {
    code: 'memory',
    title: 'a guest that wants more memory than it may have',
    node: { ...wat('grow', 'exhaust'), memory: 1 },
    cause: { ...wat('grow', 'exhaust'), signature: 'exhaust () → ()' },
    remedy: /Raise the memory limit/,
  },
  {
    code: 'guest',
    title: 'a panic of Rust',
    node: rust('fail', '(string) -> ()'),
    payload: 'out of cheese',
    cause: { ...rust('fail', '(string) → ()'), guest: /^panicked at src\/lib\.rs:\d+:\d+:\nout of cheese$/ },
    // the guest's own words are all there is to say
    remedy: /^The function failed: panicked at/,
  },
  {
    code: 'guest',
    title: 'an Err of Rust',
    node: rust('parse', '(string) -> string'),
    payload: 'x',
    cause: { ...rust('parse', '(string) → string'), guest: 'invalid digit found in string' },
    remedy: /^The function failed: invalid digit/,
  },
  {
    code: 'guest',
    title: 'an abort of AssemblyScript',
    node: { file: guestFile('assemblyscript-numbers/numbers'), export: 'checked' },
    payload: -1,
    cause: {
      file: guestFile('assemblyscript-numbers/numbers'),
      export: 'checked',
      signature: 'checked (i32) → i32',
      guest: /^negative: not today \(.*:\d+:\d+\)$/,
    },
    remedy: /^The function failed: negative: not today/,
  },
  {
    code: 'queue',
    title: 'more messages than may wait',
    node: { ...wat('loop', 'spin'), queue: 1, timeout: 0.5 },
    times: 4,
    cause: wat('loop', 'spin'),
    remedy: /or raise the queue limit or the concurrency/,
  },
  {
    code: 'permission',
    title: 'a path that leads out',
    node: { file: 'wasm', fileType: 'msg', export: 'f' },
    message: { wasm: '/etc/passwd' },
    cause: { file: '/etc/passwd', export: 'f' },
    remedy: /name its folder in wasmFunctionRoots in settings\.js/,
  },
  {
    code: 'closed',
    title: 'a node that closes',
    node: wat('loop', 'ok'),
    closes: true,
    cause: wat('loop', 'ok'),
    remedy: /Send the message again/,
  },
];

async function provoke(flow: Flow, { payload, message, times = 1, closes }: Provocation): Promise<CaughtError> {
  const closed = closes === true ? flow.node.close() : undefined;
  // what comes within the turn in which the close begins is still called
  if (closes === true) await new Promise((resolve) => setImmediate(resolve));
  let id = '';
  for (let index = 0; index < times; index++) id = flow.send({ payload, ...message });
  const { error } = await flow.outcome(id);
  await closed;
  assert.ok(error !== undefined, 'no error was caught');
  return error;
}

function assertCause(actual: CaughtError['cause'], expected: Provocation['cause']): void {
  assert.deepEqual(Object.keys(actual ?? {}).sort(), Object.keys(expected).sort());
  for (const [name, value] of Object.entries(expected)) {
    if (value instanceof RegExp) assert.match(String(actual?.[name]), value);
    else if (name === 'signature') assert.ok(String(actual?.[name]).endsWith(String(value)), String(actual?.[name]));
    else assert.equal(actual?.[name], value);
  }
}

describe('what Catch gets', () => {
  let flow: Flow | undefined;
  afterEach(async () => {
    await flow?.unload();
    flow = undefined;
  });

  for (const provocation of PROVOCATIONS) {
    test(`${provocation.code}: ${provocation.title}`, async () => {
      flow = await Flow.load(provocation.node);
      const error = await provoke(flow, provocation);
      assert.equal(error.code, provocation.code);
      assert.match(error.message, provocation.remedy);
      assert.doesNotMatch(error.message, /^\w*Error: /, 'the class is no part of the sentence');
      assertCause(error.cause, provocation.cause);
    });
  }

  test('every code is here', () => {
    const provoked = new Set<string>([...PROVOCATIONS.map(({ code }) => code), ...NOT_YET]);
    assert.deepEqual(
      ERROR_CODES.filter((code) => !provoked.has(code)),
      [],
    );
  });
});
