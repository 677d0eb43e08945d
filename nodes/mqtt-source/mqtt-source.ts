import { setMaxListeners } from 'node:events';
import type { Node, NodeAPI } from 'node-red';
import type { FlowTracker } from '../../delivery/outcome';
import { trackerFor } from '../../delivery/node-red-tracker';
import type { Connection, Publisher } from '../../mqtt/connection';
import { connectionOf, showMisconfigured, showStatus } from '../mqtt-connection/connection-node';
import { parseSource, type SourceDefinition, type SourceSettings } from './configuration';
import { Receiver } from './receiver';
import { SourceStatus } from './source-status';

const register = (RED: NodeAPI): void => {
  function MqttSource(this: Node, definition: SourceDefinition): void {
    RED.nodes.createNode(this, definition);
    try {
      connect(this, parseSource(definition), connectionOf(RED, definition.connection));
    } catch (error) {
      showMisconfigured(RED, this, definition.connection, error);
    }
  }

  function connect(node: Node, settings: SourceSettings, connection: Connection): void {
    const closing = new AbortController();
    // Every message in the flow waits for it.
    setMaxListeners(0, closing.signal);
    const status = new SourceStatus(showStatus(node));
    const tracker = settings.acknowledge === 'completed' ? openTracker(node) : undefined;
    const deadLetters = settings.deadLetter === '' ? undefined : connection.publisher(() => undefined);
    const receiver = new Receiver({
      settings,
      tracker,
      signal: closing.signal,
      log: {
        warn: (text) => {
          node.warn(text);
        },
        error: (text) => {
          node.error(text);
        },
      },
      newMessageId: () => RED.util.generateId(),
      send: (message) => {
        node.send(message);
      },
      publish: async (message) => deadLetters?.publish(message),
      onDeadLetterRefused: (reason) => {
        status.deadLetterRefused(reason);
      },
    });
    const subscription = connection.subscribe({
      id: node.id,
      filter: settings.filter,
      qos: settings.qos,
      maxInFlight: settings.maxInFlight,
      onDelivery: (delivery) => {
        receiver.receive(delivery);
      },
      onStatus: (connectionStatus) => {
        status.connection(connectionStatus);
      },
      log: {
        info: (text) => {
          node.log(text);
        },
        warn: (text) => {
          node.warn(text);
        },
      },
    });
    node.on('close', (removed: boolean, done: () => void) => {
      closing.abort();
      tracker?.close();
      void release([subscription, deadLetters], removed).finally(done);
    });
  }

  function openTracker(node: Node): FlowTracker | undefined {
    const tracker = trackerFor(RED);
    if (tracker === undefined) {
      node.warn(
        'This runtime does not tell when a flow is done with a message, so messages are acknowledged as received. Run the flow in Node-RED itself for more.',
      );
    }
    return tracker;
  }

  RED.nodes.registerType('mqtt-source', MqttSource);
};

async function release(uses: readonly (Pick<Publisher, 'release'> | undefined)[], removed: boolean): Promise<void> {
  await Promise.allSettled(uses.map((use) => use?.release(removed)));
}

export = register;
