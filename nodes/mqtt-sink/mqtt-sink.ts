import type { Node, NodeAPI } from 'node-red';
import { addressText } from '../../mqtt/address';
import type { Connection, Publisher } from '../../mqtt/connection';
import { MqttError } from '../../mqtt/errors';
import { toOutgoingMessage, type OutgoingMessage, type SinkSettings } from '../../mqtt/message';
import { toCatchable } from '../catchable-error';
import { connectionOf, showMisconfigured, showStatus } from '../mqtt-connection/connection-node';
import { parseSink, type SinkDefinition } from './configuration';
import { SinkStatus } from './sink-status';

type Message = Readonly<Record<string, unknown>>;
type Publish = (message: Message) => Promise<void>;

const register = (RED: NodeAPI): void => {
  function MqttSink(this: Node, definition: SinkDefinition): void {
    RED.nodes.createNode(this, definition);
    try {
      connect(this, parseSink(definition), connectionOf(RED, definition.connection));
    } catch (error) {
      const reason = showMisconfigured(RED, this, definition.connection, error);
      // A node that cannot work answers every message with the reason.
      answer(this, () => Promise.reject(reason));
    }
  }

  function connect(node: Node, settings: SinkSettings, connection: Connection): void {
    let used: Publisher | undefined;
    const status = new SinkStatus(showStatus(node), () => used?.waiting ?? 0);
    // Before the first thing that may fail: what was opened until then is released.
    node.on('close', (removed: boolean, done: (error?: Error) => void) => {
      status.close();
      Promise.resolve(used?.release(removed)).then(() => {
        done();
      }, done);
    });
    const publisher = (used = connection.publisher((connectionStatus) => {
      status.connection(connectionStatus);
    }));
    const { address, protocolVersion } = connection.settings;
    const broker = addressText(address);
    answer(node, async (message) => {
      let outgoing: OutgoingMessage | undefined;
      try {
        outgoing = toOutgoingMessage(message, settings, protocolVersion);
        await publisher.publish(outgoing);
      } catch (error) {
        throw error instanceof MqttError ? error.in({ broker, ...topicOf(outgoing, settings) }) : error;
      }
    });
  }

  RED.nodes.registerType('mqtt-sink', MqttSink);
};

function topicOf(outgoing: OutgoingMessage | undefined, settings: SinkSettings): { topic?: string } {
  const topic = outgoing?.topic ?? settings.topic;
  return topic === '' ? {} : { topic };
}

/** Ends each message with `done`, once: with the error, where there is one. */
function answer(node: Node, publish: Publish): void {
  node.on('input', (message, _send, done) => {
    void publish(message as Message)
      .then(
        () => {
          done();
        },
        (error: unknown) => {
          done(toCatchable(error));
        },
      )
      // Node-RED clones the message of an error and throws when it cannot.
      .catch((error: unknown) => {
        node.error(toCatchable(error), { _msgid: message._msgid });
      });
  });
}

export = register;
