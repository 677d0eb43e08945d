import { messageOf } from '../../host/errors';
import { SavedValueError } from '../saved-value';

/** What is wrong with a definition that cannot be understood, as a sentence. */
export function configurationFault(error: unknown): string {
  if (error instanceof SavedValueError) return error.message;
  return `The node could not be set up (${messageOf(error)}). Correct its properties and deploy again.`;
}
