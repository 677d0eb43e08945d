import type { Node, NodeAPI } from 'node-red';
import type { Publisher } from '../../mqtt/connection';
import { toOutgoingMessage } from '../../mqtt/message';
import { connectionOf, showStatus } from '../mqtt-connection/connection-node';
import { parseSink, type SinkDefinition } from './configuration';
import { SinkStatus } from './sink-status';

const register = (RED: NodeAPI): void => {
  function MqttSink(this: Node, definition: SinkDefinition): void {
    RED.nodes.createNode(this, definition);
    try {
      connect(this, definition);
    } catch (error) {
      refuseAll(this, error as Error);
    }
  }

  function connect(node: Node, definition: SinkDefinition): void {
    const settings = parseSink(definition);
    const connection = connectionOf(RED, definition.connection);
    let publisher: Publisher | undefined;
    const status = new SinkStatus(showStatus(RED, node), () => publisher?.waiting ?? 0);
    const own = (publisher = connection.publisher((connectionStatus) => {
      status.connection(connectionStatus);
    }));
    node.on('input', (message, _send, done) => {
      publishMessage(message)
        .then(() => {
          done();
        }, done)
        // Node-RED clones the message of an error and throws when it cannot.
        .catch((error: unknown) => {
          node.error(String(error));
        });
    });
    node.on('close', (removed: boolean, done: (error?: Error) => void) => {
      status.close();
      own.release(removed).then(() => {
        done();
      }, done);
    });

    async function publishMessage(message: Record<string, unknown>): Promise<void> {
      await own.publish(toOutgoingMessage(message, settings, connection.settings.protocolVersion));
    }
  }

  /** A node that cannot work answers every message with the reason. */
  function refuseAll(node: Node, reason: Error): void {
    showStatus(RED, node)({ kind: 'failed', reason: 'configuration', message: reason.message });
    node.on('input', (_message, _send, done) => {
      done(reason);
    });
  }

  RED.nodes.registerType('mqtt-sink', MqttSink);
};

export = register;
