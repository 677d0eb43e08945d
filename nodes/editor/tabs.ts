/**
 * Tabs of a dialog: the editor's own, with what these lack for use without a mouse. Arrow keys, Home and End choose
 * one; roles say what they are.
 */
import './tabs.css';

export interface Tab {
  /** Of the element that it shows. */
  readonly id: string;
  readonly label: string;
}

export interface Tabs {
  show(id: string): void;
  /** Says on its label that something in it has to be corrected. @param note for those who do not see the sign */
  mark(id: string, isWrong: boolean, note: string): void;
  /** After the dialog's width has changed. */
  resize(): void;
}

const KEYS: Readonly<Record<string, (index: number, count: number) => number>> = {
  ArrowRight: (index, count) => (index + 1) % count,
  ArrowLeft: (index, count) => (index + count - 1) % count,
  Home: () => 0,
  End: (_index, count) => count - 1,
};

/** @param list id of an empty `ul`; the first tab is shown */
export function createTabs(list: string, tabs: readonly Tab[]): Tabs {
  const bar = RED.tabs.create({ id: list, onchange: ({ id }) => select(id) });
  const link = (id: string): JQuery => $(`#${list} a[href="#${id}"]`);
  const select = (chosen: string): void => {
    for (const { id } of tabs) {
      const isChosen = id === chosen;
      $(`#${id}`).toggle(isChosen);
      link(id).attr({ 'aria-selected': String(isChosen), tabindex: isChosen ? 0 : -1 });
    }
  };
  for (const tab of tabs) {
    bar.addTab(tab);
    const label = link(tab.id);
    label
      .attr({ id: `${tab.id}-tab`, role: 'tab', 'aria-controls': tab.id })
      .parent()
      .attr('role', 'presentation');
    $(`#${tab.id}`).attr({ role: 'tabpanel', 'aria-labelledby': `${tab.id}-tab` });
    // the editor takes a second click within 400 ms for a double click, on whichever tab it is
    label.on('click', () => bar.activateTab(tab.id));
    label.on('keydown', (event) => {
      const move = KEYS[event.key ?? ''];
      if (move === undefined && event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      event.stopPropagation();
      const index = tabs.indexOf(tab);
      const next = tabs[move === undefined ? index : move(index, tabs.length)] ?? tab;
      bar.activateTab(next.id);
      link(next.id).trigger('focus');
    });
  }
  $(`#${list}`).attr('role', 'tablist');
  const first = tabs[0];
  if (first !== undefined) select(first.id);
  return {
    show: (id) => bar.activateTab(id),
    resize: () => bar.resize(),
    mark: (id, isWrong, note) => {
      const before = link(id).find('.dialog-tab-mark');
      // one that is taken away while it is pressed swallows the click
      if (before.length > 0 === isWrong) return;
      before.remove();
      if (!isWrong) return;
      const sign = $('<i>', { class: 'fa fa-exclamation-triangle dialog-tab-mark', role: 'img', 'aria-label': note });
      link(id).append(' ', sign);
    },
  };
}
