import type { Node, NodeAPI } from 'node-red';
import { join } from 'node:path';
import { Connection } from '../../mqtt/connection';
import { SessionFilters } from '../../mqtt/session-filters';
import type { TlsOptions } from '../../mqtt/stream';
import { logOf } from '../node-log';
import { parseConnection, type ConnectionDefinition } from './configuration';
import { asConfigurationError, type MqttConnectionNode } from './connection-node';
import { readText } from '../saved-value';

const register = (RED: NodeAPI): void => {
  const { userDir } = RED.settings;
  const sessionFilters = new SessionFilters(
    typeof userDir === 'string' ? join(userDir, 'wasm-function', 'mqtt-sessions.json') : undefined,
    (text) => {
      RED.log.warn(text);
    },
  );

  function MqttConnection(this: MqttConnectionNode, definition: ConnectionDefinition): void {
    RED.nodes.createNode(this, definition);
    try {
      const settings = parseConnection(definition, {
        user: readText('user', this.credentials.user).trim(),
        password: readText('password', this.credentials.password),
        tlsOptions: (id) => tlsOptions(RED, id),
        environment: (name) => environment(RED, this, name),
      });
      this.connection = new Connection(settings, logOf(this), sessionFilters);
    } catch (error) {
      this.problem = asConfigurationError(error);
      logOf(this).error(this.problem.message);
    }
    this.on('close', (removed: boolean, done: (error?: Error) => void) => {
      Promise.resolve(this.connection?.close(removed)).then(() => {
        done();
      }, done);
    });
  }

  RED.nodes.registerType('mqtt-connection', MqttConnection, {
    credentials: { user: { type: 'text' }, password: { type: 'password' } },
  });
};

/** Node-RED's tls-config node. */
interface TlsNode extends Node {
  /** False where a file could not be read, which the node has logged; it adds neither certificates nor key then. */
  readonly valid?: boolean;
  addTLSOptions?(options: TlsOptions): TlsOptions;
}

function tlsOptions(RED: NodeAPI, id: string): TlsOptions | 'unusable' | undefined {
  const node = RED.nodes.getNode(id) as TlsNode | null;
  return node?.valid === false ? 'unusable' : node?.addTLSOptions?.({});
}

/** Flow and group variables, then the process's. */
function environment(RED: NodeAPI, node: Node, name: string): string | undefined {
  const value: unknown = RED.util.evaluateNodeProperty(name, 'env', node, {});
  return typeof value === 'string' ? value : undefined;
}

export = register;
