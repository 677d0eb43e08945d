import type { Node, NodeAPI } from 'node-red';
import { untilFlowsRun } from '../../delivery/deliver';
import { flowsOf } from '../../delivery/node-red-tracker';
import { nodeStatus } from '../bridge/shown-status';
import { toCatchable } from '../catchable-error';
import type { Zipper } from '../yomo-zipper/zipper';
import { clientName, showMisconfigured, watchStatus, zipperOf } from '../yomo-zipper/zipper-node';
import { parseSource, parseTool, type SourceDefinition, type SourceSettings } from './configuration';
import { Receiver } from './receiver';
import { serveTool } from './tool';

const AWAY =
  'The stream function leaves the zipper, since its node is deployed anew or Node-RED stops. Frames that others write before it joins again go to nobody; deploy modified nodes or flows only to keep it there.';

const register = (RED: NodeAPI): void => {
  function YomoSource(this: Node, definition: SourceDefinition): void {
    RED.nodes.createNode(this, definition);
    try {
      const zipper = zipperOf(RED, definition.zipper);
      switch (zipper.protocol) {
        case 'v1':
          join(this, parseSource(definition), zipper);
          break;
        case 'v2':
          serveTool(RED, this, parseTool(definition), zipper);
          break;
      }
    } catch (error) {
      showMisconfigured(RED, this, definition.zipper, error);
    }
  }

  /** As a stream function of protocol v1. */
  function join(node: Node, settings: SourceSettings, zipper: Zipper): void {
    const closing = new AbortController();
    const flows = flowsOf(RED);
    const receiver = new Receiver({
      format: settings.format,
      session: { type: 'yomo', id: node.id },
      flows,
      limit: zipper.buffer,
      signal: closing.signal,
      newMessageId: () => RED.util.generateId(),
      warn: (text) => {
        node.warn(text);
      },
      send: (message) => {
        node.send(message);
      },
      fail: (error, message) => {
        node.error(toCatchable(error, { zipper: zipper.endpoint, tag: message.tag }), message);
      },
    });
    const { client, leave } = zipper.streamFunction(node.id, {
      name: clientName(settings.appName, node),
      observe: settings.tags,
      target: settings.target,
    });
    node.on('close', (removed: boolean, done: (error?: Error) => void) => {
      if (!removed && client.state.kind === 'connected') node.log(AWAY);
      closing.abort();
      leave()
        .finally(() => {
          receiver.close();
          flows?.close();
        })
        .then(() => {
          done();
        }, done);
    });
    client.onFrame((frame) => {
      receiver.receive(frame);
    });
    watchStatus(client, (status) => {
      node.status(nodeStatus(status, node.type));
    });
    void open();

    /** The zipper sends as soon as it knows the stream function, which is not before there is a flow. */
    async function open(): Promise<void> {
      if (flows !== undefined) await untilFlowsRun(flows, closing.signal);
      if (!closing.signal.aborted) client.open();
    }
  }

  RED.nodes.registerType('yomo-source', YomoSource);
};

export = register;
