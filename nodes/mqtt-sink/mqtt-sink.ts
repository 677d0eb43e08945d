import type { Node, NodeAPI } from 'node-red';
import { addressText } from '../../mqtt/address';
import type { Connection, Publisher } from '../../mqtt/connection';
import type { ConnectionStatus } from '../../mqtt/status';
import { toOutgoingMessage, type OutgoingMessage, type SinkSettings } from '../../mqtt/message';
import { answerEach, refuseEach, type Outlet } from '../bridge/answer';
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
      refuseEach(this, showMisconfigured(RED, this, definition.connection, error));
    }
  }

  function connect(node: Node, settings: SinkSettings, connection: Connection): void {
    let publisher: Publisher | undefined;
    const waiting = (): number => publisher?.waiting ?? 0;
    const status = new SinkStatus<ConnectionStatus>({ kind: 'connecting' }, showStatus(node), waiting);
    try {
      publisher = connection.publisher((connectionStatus) => {
        status.connection(connectionStatus);
      });
    } catch (error) {
      status.close();
      throw error;
    }
    answerEach(node, outletOf(publisher, status, settings, connection.settings));
  }

  RED.nodes.registerType('mqtt-sink', MqttSink);
};

function outletOf(
  publisher: Publisher,
  status: SinkStatus<ConnectionStatus>,
  settings: SinkSettings,
  { address, protocolVersion }: Connection['settings'],
): Outlet {
  const broker = addressText(address);
  return {
    send: async (message) => {
      let outgoing: OutgoingMessage | undefined;
      try {
        outgoing = toOutgoingMessage(message, settings, protocolVersion);
        await publisher.publish(outgoing);
      } catch (error) {
        throw toCatchable(error, { broker, ...topicOf(outgoing, settings) });
      }
    },
    release: (removed) => {
      status.close();
      return publisher.release(removed);
    },
  };
}

function topicOf(outgoing: OutgoingMessage | undefined, settings: SinkSettings): { topic?: string } {
  const topic = outgoing?.topic ?? settings.topic;
  return topic === '' ? {} : { topic };
}

export = register;
