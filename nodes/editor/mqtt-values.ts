import { invalidTopic } from '../../mqtt/topic';
import { isNumber } from './number';
import { trimmed } from './validator';

/** A topic that can be published to; blank where there need be none. */
export function isTopicOrBlank(value: unknown): boolean {
  const topic = trimmed(value);
  return topic === '' || invalidTopic(topic) === undefined;
}

/** Blank is allowed. */
export function isQos(value: unknown): boolean {
  return isNumber(value, { least: 0, most: 2, whole: true });
}
