/** Topic names and filters (MQTT 3.1.1 and 5, section 4.7; shared subscriptions: MQTT 5, section 4.8.2). */

/** Bytes of UTF-8 a topic may have: its length is written in two bytes (MQTT 5, section 1.5.4). */
const MAX_TOPIC_BYTES = 65535;

/** Why `topic` cannot be published to, as a sentence; undefined where it can. */
export function invalidTopic(topic: string): string | undefined {
  if (topic === '') return 'The topic is empty. Give one in the node or in msg.topic.';
  if (/[+#]/.test(topic))
    return `The topic "${topic}" holds a wildcard; + and # are for subscriptions only. Publish to a topic without them.`;
  return invalidText(topic);
}

/** Why `filter` cannot be subscribed to, as a sentence; undefined where it can. */
export function invalidFilter(filter: string): string | undefined {
  if (filter === '') return 'The topic is empty. Give one in the source, for instance "sensors/+/noise".';
  const share = /^\$share(?:\/([^/]*)(?:\/(.*))?)?$/s.exec(filter);
  if (share === null) return invalidText(filter) ?? invalidWildcards(filter);
  const [, group = '', shared = ''] = share;
  if (group === '' || /[+#]/.test(group)) {
    return `The shared subscription "${filter}" needs a group name without + or #. Write it as $share/group/topic.`;
  }
  if (shared === '') return `The shared subscription "${filter}" names no topic. Write it as $share/group/topic.`;
  return invalidText(filter) ?? invalidWildcards(shared);
}

/** Whether a message on `topic` can have come by a subscription to `filter`. */
export function matchesFilter(filter: string, topic: string): boolean {
  // A broker that knows no shared subscriptions takes one for an ordinary topic of that name.
  const shared = /^\$share\/[^/]+\/(.*)$/s.exec(filter)?.[1];
  return matchesLevels(filter, topic) || (shared !== undefined && matchesLevels(shared, topic));
}

function matchesLevels(filter: string, topic: string): boolean {
  // A wildcard in the first level leaves out what begins with $ (section 4.7.2).
  if (topic.startsWith('$') && /^[+#]/.test(filter)) return false;
  const levels = topic.split('/');
  const wanted = filter.split('/');
  for (const [index, level] of wanted.entries()) {
    if (level === '#') return true;
    if (levels[index] === undefined || (level !== '+' && level !== levels[index])) return false;
  }
  return levels.length === wanted.length;
}

function invalidWildcards(filter: string): string | undefined {
  const levels = filter.split('/');
  for (const [index, level] of levels.entries()) {
    if (level.length > 1 && /[+#]/.test(level)) {
      return `In the topic "${filter}" the wildcard of "${level}" does not stand alone. Put slashes around it.`;
    }
    if (level === '#' && index !== levels.length - 1) {
      return `In the topic "${filter}" the wildcard # is not the last level. Put it at the end, or use +.`;
    }
  }
  return undefined;
}

function invalidText(topic: string): string | undefined {
  if (topic.includes('\0')) return 'The topic holds a NUL character, which MQTT does not allow. Take it out.';
  if (/\p{Surrogate}/u.test(topic)) return 'The topic holds half of a surrogate pair, which is not text. Take it out.';
  if (new TextEncoder().encode(topic).length > MAX_TOPIC_BYTES) {
    return `The topic is longer than the ${String(MAX_TOPIC_BYTES)} bytes that MQTT allows. Shorten it.`;
  }
  return undefined;
}
