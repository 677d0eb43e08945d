/** Finds the texts of the catalogues that a node's files name. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { repository } from './node-red';

export type Texts = ReadonlyMap<string, string>;

const nodes = join(repository, 'nodes');

/** A folder with a dialog is a node; its name is the node's type. */
export const nodeTypes = readdirSync(nodes, { recursive: true, encoding: 'utf8' })
  .map((file) => /^([\w-]+)[/\\]\1\.html$/.exec(file)?.[1])
  .filter((type) => type !== undefined);

export function languagesOf(type: string): string[] {
  return readdirSync(join(nodes, type, 'locales'));
}

export function readText(type: string, ...path: string[]): string {
  return readFileSync(join(nodes, type, ...path), 'utf8');
}

/** Every text of a catalogue by its whole key, such as `mqtt-source.label.topic`. */
export function readCatalogue(type: string, language: string): Texts {
  return flatten(JSON.parse(readText(type, 'locales', language, `${type}.json`)));
}

export function flatten(value: unknown, path: readonly string[] = []): Texts {
  if (typeof value !== 'object' || value === null) return new Map([[path.join('.'), String(value)]]);
  return new Map(Object.entries(value).flatMap(([name, each]) => [...flatten(each, [...path, name])]));
}

/** The TypeScript files that speak in a node's name: its own, and those that nodes share. */
export function sourcesOf(type: string): string[] {
  return readdirSync(nodes, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .filter((file) => !isOfBridges(type, file))
    .filter((file) => nodeTypes.every((other) => other === type || !file.startsWith(other)) || isShared(type, file))
    .map((file) => readFileSync(join(nodes, file), 'utf8'));
}

/** mqtt-connection and yomo-zipper hold what their users share. */
function isShared(type: string, file: string): boolean {
  return [
    ['mqtt-', 'mqtt-connection'],
    ['yomo-', 'yomo-zipper'],
  ].some(([family = '', owner = '']) => type.startsWith(family) && file.startsWith(owner));
}

/** What the nodes of both families share says nothing of a wasm-function. */
function isOfBridges(type: string, file: string): boolean {
  return file.startsWith('bridge') && !/^(?:mqtt|yomo)-/.test(type);
}

/** A key as it is written; `\0` stands for what is put in when it runs. */
export interface UsedKey {
  readonly written: string;
  readonly pattern: RegExp;
  /** Whether the node's type is written out: where it is put in, the key may be meant for another node. */
  readonly isOwn: boolean;
}

/** The keys of a node's catalogue that TypeScript names, as text or as a template; an icon's file is none. */
export function keysInSource(source: string, type: string): UsedKey[] {
  return stringsOf(source)
    .filter(({ text, owner }) => owner !== 'icon' && (text.startsWith(`${type}.`) || /^\0\.status\./.test(text)))
    .map(({ text }) => (text.startsWith('\0') ? { ...usedKey(type + text.slice(1)), isOwn: false } : usedKey(text)));
}

export function usedKey(written: string): UsedKey {
  const escaped = written.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('\0', '[^.]+');
  return { written: written.replaceAll('\0', '${…}'), pattern: new RegExp(`^${escaped}$`), isOwn: true };
}

/** `data-i18n="key"`, `data-i18n="[placeholder]key;[title]key"`. */
export function keysInHtml(html: string): UsedKey[] {
  return [...html.matchAll(/data-i18n="([^"]*)"/g)]
    .flatMap(([, keys = '']) => keys.split(';'))
    .map((key) => usedKey(key.replace(/^\[[\w-]+\]/, '')));
}

interface SourceString {
  readonly text: string;
  /** The name of the property it is the value of. */
  readonly owner: string | undefined;
}

function stringsOf(source: string): SourceString[] {
  const found: SourceString[] = [];
  const visit = (node: ts.Node): void => {
    const text = textOf(node);
    if (text !== undefined) found.push({ text, owner: ownerOf(node) });
    ts.forEachChild(node, visit);
  };
  visit(sourceFile(source));
  return found;
}

export function sourceFile(source: string): ts.SourceFile {
  return ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, true);
}

/** What a string says, with `\\0` where a template puts something in; undefined for what is no string. */
export function textOf(node: ts.Node): string | undefined {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  return node.head.text + node.templateSpans.map(({ literal }) => `\0${literal.text}`).join('');
}

function ownerOf({ parent }: ts.Node): string | undefined {
  return ts.isPropertyAssignment(parent) ? parent.name.getText() : undefined;
}

/** What a dialog says by itself, in no catalogue: text between tags, and attributes that are read or shown. */
export function textsInHtml(html: string): string[] {
  const markup = html.replace(/<!--[\s\S]*?-->/g, '').replace(/<style>[\s\S]*?<\/style>/g, '');
  const between = [...markup.matchAll(/>([^<]*)(?=<)/g)].map(([, text = '']) => text.trim());
  const shown = [...markup.matchAll(/\s(?:placeholder|title|aria-label|alt|label)="([^"]*)"/g)].map(
    ([, text = '']) => text,
  );
  return [...between, ...shown].filter((text) => /\p{L}/u.test(text) && !isAddress(text));
}

/** The same in every language. */
function isAddress(text: string): boolean {
  return /^\w+:\/\/\S+$/.test(text);
}
