/** The list of exports takes the room that the dialog leaves: half of it stayed empty where a module has many. */

/** Pixels: four rows and a half, which show that there are more. */
const LEAST = 132;
/** Pixels below the dialog's last row that stay free: what comes of a trial moves nothing then. */
const KEPT_FREE = 96;

export class ListHeight {
  #drawing = 0;
  #shown: (() => void) | undefined;

  /** @param place around the list, in the dialog */
  constructor(private readonly place: JQuery) {
    const body = this.#body;
    if (body === undefined) return;
    const observer = new ResizeObserver(() => this.#fit());
    observer.observe(body);
    place.on('remove', () => {
      observer.disconnect();
      window.cancelAnimationFrame(this.#drawing);
    });
  }

  /** The list was made anew. @param shown called once it has its height */
  follow(shown: () => void): void {
    this.#shown = shown;
    window.cancelAnimationFrame(this.#drawing);
    // what stands around it follows in the same turn
    this.#drawing = window.requestAnimationFrame(() => this.#fit());
  }

  get #body(): HTMLElement | undefined {
    return this.place.closest('.red-ui-tray-body').get(0);
  }

  #fit(): void {
    const list = this.place.find('[role="listbox"]').get(0);
    const dialog = this.place.closest('.wasm-function-dialog').get(0);
    const body = this.#body;
    // in a tab that is not shown nothing has a height
    if (list === undefined || dialog === undefined || body === undefined || list.offsetParent === null) return;
    const outcome = this.place.closest('.wasm-function-dialog').find('.wasm-function-outcome');
    const kept = outcome.is(':visible') ? 0 : KEPT_FREE;
    const end = dialog.getBoundingClientRect().bottom + body.scrollTop;
    const free = body.getBoundingClientRect().bottom - end - kept;
    list.style.maxHeight = `${String(Math.max(LEAST, Math.floor(list.offsetHeight + free)))}px`;
    this.#shown?.();
    this.#shown = undefined;
  }
}
