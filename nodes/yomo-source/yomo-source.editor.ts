import '../editor/form.css';
import { parseTag } from '../../yomo/tag';
import { reachConfigButtons } from '../editor/config-buttons';
import { showReason, showReasons } from '../editor/reasons';
import { presetSelect } from '../editor/select';
import { allOf, trimmed, validator } from '../editor/validator';
import { isNameFree, protocolOf, showFieldsOf } from '../editor/yomo-values';
import { createTagList, type TagList } from './editor/tag-list';

interface SourceProperties {
  name: string;
  zipper: string;
  appName: string;
  tags: (number | string)[];
  target: string;
  format: string;
}

function isObserved(tag: unknown): boolean {
  return /^\$\{[^}]+\}$/.test(trimmed(tag)) || parseTag(tag) !== undefined;
}

/** In protocol v2 a source is a tool: it has no tags, but a name by which it is called. */
function isTool(node: DialogNode<SourceProperties>): boolean {
  return protocolOf(node, node.id === openId) === 'v2';
}

/** What others call a tool by. */
function toolName(node: DialogNode<SourceProperties>, appName: unknown): string {
  const name = node.id === openId ? $('#node-input-name').val() : node.name;
  return trimmed(appName) || trimmed(name);
}

function isCallable(this: DialogNode<SourceProperties>, appName: unknown): boolean {
  return !isTool(this) || toolName(this, appName) !== '';
}

function isOnly(this: DialogNode<SourceProperties>, appName: unknown): boolean {
  return !isTool(this) || isNameFree(this, toolName(this, appName), this.id === openId);
}

const defaults: DialogDefinition<SourceProperties>['defaults'] = {
  name: { value: '' },
  zipper: { value: '', type: 'yomo-zipper', required: true },
  appName: {
    value: '',
    validate: allOf(
      validator('yomo-source.invalid.appName', isCallable),
      validator('yomo-source.invalid.taken', isOnly),
    ),
  },
  tags: {
    value: [],
    validate: validator('yomo-source.invalid.tags', function (tags) {
      if (isTool(this)) return true;
      return Array.isArray(tags) ? tags.length > 0 && tags.every(isObserved) : trimmed(tags) !== '' && isObserved(tags);
    }),
  },
  target: { value: '' },
  format: { value: 'auto' },
};

/** Of the open dialog. */
let tagList: TagList | undefined;
let openId: string | undefined;

function leave(): void {
  tagList = undefined;
  openId = undefined;
}

/** Marks the fields whose tags cannot be observed, and says below the list what can. */
function checkTags(node: DialogNode<SourceProperties>, list: TagList): void {
  const valid = defaults.tags.validate?.call(node, list.values(), {});
  const fields = list.fields();
  const isWrong = (field: JQuery): boolean => trimmed(field.val()) !== '' && !isObserved(field.val());
  for (const field of fields) {
    field.toggleClass('input-error', isWrong(field)).removeAttr('aria-invalid aria-describedby');
  }
  const reason = typeof valid === 'string' ? valid : undefined;
  const wrong = fields.filter(isWrong);
  const shown = wrong.length > 0 ? wrong : [$('#node-input-tags-list')];
  for (const field of shown) showReason(field, 'node-input-tags-reason', reason);
}

function asList(tags: unknown): unknown[] {
  if (Array.isArray(tags)) return tags;
  return tags === undefined || tags === '' ? [] : [tags];
}

RED.nodes.registerType<SourceProperties>('yomo-source', {
  category: 'network',
  color: '#d8bfd8',
  defaults,
  inputs: 0,
  outputs: 1,
  icon: 'yomo-source.svg',
  paletteLabel: function () {
    return this._('yomo-source.palette-label');
  },
  label: function () {
    if (isTool(this)) {
      const tool = this.appName === '' ? '' : this._('yomo-source.label.tool', { name: this.appName });
      return this.name || tool || this._('yomo-source.palette-label');
    }
    const tags = asList(this.tags).join(', ');
    return this.name || this._(tags === '' ? 'yomo-source.palette-label' : 'yomo-source.label.from', { tags });
  },
  labelStyle: function () {
    return this.name ? 'node_label_italic' : '';
  },
  oneditprepare: function () {
    openId = this.id;
    reachConfigButtons('node-input-zipper', 'yomo-zipper');
    presetSelect('node-input-format', this.format, 'auto');
    const list = createTagList($('#node-input-tags-list'), {
      tags: asList(this.tags),
      texts: {
        tag: this._('yomo-source.label.tag'),
        remove: this._('yomo-source.label.removeTag'),
        twice: this._('yomo-source.label.twice'),
      },
      placeholder: '0x33',
      onChange: () => setTimeout(() => checkTags(this, list), 0),
    });
    tagList = list;
    showReasons({ node: this, defaults, prefix: 'node-input' });
    // The editor itself looks at a property only when its own field changes.
    const refresh = (): void => {
      $('#node-input-appName').trigger('change');
    };
    $('#node-input-name').on('change keyup', refresh);
    showFieldsOf(this, (protocol) => {
      $('#node-input-appName').attr('placeholder', this._(`yomo-source.placeholder.appNameOf.${protocol}`));
      refresh();
      checkTags(this, list);
    });
  },
  oneditsave: function () {
    this.tags = tagList?.values() ?? this.tags;
    leave();
    return undefined;
  },
  oneditcancel: leave,
  oneditdelete: function () {
    if (this.id === openId) leave();
  },
});
