/** The list of tags in the dialog of a source: one in each row, decimal or hexadecimal. */
import './tag-list.css';
import { savedTag, showOtherNotation } from '../../editor/yomo-values';

export interface TagList {
  /** As they are to be saved; blank rows are left out. */
  values(): (number | string)[];
  /** The field of each row. */
  fields(): JQuery[];
}

export interface TagListOptions {
  readonly tags: readonly unknown[];
  /** What a field is called by those who do not see the list. */
  readonly label: string;
  readonly placeholder: string;
  onChange(): void;
}

/** @param list an empty `ol` */
export function createTagList(list: JQuery, options: TagListOptions): TagList {
  let isFilling = true;
  list.editableList<{ tag: unknown }>({
    height: 'auto',
    removable: true,
    addItem: (container, _index, { tag }) => {
      const field = $('<input>', {
        type: 'text',
        class: 'yomo-tag',
        placeholder: options.placeholder,
        'aria-label': options.label,
      });
      const hint = $('<span>', { class: 'yomo-tag-hint' });
      $('<div>', { class: 'yomo-tag-row' }).append(field, hint).appendTo(container);
      if (typeof tag === 'string' || typeof tag === 'number') field.val(tag);
      showOtherNotation(field, hint);
      field.on('input change', options.onChange);
      if (isFilling) return;
      // Whoever adds a row writes into it next.
      setTimeout(() => field.trigger('focus'), 0);
      options.onChange();
    },
    removeItem: () => options.onChange(),
  });
  for (const tag of options.tags) list.editableList('addItem', { tag });
  isFilling = false;
  const fields = (): JQuery[] =>
    list
      .find<HTMLElement>('input.yomo-tag')
      .toArray()
      .map((field) => $(field));
  return {
    fields,
    values: () =>
      fields()
        .map((field) => savedTag(String(field.val() ?? '')))
        .filter((tag) => tag !== ''),
  };
}
