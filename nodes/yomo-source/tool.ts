/** A yomo-source of protocol v2: a tool, whose requests the flow answers. */
import { setMaxListeners } from 'node:events';
import type { Node, NodeAPI } from 'node-red';
import { untilFlowsRun } from '../../delivery/deliver';
import { trackerFor } from '../../delivery/node-red-tracker';
import type { SourceFormat } from '../../payload/format';
import { messageOf } from '../../yomo/errors';
import { ANSWER_TIMEOUT } from '../../yomo/limits';
import { toFlowMessage, toRawMessage } from '../../yomo/v2/message';
import type { ToolRequest } from '../../yomo/v2/request';
import { nodeStatus } from '../bridge/shown-status';
import { toCatchable } from '../catchable-error';
import type { ToolZipper } from '../yomo-zipper/tool-zipper';
import { watchStatus } from '../yomo-zipper/zipper-node';

export interface ToolSettings {
  /** By which others call it. */
  readonly name: string;
  readonly format: SourceFormat;
}

export function serveTool(RED: NodeAPI, node: Node, settings: ToolSettings, zipper: ToolZipper): void {
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  const tracker = trackerFor(RED);
  const { client, keep, leave } = zipper.tool(node, settings.name);
  node.on('close', (done: (error?: Error) => void) => {
    closing.abort();
    leave()
      .finally(() => tracker?.close())
      .then(() => {
        done();
      }, done);
  });
  client.onRequest((request) => {
    void give(request);
  });
  watchStatus(client, (status) => {
    node.status(nodeStatus(status, node.type));
  });
  void open();

  /** Somebody may call as soon as the zipper knows the tool, which is not before there is a flow. */
  async function open(): Promise<void> {
    if (tracker !== undefined) await untilFlowsRun(tracker, closing.signal);
    if (!closing.signal.aborted) client.open();
  }

  /** What comes during a deploy waits for its end, as long as its caller does. */
  async function give(request: ToolRequest): Promise<void> {
    if (tracker !== undefined) await untilFlowsRun(tracker, closing.signal);
    if (!request.isOpen) return;
    const _msgid = RED.util.generateId();
    let properties: Record<string, unknown>;
    try {
      properties = toFlowMessage(request, settings.format);
    } catch (error) {
      void request.refuse(400, messageOf(error));
      node.error(toCatchable(error, { zipper: zipper.endpoint }), { _msgid, ...toRawMessage(request) });
      return;
    }
    void follow(_msgid, request);
    node.send({ _msgid, ...properties, _session: keep(request) });
  }

  /** An error that nobody in the flow caught, or a flow that is stopped, is the answer where there is none yet. */
  async function follow(messageId: string, request: ToolRequest): Promise<void> {
    const outcome = await tracker?.follow(messageId, ANSWER_TIMEOUT / 1000);
    if (outcome?.kind === 'failed') await request.fail(outcome.error.code ?? '');
    if (outcome?.kind === 'abandoned')
      await request.refuse(503, 'The flow was stopped or deployed before it answered.');
  }
}
