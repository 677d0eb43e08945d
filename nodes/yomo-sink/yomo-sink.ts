import type { Node, NodeAPI } from 'node-red';
import type { YomoFrame } from '../../yomo/client';
import { metadataOf, toFrame } from '../../yomo/message';
import { answerEach } from '../bridge/answer';
import { nodeStatus } from '../bridge/shown-status';
import { SinkStatus } from '../bridge/sink-status';
import { toCatchable } from '../catchable-error';
import type { Zipper } from '../yomo-zipper/zipper';
import { clientName, showMisconfigured, watchStatus, zipperOf, type ZipperStatus } from '../yomo-zipper/zipper-node';
import { parseSink, type NamedSinkSettings, type SinkDefinition } from './configuration';

const register = (RED: NodeAPI): void => {
  function YomoSink(this: Node, definition: SinkDefinition): void {
    RED.nodes.createNode(this, definition);
    try {
      connect(this, parseSink(definition), zipperOf(RED, definition.zipper));
    } catch (error) {
      const reason = showMisconfigured(RED, this, definition.zipper, error);
      // A node that cannot work answers every message with the reason.
      answerEach(this, () => Promise.reject(reason));
    }
  }

  RED.nodes.registerType('yomo-sink', YomoSink);
};

function connect(node: Node, settings: NamedSinkSettings, zipper: Zipper): void {
  let waiting = 0;
  const own = zipper.source(clientName(settings.appName, node));
  const status = new SinkStatus<ZipperStatus>(
    { kind: 'connecting' },
    (shown) => {
      node.status(nodeStatus(shown, node.type));
    },
    () => waiting,
  );
  node.on('close', (done: (error?: Error) => void) => {
    status.close();
    own.close().then(() => {
      done();
    }, done);
  });
  watchStatus(own, (connection) => {
    status.connection(connection);
  });
  const warnOfMetadata = metadataWarning(node);
  answerEach(node, async (message) => {
    let frame: YomoFrame | undefined;
    waiting += 1;
    try {
      frame = toFrame(message, settings);
      warnOfMetadata(message.metadata);
      // What came in by a stream function goes out as its result.
      await (zipper.functionOf(message._session) ?? own).send(frame);
    } catch (error) {
      const tag = frame?.tag ?? settings.tag;
      throw toCatchable(error, { zipper: zipper.endpoint, ...(tag === undefined ? {} : { tag }) });
    } finally {
      waiting -= 1;
    }
  });
  own.open();
}

/** Once, however many messages have such. */
function metadataWarning(node: Node): (metadata: unknown) => void {
  let hasWarned = false;
  return (metadata) => {
    if (hasWarned || metadataOf(metadata) !== undefined) return;
    hasWarned = true;
    node.warn(
      'msg.metadata is no object of texts, so frames are written without it. Make each of its values a text, or delete it before this node.',
    );
  };
}

export = register;
