import type { Node, NodeAPI } from 'node-red';
import { Connection } from '../../mqtt/connection';
import type { TlsOptions } from '../../mqtt/stream';
import { parseConnection, type ConnectionDefinition } from './configuration';
import type { MqttConnectionNode } from './connection-node';
import { readText } from '../saved-value';

const register = (RED: NodeAPI): void => {
  function MqttConnection(this: MqttConnectionNode, definition: ConnectionDefinition): void {
    RED.nodes.createNode(this, definition);
    try {
      const settings = parseConnection(definition, {
        user: readText('user', this.credentials.user).trim(),
        password: typeof this.credentials.password === 'string' ? this.credentials.password : '',
        tlsOptions: (id) => tlsOptions(RED, id),
        environment: (name) => environment(RED, this, name),
      });
      this.connection = new Connection(settings, {
        info: (text) => {
          this.log(text);
        },
        warn: (text) => {
          this.warn(text);
        },
      });
    } catch (error) {
      this.problem = (error as Error).message;
      this.error(this.problem);
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

/** Node-RED's own tls-config node adds its options to an object. */
function tlsOptions(RED: NodeAPI, id: string): TlsOptions | undefined {
  const node = RED.nodes.getNode(id) as (Node & { addTLSOptions?(options: TlsOptions): TlsOptions }) | null;
  return node?.addTLSOptions?.({});
}

/** Flow and group variables, then the process's. */
function environment(RED: NodeAPI, node: Node, name: string): string | undefined {
  const value: unknown = RED.util.evaluateNodeProperty(name, 'env', node, {});
  return typeof value === 'string' ? value : undefined;
}

export = register;
