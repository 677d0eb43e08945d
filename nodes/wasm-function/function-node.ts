import type { Node, NodeAPI } from 'node-red';
import { WasmFunctionError, type ErrorContext } from '../../host/errors';
import { fileNamed } from '../../host/file-named';
import type { HostLimits } from '../../host/limits';
import { logOf } from '../node-log';
import { Activity } from './activity';
import { readConfiguration, type Configuration, type SavedFunction } from './configuration';
import { locateByEnvironment } from './environment-path';
import type { ModulePaths } from './file-path';
import { FixedFunction, FunctionsByPath, type FunctionSource, type StateListener } from './function-source';
import { MessageHandler, type Done, type Send } from './message-handler';
import { createInputReader, createOutputWriter, createPropertyReader, type PropertyReader } from './message-values';
import { migrate } from './migrations';
import type { RuntimeSettings } from './settings';
import type { HostLease, SharedHost } from './shared-host';

/** Milliseconds that messages in flight may take to finish at a redeploy; Node-RED waits 15 s for a node. */
const PATIENCE_MS = 10_000;

type Util = NodeAPI['util'];

export interface NodeServices {
  readonly RED: NodeAPI<RuntimeSettings>;
  readonly hosts: SharedHost;
  readonly paths: ModulePaths;
  readonly limits: HostLimits;
}

/** What a node does between its creation and its close. */
export interface FunctionNode {
  handle(message: Parameters<MessageHandler['handle']>[0], send: Send, done: Done): void;
  close(): Promise<void>;
}

/** A configuration that cannot be understood makes a node that answers every message with the reason. */
export function createFunctionNode(node: Node, saved: SavedFunction, services: NodeServices): FunctionNode {
  const lease = services.hosts.lease();
  const { handler, activity } = createHandler(node, saved, services, lease);
  return {
    handle: (message, send, done) => handler.handle(message, send, done),
    close: async () => {
      activity.close();
      try {
        await handler.close(PATIENCE_MS);
      } finally {
        await lease.release();
      }
    },
  };
}

interface Handling {
  readonly handler: MessageHandler;
  readonly activity: Activity;
}

function createHandler(node: Node, saved: SavedFunction, services: NodeServices, lease: HostLease): Handling {
  const { RED, limits } = services;
  const log = logOf(node);
  try {
    const configuration = readConfiguration(migrate(saved), limits);
    const readInput = createInputReader(RED.util, node, configuration.input);
    const writeOutput = createOutputWriter(RED.util, node, configuration.output);
    const activity = new Activity((status) => node.status(status), configuration.options.concurrency);
    const { functions, readFile } = createFunctions(node, configuration, services, lease, {
      show: (state) => activity.become(state),
      // the log shows no cause
      report: (problem: WasmFunctionError) => log.warn(`${fileNamed(problem)}${problem.message}`),
    });
    const handler = new MessageHandler(RED, node, {
      functions,
      readFile,
      readInput,
      writeOutput,
      fullInput: configuration.input.type === 'full',
      queue: configuration.options.queue,
      context: contextOf(RED.util, configuration),
      activity,
    });
    return { handler, activity };
  } catch (error) {
    if (!(error instanceof WasmFunctionError)) throw error;
    log.warn(error.message);
    return createRefusing(RED, node, error, saved);
  }
}

function createRefusing(
  RED: NodeServices['RED'],
  node: Node,
  error: WasmFunctionError,
  saved: SavedFunction,
): Handling {
  const activity = new Activity((status) => node.status(status));
  activity.become({ kind: 'misconfigured' });
  const handler = new MessageHandler(RED, node, {
    functions: refusing(error),
    readFile: undefined,
    readInput: (_message, callback) => callback(undefined),
    writeOutput: (_message, _value, callback) => callback(undefined),
    fullInput: false,
    queue: Infinity,
    context: { file: typeof saved.file === 'string' ? saved.file : '' },
    activity,
  });
  return { handler, activity };
}

function createFunctions(
  node: Node,
  { file, options }: Configuration,
  { RED, paths }: NodeServices,
  { host }: HostLease,
  listener: StateListener,
): { functions: FunctionSource; readFile: PropertyReader | undefined } {
  const open = (absolute: string) => host.open({ ...options, file: absolute });
  switch (file.type) {
    case 'str':
      return { functions: new FixedFunction(() => paths.locate(file.value), open, listener), readFile: undefined };
    case 'env': {
      const locate = (): Promise<string> => locateByEnvironment(RED, paths, file.value, node);
      return { functions: new FixedFunction(locate, open, listener), readFile: undefined };
    }
    case 'msg':
    case 'flow':
    case 'global': {
      const from = nameOf(RED.util, file.type, file.value);
      const functions = new FunctionsByPath((path) => paths.locateInside(path, from), open, listener);
      const readFile = createPropertyReader(RED.util, node, 'file', { value: file.value, type: file.type });
      return { functions, readFile };
    }
  }
}

/** The file as the node names it, for errors that come before it is found. */
function contextOf(util: Util, { file: { type, value }, options }: Configuration): ErrorContext {
  const named = options.export === '' ? {} : { export: options.export };
  switch (type) {
    case 'str':
      return { file: value, ...named };
    case 'env':
      return { file: `\${${value}}`, ...named };
    case 'msg':
    case 'flow':
    case 'global':
      return { file: nameOf(util, type, value), ...named };
  }
}

/** A property that holds a path, as errors name it: `msg.file`, `flow.file of the store "disk"`. */
function nameOf(util: Util, type: 'msg' | 'flow' | 'global', value: string): string {
  if (type === 'msg') return `msg.${value}`;
  const { key, store } = util.parseContextStore(value);
  return store === undefined ? `${type}.${key}` : `${type}.${key} of the store "${store}"`;
}

function refusing(error: WasmFunctionError): FunctionSource {
  return {
    acquire: () => Promise.reject(error),
    release: () => undefined,
    close: () => Promise.resolve(),
  };
}
