/** How a yomo-sink sends a message, by the protocol of its zipper. */
import type { Node } from 'node-red';
import { encodePayload } from '../../payload/format';
import type { YomoClient, YomoFrame } from '../../yomo/client';
import { metadataOf, toFrame } from '../../yomo/message';
import type { ToolClient } from '../../yomo/v2/client';
import { toCall, type CallSettings } from '../../yomo/v2/message';
import type { IncomingMessage } from '../bridge/answer';
import { toCatchable } from '../catchable-error';
import type { ToolZipper } from '../yomo-zipper/tool-zipper';
import type { Zipper } from '../yomo-zipper/zipper';
import { clientName } from '../yomo-zipper/zipper-node';
import type { NamedCallSettings, NamedSinkSettings } from './configuration';

export interface Writer {
  /** The node's own connection. */
  readonly client: YomoClient | ToolClient;
  /** Resolves when the node is done with the message. @throws as Catch nodes are to see it */
  write(message: IncomingMessage): Promise<void>;
  /** Resolves when nothing of the connection is left. */
  close(): Promise<void>;
}

/** Protocol v1: frames, as a source or, for what came from a stream function, as that. */
export function frameWriter(node: Node, settings: NamedSinkSettings, zipper: Zipper): Writer {
  const client = zipper.source(clientName(settings.appName, node));
  const warnOfMetadata = metadataWarning(node);
  return {
    client,
    close: () => client.close(),
    write: async (message) => {
      let frame: YomoFrame | undefined;
      try {
        frame = toFrame(message, settings);
        warnOfMetadata(message.metadata);
        // What came in by a stream function goes out as its result.
        await (zipper.functionOf(message._session) ?? client).send(frame);
      } catch (error) {
        const tag = frame?.tag ?? settings.tag;
        throw toCatchable(error, { zipper: zipper.endpoint, ...(tag === undefined ? {} : { tag }) });
      }
    },
  };
}

/** Protocol v2: the answer to the request that a message came with, or else a call of another tool. */
export function toolCaller(node: Node, settings: NamedCallSettings, zipper: ToolZipper): Writer {
  // Names have to be different, or clients would take each other's place.
  const { client, leave } = zipper.caller(node, settings.appName || `${clientName('', node)}-${node.id}`);
  return {
    client,
    close: leave,
    write: async (message) => {
      try {
        if (!(await answer(message, settings, zipper))) await client.call(toCall(message, settings));
      } catch (error) {
        throw toCatchable(error, { zipper: zipper.endpoint });
      }
    },
  };
}

/** @returns false where the message came with no request of this zipper */
async function answer(message: IncomingMessage, { format }: CallSettings, zipper: ToolZipper): Promise<boolean> {
  const request = zipper.requestOf(message._session);
  if (request === undefined) return false;
  try {
    await request.answer(encodePayload(message.payload, format));
  } catch (error) {
    // Whoever waits is told as well.
    const catchable = toCatchable(error, { zipper: zipper.endpoint });
    await request.fail((catchable as { readonly code?: string }).code ?? '');
    throw catchable;
  }
  return true;
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
