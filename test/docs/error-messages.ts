/**
 * Reads out of the sources every text an error or a warning can have. What varies in a text is shown as `…`. A text that
 * cannot be followed to where it is written is an error here, so that none escapes the page of errors.
 */
import { join, relative } from 'node:path';
import ts from 'typescript';
import { repository } from '../support/node-red';

export interface ErrorMessage {
  readonly template: string;
  /** What is made or called with the text, as `WasmFunctionError file` or `warn`. */
  readonly kind: string;
  /** File and line. */
  readonly place: string;
}

/** Which argument of a class's constructor is the text, and which the code. */
const CLASSES: Readonly<Record<string, { readonly text: number; readonly code?: number }>> = {
  WasmFunctionError: { text: 1, code: 0 },
  SlowModuleError: { text: 1, code: 0 },
  MqttError: { text: 1, code: 0 },
  YomoError: { text: 1, code: 0 },
  DialError: { text: 1, code: 0 },
  OversizeError: { text: 1, code: 0 },
  PayloadError: { text: 0 },
  UnavailableError: { text: 0 },
  RequestError: { text: 1 },
  UsageError: { text: 0 },
};
/** Calls that log the text they are given, or hand it on to be logged. */
const LOGS = new Set(['warn', 'error', '#warn', 'log', 'onDeadLetterRefused']);
/** Types whose `message` is written where they are made, and so is collected there. */
const CARRIERS = new Set(['WasmFunctionError', 'MqttError', 'YomoError', 'SavedValueError', 'ErrorData', 'FlowError']);
const FOLDERS = ['host', 'nodes', 'mqtt', 'yomo', 'payload', 'delivery', 'cli'];
/** Letters a template must have, or nobody could find it by what the log shows. */
const FEWEST_LETTERS = 12;

export interface CollectedMessages {
  readonly messages: readonly ErrorMessage[];
  /** Texts that cannot be followed, with their place and why. */
  readonly unreadable: readonly string[];
}

export function collectMessages(): CollectedMessages {
  return new Collector().collect();
}

class Collector {
  readonly #sources: readonly ts.SourceFile[];
  readonly #checker: ts.TypeChecker;
  readonly #calls = new Map<ts.Symbol, ts.CallExpression[]>();
  readonly #found: ErrorMessage[] = [];
  readonly #unreadable: string[] = [];
  /** What is being resolved: a function that is given its own parameter adds nothing. */
  readonly #open = new Set<ts.Node>();

