/**
 * The editor's `RED`, with what the published types lack or leave vague: reasons of validators, labels of properties,
 * alignment, tabs, tooltips, notifications.
 */
import type { EditorRED } from 'node-red';

declare global {
  /** A node in its dialog: its saved properties and what the editor adds. */
  type DialogNode<P> = P & {
    readonly id: string;
    readonly _: Translate;
  };

  /** Gives the text of a key in the node's own catalogue. */
  type Translate = (key: string, values?: Record<string, string | number>) => string;

  /** True, or why the value cannot be used. */
  type DialogValidator<P> = (this: DialogNode<P>, value: unknown, options: { label?: string }) => boolean | string;

  interface DialogProperty<T, P> {
    value: T;
    /** The type of a configuration node that is chosen here. */
    type?: string;
    required?: boolean;
    /** How messages call the property. */
    label?: string;
    validate?: DialogValidator<P>;
  }

  interface DialogDefinition<P> {
    category: string;
    defaults: { [K in keyof P]: DialogProperty<P[K], P> };
    credentials?: Record<string, { type: 'text' | 'password'; validate?: DialogValidator<P> }>;
    inputs?: 0 | 1;
    outputs?: number;
    color?: string;
    icon?: string;
    align?: 'left' | 'right';
    paletteLabel?: string | ((this: { _: Translate }) => string);
    inputLabels?: string;
    outputLabels?: string | string[];
    label?(this: DialogNode<P>): string;
    labelStyle?(this: DialogNode<P>): string;
    oneditprepare?(this: DialogNode<P>): void;
    /** True marks the node as changed. */
    oneditsave?(this: DialogNode<P>): boolean | undefined;
    oneditcancel?(this: DialogNode<P>): void;
    /** Of any node that is removed; where that is done in its dialog, nothing else tells that it is left. */
    oneditdelete?(this: DialogNode<P>): void;
    oneditresize?(this: DialogNode<P>, size: { width: number; height: number }): void;
  }

  interface DialogTabs {
    addTab(tab: { id: string; label: string }): void;
    activateTab(id: string): void;
    resize(): void;
  }

  interface DialogTooltip {
    setContent(html: string): void;
    delete(): void;
  }

  interface DialogMenuOption {
    readonly label: string | JQuery;
    onselect(): void;
  }

  /** A list that drops down from its target; arrow keys move in it, Escape closes it. */
  interface DialogMenu {
    show(options: { target: JQuery; align?: 'left' | 'right' }): void;
    hide(): void;
  }

  interface DialogNotification {
    close(): void;
  }

  interface DialogNotificationOptions {
    type?: string;
    modal?: boolean;
    fixed?: boolean;
    buttons?: { text: string; class?: string; click(): void }[];
  }

  const RED: Omit<EditorRED, 'nodes' | 'tabs' | 'validators' | 'settings' | 'popover' | 'notify'> & {
    readonly settings: Readonly<Record<string, unknown>>;
    /** What the validator answers without options: whether the value is one of the type. */
    validators: {
      typedInput(options: { typeField: string; allowUndefined?: boolean }): (this: object, value: unknown) => boolean;
    };
    popover: {
      /** @param html as it is, not escaped */
      tooltip(target: JQuery, html: string): DialogTooltip;
      menu(options: {
        options: DialogMenuOption[];
        width?: number;
        maxHeight?: number;
        class?: string;
        onclose?(): void;
      }): DialogMenu;
    };
    /** @param html as it is, not escaped */
    notify(html: string, options: DialogNotificationOptions): DialogNotification;
    tabs: { create(options: { id: string; onchange(tab: { id: string }): void }): DialogTabs };
    nodes: Omit<EditorRED['nodes'], 'registerType' | 'eachNode' | 'workspace'> & {
      /** Nodes that are not configuration nodes. */
      eachNode(visit: (node: object) => void): void;
      /** A flow; none for a configuration node or within a subflow. */
      workspace(id: string): { readonly disabled?: boolean } | null | undefined;
      registerType<P>(type: string, definition: DialogDefinition<P>): void;
    };
  };
}
