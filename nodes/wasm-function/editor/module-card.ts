/** What the module is, below its path: its kind and why, or why it is refused and what to do. */
import type { Inspection } from '../../../host/inspection';
import type { Description } from './module-requests';

export type CardContent = Description | { readonly notice: string };

export function showCard(place: JQuery, content: CardContent | undefined, translate: Translate): void {
  place.empty().toggle(content !== undefined);
  if (content === undefined) return;
  const card = $('<div>', { class: 'wasm-function-card wasm-function-indent' }).appendTo(place);
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
}

function warn(card: JQuery, text: string): void {
  card.addClass('form-warning');
  const icon = $('<i>', { class: 'fa fa-exclamation-triangle' });
  card.append($('<p>', { class: 'wasm-function-warning' }).append(icon, document.createTextNode(` ${text}`)));
}

/** @param bytes as `955 B`, `11 KiB`, `1.8 MiB` */
function formatSize(bytes: number): string {
  if (bytes < 1024) return `${String(bytes)} B`;
  const [value, unit] = bytes < 1024 * 1024 ? [bytes / 1024, 'KiB'] : [bytes / 1024 / 1024, 'MiB'];
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ${unit}`;
}
