/** Finds what a node can show as its status: follows the text of each status through a file to the strings it is made of. */
import ts from 'typescript';
import { sourceFile, textOf } from './catalogue';

export type StatusText =
  /** A string of the file, `\0` where something is put in. */
  | { readonly kind: 'written'; readonly text: string }
  /** A string of a function that makes texts of figures. */
  | { readonly kind: 'figures'; readonly text: string }
  /** An expression that cannot be followed: nobody knows what it says. */
  | { readonly kind: 'unknown'; readonly text: string };

/** A whole key, or the beginning of one: `wasm-function.status.failed.\0`, `\0.status.\0`, `node-red:common.status.ok`. */
const KEY = /^(\0|node-red:[\w-]+|[\w-]+)\.[\w-]+(\.|$)/;

/** @param figures names of the functions that make texts of figures, units and signs, the same in every language */
export function statusTexts(source: string, figures: readonly string[]): StatusText[] {
  const found: StatusText[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isObjectLiteralExpression(node)) found.push(...textsOfStatus(node, figures));
    ts.forEachChild(node, visit);
  };
  visit(sourceFile(source));
  return found;
}

/** An object with `fill` and `text` is a status. */
function textsOfStatus({ properties }: ts.ObjectLiteralExpression, figures: readonly string[]): StatusText[] {
  const named = (name: string): ts.ObjectLiteralElementLike | undefined =>
    properties.find((each) => each.name?.getText() === name);
  const text = named('text');
  if (text === undefined || named('fill') === undefined) return [];
  if (ts.isPropertyAssignment(text)) return follow(text.initializer, figures);
  return ts.isShorthandPropertyAssignment(text) ? follow(text.name, figures) : [unknown(text)];
}

function follow(node: ts.Expression, figures: readonly string[]): StatusText[] {
  const next = (each: ts.Expression): StatusText[] => follow(each, figures);
  const text = textOf(node);
  if (text !== undefined) {
    const parts = ts.isTemplateExpression(node) && !KEY.test(text) ? node.templateSpans : [];
    return [{ kind: 'written', text }, ...parts.flatMap(({ expression }) => next(expression))];
  }
  if (ts.isParenthesizedExpression(node)) return next(node.expression);
  if (ts.isConditionalExpression(node)) return [node.whenTrue, node.whenFalse].flatMap(next);
  if (ts.isIdentifier(node)) {
    const value = constantOf(node);
    return value === undefined ? [unknown(node)] : next(value);
  }
  return ts.isCallExpression(node) ? followCall(node, figures) : [unknown(node)];
}

function followCall(call: ts.CallExpression, figures: readonly string[]): StatusText[] {
  const { expression, arguments: given } = call;
  // a translation says what its key says
  if (ts.isPropertyAccessExpression(expression) && expression.name.text === '_' && given[0] !== undefined) {
    return follow(given[0], figures);
  }
  const called = call
    .getSourceFile()
    .statements.filter(ts.isFunctionDeclaration)
    .find(({ name }) => name !== undefined && name.text === expression.getText());
  if (called?.name === undefined) return [unknown(call)];
  if (figures.includes(called.name.text)) return within(called, textOf).map((text) => ({ kind: 'figures', text }));
  return within(called, (node) => (ts.isReturnStatement(node) ? node.expression : undefined)).flatMap((returned) =>
    follow(returned, figures),
  );
}

/** What a `const` in the blocks around its use is set to. */
function constantOf(use: ts.Identifier): ts.Expression | undefined {
  for (let around: ts.Node = use.parent; !ts.isSourceFile(around); around = around.parent) {
    if (!ts.isBlock(around) && !ts.isCaseClause(around)) continue;
    const declared = around.statements
      .filter(ts.isVariableStatement)
      .flatMap(({ declarationList }) => [...declarationList.declarations])
      .find(({ name }) => name.getText() === use.text);
    if (declared !== undefined) return declared.initializer;
  }
  return undefined;
}

function within<Found>(node: ts.Node, find: (node: ts.Node) => Found | undefined): Found[] {
  const found: Found[] = [];
  const visit = (each: ts.Node): void => {
    const value = find(each);
    if (value !== undefined) found.push(value);
    ts.forEachChild(each, visit);
  };
  visit(node);
  return found;
}

function unknown(node: ts.Node): StatusText {
  return { kind: 'unknown', text: node.getText() };
}
