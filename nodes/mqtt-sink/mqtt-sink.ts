import type { Node, NodeAPI } from 'node-red';
import { addressText } from '../../mqtt/address';
import type { Connection, Publisher } from '../../mqtt/connection';
import type { ConnectionStatus } from '../../mqtt/status';
import { toOutgoingMessage, type OutgoingMessage, type SinkSettings } from '../../mqtt/message';
import { answerEach } from '../bridge/answer';
import { SinkStatus } from '../bridge/sink-status';
import { toCatchable } from '../catchable-error';
import { connectionOf, showMisconfigured, showStatus } from '../mqtt-connection/connection-node';
import { parseSink, type SinkDefinition } from './configuration';

const register = (RED: NodeAPI): void => {
  function MqttSink(this: Node, definition: SinkDefinition): void {
    RED.nodes.createNode(this, definition);
    try {
      connect(this, parseSink(definition), connectionOf(RED, definition.connection));
    } catch (error) {
      const reason = showMisconfigured(RED, this, definition.connection, error);
      // A node that cannot work answers every message with the reason.
      answerEach(this, () => Promise.reject(reason));
    }
  }

  function connect(node: Node, settings: SinkSettings, connection: Connection): void {
    let used: Publisher | undefined;
    const status = new SinkStatus<ConnectionStatus>({ kind: 'connecting' }, showStatus(node), () => used?.waiting ?? 0);
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
    answerEach(node, async (message) => {
      let outgoing: OutgoingMessage | undefined;
      try {
        outgoing = toOutgoingMessage(message, settings, protocolVersion);
        await publisher.publish(outgoing);
      } catch (error) {
        throw toCatchable(error, { broker, ...topicOf(outgoing, settings) });
      }
    });
  }

  RED.nodes.registerType('mqtt-sink', MqttSink);
};

function topicOf(outgoing: OutgoingMessage | undefined, settings: SinkSettings): { topic?: string } {
  const topic = outgoing?.topic ?? settings.topic;
  return topic === '' ? {} : { topic };
}

export = register;
