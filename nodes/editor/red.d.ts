/** The editor's `RED`, with what the published types lack: reasons of validators, labels of properties, alignment. */
import type { EditorRED } from 'node-red';

declare global {
  /** A node in its dialog: its saved properties and what the editor adds. */
  type DialogNode<P> = P & {
    readonly id: string;
    /** Translates a key of the node's own catalogue. */
    _(key: string, options?: Record<string, unknown>): string;
  };

  interface DialogProperty<T, P> {
    value: T;
    /** The type of a configuration node that is chosen here. */
    type?: string;
    required?: boolean;
    /** How messages call the property. */
    label?: string;
    /** True, or why the value cannot be used. */
    validate?(this: DialogNode<P>, value: unknown, options?: { label?: string }): boolean | string;
  }

  interface DialogDefinition<P> {
    category: string;
    defaults: { [K in keyof P]: DialogProperty<P[K], P> };
    credentials?: Record<string, { type: 'text' | 'password' }>;
    inputs?: 0 | 1;
    outputs?: number;
    color?: string;
    icon?: string;
    align?: 'left' | 'right';
    paletteLabel?(this: { _(key: string): string }): string;
    inputLabels?: string;
    outputLabels?: string | string[];
    label?(this: DialogNode<P>): string;
    labelStyle?(this: DialogNode<P>): string;
    oneditprepare?(this: DialogNode<P>): void;
    /** True marks the node as changed. */
    oneditsave?(this: DialogNode<P>): boolean | undefined;
    oneditcancel?(this: DialogNode<P>): void;
    oneditresize?(this: DialogNode<P>, size: { width: number; height: number }): void;
  }

  interface DialogTabs {
    addTab(tab: { id: string; label: string }): void;
    resize(): void;
  }

  const RED: Omit<EditorRED, 'nodes' | 'tabs'> & {
    tabs: { create(options: { id: string; onchange(tab: { id: string }): void }): DialogTabs };
    nodes: Omit<EditorRED['nodes'], 'registerType'> & {
      registerType<P>(type: string, definition: DialogDefinition<P>): void;
    };
  };
}
