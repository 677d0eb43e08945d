/** Keeps what is known of the module in step with the fields. */
import { describeModule, type DescribedChoice, type Description } from './module-requests';

/** Milliseconds of rest before what is typed is looked at. */
const TYPING_PAUSE = 300;

export type ModuleView =
  | { readonly kind: 'none' }
  /** The path comes with each message. */
  | { readonly kind: 'by-message' }
  | { readonly kind: 'described'; readonly choice: DescribedChoice; readonly description: Description };

export interface FollowParts {
  choice(): DescribedChoice;
  /** False while its fields are out of the document, below another dialog. */
  isShown(): boolean;
  onLook(): void;
  onView(view: ModuleView): void;
}

export class FollowedModule {
  /** The question that is being asked; the runtime gives up the work for one that is aborted. */
  #question = new AbortController();
  #pause: number | undefined;
  /** Whether a look has to be made up for once the fields are back in the document. */
  #isDue = false;
  #closed = false;

  constructor(private readonly parts: FollowParts) {}

  look(): void {
    window.clearTimeout(this.#pause);
    this.#question.abort();
    if (this.#closed) return;
    this.#isDue = !this.parts.isShown();
    if (this.#isDue) return;
    const question = new AbortController();
    this.#question = question;
    const { choice: readChoice, onLook, onView } = this.parts;
    const choice = readChoice();
    if (choice.file.trim() === '') return onView({ kind: 'none' });
    if (choice.fileType !== 'str' && choice.fileType !== 'env') return onView({ kind: 'by-message' });
    onLook();
    describeModule(choice, question.signal)
      .catch((error: unknown): Description => ({ error: { code: 'request', message: (error as Error).message } }))
      .then((description) => {
        if (question.signal.aborted) return;
        this.#isDue = !this.parts.isShown();
        if (!this.#isDue) onView({ kind: 'described', choice, description });
      })
      .catch((error: unknown) => console.error(error));
  }

  /** The dialog above may have been left. */
  resume(): void {
    if (this.#isDue && this.parts.isShown()) this.look();
  }

  lookSoon(): void {
    window.clearTimeout(this.#pause);
    this.#pause = window.setTimeout(() => this.look(), TYPING_PAUSE);
  }

  close(): void {
    this.#closed = true;
    window.clearTimeout(this.#pause);
    this.#question.abort();
  }
}
