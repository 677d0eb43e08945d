/** The list of tags in the dialog of a source: one in each row, decimal or hexadecimal. */
import './tag-list.css';
import { parseTag } from '../../../yomo/tag';
import { trimmed } from '../../editor/validator';
import { otherNotation, savedTag } from '../../editor/yomo-values';

export interface TagList {
  /** As they are to be saved; blank rows are left out. */
  values(): (number | string)[];
  /** The field of each row. */
  fields(): JQuery[];
}

export interface TagListOptions {
  /** Without any there is a blank row, to be filled in. */
  readonly tags: readonly unknown[];
  readonly texts: {
    /** What a field is called by those who do not see the list. */
    readonly tag: string;
    /** What the button of a row is called by them. */
    readonly remove: string;
    /** Said beside a tag that an earlier row has as well. */
    readonly twice: string;
  };
  readonly placeholder: string;
  onChange(): void;
}

/** @param list an empty `ol` */
export function createTagList(list: JQuery, options: TagListOptions): TagList {
  const { texts } = options;
  let isFilling = true;
  const fields = (): JQuery[] =>
    list
      .find<HTMLElement>('input.yomo-tag')
      .toArray()
      .map((field) => $(field));
  const changed = (): void => {
    showHints(fields(), texts.twice);
    options.onChange();
  };
  list.editableList<{ tag: unknown }>({
    height: 'auto',
    removable: true,
    addItem: (container, _index, { tag }) => {
      const field = $('<input>', {
        type: 'text',
        class: 'yomo-tag',
        placeholder: options.placeholder,
        'aria-label': texts.tag,
      });
      const hint = $('<span>', { class: 'yomo-tag-hint' });
      $('<div>', { class: 'yomo-tag-row' }).append(field, hint).appendTo(container);
      if (typeof tag === 'string' || typeof tag === 'number') field.val(tag);
      field.on('input change', changed);
      nameRemoval(container, texts.remove);
      if (isFilling) return;
      // Whoever adds a row writes into it next; later than now, what is typed at once would go astray.
      field.trigger('focus');
      changed();
    },
    removeItem: changed,
  });
  for (const tag of options.tags.length === 0 ? [''] : options.tags) list.editableList('addItem', { tag });
  isFilling = false;
  showHints(fields(), texts.twice);
  return {
    fields,
    values: () =>
      fields()
        .map((field) => savedTag(String(field.val() ?? '')))
        .filter((tag) => tag !== ''),
  };
}

/** Says beside each field what its tag is in the other notation, and where it is in the list already. */
function showHints(fields: readonly JQuery[], twice: string): void {
  const seen = new Set<number>();
  for (const field of fields) {
    const tag = parseTag(trimmed(field.val()));
    const remark = tag !== undefined && seen.has(tag) ? `, ${twice}` : '';
    if (tag !== undefined) seen.add(tag);
    field.next('.yomo-tag-hint').text(`${otherNotation(field.val())}${remark}`);
  }
}

/** Names the button that the editor puts into a row, and keeps the focus in the list when it is used. */
function nameRemoval(container: JQuery, name: string): void {
  const row = container.closest('li');
  const button = row.find('.red-ui-editableList-item-remove');
  button.attr({ role: 'button', 'aria-label': name });
  button.on('click', () => {
    const next = row.nextAll(':not(.red-ui-editableList-item-deleting)').first().find('input.yomo-tag');
    const add = row.closest('.red-ui-editableList').find('.red-ui-editableList-addButton').first();
    // Not before the key that has pressed this button is up to nothing more: it would press the other one, too.
    setTimeout(() => (next.length > 0 ? next : add).trigger('focus'), 0);
  });
}
