import type { NodeDef } from 'node-red';
import { SOURCE_FORMATS, type SourceFormat } from '../../payload/format';
import { YomoError } from '../../yomo/errors';
import { parseTag } from '../../yomo/tag';
import { readChoice, readText, SavedValueError } from '../saved-value';
import type { ToolSettings } from './tool';

/** As saved in a flow. */
export interface SourceDefinition extends NodeDef {
  readonly zipper?: unknown;
  readonly appName?: unknown;
  readonly tags?: unknown;
  readonly target?: unknown;
  readonly format?: unknown;
}

export interface SourceSettings {
  /** Blank: the node's name. */
  readonly appName: string;
  /** Observed; each once. */
  readonly tags: readonly number[];
  /** The wanted target; blank for none. */
  readonly target: string;
  readonly format: SourceFormat;
}

/** Of protocol v1. @throws YomoError `configuration`, SavedValueError: what is wrong with the definition */
export function parseSource(definition: SourceDefinition): SourceSettings {
  return {
    appName: readText('appName', definition.appName).trim(),
    tags: readTags(definition.tags),
    target: readText('target', definition.target).trim(),
    format: readChoice('format', definition.format, SOURCE_FORMATS, 'auto'),
  };
}

/** Of protocol v2. @throws YomoError `configuration`, SavedValueError: what is wrong with the definition */
export function parseTool(definition: SourceDefinition): ToolSettings {
  const name = readText('appName', definition.appName).trim() || readText('name', definition.name).trim();
  if (name === '') {
    throw new YomoError(
      'configuration',
      'No app name is given, by which others call this tool. Set one in the source, and no two the same.',
    );
  }
  return { name, format: readChoice('format', definition.format, SOURCE_FORMATS, 'auto') };
}

/** A single tag need not be in a list. */
function readTags(value: unknown): number[] {
  const saved: unknown[] = Array.isArray(value) ? value : value === undefined || value === '' ? [] : [value];
  if (saved.length === 0) {
    throw new YomoError('configuration', 'No tag to observe is given. Add one in the source, for instance 0x33.');
  }
  return [...new Set(saved.map(readTag))];
}

function readTag(value: unknown): number {
  const tag = parseTag(value);
  if (tag !== undefined) return tag;
  throw new SavedValueError('tags', value, 'whole numbers from 0, such as 51 or 0x33, without 0xF000 to 0xFFFF');
}