  constructor() {
    const { config } = ts.readConfigFile(join(repository, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
      config: object;
    };
    const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, repository);
    const program = ts.createProgram(fileNames, options);
    this.#checker = program.getTypeChecker();
    this.#sources = program.getSourceFiles().filter(({ fileName, isDeclarationFile }) => {
      const path = relative(repository, fileName);
      return FOLDERS.includes(path.split(/[\\/]/)[0] ?? '') && !isDeclarationFile && !/editor[./\\]/.test(path);
    });
    for (const source of this.#sources) {
      walk(source, (node) => {
        const symbol = ts.isCallExpression(node) ? this.#symbolOf(node.expression) : undefined;
        if (symbol === undefined) return;
        this.#calls.set(symbol, [...(this.#calls.get(symbol) ?? []), node as ts.CallExpression]);
      });
    }
  }

  collect(): CollectedMessages {
    for (const source of this.#sources) walk(source, (node) => this.#visit(node));
    return { messages: this.#found, unreadable: this.#unreadable };
  }

  #visit(node: ts.Node): void {
    if (ts.isNewExpression(node) && ts.isIdentifier(node.expression)) this.#visitNew(node, node.expression.text);
    else if (ts.isCallExpression(node)) this.#visitCall(node);
    else if (ts.isObjectLiteralExpression(node)) this.#visitStatus(node);
  }

  #visitNew(node: ts.NewExpression, name: string): void {
    const places = CLASSES[name];
    const text = places === undefined ? undefined : node.arguments?.[places.text];
    if (places === undefined || text === undefined) return;
    const code = places.code === undefined ? undefined : node.arguments?.[places.code];
    this.#add(text, `${name} ${code !== undefined && ts.isStringLiteral(code) ? code.text : ''}`.trim());
  }

  #visitCall(node: ts.CallExpression): void {
    const [first] = node.arguments;
    if (first === undefined || this.#isForwarded(first)) return;
    const callee = node.expression;
    if (callee.kind === ts.SyntaxKind.SuperKeyword) {
      const owner = ts.findAncestor(node, ts.isClassDeclaration);
      if (owner?.name !== undefined && owner.name.text in CLASSES) return;
      if (owner?.heritageClauses?.some((clause) => /\bextends \w*Error$/.test(clause.getText())) === true) {
        this.#add(first, owner.name?.text ?? '');
      }
      return;
    }
    const name = ts.isPropertyAccessExpression(callee) ? callee.name.text : callee.getText();
    if (LOGS.has(name)) this.#add(first, name);
  }

  /** `{ kind: 'failed', message }`: why a connection fails, which the log shows. */
  #visitStatus(node: ts.ObjectLiteralExpression): void {
    const kind = propertyOf(node, 'kind');
    const message = propertyOf(node, 'message');
    if (kind === undefined || message === undefined || !ts.isStringLiteral(kind) || kind.text !== 'failed') return;
    if (!this.#isForwarded(message)) this.#add(message, 'connection');
  }

  /** A text that comes from elsewhere: a parameter, or another error's message. */
  #isForwarded(text: ts.Expression): boolean {
    const inner = printed(text);
    if (inner !== undefined) return this.#isForwarded(inner);
    if (ts.isPropertyAccessExpression(text)) return text.name.text === 'message';
    // with the name of a node's type or of a file before it
    if (ts.isTemplateExpression(text)) {
      return /^`(?:\[[\w-]+\] \$\{\w+\}|\$\{fileNamed\(\w+\)\}\$\{\w+\.message\})`$/.test(text.getText());
    }
    if (ts.isCallExpression(text)) return /^(?:toCatchable|String)$/.test(text.expression.getText());
    if (ts.isAsExpression(text.parent) || ts.isParenthesizedExpression(text)) return true;
    if (!ts.isIdentifier(text)) return false;
    const declaration = this.#declarationOf(text);
    if (declaration === undefined) return true;
    const value = this.#initializerOf(text);
    if (value !== undefined && ts.isCallExpression(value) && this.#isForwarded(value)) return true;
    return ts.isParameter(declaration) || ts.isBindingElement(declaration) || ts.isCatchClause(declaration.parent);
  }

  #add(text: ts.Expression, kind: string): void {
    try {
      for (const template of new Set(this.#resolve(text))) {
        const letters = template.replace(/[^a-z]/gi, '').length;
        if (letters < FEWEST_LETTERS) throw new Unreadable(text, `"${template}" says too little`);
        this.#found.push({ template, kind, place: placeOf(text) });
      }
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      this.#unreadable.push(error.message);
    }
  }

  /** All the texts an expression can be. */
  #resolve(node: ts.Expression): string[] {
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return [node.text];
    if (ts.isTemplateExpression(node)) {
      return node.templateSpans.reduce(
        (texts, span) => combine(combine(texts, this.#span(span.expression)), [span.literal.text]),
        [node.head.text],
      );
    }
    if (ts.isParenthesizedExpression(node)) return this.#resolve(node.expression);
    if (ts.isConditionalExpression(node)) return [...this.#resolve(node.whenTrue), ...this.#resolve(node.whenFalse)];
    if (ts.isBinaryExpression(node)) {
      const sides = [this.#resolve(node.left), this.#resolve(node.right)] as const;
      if (node.operatorToken.kind === ts.SyntaxKind.PlusToken) return combine(...sides);
      if (node.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken) return sides.flat();
    }
    if (ts.isPropertyAccessExpression(node)) return this.#resolveProperty(node);
    if (ts.isCallExpression(node)) return this.#resolveCall(node);
    if (ts.isIdentifier(node)) return node.text === 'undefined' ? [] : this.#resolveName(node);
    throw new Unreadable(node, 'it is no text that can be followed');
  }

  /** What varies in a template: `…`, unless it is one of a few texts that are written down. */
  #span(node: ts.Expression): string[] {
    if (isChoice(node)) return this.#resolve(node);
    if (
      ts.isPropertyAccessExpression(node) &&
      node.name.text === 'kind' &&
      this.#typeOf(node.expression) === 'Refusal'
    ) {
      return this.#assigned('kind', ['because', 'remedy']);
    }
    const value = this.#initializerOf(ts.isElementAccessExpression(node) ? node.expression : node);
    if (value === undefined) return ['…'];
    if (!ts.isElementAccessExpression(node)) return isChoice(value) || isText(value) ? this.#resolve(value) : ['…'];
    if (!ts.isObjectLiteralExpression(value)) return ['…'];
    return value.properties.flatMap((each) => (ts.isPropertyAssignment(each) ? this.#resolve(each.initializer) : []));
  }

  #resolveProperty(node: ts.PropertyAccessExpression): string[] {
    const property = node.name.text;
    if (property === 'question') return this.#assigned(property, []);
    if (property === 'message' && CARRIERS.has(this.#typeOf(node.expression))) return [];
    throw new Unreadable(node, 'it is a property that may be any text');
  }

  /** The texts that a property of plain objects is given anywhere, in those that have the others beside it. */
  #assigned(property: string, beside: readonly string[]): string[] {
    const values: ts.Expression[] = [];
    for (const source of this.#sources) {
      walk(source, (node) => {
        const value = ts.isObjectLiteralExpression(node) ? propertyOf(node, property) : undefined;
        if (value === undefined || !beside.every((name) => propertyOf(node as ts.ObjectLiteralExpression, name)))
          return;
        const declaration = ts.isIdentifier(value) ? this.#declarationOf(value) : undefined;
        const isCopy =
          (ts.isPropertyAccessExpression(value) && value.name.text === property) ||
          (declaration !== undefined && ts.isBindingElement(declaration));
        if (!isCopy) values.push(value);
      });
    }
    return values.flatMap((value) => this.#resolve(value));
  }

  #resolveCall(node: ts.CallExpression): string[] {
    const inner = printed(node);
    if (inner !== undefined) return this.#resolve(inner);
    const declaration = this.#symbolOf(node.expression)?.declarations?.find(isFunction);
    const body = declaration?.body;
    if (declaration === undefined || body === undefined)
      throw new Unreadable(node, 'it calls what is not written here');
    return this.#guarded(declaration, () => returnsOf(body).flatMap((value) => this.#resolve(value)));
  }

  #resolveName(node: ts.Identifier): string[] {
    const value = this.#initializerOf(node);
    if (value !== undefined) return this.#guarded(node, () => this.#resolve(value));
    const declaration = this.#declarationOf(node);
    if (declaration !== undefined && ts.isParameter(declaration)) return this.#resolveParameter(declaration);
    throw new Unreadable(node, 'where it comes from cannot be followed');
  }

  /** What the function that takes it is called with. */
  #resolveParameter(parameter: ts.ParameterDeclaration): string[] {
    const owner = parameter.parent;
    const symbol = owner.name === undefined ? undefined : this.#symbolOf(owner.name);
    const calls = symbol === undefined ? undefined : this.#calls.get(symbol);
    if (calls === undefined) throw new Unreadable(parameter, 'nothing calls the function that takes it by its name');
    const index = owner.parameters.findIndex((each) => each === parameter);
    return this.#guarded(parameter, () =>
      calls.flatMap(({ arguments: given }) => (given[index] === undefined ? [] : this.#resolve(given[index]))),
    );
  }

  #guarded(node: ts.Node, resolve: () => string[]): string[] {
    if (this.#open.has(node)) return [];
    this.#open.add(node);
    try {
      return resolve();
    } finally {
      this.#open.delete(node);
    }
  }

  #symbolOf(node: ts.Node): ts.Symbol | undefined {
    const symbol = this.#checker.getSymbolAtLocation(ts.isPropertyAccessExpression(node) ? node.name : node);
    return symbol !== undefined && symbol.flags & ts.SymbolFlags.Alias
      ? this.#checker.getAliasedSymbol(symbol)
      : symbol;
  }

  #declarationOf(node: ts.Identifier): ts.Declaration | undefined {
    const { parent } = node;
    const symbol = ts.isShorthandPropertyAssignment(parent)
      ? this.#checker.getShorthandAssignmentValueSymbol(parent)
      : this.#symbolOf(node);
    return symbol?.valueDeclaration;
  }

  #initializerOf(node: ts.Expression): ts.Expression | undefined {
    const declaration = ts.isIdentifier(node) ? this.#declarationOf(node) : undefined;
    return declaration !== undefined && ts.isVariableDeclaration(declaration) ? declaration.initializer : undefined;
  }

  /** The name of a value's type, `undefined` left out. */
  #typeOf(node: ts.Node): string {
    const type = this.#checker.getNonNullableType(this.#checker.getTypeAtLocation(node));
    return (type.aliasSymbol ?? (type.symbol as ts.Symbol | undefined))?.name ?? '';
  }
}

