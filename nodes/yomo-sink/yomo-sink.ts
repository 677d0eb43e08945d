import type { Node, NodeAPI } from 'node-red';
import { answerEach, refuseEach } from '../bridge/answer';
import { nodeStatus } from '../bridge/shown-status';
import { SinkStatus } from '../bridge/sink-status';
import {
  showMisconfigured,
  watchStatus,
  zipperOf,
  type AnyZipper,
  type ZipperStatus,
} from '../yomo-zipper/zipper-node';
import { parseCaller, parseSink, type SinkDefinition } from './configuration';
import { frameWriter, toolCaller, type Writer } from './writer';

const register = (RED: NodeAPI): void => {
  function YomoSink(this: Node, definition: SinkDefinition): void {
    RED.nodes.createNode(this, definition);
    try {
      connect(this, writerOf(this, definition, zipperOf(RED, definition.zipper)));
    } catch (error) {
      refuseEach(this, showMisconfigured(RED, this, definition.zipper, error));
    }
  }

  RED.nodes.registerType('yomo-sink', YomoSink);
};

function writerOf(node: Node, definition: SinkDefinition, zipper: AnyZipper): Writer {
  switch (zipper.protocol) {
    case 'v1':
      return frameWriter(node, parseSink(definition), zipper);
    case 'v2':
      return toolCaller(node, parseCaller(definition), zipper);
  }
}

function connect(node: Node, { client, write, close }: Writer): void {
  let waiting = 0;
  const status = new SinkStatus<ZipperStatus>(
    { kind: 'connecting' },
    (shown) => {
      node.status(nodeStatus(shown, node.type));
    },
    () => waiting,
  );
  watchStatus(client, (connection) => {
    status.connection(connection);
  });
  answerEach(node, {
    send: async (message) => {
      waiting += 1;
      try {
        await write(message);
      } finally {
        waiting -= 1;
      }
    },
    release: async () => {
      status.close();
      await close();
    },
  });
  client.open();
}

export = register;
