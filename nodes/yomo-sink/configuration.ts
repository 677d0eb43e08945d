import type { NodeDef } from 'node-red';
import { SINK_FORMATS } from '../../payload/format';
import type { SinkSettings } from '../../yomo/message';
import { MAX_TAG } from '../../yomo/limits';
import { parseTag } from '../../yomo/tag';
import type { CallSettings } from '../../yomo/v2/message';
import { readChoice, readText, SavedValueError } from '../saved-value';

/** As saved in a flow. */
export interface SinkDefinition extends NodeDef {
  readonly zipper?: unknown;
  readonly appName?: unknown;
  readonly tag?: unknown;
  readonly target?: unknown;
  readonly format?: unknown;
}

export interface NamedCallSettings extends CallSettings {
  /** Blank: one of the node's own. */
  readonly appName: string;
}

export interface NamedSinkSettings extends SinkSettings {
  /** Blank: the node's name. */
  readonly appName: string;
}

/** Of protocol v1. @throws SavedValueError: what is wrong with the definition */
export function parseSink(definition: SinkDefinition): NamedSinkSettings {
  return {
    appName: readText('appName', definition.appName).trim(),
    tag: readTag(definition.tag),
    target: readText('target', definition.target).trim(),
    format: readChoice('format', definition.format, SINK_FORMATS, 'auto'),
  };
}

/** Of protocol v2, which has no tags. @throws SavedValueError: what is wrong with the definition */
export function parseCaller(definition: SinkDefinition): NamedCallSettings {
  return {
    appName: readText('appName', definition.appName).trim(),
    target: readText('target', definition.target).trim(),
    format: readChoice('format', definition.format, SINK_FORMATS, 'auto'),
  };
}

/** Blank leaves it to `msg.tag`. */
function readTag(value: unknown): number | undefined {
  if (readText('tag', value).trim() === '') return undefined;
  const tag = parseTag(value);
  if (tag !== undefined) return tag;
  const expected = `a whole number from 0 to ${String(MAX_TAG)}, such as 51 or 0x33, without 0xF000 to 0xFFFF`;
  throw new SavedValueError('tag', value, expected);
}
