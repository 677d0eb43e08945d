/** How a yomo-sink sends a message, by the protocol of its zipper. */
import { randomUUID } from 'node:crypto';
import type { Node } from 'node-red';
import { encodePayload } from '../../payload/format';
import type { YomoClient, YomoFrame } from '../../yomo/client';
import { MAX_METADATA_WARNINGS } from '../../yomo/limits';
import { toFrame, toOutput, type LeaveOut } from '../../yomo/message';
import { reasonText } from '../../yomo/reason';
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
  const leaveOut = metadataWarning(node);
  return {
    client,
    close: () => client.close(),
    write: async (message) => {
      let frame: YomoFrame | undefined;
      try {
        const streamFunction = zipper.functionOf(message._session);
        frame = (streamFunction === undefined ? toFrame : toOutput)(message, settings, leaveOut);
        await (streamFunction ?? client).send(frame);
      } catch (error) {
        const tag = frame?.tag ?? settings.tag;
        throw toCatchable(error, { zipper: zipper.endpoint, ...(tag === undefined ? {} : { tag }) });
      }
    },
  };
}

/** Protocol v2: the answer to the request that a message came with, or else a call of another tool. */
export function toolCaller(node: Node, settings: NamedCallSettings, zipper: ToolZipper): Writer {
  // Names have to be different, or clients would take each other's place; also those of a copy of the flow elsewhere.
  const { client, leave } = zipper.caller(node, settings.appName || `${clientName('', node)}-${randomUUID()}`);
  const leaveOut = metadataWarning(node);
  return {
    client,
    close: leave,
    write: async (message) => {
      try {
        if (!(await answer(message, settings, zipper))) await client.call(toCall(message, settings, leaveOut));
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

/** Each name once, however many messages have it, and so many names of a node: a flow may make up new ones for ever. */
function metadataWarning(node: Node): LeaveOut {
  const told = new Set<string | undefined>();
  return (name) => {
    if (told.has(name) || told.size >= MAX_METADATA_WARNINGS) return;
    told.add(name);
    if (name === undefined) {
      node.warn(
        'msg.metadata is no object, so nothing goes along with the payload. Make it an object of texts, or delete it before this node.',
      );
    } else {
      node.warn(
        `The entry "${reasonText(name)}" of msg.metadata is no text, number or boolean, so it is left out. Make it a text, or delete it before this node.`,
      );
    }
    if (told.size === MAX_METADATA_WARNINGS) node.warn(NO_MORE_WARNINGS);
  };
}

const NO_MORE_WARNINGS = `${String(MAX_METADATA_WARNINGS)} entries of msg.metadata have been told of as left out; others are left out in silence. Write texts into it only.`;
