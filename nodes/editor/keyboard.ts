/** What the editor's own widgets leave to the mouse. */

/** Calls `act` on Enter and Space, as a button would. */
function actOnKeys(element: JQuery, act: (key: JQuery.TriggeredEvent) => void): void {
  element.on('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    act(event);
  });
}

/**
 * Makes the buttons beside the choice of a configuration node reachable and named: they are links without an address.
 *
 * @param select the id of the choice, such as `node-input-connection`
 */
export function reachConfigButtons(select: string, type: string): void {
  const [, prefix = '', property = ''] = /^(.*-input)-(.*)$/.exec(select) ?? [];
  for (const [action, text] of [
    ['edit', RED._('editor.editConfig', { type })],
    ['add', RED._('editor.addNewConfig', { type })],
  ] as const) {
    const button = $(`#${prefix}-btn-${property}-${action}`);
    button.attr({ role: 'button', tabindex: '0', 'aria-label': text });
    actOnKeys(button, () => button.trigger('click'));
  }
}

export interface DialogTab {
  /** The id of the element that the tab shows. */
  readonly id: string;
  readonly label: string;
}

/** Tabs that are also chosen by keyboard and told to screen readers: the editor's own follow the mouse alone. */
export function showTabs(list: string, tabs: readonly DialogTab[]): void {
  const panels = $(tabs.map(({ id }) => `#${id}`).join(','));
  const links = (): JQuery => $(`#${list} .red-ui-tab-label`);
  const widget = RED.tabs.create({
    id: list,
    onchange: ({ id }: { id: string }) => {
      panels.hide();
      $(`#${id}`).show();
      links().each((_index, link) => {
        $(link).attr('aria-selected', String(link.getAttribute('href') === `#${id}`));
      });
    },
  });
  for (const tab of tabs) widget.addTab({ ...tab });
  $(`#${list}`).attr('role', 'tablist');
  links()
    .attr('role', 'tab')
    .each((index, link) => {
      const { id = '' } = tabs[index] ?? {};
      link.id = `${id}-label`;
      $(link).attr('aria-controls', id);
      $(`#${id}`).attr({ role: 'tabpanel', 'aria-labelledby': link.id });
      actOnKeys($(link), () => widget.activateTab(id));
    });
  widget.activateTab(tabs[0]?.id ?? '');
  setTimeout(() => widget.resize(), 0);
}
