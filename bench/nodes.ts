import type { NodeRed } from '../test/support/node-red';

export interface Flood {
  readonly messages: number;
  readonly seconds: number;
}

/** Asks one of the fixture's sources for a measurement. */
export function post<T>(nodeRed: NodeRed, path: string, body: object): Promise<T> {
  return nodeRed.json<T>(`/bench/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}
