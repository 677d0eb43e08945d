/** Keeps what is known of the module in step with the fields. */
import { describeModule, type DescribedChoice, type Description } from './module-requests';

/** Milliseconds of rest before what is typed is looked at. */
const TYPING_PAUSE = 300;

export type ModuleView =
  | { readonly kind: 'none' }
  /** The path comes with each message. */
  | { readonly kind: 'by-message' }
  | { readonly kind: 'described'; readonly description: Description };

export interface FollowParts {
  choice(): DescribedChoice;
  /** False once the dialog is closed. */
  isOpen(): boolean;
  onLook(): void;
  onView(view: ModuleView): void;
}

export class FollowedModule {
  #asked = 0;
  #pause: number | undefined;

  constructor(private readonly parts: FollowParts) {}

  look(): void {
    window.clearTimeout(this.#pause);
    const question = ++this.#asked;
    const { choice, isOpen, onLook, onView } = this.parts;
    // the fields that are there now may be those of another dialog
    if (!isOpen()) return;
    const asked = choice();
    if (asked.file.trim() === '') return onView({ kind: 'none' });
    if (asked.fileType !== 'str' && asked.fileType !== 'env') return onView({ kind: 'by-message' });
    onLook();
    describeModule(asked)
      .catch((error: unknown): Description => ({ error: { code: 'request', message: (error as Error).message } }))
      .then((description) => {
        // an answer that comes after a later question, or after the dialog was closed, is of no use
        if (question === this.#asked && isOpen()) onView({ kind: 'described', description });
      })
      .catch((error: unknown) => console.error(error));
  }

  lookSoon(): void {
    window.clearTimeout(this.#pause);
    this.#pause = window.setTimeout(() => this.look(), TYPING_PAUSE);
  }
}
