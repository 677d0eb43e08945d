import { randomBytes } from 'node:crypto';

/**
 * The client identifier of one client of a connection: `<prefix>-<node id>`, `${NAME}` in the prefix replaced.
 * Without a prefix it is random, so that processes that share a flow do not end each other's connections.
 * @param environment the value of a variable; undefined where it is not set (it becomes empty text)
 */
export function clientIdOf(
  prefix: string,
  nodeId: string,
  environment: (name: string) => string | undefined = (name) => process.env[name],
): string {
  if (prefix === '') return `nodered-${randomBytes(7).toString('hex')}`;
  const filled = prefix.replace(/\$\{([^}]*)\}/g, (_, name: string) => environment(name.trim()) ?? '');
  return `${filled}-${nodeId}`;
}
