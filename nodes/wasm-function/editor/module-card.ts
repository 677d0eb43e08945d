/** What the module is, below its path: its kind and why, what it needs, or why it is refused and what to do. */
import type { InspectedImport, Inspection } from '../../../host/inspection';
import { PAGE_SIZE } from '../../../host/limits';
import type { Description } from './module-requests';
import { formatSize } from './size';
import './module-card.css';

export type CardContent = Description | { readonly notice: string };

export function showCard(place: JQuery, content: CardContent, translate: Translate): void {
  place
    .empty()
    .toggle(content !== undefined)
    .removeAttr('aria-busy');
  if (content === undefined) return;
  const card = $('<div>', { class: 'wasm-function-card' }).appendTo(place);
  if ('notice' in content) card.append($('<p>').text(content.notice));
  else if (content.error !== undefined) warn(card, content.error.message);
  else showInspection(card, content.inspection, translate);
}

function showInspection(card: JQuery, inspection: Inspection, translate: Translate): void {
  const title = $('<div>', { class: 'wasm-function-card-title' }).appendTo(card);
  const facts = [inspection.language, formatSize(inspection.size)].filter((fact) => fact !== undefined).join(' · ');
  title.append($('<span>').text(inspection.abiTitle ?? inspection.kind), $('<span>').text(facts));
  const refusal = inspection.refusal?.message;
  if (refusal === undefined || !refusal.includes(inspection.because)) {
    card.append($('<p>').text(translate('wasm-function.card.because', { reason: inspection.because })));
  }
  if (refusal !== undefined) warn(card, refusal);
  if (inspection.kind === 'core module' && inspection.unread !== true) showNeeds(card, inspection, translate);
}

/** What it imports and how much memory it begins with. */
function showNeeds(card: JQuery, { imports, unlisted, memories }: Inspection, translate: Translate): void {
  const facts = $('<dl>').appendTo(card);
  const add = (name: 'imports' | 'memory', value: JQuery): void => {
    facts.append($('<dt>').text(translate(`wasm-function.card.${name}`)), $('<dd>').append(value));
  };
  if (imports.length === 0) add('imports', $('<span>').text(translate('wasm-function.card.no-imports')));
  else add('imports', importList(imports, unlisted?.imports ?? 0, translate));
  const memory = memories.map((each) => memoryText(each, translate)).join('; ');
  add('memory', $('<span>').text(memory === '' ? translate('wasm-function.card.no-memory') : memory));
}

/** @param unlisted how many there are besides */
function importList(imports: readonly InspectedImport[], unlisted: number, translate: Translate): JQuery {
  const missing = imports.filter(({ supplied }) => !supplied).length;
  const count = imports.length + unlisted;
  const text =
    missing === 0
      ? translate('wasm-function.card.all-supplied', { count })
      : translate('wasm-function.card.not-supplied', { count, missing });
  const list = $('<ul>');
  for (const each of imports) list.append($('<li>').append(importRow(each, translate)));
  if (unlisted > 0) list.append($('<li>').text(translate('wasm-function.card.unlisted', { count: unlisted })));
  return $('<details>', { open: missing > 0 && count <= 5 }).append($('<summary>').text(text), list);
}

function importRow({ module, name, type, supplied, by }: InspectedImport, translate: Translate): JQuery {
  const source =
    supplied && by !== undefined
      ? translate('wasm-function.card.by', { by })
      : translate(supplied ? 'wasm-function.card.by-host' : 'wasm-function.card.by-nobody');
  const row = $('<div>').append($('<code>').text(`${module} ${name} ${type}`), ' ', $('<span>').text(source));
  return row.toggleClass('wasm-function-warning', !supplied);
}

/** @param memory as `17 pages, at most 20 pages` */
function memoryText(memory: string, translate: Translate): string {
  const [least = '', most] = [...memory.matchAll(/(\d+) pages?/g)].map(([, pages]) =>
    formatSize(Number(pages) * PAGE_SIZE),
  );
  return most === undefined
    ? translate('wasm-function.card.memory-size', { size: least })
    : translate('wasm-function.card.memory-range', { size: least, most });
}

function warn(card: JQuery, text: string): void {
  card.addClass('form-warning');
  const icon = $('<i>', { class: 'fa fa-exclamation-triangle', 'aria-hidden': 'true' });
  card.append($('<p>', { class: 'wasm-function-warning' }).append(icon, document.createTextNode(` ${text}`)));
}
