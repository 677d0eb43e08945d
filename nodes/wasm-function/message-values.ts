/** Where an argument is read from and a result is put, through Node-RED's own typed properties. */
import type { Node, NodeAPI, NodeMessage } from 'node-red';
import { messageOf, WasmFunctionError } from '../../host/errors';
import { misconfigured, type InputType, type OutputType, type TypedProperty } from './configuration';

/** Called exactly once and never throws: Node-RED calls again where a callback throws. */
export type Callback<T> = (error: WasmFunctionError | undefined, value?: T) => void;
export type PropertyReader = (message: NodeMessage, callback: Callback<unknown>) => void;
export type PropertyWriter = (message: NodeMessage, value: unknown, callback: Callback<void>) => void;

type Util = NodeAPI['util'];

/**
 * What must be prepared (an expression, constant JSON) is prepared once, here.
 * @throws WasmFunctionError `module` where it cannot be understood
 */
export function createInputReader(util: Util, node: Node, { value, type }: TypedProperty<InputType>): PropertyReader {
  switch (type) {
    case 'full':
      return (message, callback) => callback(undefined, message);
    case 'json': {
      if (value.trim() === '') {
        throw misconfigured(
          "The input is to be constant JSON, and is empty. Write a value into the node's properties, or choose another " +
            'input, and deploy again.',
        );
      }
      const constant = understand(() => JSON.parse(value) as unknown, 'input is no JSON');
      return (_message, callback) => callback(undefined, constant);
    }
    case 'jsonata': {
      const expression = understand(() => util.prepareJSONataExpression(value, node), 'input is no JSONata expression');
      return (message, callback) =>
        once('input', callback, (done) => util.evaluateJSONataExpression(expression, message, done));
    }
    case 'msg':
    case 'flow':
    case 'global':
      return createPropertyReader(util, node, 'input', { value, type });
  }
}

/** Reads a property of the message or of context at each message; undefined where it is not there. */
export function createPropertyReader(
  util: Util,
  node: Node,
  name: string,
  { value, type }: TypedProperty<'msg' | 'flow' | 'global'>,
): PropertyReader {
  return (message, callback) =>
    once(name, callback, (done) =>
      util.evaluateNodeProperty(value, type, node, message, (error: Error | null, found?: unknown) => {
        // Node-RED throws for a property of what is not there, but only in messages
        if (error instanceof TypeError && type === 'msg' && endsEarly(util, message, value)) done(null);
        else done(error, found);
      }),
    );
}

/** Whether something on the way to a property of the message is undefined or null. */
function endsEarly(util: Util, message: NodeMessage, expression: string): boolean {
  const path = util.normalisePropertyExpression(expression, message) as (string | number)[];
  let at: unknown = message;
  for (const step of path[0] === 'msg' ? path.slice(1) : path) {
    if (at === undefined || at === null) return true;
    at = (at as Readonly<Record<string | number, unknown>>)[step];
  }
  return false;
}

export function createOutputWriter(util: Util, node: Node, { value, type }: TypedProperty<OutputType>): PropertyWriter {
  if (type === 'msg') {
    return (message, result, callback) =>
      once('output', callback, (done) => {
        const isSet = util.setMessageProperty(message, value, result, true);
        // what is frozen stays as it is without a word
        if (!isSet || !Object.is(util.getMessageProperty(message, value), result)) throw cannotHold(value);
        done(null);
      });
  }
  const { key, store } = util.parseContextStore(value);
  const byMessage = key.includes('[msg');
  return (message, result, callback) =>
    once('output', callback, (done) => {
      const actual = byMessage ? util.normalisePropertyExpression(key, message, true) : key;
      node.context()[type].set(actual, result, store, (error?: Error | null) => done(error ?? null));
    });
}

function cannotHold(property: string): WasmFunctionError {
  return new WasmFunctionError(
    'result',
    `The result could not be put into msg.${property}: something on the way there is no object, or takes no such value. ` +
      'Choose another output property.',
  );
}

/** Turns Node-RED's ways of failing (throwing, an error, a second call) into one answer. */
function once<T>(
  property: string,
  callback: Callback<T>,
  start: (done: (error: Error | null, value?: T) => void) => void,
): void {
  let answered = false;
  const answer = (error: unknown, value?: T): void => {
    if (answered) return;
    answered = true;
    if (error === null || error === undefined) callback(undefined, value);
    else callback(failure(property, error));
  };
  try {
    start(answer);
  } catch (error) {
    answer(error);
  }
}

function failure(property: string, error: unknown): WasmFunctionError {
  if (error instanceof WasmFunctionError) return error;
  return property === 'output'
    ? new WasmFunctionError(
        'result',
        `The result could not be put where the output says (${messageOf(error)}). Choose another output, or another context store.`,
      )
    : notRead(property, error);
}

/** Of a property of the message, or of what the node is told to read. */
export function notRead(property: string, error: unknown): WasmFunctionError {
  return new WasmFunctionError(
    'arguments',
    `The ${property} could not be read (${messageOf(error)}). Check where the node reads it, and what the message carries there.`,
  );
}

function understand<T>(prepare: () => T, what: string): T {
  try {
    return prepare();
  } catch (error) {
    throw misconfigured(`The ${what} (${messageOf(error)}). Correct it in the node's properties and deploy again.`);
  }
}
