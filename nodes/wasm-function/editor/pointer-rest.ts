/**
 * What moves the parts of the dialog waits while a button of the pointer is down: whatever leaves a field by a press on a
 * button would otherwise have moved that button away before the click.
 */
export class PointerRest {
  #isDown = false;
  #waiting: (() => void)[] = [];

  /** @param owner with which it ends */
  constructor(owner: JQuery) {
    const press = (): void => void (this.#isDown = true);
    const release = (): void => {
      this.#isDown = false;
      // the click comes after the release
      window.setTimeout(() => {
        for (const work of this.#waiting.splice(0)) work();
      });
    };
    const listeners = { pointerdown: press, pointerup: release, pointercancel: release };
    for (const [type, listener] of Object.entries(listeners)) document.addEventListener(type, listener, true);
    owner.on('remove', () => {
      for (const [type, listener] of Object.entries(listeners)) document.removeEventListener(type, listener, true);
    });
  }

  /** At once, or after the click that is being made. */
  whenUp(work: () => void): void {
    if (this.#isDown) this.#waiting.push(work);
    else work();
  }
}
