import type { Log } from '../../yomo/settings';

/** Says of several clients once what each of them says. */
export function once(log: Log): Log {
  let said = '';
  const say = (level: keyof Log) => (text: string) => {
    if (text === said) return;
    said = text;
    log[level](text);
  };
  return { info: say('info'), warn: say('warn'), error: say('error') };
}
