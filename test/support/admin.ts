/** A Node-RED with users, and what its editor asks of wasm-function's endpoints. */
import { NodeRed, requireNodeRed } from './node-red';

export interface Refusal {
  readonly error?: { readonly code: string; readonly message: string; readonly cause?: Record<string, unknown> };
}

/** `author` may deploy; `reader` may only look; `injector` may do something else. */
export type User = 'author' | 'reader' | 'injector';

const SCOPES: Record<User, string> = { author: '*', reader: 'read', injector: 'inject.write' };

export class Admin {
  private constructor(
    readonly nodeRed: NodeRed,
    private readonly tokens: Readonly<Record<User, string>>,
  ) {}

  static async start(options: Parameters<typeof NodeRed.start>[0] = {}): Promise<Admin> {
    const bcrypt = requireNodeRed('bcryptjs') as { hashSync(password: string, rounds: number): string };
    const password = bcrypt.hashSync('test', 4);
    const users = Object.entries(SCOPES).map(([username, permissions]) => ({ username, password, permissions }));
    const nodeRed = await NodeRed.start({
      flows: [],
      ...options,
      settings: { adminAuth: { type: 'credentials', users }, ...options.settings },
    });
    const tokens: Record<User, string> = { author: '', reader: '', injector: '' };
    for (const user of ['author', 'reader', 'injector'] as const) tokens[user] = await token(nodeRed, user);
    return new Admin(nodeRed, tokens);
  }

  stop(): Promise<void> {
    return this.nodeRed.stop();
  }

  authorization(user: User): string {
    return `Bearer ${this.tokens[user]}`;
  }

  /** @param path below `/wasm-function/` */
  ask(path: string, init: RequestInit = {}, as: User = 'author'): Promise<Response> {
    const headers = { authorization: this.authorization(as), ...(init.headers as Record<string, string> | undefined) };
    return this.nodeRed.fetch(`/wasm-function/${path}`, { ...init, headers });
  }

  post(path: string, body: object, init: RequestInit = {}): Promise<Response> {
    const headers = { 'content-type': 'application/json' };
    return this.ask(path, { method: 'POST', headers, body: JSON.stringify(body), ...init });
  }

  async answer<T = Refusal>(path: string, body?: object): Promise<T & Refusal> {
    return (await (body === undefined ? this.ask(path) : this.post(path, body)).then((each) => each.json())) as T &
      Refusal;
  }

  upload(name: string, body: BodyInit, query = '', type = 'application/wasm'): Promise<Response> {
    return this.send('modules', name, body, query, type);
  }

  send(path: string, name: string, body: BodyInit, query: string, type: string): Promise<Response> {
    return this.ask(`${path}?name=${encodeURIComponent(name)}${query}`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
      ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
    });
  }
}

async function token(nodeRed: NodeRed, username: User): Promise<string> {
  const { access_token } = await nodeRed.json<{ access_token: string }>('/auth/token', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_id: 'node-red-admin',
      grant_type: 'password',
      scope: SCOPES[username],
      username,
      password: 'test',
    }),
  });
  return access_token;
}
