/**
 * Makes the buttons beside the choice of a configuration node reachable by keyboard, and names them: the editor makes
 * them of links without an address.
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
    button.on('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      button.trigger('click');
    });
  }
}
