import { setMaxListeners } from 'node:events';
import type { Node, NodeAPI } from 'node-red';
import type { FlowTracker } from '../../delivery/outcome';
import { flowsOf, trackerFor } from '../../delivery/node-red-tracker';
import type { Connection, Publisher, Subscription } from '../../mqtt/connection';
import { logOf } from '../node-log';
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
    const ends: ((removed: boolean) => unknown)[] = [];
    // Before the first thing that may fail: what was opened until then ends with the node.
    node.on('close', (removed: boolean, done: () => void) => {
      closing.abort();
      void Promise.allSettled(ends.map(async (end) => end(removed))).finally(done);
    });

    const tracker = settings.acknowledge === 'completed' ? openTracker(node) : undefined;
    const flows = tracker ?? flowsOf(RED);
    ends.push(() => flows?.close());
    const deadLetters = settings.deadLetter === '' ? undefined : connection.publisher(() => undefined);
    const uses: Uses = { deadLetters };
    ends.push((removed) => leave(uses, removed));
    const log = logOf(node);
    const receiver: Receiver = new Receiver({
      settings,
      tracker,
      flows,
      signal: closing.signal,
      log,
      newMessageId: () => RED.util.generateId(),
      send: (message) => {
        node.send(message);
      },
      publish: async (message) => deadLetters?.publish(message),
      onDeadLetterRefused: (reason) => {
        status.deadLetterRefused(reason);
      },
    });
    const status = new SourceStatus({
      show: showStatus(node),
      load: () => ({ ...receiver.counts, inFlight: uses.subscription?.inFlight ?? 0 }),
      maxInFlight: settings.maxInFlight,
    });
    ends.push(() => {
      status.close();
    });
    uses.subscription = connection.subscribe({
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
      log,
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

/** A source's shares in its connection. */
interface Uses {
  readonly deadLetters: Publisher | undefined;
  subscription?: Subscription;
}

/** A dead letter that is under way is waited for and its message acknowledged, or both would come again. */
async function leave({ deadLetters, subscription }: Uses, removed: boolean): Promise<void> {
  subscription?.stop();
  try {
    await deadLetters?.release(removed);
  } finally {
    await subscription?.release(removed);
  }
}

export = register;