class Unreadable extends Error {
  constructor(node: ts.Node, why: string) {
    super(`${placeOf(node)}: "${node.getText().slice(0, 80)}": ${why}`);
  }
}

/** What `printable` is given, which it changes in no text that is written down. */
function printed(node: ts.Expression): ts.Expression | undefined {
  return ts.isCallExpression(node) && node.expression.getText() === 'printable' ? node.arguments[0] : undefined;
}

/** Each of the one with each of the other. */
function combine(left: readonly string[], right: readonly string[]): string[] {
  return left.flatMap((start) => right.map((end) => start + end));
}

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => {
    walk(child, visit);
  });
}

function isText(node: ts.Node): boolean {
  return ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateExpression(node);
}

function isChoice(node: ts.Node): boolean {
  return ts.isConditionalExpression(node) && isText(node.whenTrue) && isText(node.whenFalse);
}

function isFunction(node: ts.Node): node is ts.FunctionDeclaration | ts.MethodDeclaration {
  return ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node);
}

function propertyOf(node: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined {
  for (const each of node.properties) {
    if (ts.isPropertyAssignment(each) && each.name.getText() === name) return each.initializer;
    if (ts.isShorthandPropertyAssignment(each) && each.name.text === name) return each.name;
  }
  return undefined;
}

/** Of the function itself, not of those inside it. */
function returnsOf(body: ts.Block): ts.Expression[] {
  const values: ts.Expression[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isReturnStatement(node) && node.expression !== undefined) values.push(node.expression);
    else if (!ts.isFunctionLike(node)) ts.forEachChild(node, visit);
  };
  visit(body);
  return values;
}

function placeOf(node: ts.Node): string {
  const source = node.getSourceFile();
  const { line } = source.getLineAndCharacterOfPosition(node.getStart());
  return `${relative(repository, source.fileName)}:${String(line + 1)}`;
}
